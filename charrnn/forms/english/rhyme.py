"""Whether English words rhyme, and how well.

A perfect rhyme is the same sounds from the last stressed vowel to the end, after another onset of
that syllable. What does not come up to it may still be a slant rhyme, as Hafez has it (Ghazvininejad
and others, "Generating Topical Poetry", 2016): the same vowels, and consonants of the same kinds.
"""

import enum
import functools
from dataclasses import dataclass
from typing import Final, Literal

from charrnn.forms.english.pronunciation import Pronunciation, is_vowel, onset_before

_KINDS: Final = {
    phone: kind
    for kind, phones in {
        "stop": ("P", "B", "T", "D", "K", "G"),
        "nasal": ("M", "N", "NG"),
        "fricative": ("F", "V", "TH", "DH", "S", "Z", "SH", "ZH", "CH", "JH", "HH"),
        "liquid": ("L", "R"),
        "glide": ("W", "Y"),
    }.items()
    for phone in phones
}
"""Consonants that sound alike have the same kind."""

_BEFORE_R: Final = {"IY": "IH", "UW": "UH"}
"""Vowels that English does not tell apart before R, and dictionaries write either way."""


Rhymes = Literal["perfect", "slant"]
"""The least that counts as a rhyme, as one asks for it."""


class Grade(enum.IntEnum):
    """How well two words rhyme."""

    NONE = 0
    SLANT = 1
    IDENTICAL = 2
    PERFECT = 3


@dataclass(frozen=True, slots=True)
class Rhyme:
    """What a word rhymes by.

    Attributes:
        onset: The consonants that begin its last stressed syllable.
        part: The phones from the vowel of that syllable to the end, without stress.
    """

    onset: tuple[str, ...]
    part: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The part with the kinds of its consonants: equal where a rhyme is slant at least."""
        return tuple(_KINDS.get(phone, phone) for phone in self.part)


@functools.lru_cache(1 << 14)
def rhyme_of(way: Pronunciation) -> Rhyme | None:
    """What a pronunciation rhymes by: the last vowel with a stress, primary or secondary, counts.

    None where it has none: the weak forms of that and the, which no line ends with, rhyme with nothing.
    """
    stressed = [place for place, phone in enumerate(way.phones) if phone[-1] in "12"]
    return _rhyme_from(way, stressed[-1]) if stressed else None


def rhyming_syllables(way: Pronunciation) -> tuple[int, ...]:
    """The syllables, from 0, that a word may rhyme from: its last stress first, then its primary one."""
    last, primary = way.stresses.rfind("2"), way.stresses.rfind("1")
    return tuple(dict.fromkeys(one for one in (max(last, primary), primary) if one >= 0))


@functools.lru_cache(1 << 14)
def full_rhyme_of(way: Pronunciation) -> Rhyme | None:
    """What a word rhymes by from its primary stress on: Norway and doorway, where -way is alike.

    None where it has no primary stress.
    """
    stressed = [place for place, phone in enumerate(way.phones) if phone.endswith("1")]
    return _rhyme_from(way, stressed[-1]) if stressed else None


def promoted_rhyme_of(way: Pronunciation) -> Rhyme | None:
    """What a word rhymes by where verse lifts its last syllable: eternity, with see.

    None where two or more unstressed syllables do not stand at its end.
    """
    if not way.stresses.endswith("00"):
        return None
    last = max(place for place, phone in enumerate(way.phones) if is_vowel(phone))
    lifted = f"{way.phones[last][:-1]}1"
    return _rhyme_from(Pronunciation((*way.phones[:last], lifted, *way.phones[last + 1 :])), last)


def grade(one: Pronunciation, other: Pronunciation) -> Grade:
    """How well two pronunciations rhyme; the order does not matter.

    Returns:
        PERFECT; IDENTICAL where the onset is the same too (leave, believe); SLANT where consonants
        are of the same kinds only (time, mine), or where one is lifted to the rhyme (a light rhyme:
        eternity, see); else NONE.
    """
    first, second = rhyme_of(one), rhyme_of(other)
    if first is None or second is None:
        return Grade.NONE
    full = (full_rhyme_of(one), full_rhyme_of(other))
    for mine, theirs in ((first, second), full):
        if mine and theirs and mine.part == theirs.part and mine.onset != theirs.onset:
            return Grade.PERFECT
    if first.part == second.part:
        return Grade.IDENTICAL
    if first.kinds == second.kinds:
        return Grade.SLANT
    lifted = (promoted_rhyme_of(one), promoted_rhyme_of(other))
    if any(
        light is not None and light.part == stressed.part
        for light, stressed in ((lifted[0], second), (lifted[1], first))
    ):
        return Grade.SLANT
    return Grade.NONE


def _rhyme_from(way: Pronunciation, start: int) -> Rhyme:
    """The rhyme that begins at the vowel at `start`."""
    onset = onset_before(way.phones[:start])
    if onset[-2:] == ("HH", "W"):
        onset = (*onset[:-2], "W")
    return Rhyme(onset, _levelled(way.phones[start:]))


def _levelled(phones: tuple[str, ...]) -> tuple[str, ...]:
    """Phones without stress, and without differences that dictionaries make and ears do not."""
    plain = ["AH" if phone == "IH0" else phone.rstrip("012") for phone in phones]
    return tuple(
        _BEFORE_R.get(phone, phone) if following == "R" else phone
        for phone, following in zip(plain, [*plain[1:], ""], strict=True)
    )
