"""The suffixes of a text in order, and how much each shares with the one before it.

Sorted by prefix doubling (Manber and Myers, "Suffix arrays", 1993), where what is in its place
already is not touched again (Larsson and Sadakane, "Faster suffix sorting", 1999). It begins with
as many symbols as one number holds, and ends when suffixes are told apart or equal in as many
symbols as are asked for.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Symbols = npt.NDArray[np.unsignedinteger]
Places = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.int64]

_EXACT_BITS: Final = 52
"""Bits of a number that a float holds exactly, so that its highest bit is found without error."""

_BLOCK: Final = 1 << 20


class SortedSuffixes(NamedTuple):
    """The suffixes of a text, in the order of their first symbols.

    Attributes:
        places: `(length,)` where each begins.
        shared: `(length,)` uint8, the symbols that each has in common with the one before it.
    """

    places: Places
    shared: npt.NDArray[np.uint8]


def sort_suffixes(text: Symbols, longest: int) -> SortedSuffixes:
    """Sort the suffixes of a text by their first symbols.

    It takes about 36 bytes of memory for each symbol, and more where the text repeats itself.

    Args:
        text: `(length,)` symbols, fewer than 2**32; past its end it goes on with symbol 0.
        longest: How many symbols of a suffix count, at most 255.
    """
    keys, width, bits = _packed(text, longest)
    places, unsorted, ranks = _by_key(keys[:-1])
    offset = width
    while offset < longest and unsorted.size:
        parts = _parts(unsorted, ranks[places[unsorted]])
        unsorted = np.concatenate([_refine(places, ranks, part, offset) for part in parts])
        offset *= 2
    if unsorted.size:  # By their places, so that the order is the same on every machine.
        ties = ranks[places[unsorted]].astype(np.int64) * len(text) + places[unsorted]
        places[unsorted] = places[unsorted][np.argsort(ties)]
    return SortedSuffixes(places, _shared(keys, places, width, bits, longest))


def _packed(text: Symbols, longest: int) -> tuple[Numbers, int, int]:
    """The next few symbols at each place as one number, and after the end; how many, and bits."""
    bits = max(1, int(text.max(initial=0)).bit_length())
    width = min(longest, _EXACT_BITS // bits)
    keys = np.zeros(len(text) + 1, np.int64)
    for offset in range(width):
        keys <<= bits
        keys[: max(0, len(text) - offset)] |= text[offset:]
    return keys, width, bits


def _by_key(keys: Numbers) -> tuple[Places, Places, Places]:
    """Places in the order of their keys; rows that are not alone; the first row of each key."""
    places = np.argsort(keys).astype(np.uint32)
    in_order = keys[places]
    begins = _begins(in_order)
    del in_order
    rows = np.arange(len(keys), dtype=np.uint32)
    rows[~begins] = 0
    ranks = np.empty(len(keys), np.uint32)
    ranks[places] = np.maximum.accumulate(rows, out=rows)
    return places, np.flatnonzero(_crowded(begins)).astype(np.uint32), ranks


def _parts(rows: Places, ranks: Places) -> list[Places]:
    """Rows in parts of about a block, those of one rank together."""
    borders = np.flatnonzero(_begins(ranks))
    chosen = np.searchsorted(borders, np.arange(_BLOCK, len(rows), _BLOCK))
    return np.split(rows, np.unique(borders[chosen[chosen < len(borders)]]))


def _refine(places: Places, ranks: Places, rows: Places, offset: int) -> Places:
    """Sort rows whose suffixes are equal so far by what follows; returns those still equal.

    What follows may have been sorted by more already, which does no harm.
    """
    length = len(places)
    known = places[rows].astype(np.int64)
    following = known + offset
    second = ranks[following.clip(max=length - 1)].astype(np.int64) + 1
    second[following >= length] = 0
    keys = ranks[known].astype(np.int64) * (length + 1) + second
    order = np.argsort(keys)
    known = known[order]
    begins = _begins(keys[order])
    places[rows] = known
    ranks[known] = rows[np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))]
    return rows[_crowded(begins)]


def _begins(keys: Numbers | Places) -> npt.NDArray[np.bool_]:
    """Whether each of some sorted keys is the first of its kind."""
    begins = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    return begins


def _crowded(begins: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether each has a neighbour of its kind."""
    crowded: npt.NDArray[np.bool_] = ~(begins & np.append(begins[1:], True))
    return crowded


def _shared(
    keys: Numbers, places: Places, width: int, bits: int, longest: int
) -> npt.NDArray[np.uint8]:
    """Compare neighbours, as many symbols at once as are packed together."""
    shared = np.zeros(len(places), np.uint8)
    end = len(places)
    for start in range(1, end, _BLOCK):
        rows = np.arange(start, min(end, start + _BLOCK))
        for depth in range(0, longest, width):
            one = keys[np.minimum(places[rows - 1].astype(np.int64) + depth, end)]
            other = keys[np.minimum(places[rows].astype(np.int64) + depth, end)]
            differing = one ^ other
            differs = differing != 0
            highest_bit = np.frexp(differing[differs].astype(np.float64))[1]
            common = width - 1 - (highest_bit - 1) // bits
            shared[rows[differs]] = np.minimum(depth + common, longest)
            rows = rows[~differs]
            if not rows.size:
                break
        shared[rows] = longest
    return shared
