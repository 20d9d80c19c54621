from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.decoding.constraints import NoRepeat
from charrnn.decoding.decoder import Decoder
from charrnn.decoding.hypothesis import Hypothesis
from charrnn.decoding.writer import TextGenerator
from charrnn.forms.core.smc_decoder import (
    Particle,
    draw_index,
    effective_sample_size,
    systematic_resampling,
    write_line,
)
from charrnn.settings.configuration import SamplingConfig
from tests.decoding.networks import markov
from tests.forms.core.toys import ListedPoems

LOG_WEIGHTS = st.lists(st.floats(-30, 30) | st.just(-np.inf), min_size=1, max_size=12).filter(
    lambda weights: max(weights) > -np.inf
)

PLAIN = SamplingConfig(temperature=1.0)
ALPHABET = "\n abc"
EVEN = np.zeros((len(ALPHABET) + 2,) * 2)


def shares(log_weights: list[float]) -> np.ndarray:
    weights = np.exp(np.array(log_weights) - max(log_weights))
    return weights / weights.sum()


def begin(
    writer: TextGenerator, poems: list[str], count: int, *others: NoRepeat
) -> tuple[Decoder, list[Particle], Callable[[Hypothesis], bool]]:
    """Drafts of poems on a list, which also keep to other constraints."""
    automaton = ListedPoems(writer.vocabulary, poems)
    constraints = [automaton, *others]
    draft = writer.begin()
    draft.constraint_states = tuple(constraint.initial_state() for constraint in constraints)
    return (
        Decoder(writer.model, writer.vocabulary, writer.layout, PLAIN, constraints=constraints),
        [Particle(draft)] * count,
        lambda draft: draft.ended or automaton.lines_written(draft.constraint_states[0]) > 0,
    )


def test_as_many_drafts_count_as_have_weight() -> None:
    assert effective_sample_size([0.0] * 8) == pytest.approx(8)
    assert effective_sample_size([5.0, -np.inf, 5.0]) == pytest.approx(2)
    assert effective_sample_size([-1e9, -1e9 + np.log(3)]) == pytest.approx(1 / (1 / 16 + 9 / 16))


@given(LOG_WEIGHTS, st.integers(1, 20), st.floats(0, 1, exclude_max=True))
def test_a_draft_is_taken_as_often_as_its_weight_says_up_to_one(
    log_weights: list[float], count: int, uniform: float
) -> None:
    taken = systematic_resampling(log_weights, uniform, count)
    assert taken == sorted(taken)
    assert len(taken) == count
    expected = count * shares(log_weights)
    for row, often in enumerate(expected):
        assert abs(taken.count(row) - often) < 1 + 1e-6
    assert all(log_weights[row] > -np.inf for row in taken)


@settings(max_examples=30)
@given(LOG_WEIGHTS, st.integers(1, 6))
def test_resampling_takes_each_draft_by_its_weight_on_average(
    log_weights: list[float], count: int
) -> None:
    finely = 200
    taken = np.zeros(len(log_weights))
    for uniform in (np.arange(finely) + 0.5) / finely:
        taken += np.bincount(
            systematic_resampling(log_weights, uniform, count), minlength=len(log_weights)
        )
    np.testing.assert_allclose(taken / finely, count * shares(log_weights), atol=0.1)


def test_one_draft_is_drawn_by_its_weight() -> None:
    log_weights = list(np.log([0.2, 0.5, 0.3]))
    drawn = [draw_index(log_weights, uniform) for uniform in (0.0, 0.19, 0.21, 0.69, 0.71, 0.999)]
    assert drawn == [0, 0, 1, 1, 2, 2]


def test_nothing_beyond_the_last_draft_with_weight_is_taken() -> None:
    almost_one = 1 - 2**-53
    assert max(systematic_resampling([0.0, 0.0, 0.0, -np.inf], almost_one, 3)) == 2
    assert draw_index([-3.0, 4.0, -np.inf], almost_one) == 1


def test_a_draft_weighs_what_the_network_gave_to_all_that_was_allowed() -> None:
    table = np.log(np.random.default_rng(3).dirichlet(np.ones(len(EVEN)), len(EVEN)))
    writer = markov(table, ALPHABET)
    decoder, drafts, is_whole = begin(writer, ["ab\n", "ac\n"], 1)
    (written,), died = write_line(decoder, drafts, is_whole, np.random.default_rng(0))
    newline, a, b, c = (writer.vocabulary.id_of(one) for one in "\nabc")
    last = writer.vocabulary.id_of(written.line[1])
    expected = table[0, a] + np.logaddexp(table[a, b], table[a, c]) + table[last, newline]
    assert written.log_weight == pytest.approx(expected, abs=1e-5)
    likely = (table[0, a], table[a, last], table[last, newline])
    assert written.log_probabilities == pytest.approx(likely, abs=1e-5)
    assert died == []


def test_drafts_of_little_weight_are_dropped_and_weights_begin_again() -> None:
    table = EVEN.copy()
    writer = markov(table, ALPHABET)
    a, c = (writer.vocabulary.id_of(one) for one in "ac")
    table[0, a] = 1.5
    table[a, c] = -20.0  # after a the form asks for what the network never writes
    decoder, drafts, is_whole = begin(markov(table, ALPHABET), ["ac\n", "ba\n"], 16)
    written, _ = write_line(decoder, drafts, is_whole, np.random.default_rng(0))
    assert {particle.line for particle in written} == {"ba\n"}
    # All but what came after they were resampled is forgotten: the line end, one of six.
    assert [particle.log_weight for particle in written] == pytest.approx([-np.log(6)] * 16)


