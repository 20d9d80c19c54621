"""A form of verse as an automaton over the tokens that a network writes."""

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.sampling import Mask


class OutputTokens(NamedTuple):
    """What a network can write.

    Attributes:
        vocabulary: What it knows.
        writable: `(vocabulary,)`, true for the tokens that may be written at all.
        end: The token that ends a poem; None where nothing does.
    """

    vocabulary: Vocabulary
    writable: Mask
    end: int | None


class Automaton(Protocol):
    """Says which tokens may follow so that the poem can still be finished in its form.

    It is a `charrnn.decoding.constraints.Constraint` that always has a say, and it is exact: a
    token is allowed where, and only where, some poem that keeps the form goes on with it. So what
    follows it is never a dead end. States are hashable values.
    """

    def initial_state(self) -> Hashable:
        """The first of the states that a poem may begin in."""

    def initial_states(self, generator: np.random.Generator, count: int) -> Sequence[Hashable]:
        """States to begin in, one for each of so many drafts of a poem.

        They differ in where the words stand that must stand somewhere; where there are none, all
        are alike.

        Returns:
            As many as asked; none where no poem keeps the form with all that is required.
        """

    def allowed_tokens(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, true for the tokens that may come next; not to be changed.

        All false where the poem is finished, and nowhere else.
        """

    def next_state(self, state: Hashable, token: int) -> Hashable:
        """The state after one of the tokens that are allowed."""

    def is_final(self, state: Hashable) -> bool:
        """Whether the poem is whole, with whatever mark ends it."""

    def lines_written(self, state: Hashable) -> int:
        """How many of its lines are whole, with the mark or the line end that parts them."""


Tokens = frozenset[int]
"""Tokens of a vocabulary."""


def can_all_differ(choices: Sequence[Tokens], taken: Tokens = frozenset()) -> bool:
    """Whether one token can be chosen from each of some sets, all of them different.

    This is Hall's marriage problem (1935). A set that has as many members as there are sets can be
    served last, so it is left aside; for what remains, augmenting paths are looked for (Kuhn, 1955).

    Args:
        choices: The sets.
        taken: Tokens that may not be chosen any more.
    """
    scarce = [one - taken for one in _scarce(choices, taken, len(choices))]
    scarce.sort(key=len)
    while scarce and len(scarce[-1]) >= len(scarce):
        scarce.pop()
    alike = Counter(scarce)
    return all(count <= len(one) for one, count in alike.items()) and _can_be_matched(scarce)


def leaving_enough(
    candidates: Tokens, choices: Sequence[Tokens], taken: Tokens = frozenset()
) -> Tokens:
    """The tokens that can be taken so that all the others can still differ.

    Args:
        candidates: The tokens to choose from now.
        choices: The sets that will be chosen from later.
        taken: Tokens that may not be chosen any more.
    """
    if not can_all_differ(choices, taken):
        return frozenset()
    free = candidates - taken
    # A set with one member more than there are sets can do without any one of them.
    needed = free & frozenset[int]().union(*_scarce(choices, taken, len(choices) + 1))
    return free.difference(one for one in needed if not can_all_differ(choices, taken | {one}))


def _scarce(choices: Sequence[Tokens], taken: Tokens, enough: int) -> list[Tokens]:
    """Sets that may have fewer members left than is enough whatever happens."""
    return [one for one in choices if len(one) - len(taken) < enough]


def _can_be_matched(choices: Sequence[Collection[int]]) -> bool:
    """Whether the sets can have different members, by augmenting paths."""
    holders: dict[int, int] = {}

    def serve(number: int, tried: set[int]) -> bool:
        for token in choices[number]:
            if token not in tried:
                tried.add(token)
                if token not in holders or serve(holders[token], tried):
                    holders[token] = number
                    return True
        return False

    return all(serve(number, set()) for number in range(len(choices)))
