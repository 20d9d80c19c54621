import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from charrnn.errors import ReplayError
from charrnn.generation import replay
from charrnn.generation.recipe import Recipe, TextMark, Tools
from charrnn.generation.replay import recipe_of, settled, write_again
from charrnn.generation.writer import TextGenerator
from charrnn.settings.configuration import LENGTH_OF_TEXT, LONGEST_POEM, SamplingConfig
from tests.corpora import filter_of
from tests.generation.networks import markov
from tests.generation.tables import table_generator

ALPHABET = "\n abcdefg"
NETWORKS = [("ab" * 32, 1.0)]


@pytest.fixture
def writer() -> TextGenerator:
    table = np.random.default_rng(3).normal(0, 1, (len(ALPHABET) + 2,) * 2)
    return markov(table, ALPHABET)


def recipe(writer: TextGenerator, settings: SamplingConfig, **more: int) -> Recipe:
    text = writer.write("ab", settings).text
    return recipe_of(writer, NETWORKS, prompt="ab", settings=settings, text=text, **more)


@pytest.mark.parametrize(
    "settings",
    [
        SamplingConfig(seed=7),
        SamplingConfig(seed=7, temperature="1.0:0.6", no_repeat=4),
        SamplingConfig(seed=7, best_of=4, length=30),
        SamplingConfig(beam=3, length=20, seed=1),
    ],
)
def test_a_poem_is_written_again(writer: TextGenerator, settings: SamplingConfig) -> None:
    known = recipe(writer, settings)
    assert known.networks == (("ab" * 8, 1.0),)
    assert write_again(writer, known).text == writer.write("ab", settings).text


def test_what_charrnn_chooses_by_itself_is_settled() -> None:
    asked = SamplingConfig(seed=1)
    poems = table_generator({"a": 1.0, "\n": 1.0})
    assert settled(poems, asked) == dataclasses.replace(asked, length=LONGEST_POEM, max_copy=0)
    text = table_generator({"a": 1.0}, "text")
    assert settled(text, asked) == dataclasses.replace(asked, length=LENGTH_OF_TEXT, max_copy=0)
    letters = filter_of([], 12)
    learned = table_generator({"a": 1.0}, ngram_filters=[letters])
    assert settled(learned, asked).max_copy == 25
    # By lines, which a length would end; and a limit for each of two languages.
    by_lines = dataclasses.replace(asked, temperature="1:0.5")
    assert settled(poems, by_lines).length is None
    words = filter_of([], 6)
    assert (
        settled(table_generator({"a": 1.0}, ngram_filters=[letters, words]), asked).max_copy is None
    )
    given = SamplingConfig(seed=1, length=5, max_copy=3)
    assert settled(learned, given) == given


def test_a_poem_that_comes_out_otherwise_alone_is_written_with_the_others(
    writer: TextGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounding is imitated: among others, poems of this network end in an exclamation mark."""
    asked: list[int | None] = []
    write_many = TextGenerator.write_many

    def rounded(
        self: TextGenerator, prompt: str, settings: Iterator[SamplingConfig]
    ) -> Iterator[object]:
        many = list(settings)
        asked.extend(one.seed for one in many)
        for poem in write_many(self, prompt, many):
            yield poem if len(many) == 1 else dataclasses.replace(poem, text=poem.text + "!")

    monkeypatch.setattr(TextGenerator, "write_many", rounded)
    settings = SamplingConfig(seed=1, length=9)
    text = writer.write("ab", settings).text + "!"
    known = recipe_of(
        writer,
        NETWORKS,
        prompt="ab",
        settings=settings,
        text=text,
        first_seed=2**63 - 1,
        together=4,
    )
    assert (known.place, known.together) == (2, 4)
    asked.clear()
    assert write_again(writer, known).text == text
    assert asked == [1, 2**63 - 1, 0, 1, 2]


def test_what_differs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = table_generator({"a": 1.0, "b": 1.0})
    known = recipe(writer, SamplingConfig(seed=7, length=40, best_of=2))
    text = writer.write("ab", known.settings).text
    changed = text[:30] + ("x" if text[30] != "x" else "y") + text[31:]
    other = dataclasses.replace(known, mark=TextMark.of(changed), drafts_judged_by=1)
    monkeypatch.setattr(replay, "tools", lambda: Tools("0.2.0", "9.9", "0000"))
    with pytest.raises(ReplayError) as told:
        write_again(writer, other)
    here = known.tools
    assert str(told.value) == (
        "the poem comes out otherwise: the two part between characters 31 and 35 of what was "
        f"written. What differs: charrnn 0.2.0 instead of {here.charrnn}; NumPy 9.9 instead of "
        f"{here.numpy}; another processor; 0 instead of 1 indices of texts learned, by which the "
        "best draft was chosen."
    )


def test_where_nothing_known_differs_threads_are_named(writer: TextGenerator) -> None:
    known = recipe(writer, SamplingConfig(seed=7, length=3))
    with pytest.raises(ReplayError, match=r"are the same\. The number of threads .* may differ"):
        write_again(writer, dataclasses.replace(known, mark=TextMark.of("")))
    with pytest.raises(ReplayError, match="part at character 1 of"):
        write_again(writer, dataclasses.replace(known, mark=TextMark.of("")))
