"""What a poem must keep to, whatever the network would like: checked before each character.

A constraint is an automaton over the tokens of a poem. Its states are values, so a draft carries
them, and a poem that steps back has its old ones again.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Protocol

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.decoding.filters import Mask


class Constraint(Protocol):
    """Says which tokens may come next.

    It is told of the tokens of a prompt too, which it does not judge: it answers for what is
    written after them.
    """

    def initial_state(self) -> Hashable:
        """The state before the first token of a poem."""

    def allowed_tokens(self, state: Hashable) -> Mask | None:
        """`(vocabulary,)`, true for the tokens that may come next; None allows every one."""

    def next_state(self, state: Hashable, token: int) -> Hashable:
        """The state after one more token; the poem break begins another poem."""


def states_after(constraints: Sequence[Constraint], tokens: Iterable[int]) -> tuple[Hashable, ...]:
    """The state of each constraint after the tokens of a text."""
    read = list(tokens)
    states = []
    for constraint in constraints:
        state = constraint.initial_state()
        for token in read:
            state = constraint.next_state(state, token)
        states.append(state)
    return tuple(states)


class NoRepeat:
    """Lets no run of so many tokens stand twice in a poem (Paulus et al., 2017, section 2.5).

    Runs may overlap: with three, "aaaa" holds "aaa" twice. The poem break is never forbidden.

    Args:
        run: Tokens of a run, at least 1.
        tokens: Size of the vocabulary.
    """

    def __init__(self, run: int, tokens: int) -> None:
        self._before = run - 1
        self._tokens = tokens

    def initial_state(self) -> "SeenRuns":
        """Nothing has been seen."""
        return SeenRuns(_Log(), 0, ())

    def allowed_tokens(self, state: Hashable) -> Mask | None:
        """All but what would end a run that was seen."""
        assert isinstance(state, SeenRuns)
        repeating = state.following()
        if not repeating:
            return None
        mask = np.ones(self._tokens, np.bool_)
        mask[repeating] = False
        return mask

    def next_state(self, state: Hashable, token: int) -> "SeenRuns":
        """Remember the run that the token ends."""
        assert isinstance(state, SeenRuns)
        return (
            self.initial_state() if token == END_OF_POEM else state.followed_by(token, self._before)
        )


class _Log:
    """The runs of a growing text: what follows each run's beginning, and at which place."""

    def __init__(self, entries: Iterable[tuple[tuple[int, ...], int]] = ()) -> None:
        self.entries: list[tuple[tuple[int, ...], int]] = []
        self.following: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for beginning, token in entries:
            self.add(beginning, token)

    def add(self, beginning: tuple[int, ...], token: int) -> None:
        self.following.setdefault(beginning, []).append((len(self.entries), token))
        self.entries.append((beginning, token))


class SeenRuns:
    """The runs of a text. A value, though texts that grow out of one another share a log.

    What a longer text has added to the log lies beyond the length of this one, and is not looked
    at. A text that branches off copies its part, so going on takes the same short time at any
    length.

    Args:
        log: Where the runs are.
        length: How many of them are this text's.
        end: Its last tokens, as many as a run has before its last.
    """

    __slots__ = ("_end", "_length", "_log")

    def __init__(self, log: _Log, length: int, end: tuple[int, ...]) -> None:
        self._log = log
        self._length = length
        self._end = end

    def following(self) -> list[int]:
        """Tokens that would end a run seen before."""
        known = self._log.following.get(self._end, ())
        return [token for place, token in known if place < self._length]

    def followed_by(self, token: int, before: int) -> "SeenRuns":
        """The runs after one more token; a run has `before` tokens before its last."""
        end = (*self._end, token)
        if len(self._end) < before:
            return SeenRuns(self._log, self._length, end)
        log = self._log
        if len(log.entries) > self._length:
            log = _Log(log.entries[: self._length])
        log.add(self._end, token)
        return SeenRuns(log, self._length + 1, end[1:])
