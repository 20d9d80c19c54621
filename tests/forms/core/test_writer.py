import contextlib
import dataclasses
import itertools

import numpy as np
import pytest

from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError, FormConflictError, FormGivenUpError
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.smc_decoder import MAX_RETRIES
from charrnn.forms.core.writer import FormWriter
from charrnn.settings.configuration import SamplingConfig
from tests.corpora import filter_of
from tests.decoding.networks import markov
from tests.decoding.tables import TableModel, table_generator
from tests.forms.core.toys import END, ListedPoems, form_of, rules_of

ALPHABET = "\n abc"
TABLE = np.random.default_rng(2).normal(0, 1.5, (len(ALPHABET) + 2,) * 2)

WORDS = ["".join(word) for word in itertools.product("abc", repeat=2)]
POEMS = [
    f"{first}\n{second}\n{third}{END}"
    for first, second, third in itertools.product(WORDS, repeat=3)
    if first[-1] == third[-1] and first != third
]
"""Poems of three lines of two letters, of which the first and the last rhyme."""

SETTINGS = SamplingConfig(temperature=1.0, seed=7)


def poet(
    poems: list[str] = POEMS,
    writer: TextGenerator | None = None,
    *,
    particles: int = 8,
    choose: str = "weight",
    judged: list[str] | None = None,
    name: str = "toy",
) -> FormWriter:
    writer = writer or markov(TABLE, ALPHABET)
    form = form_of(max(poem.count("\n") + poem.count(END) for poem in poems))
    form = dataclasses.replace(form, name=name)
    return FormWriter(
        writer,
        ListedPoems(writer.vocabulary, poems),
        rules_of(form, poems if judged is None else judged),
        FormConfig(form="toy", particles=particles, choose=choose),
        SamplingConfig(),
    )


def test_a_poem_keeps_the_form_and_knows_how_likely_it_was() -> None:
    poem = poet().write(sampling=SETTINGS)
    assert poem.text + END in POEMS
    assert (poem.prompt, poem.ended, poem.dead_end, poem.seed) == ("", True, False, 7)
    ids = [0, *markov(TABLE, ALPHABET).vocabulary.encode(poem.text).tolist()]
    logs = TABLE - np.log(np.exp(TABLE).sum(axis=1, keepdims=True))
    expected = [logs[one, other] for one, other in itertools.pairwise(ids)]
    assert poem.log_probabilities == pytest.approx(expected, abs=1e-5)


def test_a_seed_is_a_poem_and_other_seeds_are_others() -> None:
    poems = [
        poet().write(sampling=dataclasses.replace(SETTINGS, seed=seed)) for seed in (1, 2, 3, 4, 1)
    ]
    assert poems[0] == poems[-1]
    assert len({poem.text for poem in poems}) > 1


def test_a_seed_writes_other_poems_in_another_form() -> None:
    settings = [dataclasses.replace(SETTINGS, seed=seed) for seed in range(8)]
    poems = [
        [poem.text for poem in poet(name=name).write_many("", settings)]
        for name in ("toy", "other")
    ]
    assert sum(one == other for one, other in zip(*poems, strict=True)) < 4


def test_a_seed_is_drawn_and_told_where_none_is_given() -> None:
    poem = poet().write(sampling=SamplingConfig(temperature=1.0))
    assert poem.seed is not None
    assert poet().write(sampling=poem.settings).text == poem.text


@pytest.mark.parametrize("choose", ["weight", "best"])
@pytest.mark.parametrize("best_of", [1, 3])
def test_lines_come_one_by_one_and_are_those_of_the_poem(choose: str, best_of: int) -> None:
    config = dataclasses.replace(SETTINGS, best_of=best_of)
    lines = list(poet(choose=choose).stream(sampling=config))
    poem = poet(choose=choose).write(sampling=config)
    assert [line.number for line in lines] == [1, 2, 3]
    assert [line.last for line in lines] == [False, False, True]
    assert "".join(line.text for line in lines) == poem.text
    assert sum((line.log_probabilities for line in lines), ()) == poem.log_probabilities
    assert [line.text[-1] for line in lines[:-1]] == ["\n", "\n"]
    texts = ["".join(line.text for line in lines[:number]) for number in (1, 2, 3)]
    assert [line.hypothesis.text for line in lines] == texts
    assert lines[-1].hypothesis.ended


