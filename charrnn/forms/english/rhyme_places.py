"""Whether the lines of a rhyme can all end in words that rhyme, and differ."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from charrnn.forms.core.matching import leaving_enough
from charrnn.forms.english.rhyme_classes import RhymeFamilies
from charrnn.forms.english.spoken_words import Flags

Alive = tuple[tuple[int, tuple[int, ...]], ...]
"""The families that a rhyme may still be of, each with its clans that have been used, in order."""


def alive_of(families: Mapping[int, Collection[int]]) -> Alive:
    """Families and their used clans as a value."""
    return tuple((family, tuple(sorted(families[family]))) for family in sorted(families))


def open_clans(
    families: RhymeFamilies, here: Flags, later: Sequence[Flags], alive: Alive | None
) -> Flags:
    """The clans that a line may end in so that the later lines of its rhyme can still rhyme.

    Args:
        families: The families and their clans.
        here: `(clans,)`, true for those that this line can end in, whatever the others do.
        later: The same for each of the later lines.
        alive: What the earlier lines have left; None where there are none.
    """
    free = _free(families, alive)
    allowed: Flags = here & free
    if not later:
        return allowed
    if all(one is later[0] for one in later):
        return allowed & _left_by_equal_lines(families, later[0] & free, len(later))
    counts = np.sort([_count(families, one & free) for one in later], axis=0)
    # However the lines choose, each finds a clan when it has more of them than chose before it.
    ample: Flags = np.all(counts >= np.arange(2, len(later) + 2)[:, None], axis=0)
    doubtful = ~ample & (counts[0] > 0)
    sure: Flags = allowed & ample[families.family_of]
    for family in np.unique(families.family_of[allowed & doubtful[families.family_of]]).tolist():
        low, high = families.first_clans[family : family + 2].tolist()
        own, *others = (
            frozenset((np.flatnonzero(one[low:high] & free[low:high]) + low).tolist())
            for one in (here, *later)
        )
        sure[list(leaving_enough(own, others))] = True
    return sure


def _free(families: RhymeFamilies, alive: Alive | None) -> Flags:
    """`(clans,)`, true for those of families that are alive, save the used ones."""
    free = np.full(len(families.family_of), alive is None)
    for family, used in alive or ():
        low, high = families.first_clans[family : family + 2]
        free[low:high] = True
        free[list(used)] = False
    return free


def _count(families: RhymeFamilies, clans: Flags) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """`(families,)` how many clans of each are flagged."""
    return np.bincount(families.family_of[clans], minlength=len(families.first_clans) - 1)


def _left_by_equal_lines(families: RhymeFamilies, each: Flags, lines: int) -> Flags:
    """The clans without which enough are left for lines that can all end in the same ones."""
    left: Flags = _count(families, each)[families.family_of] - each >= lines
    return left