def test_drafts_that_have_the_line_whole_wait_for_the_others() -> None:
    writer = markov(EVEN, ALPHABET)
    decoder, drafts, is_whole = begin(writer, ["a\n", "bbb\n"], 6)
    batches: list[list[str]] = []
    steps = decoder.steps
    decoder.steps = lambda drafts, *rest: (  # type: ignore[method-assign]
        batches.append(sorted({draft.text for draft in drafts})) or steps(drafts, *rest)
    )
    write_line(decoder, drafts, is_whole, np.random.default_rng(1))
    assert batches == [[""], ["a", "b"], ["bb"], ["bbb"]]


def test_those_whose_line_is_whole_may_take_the_place_of_all_others() -> None:
    table = EVEN.copy()
    writer = markov(table, ALPHABET)
    b = writer.vocabulary.id_of("b")
    table[b, b] = -30.0
    decoder, drafts, is_whole = begin(markov(table, ALPHABET), ["a\n", "bbb\n"], 8)
    for seed in range(8):
        written, _ = write_line(decoder, drafts, is_whole, np.random.default_rng(seed))
        rows = [particle.line for particle in written if particle.log_weight > -20]
        assert set(rows) == {"a\n"}
        assert len(written) == 8


def test_the_place_of_a_stranded_draft_is_taken_by_others() -> None:
    writer = markov(EVEN, ALPHABET)
    once = NoRepeat(1, writer.vocabulary)
    decoder, drafts, is_whole = begin(writer, ["aba\n", "abc\n"], 16, once)
    written, died = write_line(decoder, drafts, is_whole, np.random.default_rng(0))
    assert {particle.line for particle in written} == {"abc\n"}
    assert died == []  # a second a is forbidden before it is written

    decoder, drafts, is_whole = begin(writer, ["aa\n", "cc\n", "bca\n"], 64, once)
    written, died = write_line(decoder, drafts, is_whole, np.random.default_rng(0))
    assert {draft.text for draft in died} == {"a", "c"}
    assert {particle.line for particle in written} == {"bca\n"}
    assert len(written) == 64 > 64 - len(died)


def test_drafts_that_all_die_are_told() -> None:
    writer = markov(EVEN, ALPHABET)
    decoder, drafts, is_whole = begin(
        writer, ["aba\n", "cbc\n"], 16, NoRepeat(1, writer.vocabulary)
    )
    written, died = write_line(decoder, drafts, is_whole, np.random.default_rng(0))
    assert written == []
    assert {draft.text for draft in died} == {"ab", "cb"}
    assert len(died) == 16


def test_some_drafts_may_die_while_others_go_on() -> None:
    table = np.random.default_rng(4).normal(0, 1, EVEN.shape)
    writer = markov(table, ALPHABET)
    log_rows = table - np.log(np.exp(table).sum(axis=1, keepdims=True))
    once = NoRepeat(1, writer.vocabulary)
    decoder, drafts, is_whole = begin(writer, ["aa\n", "bc\n", "ca\n"], 16, once)
    written, died = write_line(decoder, drafts, is_whole, np.random.default_rng(0))
    assert {draft.text for draft in died} == {"a"}
    assert {particle.line for particle in written} == {"bc\n", "ca\n"}
    for particle in written:
        ids = [0, *writer.vocabulary.encode(particle.line).tolist()]
        expected = [log_rows[one, other] for one, other in pairwise(ids)]
        assert particle.log_probabilities == pytest.approx(expected, abs=1e-5)


POEMS = ["aab\n", "aba\n", "abc\n", "bca\n", "bcc\n", "caa\n", "ccc\n", "cbb\n"]


def frequencies(writer: TextGenerator, count: int, poems: int) -> np.ndarray:
    """How often each poem of the list is written, one drawn by weight from so many drafts."""
    decoder, drafts, is_whole = begin(writer, POEMS, count)
    found = np.zeros(len(POEMS))
    for seed in range(poems):
        generator = np.random.default_rng(seed)
        written, _ = write_line(decoder, drafts, is_whole, generator)
        row = draw_index([one.log_weight for one in written], generator.random())
        found[POEMS.index(written[row].line)] += 1
    return found


def test_what_is_written_is_what_the_network_writes_when_it_happens_to_keep_the_form() -> None:
    table = np.random.default_rng(5).normal(0, 2, EVEN.shape)
    writer = markov(table, ALPHABET)
    log_rows = table - np.log(np.exp(table).sum(axis=1, keepdims=True))
    exact = []
    for poem in POEMS:
        ids = [0, *writer.vocabulary.encode(poem).tolist()]
        exact.append(np.exp(sum(log_rows[one, other] for one, other in pairwise(ids))))
    expected = np.array(exact) / np.sum(exact)
    poems = 1_000

    def chi_square(count: int) -> float:
        found = frequencies(writer, count, poems)
        return float((np.square(found - poems * expected) / (poems * expected)).sum())

    # 24.3 is exceeded once in a thousand times with 7 degrees of freedom.
    assert chi_square(48) < 24.3
    assert chi_square(1) > 100  # masks alone write something else
