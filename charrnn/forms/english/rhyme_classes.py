"""Which words of a list rhyme with one another.

Words that rhyme are a family: their sounds are the same from the last stressed vowel on, or of the
same kinds where slant rhymes will do. Within a family some words are too much alike to rhyme, as
leave and believe are: they are a clan, of which a rhyme takes one word at most.
"""

from collections.abc import Iterable

import numpy as np

from charrnn.forms.english.pronunciation import Pronunciation
from charrnn.forms.english.rhyme import Rhyme, Rhymes, rhyme_of
from charrnn.forms.english.spoken_words import Flags, Numbers, SpokenWords

Part = tuple[str, ...]
"""Sounds that the words of a family share."""


class RhymeFamilies:
    """The families and clans of some words.

    A word that can be said in several ways may belong to several families. Whoever judges a poem
    may have it said in any of them, so words are of one clan where they are alike in any way.

    Args:
        spoken: The words.
        rhymes: The least that counts as a rhyme. Where slant rhymes do, so do words that are alike,
            and each is a clan by itself.

    Attributes:
        clan_of: `(ways,)` the clan that a word belongs to when it is said in this way. The clans of
            a family follow one another.
        family_of: `(clans,)` the family of each clan.
        first_clans: `(families + 1,)` the first clan of each family; at last, how many there are.
    """

    def __init__(self, spoken: SpokenWords, rhymes: Rhymes) -> None:
        self._spoken = spoken
        self._slant = rhymes == "slant"
        self._families: dict[Part, int] = {}
        sounds = spoken.sounds
        family_of_part = [
            # Kinds do not depend on the onset.
            self._families.setdefault(self.part(Rhyme((), part)), len(self._families))
            for part in sounds.parts
        ]
        families = np.array(family_of_part, np.int64)[sounds.part_of]
        codes = (
            families * (1 + len(spoken.words)) + spoken.word_of
            if self._slant
            else self._alike(families)
        )
        found, numbers = np.unique(codes, return_inverse=True)
        self.clan_of: Numbers = numbers.astype(np.int64)
        self.family_of: Numbers = np.zeros(len(found), np.int64)
        self.family_of[self.clan_of] = families
        self.first_clans: Numbers = np.searchsorted(
            self.family_of, np.arange(len(self._families) + 1)
        )

    def part(self, rhyme: Rhyme) -> Part:
        """What the words of a rhyme's family share."""
        return rhyme.kinds if self._slant else rhyme.part

    def family(self, part: Part) -> int | None:
        """The family that shares some sounds; None where no word has them."""
        return self._families.get(part)

    def clans(self, ways: Flags) -> Flags:
        """`(clans,)`, true for those of which a word is said in one of the flagged ways."""
        found = np.zeros(len(self.family_of), np.bool_)
        found[self.clan_of[ways]] = True
        return found

    def clans_like(self, word: str, ways: Iterable[Pronunciation], family: int) -> frozenset[int]:
        """The clans of a family that cannot rhyme with a word, which may be none of the list.

        Args:
            word: In small letters.
            ways: All the ways to say it.
            family: The family.
        """
        words = set() if (number := self._spoken.number(word)) is None else {number}
        if not self._slant:
            sounds = self._spoken.sounds
            numbers = [sounds.number(rhyme) for rhyme in sounds_of(ways)]
            alike = np.isin(sounds.sound_of, [one for one in numbers if one is not None])
            words.update(self._spoken.word_of[alike].tolist())
        clans = {int(self.clan_of[way]) for one in words for way in self._spoken.ways_of(one)}
        return frozenset(clan for clan in clans if self.family_of[clan] == family)

    def _alike(self, families: Numbers) -> Numbers:
        """`(ways,)` a number for each clan; those of a family follow one another."""
        spoken = self._spoken
        sounds = spoken.sounds.sound_of
        many = 1 + int(sounds.max(initial=0))
        # A sound is of one family. Only words of several sounds carry it into others.
        codes: Numbers = families * many + sounds
        joined = _Joined()
        for word in np.flatnonzero(np.bincount(spoken.word_of) > 1).tolist():
            ways = spoken.slice_of(word)
            own = set(sounds[ways].tolist())
            if len(own) > 1:
                for family in set(families[ways].tolist()):
                    joined.join([family * many + sound for sound in own])
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
