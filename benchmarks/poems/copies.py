"""The longest run of characters of each piece that the training text holds, exactly.

White space counts as one space, in Chinese as nothing: poems are printed in other ways than read.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from charrnn.corpus.ngram_filter import folded

Hashes = npt.NDArray[np.uint64]

FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that hashes of 64 bits keep what they read; 2^64 over the golden ratio."""


def comparable(text: str, language: str) -> str:
    """A text without what depends on the way that it is printed."""
    return "".join(text.split()) if language == "chinese" else folded(text)


def longest_copies(poems: Sequence[str], training: Iterable[str]) -> list[int]:
    """Characters of the longest run of each poem that stands in one text of the training part.

    Runs of n + 1 characters begin where runs of n do, so only those places are looked at again.
    Runs are compared by hashes of 64 bits.
    """
    known, own = _codes(training), _codes(poems)
    owners = np.cumsum(own == 0)
    known_places, own_places = (np.flatnonzero(codes) for codes in (known, own))
    known_hashes, own_hashes = (
        np.zeros(len(some), np.uint64) for some in (known_places, own_places)
    )
    longest = np.zeros(len(poems), np.int64)
    length = 0
    while len(own_places) and len(known_places):
        own_places, own_hashes = _longer(own, own_places, own_hashes, length)
        known_places, known_hashes = _longer(known, known_places, known_hashes, length)
        known_kept = _among(known_hashes, np.unique(own_hashes))
        known_places, known_hashes = known_places[known_kept], known_hashes[known_kept]
        own_kept = _among(own_hashes, np.unique(known_hashes))
        own_places, own_hashes = own_places[own_kept], own_hashes[own_kept]
        length += 1
        longest[np.unique(owners[own_places])] = length
    return longest.tolist()


def _among(hashes: Hashes, wanted: Hashes) -> npt.NDArray[np.bool_]:
    """Which hashes are among some that are sorted; quick where those are few."""
    if not len(wanted):
        return np.zeros(len(hashes), np.bool_)
    places = np.searchsorted(wanted, hashes)
    return wanted[np.minimum(places, len(wanted) - 1)] == hashes


def _codes(texts: Iterable[str]) -> npt.NDArray[np.uint32]:
    """Characters as numbers, and 0 after each text."""
    joined = "".join(text.replace("\0", "") + "\0" for text in texts)
    return np.frombuffer(joined.encode("utf-32-le"), np.uint32)


def _longer(
    codes: npt.NDArray[np.uint32], places: npt.NDArray[np.intp], hashes: Hashes, length: int
) -> tuple[npt.NDArray[np.intp], Hashes]:
    """Runs with one more character, those that end with their text left out."""
    following = codes[places + length]
    inside = following > 0
    mixed = (hashes[inside] + following[inside]) * FACTOR
    return places[inside], mixed ^ (mixed >> np.uint64(29))
