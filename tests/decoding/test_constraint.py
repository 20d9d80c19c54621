import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.decoding.constraint import NoRepeat, states_after

SYMBOLS = 5


def would_repeat(text: list[int], run: int) -> list[int]:
    """Tokens that would make a run stand twice, by looking at all runs of the poem."""
    broken = [place for place, token in enumerate(text) if token == END_OF_POEM]
    poem = text[broken[-1] + 1 if broken else 0 :]
    repeating = []
    for token in range(1, SYMBOLS):
        longer = [*poem, token]
        runs = [tuple(longer[start : start + run]) for start in range(len(longer) - run + 1)]
        if runs and runs[-1] in runs[:-1]:
            repeating.append(token)
    return repeating


def forbidden(constraint: NoRepeat, state: object) -> list[int]:
    allowed = constraint.allowed_tokens(state)
    return [] if allowed is None else np.flatnonzero(~allowed).tolist()


@given(st.lists(st.integers(0, SYMBOLS - 1), max_size=25), st.integers(1, 5))
def test_what_would_repeat_a_run_is_forbidden_and_nothing_else(text: list[int], run: int) -> None:
    constraint = NoRepeat(run, SYMBOLS)
    state = constraint.initial_state()
    for place, token in enumerate(text):
        assert forbidden(constraint, state) == would_repeat(text[:place], run)
        state = constraint.next_state(state, token)
    assert forbidden(constraint, state) == would_repeat(text, run)


@given(
    st.lists(st.integers(1, SYMBOLS - 1), max_size=10),
    st.lists(st.lists(st.integers(1, SYMBOLS - 1), max_size=6), max_size=4),
)
def test_texts_that_branch_off_know_nothing_of_one_another(
    trunk: list[int], branches: list[list[int]]
) -> None:
    constraint = NoRepeat(2, SYMBOLS)
    (fork,) = states_after([constraint], trunk)
    states = [fork] * len(branches)
    for place in range(6):
        for number, branch in enumerate(branches):
            if place < len(branch):
                states[number] = constraint.next_state(states[number], branch[place])
    for branch, state in zip(branches, states, strict=True):
        assert forbidden(constraint, state) == would_repeat([*trunk, *branch], 2)
    assert forbidden(constraint, fork) == would_repeat(trunk, 2)


def test_the_poem_break_is_never_forbidden_and_begins_another_poem() -> None:
    constraint = NoRepeat(1, 3)
    (state,) = states_after([constraint], [1, 2])
    assert forbidden(constraint, state) == [1, 2]
    assert constraint.allowed_tokens(constraint.next_state(state, END_OF_POEM)) is None


@pytest.mark.parametrize("count", [0, 1, 2])
def test_each_constraint_reads_the_text(count: int) -> None:
    constraints = [NoRepeat(run, SYMBOLS) for run in range(1, count + 1)]
    states = states_after(constraints, itertools.chain([1], [2, 1]))
    assert [forbidden(one, state) for one, state in zip(constraints, states, strict=True)] == [
        [1, 2],
        [2],
    ][:count]
