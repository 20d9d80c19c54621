import pytest

from charrnn.corpus.lint import Example, LintIssue, check_corpus
from charrnn.corpus.loading import read_corpus
from charrnn.settings.configuration import CorpusConfig
from tests.corpora import corpus_from_text

CLEAN = [f"poem {number} begins and goes\nand ends with {number * number}" for number in range(90)]


def report_of(poems, layout="blocks"):
    config = CorpusConfig(layout=layout)
    return check_corpus(corpus_from_text("\n\n".join(poems), config, "mine"), config)


def found(poems, layout="blocks"):
    return {issue.kind: issue for issue in report_of(poems, layout).issues}


def only(poems, layout="blocks"):
    (issue,) = found(poems, layout).values()
    return issue


def test_a_clean_corpus_is_described_and_nothing_is_found():
    report = report_of(CLEAN)
    assert report.issues == ()
    assert (report.name, report.layout, report.encoding) == ("mine", "blocks", "utf-8")
    assert report.poems == 90
    assert report.characters == len("\n\n".join(CLEAN))
    assert report.distinct_characters == len(set("\n".join(CLEAN)))
    assert report.vocabulary_size == report.distinct_characters + 2
    assert report.rarest[0] == ("8", "\n".join(CLEAN).count("8"))
    assert report.training_poems + report.validation_poems == 90
    assert report.validation_characters > 20 * report.validation_poems
    assert report.too_short is None


def test_the_rarest_characters_come_first():
    report = report_of(["zzyyyxxxx" + "w" * 9, "q"])
    assert report.rarest[:3] == (("q", 1), ("\n", 2), ("z", 2))
    assert report.seen_once == 1


@pytest.mark.parametrize("name", ["quatrains", "jueju"])
def test_the_bundled_corpora_are_clean(name):
    assert check_corpus(read_corpus([name])).issues == ()


def test_a_corpus_that_is_too_short_is_still_examined():
    report = report_of(["<b>one</b>", "two"])
    assert "is too short" in report.too_short
    assert report.training_poems is None
    assert [issue.count for issue in report.issues] == [2]


def test_poems_that_are_repeated_are_numbered():
    issue = only([*CLEAN, CLEAN[4].replace("\n", "  \n "), CLEAN[0]])
    assert issue == LintIssue(
        "duplicate poems",
        2,
        (
            Example(91, "repeats poem 5: poem 4 begins and goes"),
            Example(92, "repeats poem 1: poem 0 begins and goes"),
        ),
        issue.advice,
    )


@pytest.mark.parametrize(
    "remains",
    [
        "<br/>",
        "</i>",
        "&nbsp;",
        "&#8217;",
        "[12]",
        "[a note]",
        "（一作某）",
        "〖1〗",
        "_word_",
        "**bold**",
        "# Title",
        "https://example.org",
    ],
)
def test_markup_that_was_left_is_found(remains):
    issue = only([*CLEAN, f"{remains} stands here\nin the verse"])
    assert (issue.kind, issue.count) == ("leftover markup and notes", 1)
    assert issue.examples[0].poem == 91
    assert remains.strip("*# ")[:6] in issue.examples[0].text


@pytest.mark.parametrize("text", ["a < b and c > d", "Q & A; yes", "snake_case_name", "#1 song"])
def test_ordinary_marks_are_not_markup(text):
    assert found([*CLEAN, text]) == {}


def test_what_is_left_of_project_gutenberg_is_found():
    issue = only([*CLEAN, "End of this book.\nProduced for Project Gutenberg by me."])
    assert (issue.kind, issue.count) == ("notes of Project Gutenberg", 1)


def test_the_rule_for_blank_lines_is_told():
    assert not report_of(CLEAN).stanzas
    poems = [f"{poem}\n\nAnd a stanza {poem}" for poem in CLEAN]
    assert check_corpus(corpus_from_text("\n\n\n".join(poems))).stanzas


def test_holes_are_found():
    issue = only([*CLEAN, "白日□山尽", "黄河?海流", "欲穷○里目", "\ufffdend", "why? o ○ o"])
    assert (issue.kind, issue.count) == ("missing characters", 4)
    assert issue.examples == (
        Example(91, "白日□山尽"),
        Example(92, "黄河?海流"),
        Example(93, "欲穷○里目"),
    )


def test_the_script_of_the_minority_is_shown():
    issue = only([*CLEAN, "诗书门马风云鸟鱼", "時間過", "天地"])
    assert issue.kind == "traditional characters in simplified text"
    assert issue.count == 3
    issue = only([*CLEAN, "詩書門馬風雲鳥魚", "时间过", "天地"])
    assert issue.kind == "simplified characters in traditional text"
    assert issue.examples[0] == Example(92, "时间过")


def test_punctuation_of_two_widths_is_found_between_han_characters_only():
    issue = only([*CLEAN, "白日依山尽，黄河入海流。", "欲穷千里目,更上"])
    assert (issue.kind, issue.count) == ("half-width punctuation among the other width", 1)
    assert issue.examples == (Example(92, "欲穷千里目,更上"),)


def test_control_characters_are_counted():
    issue = only([*CLEAN, "a\0b\x01c"])
    assert (issue.kind, issue.count) == ("control characters", 2)


def test_verses_on_both_sides_of_the_division_are_found():
    refrain = "and the tide goes out again"
    report = report_of([f"{poem}\n{refrain}" for poem in CLEAN])
    (issue,) = report.issues
    assert issue.kind == "verses of the validation split that are also in the training split"
    assert issue.count == report.validation_poems > 1
    assert {example.text for example in issue.examples} == {refrain}


def test_lines_at_the_end_of_a_text_that_stand_in_it_before_are_found():
    lines = [f"{number} {'abcdefghij'[number % 10] * 30}{number}" for number in range(200)]
    assert found(["\n".join(lines)], "text") == {}
    issue = only(["\n".join([*lines, lines[3]])], "text")
    assert (issue.count, issue.examples) == (1, (Example(1, lines[3]),))
