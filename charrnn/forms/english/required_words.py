"""In which lines of a poem the words stand that must stand somewhere."""

from collections.abc import Callable, Sequence
from typing import Final

from charrnn.errors import ConfigurationError

Placement = tuple[int, ...]
"""The line, from 0, of each word that must stand in the poem; `UNPLACED` for one that has none."""

UNPLACED: Final = -1

MOST_TRIED: Final = 1_000
"""Placements that are looked at before the search is given up."""


def place_words(
    count: int, fits: Callable[[Placement], bool], lines: Callable[[], Sequence[int]]
) -> Placement | None:
    """Find a line for each word, by trying them in turn and going back where none will do.

    Those that fewest lines will have come first.

    Args:
        count: How many words there are.
        fits: Whether a poem can be written with some words placed, whatever is left.
        lines: Gives the lines of the poem in the order in which they are tried for a word.

    Returns:
        Where the words stand; None where they cannot all stand in the poem.

    Raises:
        ConfigurationError: They are so many that it was not found out in a while.
    """
    nowhere = (UNPLACED,) * count
    alone = [
        {line for line in lines() if fits(_with(nowhere, word, line))} for word in range(count)
    ]
    order = sorted(range(count), key=lambda word: len(alone[word]))
    tried = 0

    def extended(placed: Placement, depth: int) -> Placement | None:
        """The placement that goes on from one of the first words of the order."""
        nonlocal tried
        tried += 1
        if tried > MOST_TRIED:
            raise ConfigurationError(
                f"{count} words that must stand in the poem are too many to find out whether there "
                "is a place for all of them. Demand fewer."
            )
        if not fits(placed):
            return None
        if depth == count:
            return placed
        word = order[depth]
        for line in lines():
            if (
                line in alone[word]
                and (found := extended(_with(placed, word, line), depth + 1)) is not None
            ):
                return found
        return None

    return extended(nowhere, 0) if all(alone) else None


def _with(placed: Placement, word: int, line: int) -> Placement:
    return (*placed[:word], line, *placed[word + 1 :])
