"""The words that a poem may be written with, and every way to say them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.forms.english.metre import Bits, WordShape, shape_of
from charrnn.forms.english.pronunciation import Pronunciation, Rhyme, is_vowel, rhyme_of

Numbers = npt.NDArray[np.int64]

Phones = tuple[str, ...]

_ANY_VOWEL: Final = "AH1"

_NONE: Final = Rhyme((), ())
"""What ways without a stress rhyme by; no line that rhymes ends in them."""


class WordSounds:
    """What some ways to say words rhyme by, as `charrnn.forms.english.pronunciation.rhyme_of` has it.

    A rhyme consists of the consonants before a vowel and of what follows from it on. Many words
    share the one or the other, which is worked out once.

    Args:
        ways: The ways, each with a vowel.

    Attributes:
        parts: The different parts of rhymes.
        part_of: `(ways,)` the part of each, by its number.
        sound_of: `(ways,)` a number that is the same for ways with the same onset and part.
    """

    def __init__(self, ways: Sequence[Pronunciation]) -> None:
        by_end: dict[Phones, int] = {}
        by_start: dict[Phones, int] = {}
        parts: dict[Phones, int] = {}
        onsets: dict[Phones, int] = {}
        pairs: list[tuple[int, int]] = []
        for way in ways:
            start, end = _parted(way.phones)
            if end not in by_end:
                by_end[end] = parts.setdefault(_rhyme(end).part, len(parts))
            if start not in by_start:
                onset = _rhyme((*start, _ANY_VOWEL)).onset
                by_start[start] = onsets.setdefault(onset, len(onsets))
            pairs.append((by_start[start], by_end[end]))
        onset_of, self.part_of = np.array(pairs, np.int64).reshape(-1, 2).T
        self.sound_of: Numbers = onset_of * len(parts) + self.part_of
        # Two words are not alike because neither rhymes.
        weak = np.flatnonzero(self.part_of == parts.get(_NONE.part, -1))
        self.sound_of[weak] = len(onsets) * len(parts) + np.arange(len(weak))
        self.parts = tuple(parts)
        self._part_numbers = parts
        self._onset_numbers = onsets

    def number(self, rhyme: Rhyme) -> int | None:
        """The number of a sound; None where no way has it."""
        part = self._part_numbers.get(rhyme.part)
        onset = self._onset_numbers.get(rhyme.onset)
        return None if part is None or onset is None else onset * len(self.parts) + part


def _parted(phones: Phones) -> tuple[Phones, Phones]:
    """The consonants before the vowel that a rhyme begins with, and what follows from it on."""
    vowel = -1
    for place in range(len(phones) - 1, -1, -1):
        stress = phones[place][-1]
        if stress in "12":
            vowel = place
            break
        if stress == "0" and vowel < 0:
            vowel = place
    start = vowel
    while start and not is_vowel(phones[start - 1]):
        start -= 1
    return phones[start:vowel], phones[vowel:]


def _rhyme(phones: Phones) -> Rhyme:
    return rhyme_of(Pronunciation(phones)) or _NONE


Flags = npt.NDArray[np.bool_]
"""One truth for each of some words, ways or rhymes."""


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
        shapes: dict[WordShape, int] = {}
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
