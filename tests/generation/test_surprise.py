import dataclasses
import itertools
import math

import numpy as np
import pytest

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.generation import surprise as module
from charrnn.generation.engine import NumpyEngine
from charrnn.generation.surprise import (
    ANY_UNKNOWN,
    POEM_END,
    Guess,
    Surprise,
    explain_poems,
    explain_text,
    explain_turn,
    foresee,
    lines_of,
    mean_bits,
)
from charrnn.generation.writer import TextGenerator
from tests.generation.networks import POEM, markov, markov_weights, reciter
from tests.generation.tables import table_generator

SHARES = {"a": 0.5, "b": 0.25, "\n": 0.125}
"""Beside them the poem break has 3/32, and the unknown symbol 1/32."""


@pytest.fixture
def writer() -> TextGenerator:
    return table_generator(SHARES, ends=3 / 32, unknown=1 / 32)


def test_what_came_is_compared_with_what_was_foreseen() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.125, 0.0625, 0.0625]] * 3, np.float32))
    before = logits.copy()
    found = foresee(logits, np.array([0, 2, 4]))
    assert np.exp(found.log_probabilities) == pytest.approx([0.5, 0.125, 0.0625])
    assert found.ranks.tolist() == [1, 3, 4]
    assert found.others.tolist() == [[1, 2, 3], [0, 1, 3], [0, 1, 2]]
    assert np.exp(found.of_others[1]) == pytest.approx([0.5, 0.25, 0.0625])
    assert (logits == before).all()


def test_where_few_symbols_are_few_others_are_told() -> None:
    found = foresee(np.zeros((1, 3), np.float32), np.array([1]))
    assert found.others.tolist() == [[0, 2]]
    assert found.ranks.tolist() == [1]


def test_each_character_has_its_probability_rank_and_runners_up(writer: TextGenerator) -> None:
    (poem,) = explain_poems(writer, ["b€"])
    assert [one.character for one in poem] == ["b", "€", POEM_END]
    assert [one.bits for one in poem] == pytest.approx([2, 5, math.log2(32 / 3)], abs=1e-6)
    assert [one.rank for one in poem] == [2, 5, 4]
    assert [[guess.character for guess in one.runners_up] for one in poem] == [
        ["a", "\n", POEM_END],
        ["a", "b", "\n"],
        ["a", "b", "\n"],
    ]
    likeliest = poem[0].runners_up[0]
    assert likeliest == Guess("a", pytest.approx(math.log(0.5), abs=1e-6))
    four_likelier = table_generator({"a": 0.1, "b": 0.2}, ends=0.3, unknown=0.4)
    (turn,) = explain_turn(four_likelier, four_likelier.begin(), "a", ended=False)
    assert [guess.character for guess in turn.runners_up] == [ANY_UNKNOWN, POEM_END, "b"]


def test_what_a_network_wrote_is_explained_by_the_probabilities_it_was_written_with() -> None:
    generator = np.random.default_rng(5)
    writer = markov(generator.normal(0, 2, (6, 6)), "\nabc")
    poem = writer.write("ab\n")
    found = explain_turn(writer, writer.begin("ab\n"), poem.text, ended=poem.ended)
    told = found[:-1] if poem.ended else found
    assert "".join(one.character for one in told) == poem.text
    assert [one.log_probability for one in told] == pytest.approx(
        list(poem.log_probabilities), abs=1e-5
    )
    assert not poem.ended or found[-1].character == POEM_END
    assert explain_turn(writer, writer.begin(), "", ended=False) == []


def test_every_poem_is_read_from_a_fresh_start(monkeypatch: pytest.MonkeyPatch) -> None:
    # Poems of all lengths side by side, in windows of two characters.
    monkeypatch.setattr(module, "MOST_TOGETHER", 2)
    monkeypatch.setattr(module, "LONGEST_READING", 2)
    weights, architecture = markov_weights(np.random.default_rng(1).normal(0, 2, (6, 6)))
    (layer,) = weights.recurrent
    memory = np.random.default_rng(2).normal(0, 0.5, (6, 6)).astype(np.float32)
    remembering = dataclasses.replace(layer, recurrent_kernel=memory)
    model = NumpyEngine(dataclasses.replace(weights, recurrent=(remembering,)), architecture)
    writer = TextGenerator(model, Vocabulary(tuple("\nabc")), "blocks")
    poems = ["abc", "c", "", "ba\nca", "abc"]
    reported: list[int] = []
    for poem, found in zip(poems, explain_poems(writer, poems, reported.append), strict=True):
        path = [END_OF_POEM, *writer.vocabulary.encode(poem).tolist(), END_OF_POEM]
        state, expected = model.initial_state(1), []
        for symbol, following in itertools.pairwise(path):
            logits, state = model.step(np.array([symbol]), state)
            shares = np.exp(logits[0].astype(np.float64))
            expected.append(math.log(shares[following] / shares.sum()))
        assert [one.log_probability for one in found] == pytest.approx(expected, abs=1e-5)
        assert "".join(one.character for one in found) == poem
    assert reported == [4, 5, 3]


def test_a_continuous_text_is_read_on_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = reciter("text")
    whole = [one for some in explain_text(writer, [POEM + POEM]) for one in some]
    monkeypatch.setattr(module, "LONGEST_PIECE", 3)
    pieces = list(explain_text(writer, [POEM[:4], POEM[4:] + POEM]))
    assert [len(some) for some in pieces] == [3, 1, 3, 3, 3, 3, 3, 3]
    assert [one for some in pieces for one in some] == whole
    # The network begins as after a line end, and goes on with the poem's second line.
    assert whole[0].rank > 1
    assert [one.rank for one in whole[1:]] == [1] * (2 * len(POEM) - 1)


def test_lines_end_with_their_line_end_and_the_last_with_the_poem() -> None:
    def told(text: str) -> list[Surprise]:
        return [Surprise(one, -math.log(2), 1, ()) for one in text] + [Surprise("", 0.0, 1, ())]

    lines = list(lines_of(told("ab\n\nc")))
    assert ["".join(one.character for one in line) for line in lines] == ["ab\n", "\n", "c"]
    assert [mean_bits(line) for line in lines] == pytest.approx([1, 1, 0.5])
    assert list(lines_of([])) == []
