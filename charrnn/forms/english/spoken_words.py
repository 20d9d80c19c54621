"""The words that a poem may be written with, and every way to say them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.forms.core.automaton import leaving_enough
from charrnn.forms.english.metre import Bits, WordShape, shape_of
from charrnn.forms.english.pronunciation import Pronunciation, Rhyme, Rhymes, is_vowel, rhyme_of

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


Part = tuple[str, ...]
"""Sounds that the words of a rhyme class share."""


class RhymeClasses:
    """The rhyme classes of some words, and the homophones in each.

    A word that can be said in several ways may belong to several classes. Whoever judges a poem
    may have it said in any of them, so words are homophones where they are alike in any way.

    Args:
        spoken: The words.
        rhymes: The least that counts as a rhyme. Where slant rhymes do, so do words that are alike,
            and each is a group by itself.

    Attributes:
        slant: Whether slant rhymes do.
        homophones_of: `(ways,)` the group of homophones that a word is of when it is said in this
            way. The groups of a class follow one another.
        class_of: `(groups,)` the rhyme class of each group.
        first_homophones: `(classes + 1,)` the first group of each class; at last, how many there
            are.
    """

    def __init__(self, spoken: SpokenWords, rhymes: Rhymes) -> None:
        self._spoken = spoken
        self.slant = rhymes == "slant"
        self._classes: dict[Part, int] = {}
        sounds = spoken.sounds
        class_of_part = [
            # Kinds do not depend on the onset.
            self._classes.setdefault(self.part(Rhyme((), part)), len(self._classes))
            for part in sounds.parts
        ]
        classes = np.array(class_of_part, np.int64)[sounds.part_of]
        codes = (
            classes * (1 + len(spoken.words)) + spoken.word_of
            if self.slant
            else self._alike(classes)
        )
        found, numbers = np.unique(codes, return_inverse=True)
        self.homophones_of: Numbers = numbers.astype(np.int64)
        self.class_of: Numbers = np.zeros(len(found), np.int64)
        self.class_of[self.homophones_of] = classes
        self.first_homophones: Numbers = np.searchsorted(
            self.class_of, np.arange(len(self._classes) + 1)
        )

    def part(self, rhyme: Rhyme) -> Part:
        """What the words of a rhyme's class share."""
        return rhyme.kinds if self.slant else rhyme.part

    def rhyme_class(self, part: Part) -> int | None:
        """The rhyme class that shares some sounds; None where no word has them."""
        return self._classes.get(part)

    def homophones(self, ways: Flags) -> Flags:
        """`(groups,)`, true for those of which a word is said in one of the flagged ways."""
        found = np.zeros(len(self.class_of), np.bool_)
        found[self.homophones_of[ways]] = True
        return found

    def homophones_like(
        self, word: str, ways: Iterable[Pronunciation], rhyme_class: int
    ) -> frozenset[int]:
        """The groups of a class that cannot rhyme with a word, which may be none of the list.

        Args:
            word: In small letters.
            ways: All the ways to say it.
            rhyme_class: The class.
        """
        words = set() if (number := self._spoken.number(word)) is None else {number}
        if not self.slant:
            sounds = self._spoken.sounds
            numbers = [sounds.number(rhyme) for rhyme in sounds_of(ways)]
            alike = np.isin(sounds.sound_of, [one for one in numbers if one is not None])
            words.update(self._spoken.word_of[alike].tolist())
        groups = {
            int(self.homophones_of[way]) for one in words for way in self._spoken.ways_of(one)
        }
        return frozenset(group for group in groups if self.class_of[group] == rhyme_class)

    def _alike(self, classes: Numbers) -> Numbers:
        """`(ways,)` a number for each group of homophones; those of a class follow one another."""
        spoken = self._spoken
        sounds = spoken.sounds.sound_of
        many = 1 + int(sounds.max(initial=0))
        # A sound is of one class. Only words of several sounds carry it into others.
        codes: Numbers = classes * many + sounds
        joined = _Joined()
        for word in np.flatnonzero(np.bincount(spoken.word_of) > 1).tolist():
            ways = spoken.slice_of(word)
            own = set(sounds[ways].tolist())
            if len(own) > 1:
                for rhyme_class in set(classes[ways].tolist()):
                    joined.join([rhyme_class * many + sound for sound in own])
        touched = np.isin(codes, joined.members)
        codes[touched] = [joined.head(code) for code in codes[touched].tolist()]
        return codes