def test_a_line_comes_before_the_next_is_begun() -> None:
    read = []

    class Listening(TableModel):
        def step(self, ids, state):
            read.append(len(ids))
            return super().step(ids, state)

    writer = markov(TABLE, ALPHABET)
    writer = TextGenerator(Listening(TABLE), writer.vocabulary, "blocks")
    lines = poet(writer=writer).stream(sampling=SETTINGS)
    next(lines)
    assert read == [1, 8, 8, 8]  # the break before the poem, then three characters


def test_random_numbers_may_be_given() -> None:
    written = [
        "".join(line.text for line in poet().stream("", SETTINGS, np.random.default_rng(seed)))
        for seed in (5, 5, 6)
    ]
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_the_best_of_several_poems_comes_first_and_all_scores_are_told() -> None:
    config = dataclasses.replace(SETTINGS, best_of=4)
    poem = poet().write(sampling=config)
    totals = [score.total for score in poem.scores]
    assert len(totals) == 4
    assert totals == sorted(totals, reverse=True)
    assert totals[0] > totals[-1]
    writer = markov(TABLE, ALPHABET)
    assert writer.score("", poem.text, poem.log_probabilities) == poem.scores[0]


def test_poems_are_written_one_after_the_other() -> None:
    settings = [dataclasses.replace(SETTINGS, seed=seed) for seed in (3, 4)]
    poems = list(poet().write_many("", settings))
    assert [poem.seed for poem in poems] == [3, 4]
    assert [poem.text for poem in poems] == [poet().write(sampling=one).text for one in settings]


def test_a_poem_goes_on_from_a_prompt() -> None:
    poem = poet().write(" ab\nc", SETTINGS)
    assert poem.prompt == "ab\nc"
    assert poem.prompt + poem.text + END in POEMS
    lines = list(poet().stream("ab\nc", SETTINGS))
    assert [line.number for line in lines] == [2, 3]
    assert lines[0].hypothesis.text == "ab\nc" + lines[0].text


def test_a_prompt_may_be_all_but_the_end_of_a_poem() -> None:
    (line,) = poet().stream("ab\nca\ncb", SETTINGS)
    assert (line.text, line.log_probabilities, line.number, line.last) == ("", (), 3, True)
    poem = poet().write("ab\nca\ncb", SETTINGS)
    assert (str(poem), poem.text, poem.log_probabilities) == ("ab\nca\ncb", "", ())


def test_a_prompt_that_is_the_whole_poem_needs_nothing_more() -> None:
    assert list(poet(["ab\n"]).stream("ab\n", SETTINGS)) == []
    assert poet(["ab\n"]).write("ab\n", SETTINGS).text == ""


def test_a_prompt_against_the_form_is_refused() -> None:
    with pytest.raises(FormConflictError, match="at its character 3: a cannot stand there"):
        poet().write("aba", SETTINGS)


def test_what_the_network_reads_in_the_place_of_a_character_stands_in_the_poem() -> None:
    writer = markov(TABLE, "\n ab云")
    poem = poet(["a云\n"], writer).write("a雲", SETTINGS)
    assert poem.prompt == "a云"
    assert [one.original for one in poem.substitutions] == ["雲"]


def test_words_that_were_written_are_scored_without_the_prompt() -> None:
    poem = poet(choose="best").write("ab\n", dataclasses.replace(SETTINGS, best_of=2))
    assert poem.text.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"beam": 4, "temperature": 1.0}, "Leave out beam"),
        ({"length": 20}, "Leave out length"),
        ({"ban": "a"}, "compiled with ban none, and cannot be written with ban a"),
        ({"max_copy": 3}, "max-copy 3 needs the n-gram filter"),
    ],
)
def test_settings_that_a_form_contradicts_are_refused(changes, complaint) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        poet().write(sampling=dataclasses.replace(SETTINGS, **changes))


def test_filters_and_wishes_are_followed() -> None:
    even = markov(np.zeros_like(TABLE), ALPHABET)
    ten = [dataclasses.replace(SETTINGS, seed=seed, favour="c=12") for seed in range(10)]
    assert {poem.text[:2] for poem in poet(writer=even).write_many("", ten)} == {"cc"}
    likely = markov(np.tile([0.0, 0, 0, 0, 1, 0, 2], (7, 1)), ALPHABET)
    one = dataclasses.replace(SETTINGS, top_k=1)
    assert {
        poet(writer=likely).write(sampling=dataclasses.replace(one, seed=seed)).text
        for seed in range(5)
    } == {"cc\ncc\nac"}


