"""Where in a line of verse a word may stand, as sets of places held in the bits of an integer.

A line is a row of syllables, marked by one of several templates. The templates lie side by side, and
each place between two of their syllables is a bit. So one `&` and one shift say where a word leads
from all the places that it may be at, under all templates at once (Baeza-Yates and Gonnet, 1992, "A
New Approach to Text Searching", follow the states of an automaton so).
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.forms.english.pronunciation import Pronunciation, rhyming_syllables
from charrnn.forms.english.scansion import clashes_of

MetrePlaces = int
"""A set of places: bit n is set where place n is one of them."""


Bits = npt.NDArray[np.unsignedinteger]
"""Sets of places, or a part of each: see `chunks`."""


class WordShape(NamedTuple):
    """What metre sees of a word said in one way.

    Attributes:
        syllables: How many there are.
        stressed: Those, from 0, that no unstressed mark may stand over.
        rhyming: The one that it rhymes from; None where it has no stress, and rhymes with nothing.
    """

    syllables: int
    stressed: tuple[int, ...]
    rhyming: int | None = None


def shape_of(way: Pronunciation) -> WordShape:
    """The shape of a word that is said in some way."""
    rhyming, *_ = (*rhyming_syllables(way), None)
    return WordShape(way.syllables, clashes_of(way, "u" * way.syllables), rhyming)


class MetreMasks:
    """The places of a line.

    A template that another one begins with lies within it.

    Args:
        templates: The marks of the syllables, as `charrnn.forms.english.scansion.templates_of` has them.
        rhyming: Whether the line rhymes, so that its last word rhymes from a stress of the metre.

    Attributes:
        starts: Where the line may begin.
        chunks: All its places, in chunks.
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
        """Where a line stands after a word of this shape, which began at one of some places."""
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
    """Some of the places of a line, as many as a number of NumPy has bits for.

    Args:
        first: The first of them.
        type_: A type with a bit for each.
    """

    def __init__(self, first: int, type_: type[np.unsignedinteger]) -> None:
        self._first = first
        self._type = type_
        self._whole = int(np.iinfo(type_).max)

    def of(self, places: MetrePlaces) -> np.unsignedinteger:
        """The part of some places that lies in the chunk."""
        return self._type(places >> self._first & self._whole)

    def of_each(self, places: Iterable[MetrePlaces]) -> Bits:
        """The same for several sets of places."""
        return np.array([one >> self._first & self._whole for one in places], self._type)


def chunks(size: int) -> tuple[Chunk, ...]:
    """Divide places into chunks; one will do for all but the longest lines."""
    for type_ in (np.uint16, np.uint32):
        if size <= np.iinfo(type_).bits:
            return (Chunk(0, type_),)
    return tuple(Chunk(first, np.uint64) for first in range(0, size, 64))