def sounds_of(ways: Iterable[Pronunciation]) -> set[Rhyme]:
    """What a word may rhyme by, said in any of its ways."""
    return {rhyme for way in ways if (rhyme := rhyme_of(way)) is not None}


class _Joined:
    """Numbers, some of which have been joined (Galler and Fischer, 1964)."""

    def __init__(self) -> None:
        self._heads: dict[int, int] = {}

    @property
    def members(self) -> list[int]:
        """Those that have been joined with others, save the heads."""
        return list(self._heads)

    def head(self, member: int) -> int:
        """The one that stands for all that a member has been joined with."""
        path = []
        while member in self._heads:
            path.append(member)
            member = self._heads[member]
        self._heads.update(dict.fromkeys(path, member))
        return member

    def join(self, members: Iterable[int]) -> None:
        """Make several stand for the same."""
        first, *others = {self.head(member) for member in members}
        self._heads.update(dict.fromkeys(others, first))


Alive = tuple[tuple[int, tuple[int, ...]], ...]
"""The classes that a rhyme may still be of, each with its groups that have been used, in order."""


def alive_of(classes: Mapping[int, Collection[int]]) -> Alive:
    """Classes and their used groups as a value."""
    return tuple(
        (rhyme_class, tuple(sorted(classes[rhyme_class]))) for rhyme_class in sorted(classes)
    )


def open_homophones(
    classes: RhymeClasses, here: Flags, later: Sequence[Flags], alive: Alive | None
) -> Flags:
    """The groups of homophones that a line may end in so that the later lines of its rhyme can still rhyme.

    Args:
        classes: The classes and their groups.
        here: `(groups,)`, true for those that this line can end in, whatever the others do.
        later: The same for each of the later lines.
        alive: What the earlier lines have left; None where there are none.
    """
    free = _free(classes, alive)
    allowed: Flags = here & free
    if not later:
        return allowed
    if all(one is later[0] for one in later):
        return allowed & _left_by_equal_lines(classes, later[0] & free, len(later))
    counts = np.sort([_count(classes, one & free) for one in later], axis=0)
    # However the lines choose, each finds a group when it has more of them than chose before it.
    ample: Flags = np.all(counts >= np.arange(2, len(later) + 2)[:, None], axis=0)
    doubtful = ~ample & (counts[0] > 0)
    sure: Flags = allowed & ample[classes.class_of]
    for rhyme_class in np.unique(classes.class_of[allowed & doubtful[classes.class_of]]).tolist():
        low, high = classes.first_homophones[rhyme_class : rhyme_class + 2].tolist()
        own, *others = (
            frozenset((np.flatnonzero(one[low:high] & free[low:high]) + low).tolist())
            for one in (here, *later)
        )
        sure[list(leaving_enough(own, others))] = True
    return sure


def _free(classes: RhymeClasses, alive: Alive | None) -> Flags:
    """`(groups,)`, true for those of classes that are alive, save the used ones."""
    free = np.full(len(classes.class_of), alive is None)
    for rhyme_class, used in alive or ():
        low, high = classes.first_homophones[rhyme_class : rhyme_class + 2]
        free[low:high] = True
        free[list(used)] = False
    return free


def _count(classes: RhymeClasses, homophones: Flags) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """`(classes,)` how many groups of each are flagged."""
    return np.bincount(classes.class_of[homophones], minlength=len(classes.first_homophones) - 1)


def _left_by_equal_lines(classes: RhymeClasses, each: Flags, lines: int) -> Flags:
    """The groups without which enough are left for lines that can all end in the same ones."""
    left: Flags = _count(classes, each)[classes.class_of] - each >= lines
    return left