@pytest.mark.parametrize("temperature", [0, 1e-300, 1e-9, 1e300])
def test_any_temperature_writes_a_poem(temperature: float) -> None:
    assert (
        poet().write(sampling=dataclasses.replace(SETTINGS, temperature=temperature)).text + END
        in POEMS
    )


def test_a_schedule_goes_by_the_lines_of_the_form() -> None:
    # The likeliest line is aa; a first line at a wild temperature, the last one at none.
    table = np.tile([0.0, 0, 0, 0, 9, 1, 0], (7, 1))
    writer = markov(table, ALPHABET)
    free = [f"{one}\n{other}\n" for one in WORDS for other in WORDS]
    config = SamplingConfig(temperature="1000000:0", best_of=2)
    texts = [
        poet(free, writer, particles=1).write(sampling=dataclasses.replace(config, seed=seed)).text
        for seed in range(12)
    ]
    assert len({text[:2] for text in texts}) > 3
    assert {text[3:] for text in texts} == {"aa\n"}


def test_a_line_is_drawn_by_the_weights_of_its_drafts() -> None:
    # As many drafts begin with a as with b, but few a are followed by c: one in fifty.
    table = np.full_like(TABLE, -30.0)
    table[0, [4, 5]] = np.log(0.5)
    table[4, [4, 6]] = np.log([0.98, 0.02])
    table[5, [2, 5]] = np.log([0.5, 0.5])
    table[6, 2] = 0.0
    writer = markov(table, ALPHABET)
    poems = ["ac\n", "bb\n"]
    automaton = ListedPoems(writer.vocabulary, poems)
    form = form_of(1)
    settings = FormConfig(form="toy", particles=16)
    by_weight = FormWriter(writer, automaton, rules_of(form, poems), settings, SamplingConfig())
    settings = [dataclasses.replace(SETTINGS, seed=seed) for seed in range(200)]
    written = [poem.text for poem in by_weight.write_many("", settings)]
    assert written.count("ac\n") / len(written) == pytest.approx(0.01 / 0.135, abs=0.06)


def test_choosing_the_best_takes_the_likeliest_line_and_shuns_repetition() -> None:
    poems = [f"{one * 3}\n{other * 3}\n" for one in "abc" for other in "abc"]
    writer = table_generator({"a": 0.4, "b": 0.3, "c": 0.2, "\n": 0.1})
    texts = {
        poet(poems, writer, particles=32, choose="best")
        .write(sampling=dataclasses.replace(SETTINGS, seed=seed))
        .text
        for seed in range(5)
    }
    assert texts == {"aaa\naaa\n"}
    first, other = "abbabaabbaababbabaababbaabbabaab", "aaababbbaabbaaabababbabbbbaaaabb"
    poems = [f"{first}\n{second}\n" for second in (first, other)]
    writer = table_generator({"a": 0.4, "b": 0.4, "\n": 0.2})
    for seed in range(5):
        config = dataclasses.replace(SETTINGS, seed=seed)
        assert (
            poet(poems, writer, particles=32, choose="best").write(sampling=config).text == poems[1]
        )


def test_other_promises_are_kept_too() -> None:
    even = markov(np.zeros_like(TABLE), ALPHABET)
    config = dataclasses.replace(SETTINGS, no_repeat_ngram_size=2)
    written = 0
    for seed in range(10):
        with contextlib.suppress(FormGivenUpError):  # Few runs are left for the last line.
            text = poet(writer=even).write(sampling=dataclasses.replace(config, seed=seed)).text
            runs = list(itertools.pairwise(text.replace("\n", "")))
            assert len(set(runs)) == len(runs)
            written += 1
    assert written > 5


def test_other_promises_know_the_prompt() -> None:
    writer = markov(np.zeros_like(TABLE), ALPHABET)
    config = dataclasses.replace(SETTINGS, no_repeat_ngram_size=2)
    for seed in range(10):
        poem = poet(["abc\ncab\n", "abc\ncba\n"], writer).write(
            "abc\n", dataclasses.replace(config, seed=seed)
        )
        assert poem.text == "cba\n"


