"""Positions of words in a line, as bit sets.

The metrical templates of a line are concatenated, and each boundary of a syllable is a bit. One `&`
and one shift advance all positions under all templates at once (shift-and; Baeza-Yates and Gonnet,
1992, "A New Approach to Text Searching").
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.forms.english.pronunciation import Pronunciation, rhyming_syllables
from charrnn.forms.english.scansion import clashes_of

MetrePlaces = int
"""A set of positions: bit n is set if position n belongs to it."""


Bits = npt.NDArray[np.unsignedinteger]
"""Sets of positions, or one chunk of each; see `chunks`."""


class WordShape(NamedTuple):
    """The metrical properties of a pronunciation.

    Attributes:
        syllables: The number of syllables.
        stressed: Syllables, from 0, that must not be on an unstressed mark.
        rhyming: The syllable that it rhymes from; None without stress, which rhymes with nothing.
    """

    syllables: int
    stressed: tuple[int, ...]
    rhyming: int | None = None


def shape_of(way: Pronunciation) -> WordShape:
    """The shape of a pronunciation."""
    rhyming, *_ = (*rhyming_syllables(way), None)
    return WordShape(way.syllables, clashes_of(way, "u" * way.syllables), rhyming)


class MetreMasks:
    """The positions of a line. A template that is a prefix of another one shares its positions.

    Args:
        templates: The alternative marks; see `charrnn.forms.english.scansion.templates_of`.
        rhyming: Whether the line rhymes, so that its rhyme must start on a stress of the metre.

    Attributes:
        starts: Where the line may begin.
        chunks: All positions, in chunks.
    """

    def __init__(self, templates: Sequence[str], *, rhyming: bool = False) -> None:
        self._rhyming = rhyming
        ordered = sorted(set(templates))
        whole = [
            one
            for one, following in itertools.zip_longest(ordered, ordered[1:], fillvalue="")
            if not following.startswith(one)
        ]
        self._rows: list[tuple[int, str]] = []
        self.starts: MetrePlaces = 0
        self._line_ends: MetrePlaces = 0
        offset = 0
        for row in whole:
            self._rows.append((offset, row))
            self.starts |= 1 << offset
            for template in ordered:
                if row.startswith(template):
                    self._line_ends |= 1 << (offset + len(template))
            offset += len(row) + 1
        self.chunks = chunks(offset)
        self._fits: dict[WordShape, MetrePlaces] = {}

    def fits(self, shape: WordShape) -> MetrePlaces:
        """Where a word of this shape may begin."""
        if shape not in self._fits:
            self._fits[shape] = sum(
                1 << (offset + place)
                for offset, row in self._rows
                for place in range(len(row) - shape.syllables + 1)
                if all(row[place + syllable] != "u" for syllable in shape.stressed)
            )
        return self._fits[shape]

    def after(self, places: MetrePlaces, shape: WordShape) -> MetrePlaces:
        """The positions after a word of this shape."""
        return (places & self.fits(shape)) << shape.syllables

    def last(self, shape: WordShape) -> MetrePlaces:
        """Where a word of this shape may begin that ends the line."""
        fits = self.fits(shape)
        if self._rhyming:
            if shape.rhyming is None:
                return 0
            fits &= self.fits(shape._replace(stressed=(shape.rhyming,)))
        return fits & (self._line_ends >> shape.syllables)


class Chunk:
    """Consecutive positions, as many as a NumPy integer type has bits."""

    def __init__(self, first: int, type_: type[np.unsignedinteger]) -> None:
        self._first, self._type = first, type_
        self._whole = int(np.iinfo(type_).max)

    def of(self, places: MetrePlaces) -> np.unsignedinteger:
        """The part of the positions in this chunk."""
        return self._type(places >> self._first & self._whole)

    def of_each(self, places: Iterable[MetrePlaces]) -> Bits:
        """`(sets,)` the same for several sets."""
        return np.array([one >> self._first & self._whole for one in places], self._type)


def chunks(size: int) -> tuple[Chunk, ...]:
    """Divide positions into chunks; one suffices except for very long lines."""
    for type_ in (np.uint16, np.uint32):
        if size <= np.iinfo(type_).bits:
            return (Chunk(0, type_),)
    return tuple(Chunk(first, np.uint64) for first in range(0, size, 64))
