"""What many words rhyme by, in numbers."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.forms.english.pronunciation import Pronunciation, is_vowel
from charrnn.forms.english.rhyme import Rhyme, rhyme_of

Numbers = npt.NDArray[np.int64]

Phones = tuple[str, ...]

_ANY_VOWEL: Final = "AH1"

_NONE: Final = Rhyme((), ())
"""What ways without a stress rhyme by; no line that rhymes ends in them."""


class WordSounds:
    """What some ways to say words rhyme by, as `charrnn.forms.english.rhyme.rhyme_of` has it.

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