def test_a_poem_that_cannot_be_finished_is_given_up_after_some_attempts() -> None:
    begun = []

    class Listening(ListedPoems):
        def initial_states(self, generator, count):
            begun.append(generator.random())
            return super().initial_states(generator, count)

    poems = ["aba\n", "bab\n"]
    writer = markov(TABLE, ALPHABET)
    form = form_of(1)
    stuck = FormWriter(
        writer,
        Listening(writer.vocabulary, poems),
        rules_of(form, poems),
        FormConfig(form="toy", particles=4),
        SamplingConfig(),
    )
    with pytest.raises(FormGivenUpError) as caught:
        stuck.write(sampling=dataclasses.replace(SETTINGS, no_repeat_ngram_size=1))
    assert caught.value.exit_code == 4
    assert str(caught.value) == (
        "the poem was given up before its first line was whole: in 9 attempts at it, no-repeat-ngram-size left "
        "nothing to write of what the form allows. Allow longer runs with --no-repeat-ngram-size, or require "
        "less."
    )
    assert len(set(begun)) == 2 + MAX_RETRIES  # once more at the end, in vain


def test_what_was_written_before_stays_where_a_poem_is_given_up() -> None:
    poems = ["ab\nca\n"]
    lines = poet(poems).stream(sampling=dataclasses.replace(SETTINGS, no_repeat_ngram_size=1))
    assert next(lines).text == "ab\n"
    with pytest.raises(FormGivenUpError, match="given up after line 1: in 9 attempts at the next"):
        next(lines)


def test_copying_is_named_where_it_is_what_stands_in_the_way() -> None:
    known = filter_of(["abcabc"], 2)
    writer = table_generator({"a": 1, "b": 1, "c": 1, "\n": 1}, ngram_filters=[known])
    poems = ["abc\n", "bca\n"]
    with pytest.raises(FormGivenUpError, match="attempts at it, max-copy left nothing to write"):
        poet(poems, writer).write(
            sampling=dataclasses.replace(SETTINGS, max_copy=2, no_repeat_ngram_size=1)
        )
    assert (
        poet(poems, writer).write(sampling=dataclasses.replace(SETTINGS, max_copy=3)).text in poems
    )


def test_a_line_that_the_form_gives_is_as_good_as_typed() -> None:
    known = filter_of(["abcabc\nabcabc"])
    writer = table_generator({"a": 3, "b": 2, "c": 1, "\n": 1}, ngram_filters=[known])
    given = poet(["abcabc\nab\n", "abcabc\nba\n"], writer)
    config = dataclasses.replace(SETTINGS, max_copy=4, no_repeat_ngram_size=3)
    first, second = given.stream(sampling=config)
    assert (first.number, first.text, first.last) == (1, "abcabc\n", False)
    expected = np.log([3 / 7, 2 / 7, 1 / 7, 3 / 7, 2 / 7, 1 / 7, 1 / 7])
    assert first.log_probabilities == pytest.approx(expected, abs=1e-5)
    assert (second.number, second.text, second.last) == (2, "ba\n", True)  # no ab after the line

    whole = list(poet(["abcabc\nabcabc" + END], writer).stream("abcabc\n", config))
    assert [(line.number, line.text, line.last) for line in whole] == [(2, "abcabc", True)]
    (rest,) = poet(["abcabc\n"], writer).stream("abc", config)
    assert (rest.number, rest.text) == (1, "abc\n")


def test_another_attempt_goes_on_from_the_last_line_with_other_random_numbers() -> None:
    # A draft that begins its line with a, as three in four do, is stranded at the second b.
    writer = table_generator({"a": 3, "b": 1, "c": 1, "\n": 1})
    alone = poet(["c\nabab\n", "c\nba\n"], writer, particles=1)
    config = dataclasses.replace(SETTINGS, no_repeat_ngram_size=2)
    written = []
    for seed in range(10):
        with contextlib.suppress(FormGivenUpError):
            written.append(alone.write(sampling=dataclasses.replace(config, seed=seed)).text)
    assert set(written) == {"c\nba\n"}
    assert len(written) > 6


def test_no_poem_is_handed_over_that_the_judge_finds_fault_with() -> None:
    lines = poet(judged=[]).stream(sampling=SETTINGS)
    assert [next(lines).last, next(lines).last] == [False, False]
    with pytest.raises(FormGivenUpError) as caught:
        next(lines)
    assert "bug of charrnn" in str(caught.value)
    assert "line 1 is not on the list" in str(caught.value)
    with pytest.raises(FormGivenUpError):
        poet(judged=[]).write(sampling=SETTINGS)


def test_lines_are_not_weighed_by_the_poems_that_were_learned() -> None:
    writer = table_generator({"a": 1, "b": 1, "\n": 1}, poems_by_lines=[5], ends=1)
    poems = [f"{one}\n{other}\n" for one in "ab" for other in "ab"]
    assert poet(poems, writer).write(sampling=SETTINGS).text in poems
