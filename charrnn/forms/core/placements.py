"""Finding places for the words that have to stand somewhere in a poem."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Generic, TypeVar

import numpy as np

from charrnn.errors import ConfigurationError

MOST_QUICK: Final = 8
"""Times that words are placed one after the other, before all that could be is thought through."""

Place = TypeVar("Place")

Placements = tuple[Place | None, ...]
"""A place for each of some words; None for a word that has no place yet."""


class PlacementSearch(Generic[Place]):
    """Finds places for words at random, if there are any.

    Args:
        candidates: For each word, the places where it might stand if it were alone.
        possible: Whether any poem has words in some places, those without one anywhere or nowhere.
        most_tried: Placements that are looked at for one poem before the search is given up.
    """

    def __init__(
        self,
        candidates: Sequence[Sequence[Place]],
        possible: Callable[[Placements[Place]], bool],
        most_tried: int,
    ) -> None:
        self._candidates = candidates
        self._possible = possible
        self._most_tried = most_tried
        self._tried = 0

    def draw(self, generator: np.random.Generator) -> Placements[Place] | None:
        """Places for all the words; None where no poem has them all.

        Raises:
            ConfigurationError: The words are so many that it was not found out in a while.
        """
        nowhere: Placements[Place] = (None,) * len(self._candidates)
        if not self._possible(nowhere):
            return None
        for _ in range(MOST_QUICK):
            placed = self._placed_in_turn(nowhere, generator)
            if placed is not None:
                return placed
        self._tried = 0
        return self._searched(nowhere, dict(enumerate(self._candidates)), generator)

    def _placed_in_turn(
        self, placed: Placements[Place], generator: np.random.Generator
    ) -> Placements[Place] | None:
        """Each word in a place that the words before it leave possible; None where one has none."""
        for word, candidates in enumerate(self._candidates):
            order = generator.permutation(len(candidates)).tolist()
            attempts = (_with(placed, word, candidates[number]) for number in order)
            longer = next(filter(self._possible, attempts), None)
            if longer is None:
                return None
            placed = longer
        return placed

    def _searched(
        self,
        placed: Placements[Place],
        candidates: Mapping[int, Sequence[Place]],
        generator: np.random.Generator,
    ) -> Placements[Place] | None:
        """Places for the words that have none yet, the word with the fewest first.

        It turns back as soon as any word is left without a place (forward checking; Haralick and
        Elliott, 1980).
        """
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
            found = self._searched(_with(placed, fewest, places[number]), left, generator)
            if found is not None:
                return found
        return None

    def _is_possible(self, placed: Placements[Place]) -> bool:
        self._tried += 1
        if self._tried > self._most_tried:
            raise ConfigurationError(
                f"{len(self._candidates)} words that must stand in the poem are too many to find "
                "out whether there is a place for all of them. Demand fewer."
            )
        return self._possible(placed)


def _with(placed: Placements[Place], word: int, placement: Place) -> Placements[Place]:
    return (*placed[:word], placement, *placed[word + 1 :])
