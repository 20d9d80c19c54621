"""The words of a poem, their pronunciations, rhyme classes and homophones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.forms.core.automaton import leaving_enough
from charrnn.forms.english.line_ends import LEADING_ON
from charrnn.forms.english.metre import Bits, WordShape, shape_of
from charrnn.forms.english.pronunciation import Pronunciation, Rhyme, Rhymes, is_vowel, rhyme_of

Numbers = npt.NDArray[np.int64]

Phones = tuple[str, ...]

_ANY_VOWEL: Final = "AH1"

_NONE: Final = Rhyme((), ())
"""The rhyme of pronunciations without stress; no rhyming line ends in them."""


class WordSounds:
    """The rhymes of pronunciations; see `charrnn.forms.english.pronunciation.rhyme_of`.

    A rhyme consists of an onset and the part from the vowel on. Both are computed once for all
    words that share them.

    Attributes:
        parts: The different parts.
        part_of: `(pronunciations,)` the index of the part.
        sound_of: `(pronunciations,)` a number that is equal for equal onset and part.
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
        """The number of a sound; None if no pronunciation has it."""
        part = self._part_numbers.get(rhyme.part)
        onset = self._onset_numbers.get(rhyme.onset)
        return None if part is None or onset is None else onset * len(self.parts) + part


def _parted(phones: Phones) -> tuple[Phones, Phones]:
    """The consonants before the vowel that the rhyme begins with, and the rest."""
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
"""One truth value for each word, pronunciation or group."""


_LETTERS: Final = str.maketrans("", "", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class SpokenWords:
    """Words sorted by code point, with their pronunciations, as far as those have syllables.

    Attributes:
        words: The words.
        ways: Their pronunciations, word by word.
        word_of: `(pronunciations,)` the index of the word.
        shapes: The different metrical shapes.
        shape_of: `(pronunciations,)` the index of the shape.
        shape_counts: `(shapes,)` the number of pronunciations.
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
        """The index of a word, or None."""
        return self._numbers.get(word)

    def ways_of(self, word: int) -> range:
        """The indices of the pronunciations of a word."""
        return range(*self._first_way[word : word + 2].tolist())

    def slice_of(self, word: int) -> slice:
        """The same as a slice."""
        return slice(*self._first_way[word : word + 2].tolist())

    def shapes_among(self, ways: Flags) -> list[int]:
        """The different shapes of some pronunciations."""
        shapes: list[int] = np.flatnonzero(np.bincount(self.shape_of[ways])).tolist()
        return shapes

    def united(self, places: Bits) -> Bits:
        """`(words,)` the union of positions over the pronunciations of each word."""
        return np.bitwise_or.reduceat(places, self._first_way[:-1]) if self.words else places

    @cached_property
    def sounds(self) -> WordSounds:
        """The rhymes of the words."""
        return WordSounds(self.ways)

    @cached_property
    def leading_on(self) -> Flags:
        """`(pronunciations,)`, true for words that only lead on."""
        return np.array([word in LEADING_ON for word in self.words], np.bool_)[self.word_of]

    @cached_property
    def first_letters(self) -> npt.NDArray[np.str_]:
        """`(words,)` the first letter of each."""
        return np.array([word[0] for word in self.words], "U1")

    @cached_property
    def last_letters(self) -> npt.NDArray[np.str_]:
        """`(words,)` the last letter of each."""
        return np.array([word[-1] for word in self.words], "U1")


class RhymeClasses:
    """The rhyme classes of words, and the groups of homophones in each.

    The words of a class share the phones from the last stressed vowel on, or kinds of phones for
    slant rhymes. Homophones (leave, believe) do not rhyme, so a rhyme uses one word of a group.
    Words are homophones if any of their pronunciations are. For slant rhymes each word is its own
    group.

    Attributes:
        homophones_of: `(pronunciations,)` the group; the groups of a class are consecutive.
        class_of: `(groups,)` the rhyme class.
        first_homophones: `(classes + 1,)` the first group of each class; then their number.
    """

    def __init__(self, spoken: SpokenWords, rhymes: Rhymes) -> None:
        self._spoken = spoken
        self.slant = rhymes == "slant"
        self._classes: dict[Phones, int] = {}
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

    def part(self, rhyme: Rhyme) -> Phones:
        """The phones that define a rhyme's class."""
        return rhyme.kinds if self.slant else rhyme.part

    def rhyme_class(self, part: Phones) -> int | None:
        """The class of some phones; None if no word has them."""
        return self._classes.get(part)

    def homophones(self, ways: Flags) -> Flags:
        """`(groups,)`, true for groups of the flagged pronunciations."""
        found = np.zeros(len(self.class_of), np.bool_)
        found[self.homophones_of[ways]] = True
        return found

    def homophones_like(
        self, word: str, ways: Iterable[Pronunciation], rhyme_class: int
    ) -> frozenset[int]:
        """The groups of a class that cannot rhyme with a word, listed or not."""
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
        """`(pronunciations,)` a number per group of homophones, ascending by class."""
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
    """The possible rhymes of a word."""
    return {rhyme for way in ways if (rhyme := rhyme_of(way)) is not None}


class _Joined:
    """Union-find (Galler and Fischer, 1964)."""

    def __init__(self) -> None:
        self._heads: dict[int, int] = {}

    @property
    def members(self) -> list[int]:
        """All members that are not representatives."""
        return list(self._heads)

    def head(self, member: int) -> int:
        """The representative of a member."""
        path = []
        while member in self._heads:
            path.append(member)
            member = self._heads[member]
        self._heads.update(dict.fromkeys(path, member))
        return member

    def join(self, members: Iterable[int]) -> None:
        """Unite members."""
        first, *others = {self.head(member) for member in members}
        self._heads.update(dict.fromkeys(others, first))


OpenClasses = tuple[tuple[int, tuple[int, ...]], ...]
"""The classes that a rhyme may still have, each with its used groups, sorted."""


def as_open_classes(classes: Mapping[int, Collection[int]]) -> OpenClasses:
    """Classes and their used groups as a value."""
    return tuple(
        (rhyme_class, tuple(sorted(classes[rhyme_class]))) for rhyme_class in sorted(classes)
    )


def open_homophones(
    classes: RhymeClasses, here: Flags, later: Sequence[Flags], open_classes: OpenClasses | None
) -> Flags:
    """The groups that a line may end in so that the later lines of its rhyme can be finished.

    `here` and `later` are `(groups,)` flags of possible ends of the lines alone.
    """
    free = _free(classes, open_classes)
    allowed: Flags = here & free
    if not later:
        return allowed
    if all(one is later[0] for one in later):
        return allowed & _left_by_equal_lines(classes, later[0] & free, len(later))
    counts = np.sort([_count(classes, one & free) for one in later], axis=0)
    # Sorted by number of groups, each line finds one if it has more than lines before it.
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


def _free(classes: RhymeClasses, open_classes: OpenClasses | None) -> Flags:
    """`(groups,)`, true for unused groups of open classes."""
    free = np.full(len(classes.class_of), open_classes is None)
    for rhyme_class, used in open_classes or ():
        low, high = classes.first_homophones[rhyme_class : rhyme_class + 2]
        free[low:high] = True
        free[list(used)] = False
    return free


def _count(classes: RhymeClasses, homophones: Flags) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """`(classes,)` the number of flagged groups."""
    return np.bincount(classes.class_of[homophones], minlength=len(classes.first_homophones) - 1)


def _left_by_equal_lines(classes: RhymeClasses, each: Flags, lines: int) -> Flags:
    left: Flags = _count(classes, each)[classes.class_of] - each >= lines
    return left
