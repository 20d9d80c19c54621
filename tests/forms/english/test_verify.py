import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.core.form import Form, Line, Metre
from charrnn.forms.english.verify import verify_english
from tests.forms.english.toy_lexicon import ENTRIES, LEXICON


def form(lines: str, metre: Metre = "") -> Form:
    """A form of lines such as "4A 6- 5/6A": syllables and rhyme."""
    made = []
    for line in lines.split():
        lengths = tuple(map(int, line[:-1].split("/")))
        pattern = ("u/" * max(lengths))[: max(lengths)] if metre else ""
        made.append(Line(lengths=lengths, pattern=pattern, rhyme=line[-1].strip("-")))
    return Form(
        name="toy",
        title="toy",
        language="english",
        variants=(tuple(made),),
        variant_names=("toy",),
        stanzas=(len(made),),
        metre=metre,
    )


def messages(text: str, held_to: Form) -> list[str]:
    return [fault.message for fault in verify_english(text, held_to, LEXICON).faults]


def test_a_poem_that_keeps_its_form_passes_and_is_scanned() -> None:
    judgement = verify_english(
        "The moon, again;\n\n  and silver rain.", form("4A 4A", "iambic"), LEXICON
    )
    assert judgement.passes
    assert judgement.variant == "toy"
    first, second = judgement.lines
    assert first.text == "The moon, again;"
    assert first.units == ("The", "moon", "a", "gain")
    assert first.marks == ("u", "/", "u", "/")
    assert (first.rhyme, second.rhyme) == ("EY N", "EY N")
    assert second.units == ("and", "sil", "ver", "rain")
    assert second.marks == ("u", "/", "u", "/")
    assert not first.guessed


def test_without_a_metre_words_of_one_syllable_are_open() -> None:
    (line,) = verify_english("the silver moon", form("4-"), LEXICON).lines
    assert line.marks == ("x", "/", "u", "x")


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("the moon", "4-", ["line 1 has 2 syllables where 4 are required"]),
        ("moon", "2/3-", ["line 1 has 1 syllable where 2 or 3 are required"]),
        ("", "1-", ["the poem has 0 lines where 1 are required"]),
        ("moon\nmoon", "1-", ["the poem has 2 lines where 1 are required"]),
        ("light\nrain", "1A 1A", ["line 2 does not rhyme with line 1: rain and light"]),
        ("night\nnight", "1A 1A", ["line 2 rhymes with the same word of line 1: night"]),
        (
            "time\nmine",
            "1A 1A",
            ["line 2 has only a slant rhyme with line 1: mine and time"],
        ),
        (
            "believe\nleave",
            "2A 1A",
            [
                "line 2 has the same sounds, including the consonants before the vowel, as line 1: leave and believe"
            ],
        ),
        (
            "the 42 moon",
            "2-",
            ["line 1 has 42, which is no English word: write it as it is said"],
        ),
        ("?!", "1-", ["line 1 has no words"]),
        (
            "bolingbroke",
            "5-",
            ["line 1 has 3 syllables where 5 are required (guessing how to say bolingbroke)"],
        ),
    ],
)
def test_faults_are_told_in_words(text: str, lines: str, expected: list[str]) -> None:
    assert messages(text, form(lines)) == expected


def test_a_stress_against_the_metre_names_its_word_and_place() -> None:
    judgement = verify_english("silver and the light", form("5-", "iambic"), LEXICON)
    (fault,) = judgement.faults
    assert (fault.line, fault.position) == (1, 1)
    assert fault.message == ("line 1, syllable 1 is stressed where the metre is not: silver")


def test_a_word_has_one_sound_for_its_length_and_its_rhyme() -> None:
    # fire has two syllables or one; heaven rhymes with nothing here.
    assert messages("the fire", form("3-")) == []
    assert messages("the fire", form("2-")) == []
    assert messages("light and night\nthe light", form("3A 2A")) == []


def test_an_elided_word_joins_the_next_one() -> None:
    (line,) = verify_english("th' eternity", form("4-"), LEXICON).lines
    assert line.units == ("th'e", "ter", "ni", "ty")
    assert len(line.marks) == 4


def test_the_variant_with_the_fewest_faults_is_taken() -> None:
    both = Form(
        name="two",
        title="two",
        language="english",
        variants=(form("1A 2-").variants[0], form("1- 1-").variants[0]),
        variant_names=("rhymed", "free"),
        stanzas=(2,),
    )
    assert verify_english("moon\nlight", both, LEXICON).variant == "free"
    assert verify_english("moon\nthe light", both, LEXICON).variant == "rhymed"
    assert verify_english("", both, LEXICON).variant is None


def test_slant_rhymes_pass_where_they_are_enough() -> None:
    assert verify_english("time\nmine", form("1A 1A"), LEXICON, rhymes="slant").passes
    assert verify_english("see\neternity", form("1A 4A"), LEXICON, rhymes="slant").passes


words = st.sampled_from([*ENTRIES, "42", "月", "zorp", "moon's", "—"])
poems = st.lists(st.lists(words, min_size=1, max_size=5), max_size=5)


@given(poems, st.lists(st.sampled_from(["3A", "4B", "2-", "5/6A"]), min_size=1, max_size=5))
def test_any_text_is_judged(poem: list[list[str]], lines: list[str]) -> None:
    text = "\n".join(map(" ".join, poem))
    judgement = verify_english(text, form(" ".join(lines), "iambic"), LEXICON)
    assert [line.text for line in judgement.lines] == [" ".join(line) for line in poem]
    assert all(len(line.marks) == len(line.units) for line in judgement.lines)
    assert judgement.passes == (not judgement.faults)
    numbers = [fault.line for fault in judgement.faults]
    assert numbers == sorted(numbers)
    if judgement.passes:
        assert len(poem) == len(lines)
        for line, rule in zip(judgement.lines, judgement.form.variants[0], strict=True):
            assert len(line.marks) in rule.lengths
