"""In which lines of a poem the words stand that must stand somewhere."""

from collections.abc import Callable, Sequence
from typing import Final

Placement = tuple[int, ...]
"""The line, from 0, of each word that must stand in the poem; `UNPLACED` for one that has none."""

UNPLACED: Final = -1


def place_words(
    count: int, fits: Callable[[Placement], bool], lines: Callable[[], Sequence[int]]
) -> Placement | None:
    """Find a line for each word, by trying them in turn and going back where none will do.

    Args:
        count: How many words there are.
        fits: Whether a poem can be written with some words placed, whatever is left.
        lines: Gives the lines of the poem in the order in which they are tried for a word.

    Returns:
        Where the words stand; None where they cannot all stand in the poem.
    """

    def extended(placed: Placement) -> Placement | None:
        """The placement that goes on from one of the first words."""
        if not fits(placed + (UNPLACED,) * (count - len(placed))):
            return None
        if len(placed) == count:
            return placed
        for line in lines():
            if found := extended((*placed, line)):
                return found
        return None

    return extended(())
