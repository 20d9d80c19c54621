"""A form as an automaton over tokens, and two searches that automata share."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.sampling import Mask
from charrnn.errors import ConfigurationError


class OutputTokens(NamedTuple):
    """What a network can write: `(vocabulary,)` the writable tokens, and the end of a poem."""

    vocabulary: Vocabulary
    writable: Mask
    end: int | None


class Automaton(Protocol):
    """Tells which tokens may follow so that the poem can still be finished in its form.

    It is a `charrnn.decoding.constraints.Constraint`, and it is exact: a token is allowed if and
    only if some poem that keeps the form continues with it. So there are no dead ends. States are
    hashable.
    """

    def initial_state(self) -> Hashable:
        """One of the initial states."""

    def initial_states(self, generator: np.random.Generator, count: int) -> Sequence[Hashable]:
        """`count` states with random places of required words; none if no poem is possible."""

    def allowed_tokens(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, read-only, true for allowed tokens; all false only after the end."""

    def allowed_in_prompt(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, read-only, the same for a prompt, which may repeat itself."""

    def next_state(self, state: Hashable, token: int) -> Hashable:
        """The state after a token that is allowed, also in a prompt only."""

    def is_final(self, state: Hashable) -> bool:
        """Whether the poem is complete, including the mark that ends it."""

    def lines_written(self, state: Hashable) -> int:
        """The number of complete lines, including the mark or line end after them."""


Tokens = frozenset[int]
"""A set of token ids."""


def can_all_differ(choices: Sequence[Tokens], taken: Tokens = frozenset()) -> bool:
    """Whether a different token can be chosen from each set, none of them taken already.

    Hall's marriage problem (1935), solved by augmenting paths (Kuhn, 1955). A set with as many
    members as there are sets can choose last and is left out.
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
    """The candidates after which each of the later `choices` still finds a different token."""
    if not can_all_differ(choices, taken):
        return frozenset()
    free = candidates - taken
    # A set with more members than there are sets can spare any one of them.
    needed = free & frozenset[int]().union(*_scarce(choices, taken, len(choices) + 1))
    return free.difference(one for one in needed if not can_all_differ(choices, taken | {one}))


def _scarce(choices: Sequence[Tokens], taken: Tokens, enough: int) -> list[Tokens]:
    return [one for one in choices if len(one) - len(taken) < enough]


def _can_be_matched(choices: Sequence[Collection[int]]) -> bool:
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


QUICK_ATTEMPTS: Final = 8
"""Attempts to place the words one by one before the exhaustive search."""

Place = TypeVar("Place")

Placements = tuple[Place | None, ...]
"""A place for each required word; None for a word without one yet."""


class PlacementSearch(Generic[Place]):
    """Finds random places for required words.

    `candidates` are the places where each word could stand alone; `possible` tells whether some
    poem has the words in these places (None: anywhere). The exhaustive search gives up after
    `max_placements`.
    """

    def __init__(
        self,
        candidates: Sequence[Sequence[Place]],
        possible: Callable[[Placements[Place]], bool],
        max_placements: int,
    ) -> None:
        self._candidates = candidates
        self._possible = possible
        self._max_placements = max_placements
        self._tried = 0

    def draw(self, generator: np.random.Generator) -> Placements[Place] | None:
        """Random places for all words; None if there are none; ConfigurationError if unknown."""
        nowhere: Placements[Place] = (None,) * len(self._candidates)
        if not self._possible(nowhere):
            return None
        for _ in range(QUICK_ATTEMPTS):
            placed = self._place_in_turn(nowhere, generator)
            if placed is not None:
                return placed
        self._tried = 0
        return self._search(nowhere, dict(enumerate(self._candidates)), generator)

    def _place_in_turn(
        self, placed: Placements[Place], generator: np.random.Generator
    ) -> Placements[Place] | None:
        for word, candidates in enumerate(self._candidates):
            order = generator.permutation(len(candidates)).tolist()
            attempts = (_with(placed, word, candidates[number]) for number in order)
            longer = next(filter(self._possible, attempts), None)
            if longer is None:
                return None
            placed = longer
        return placed

    def _search(
        self,
        placed: Placements[Place],
        candidates: Mapping[int, Sequence[Place]],
        generator: np.random.Generator,
    ) -> Placements[Place] | None:
        """Forward checking (Haralick and Elliott, 1980), the word with the fewest places first."""
        if not candidates:
            return placed
        left: dict[int, Sequence[Place]] = {}
        for word, places in candidates.items():
            left[word] = [one for one in places if self._is_possible(_with(placed, word, one))]
            if not left[word]:
                return None
        fewest = min(left, key=lambda word: len(left[word]))
        places = left.pop(fewest)
        for number in generator.permutation(len(places)).tolist():
            found = self._search(_with(placed, fewest, places[number]), left, generator)
            if found is not None:
                return found
        return None

    def _is_possible(self, placed: Placements[Place]) -> bool:
        self._tried += 1
        if self._tried > self._max_placements:
            raise ConfigurationError(
                f"{len(self._candidates)} required words are too many: no place for all of them was "
                "found in time. Require fewer."
            )
        return self._possible(placed)


def _with(placed: Placements[Place], word: int, placement: Place) -> Placements[Place]:
    return (*placed[:word], placement, *placed[word + 1 :])
