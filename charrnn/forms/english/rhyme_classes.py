"""Which words of a list rhyme with one another.

The words of a rhyme class have the same sounds from the last stressed vowel on, or sounds of the same
kinds where slant rhymes will do. Some words of a class are too much alike to rhyme, as leave and believe
are: they are a group of homophones, of which a rhyme takes one word at most.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from charrnn.forms.core.automaton import leaving_enough
from charrnn.forms.english.pronunciation import Pronunciation, Rhyme, Rhymes, rhyme_of
from charrnn.forms.english.spoken_words import Flags, Numbers, SpokenWords

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
