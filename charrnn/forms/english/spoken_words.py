"""The words that a poem may be written with, and every way to say them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.forms.english.metre import Bits, Shape, shape_of
from charrnn.forms.english.pronunciation import Pronunciation
from charrnn.forms.english.word_sounds import WordSounds

Flags = npt.NDArray[np.bool_]
"""One truth for each of some words, ways or rhymes."""

Numbers = npt.NDArray[np.int64]

_LETTERS: Final = str.maketrans("", "", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class SpokenWords:
    """Words in the order of their letters, with the ways to say them one after the other.

    Args:
        sounds: For each word its pronunciations. Those without a syllable are passed over, and a
            word that has no others is left out.

    Attributes:
        words: The words, sorted by code point.
        ways: Their pronunciations, word after word.
        word_of: `(ways,)` the word of each, by its number.
        shapes: The different shapes that there are.
        shape_of: `(ways,)` the shape of each, by its number.
        shape_counts: `(shapes,)` how many ways have each.
    """

    def __init__(self, sounds: Mapping[str, Sequence[Pronunciation]]) -> None:
        words: list[str] = []
        ways: list[Pronunciation] = []
        word_of: list[int] = []
        shape_numbers: list[int] = []
        shapes: dict[Shape, int] = {}
        by_stress: dict[str, int] = {}
        for word in sorted(sounds):
            before = len(ways)
            for way in sounds[word]:
                stress = "".join(way.phones).translate(_LETTERS)
                if not stress:
                    continue
                if stress not in by_stress:
                    by_stress[stress] = shapes.setdefault(shape_of(way), len(shapes))
                ways.append(way)
                word_of.append(len(words))
                shape_numbers.append(by_stress[stress])
            if len(ways) > before:
                words.append(word)
        self.words = tuple(words)
        self.ways = tuple(ways)
        self.word_of: Numbers = np.array(word_of, np.int64)
        self.shapes = tuple(shapes)
        self.shape_of: Numbers = np.array(shape_numbers, np.int64)
        self.shape_counts: Numbers = np.bincount(self.shape_of, minlength=len(shapes))
        self._numbers = {word: number for number, word in enumerate(words)}
        self._first_way: Numbers = np.searchsorted(self.word_of, np.arange(len(words) + 1))

    def number(self, word: str) -> int | None:
        """Which of the words it is; None where it is none of them."""
        return self._numbers.get(word)

    def ways_of(self, word: int) -> range:
        """The ways to say a word, by their numbers."""
        return range(*self._first_way[word : word + 2].tolist())

    def slice_of(self, word: int) -> slice:
        """The ways to say a word, as a part of what has an entry for each way."""
        return slice(*self._first_way[word : word + 2].tolist())

    def shapes_among(self, ways: Flags) -> list[int]:
        """The shapes that some ways have, each once."""
        shapes: list[int] = np.flatnonzero(np.bincount(self.shape_of[ways])).tolist()
        return shapes

    def united(self, places: Bits) -> Bits:
        """`(words,)` the places of all the ways of each word, from `(ways,)` those of each way."""
        return np.bitwise_or.reduceat(places, self._first_way[:-1]) if self.words else places

    @cached_property
    def sounds(self) -> WordSounds:
        """What the words rhyme by."""
        return WordSounds(self.ways)

    @cached_property
    def first_letters(self) -> npt.NDArray[np.str_]:
        """`(words,)` what each word begins with."""
        return np.array([word[0] for word in self.words], "U1")

    @cached_property
    def last_letters(self) -> npt.NDArray[np.str_]:
        """`(words,)` what each word ends with."""
        return np.array([word[-1] for word in self.words], "U1")
