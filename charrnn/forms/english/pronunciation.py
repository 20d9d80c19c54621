"""How an English word sounds: phones, syllables and their stress, in the ARPABET of CMUdict.

A perfect rhyme is the same sounds from the last stressed vowel to the end, after another onset of
that syllable. What does not come up to it may still be a slant rhyme, as Hafez has it (Ghazvininejad
and others, "Generating Topical Poetry", 2016): the same vowels, and consonants of the same kinds.
"""

import enum
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

_VOWELS: Final = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"

_CONSONANTS: Final = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"

PHONES: Final = frozenset(
    [*_CONSONANTS.split(), *(vowel + stress for vowel in _VOWELS.split() for stress in "012")]
)
"""The tokens that a pronunciation is written with."""

_CLUSTERS: Final = """
P L, P R, P Y, B L, B R, B Y, T R, T W, D R, D W, K L, K R, K W, K Y, G L, G R, G W, F L, F R, F Y,
TH R, TH W, SH R, HH Y, HH W, M Y, N Y, V Y, S P, S T, S K, S F, S M, S N, S L, S W,
S P L, S P R, S P Y, S T R, S K L, S K R, S K W, S K Y
"""

_ONSETS: Final = frozenset(cluster.strip() for cluster in _CLUSTERS.split(","))
"""The clusters of consonants that English syllables begin with, besides single ones."""


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """One way to say a word.

    Attributes:
        phones: ARPABET tokens in capitals; vowels end in the digit of their stress, 0 for none,
            1 for primary, 2 for secondary: `("HH", "AH0", "L", "OW1")`. Elided words such as th' have no vowel.
    """

    phones: tuple[str, ...]

    @property
    def stresses(self) -> str:
        """The digits of stress, one for each syllable: "01" for hello."""
        return "".join(phone[-1] for phone in self.phones if is_vowel(phone))

    @property
    def syllables(self) -> int:
        """How many vowels there are."""
        return sum(map(is_vowel, self.phones))

    def __str__(self) -> str:
        """As CMUdict writes it: "HH AH0 L OW1"."""
        return " ".join(self.phones)

    def followed_by(self, ending: str) -> "Pronunciation":
        """The pronunciation with more phones after it, which stand between spaces."""
        return Pronunciation((*self.phones, *ending.split()))


def parse_pronunciation(text: str) -> Pronunciation:
    """Read phones that stand between spaces, in capitals or not.

    Raises:
        ValueError: Something is no phone of ARPABET, or a vowel lacks its stress.
    """
    phones = tuple(text.upper().split())
    for phone in phones:
        if phone not in PHONES:
            raise ValueError(phone)
    if not phones:
        raise ValueError(text)
    return Pronunciation(phones)


def is_vowel(phone: str) -> bool:
    """Whether a phone makes a syllable; vowels are those that end in a digit."""
    return phone[-1].isdigit()


def onset_before(phones: Iterable[str]) -> tuple[str, ...]:
    """The consonants, of those that stand before a vowel, that begin its syllable.

    As many as English words can begin with go to the syllable (the principle of maximal onsets).

    Args:
        phones: The phones before the vowel, from the start of the word.
    """
    onset: tuple[str, ...] = ()
    for phone in reversed(tuple(phones)):
        longer = (phone, *onset)
        if is_vowel(phone) or phone == "NG" or (onset and " ".join(longer) not in _ONSETS):
            break
        onset = longer
    return onset


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
