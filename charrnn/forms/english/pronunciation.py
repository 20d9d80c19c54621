"""English pronunciations in the ARPABET of CMUdict, and their rhymes.

A perfect rhyme has the same phones from the last stressed vowel on, and another onset. A slant
rhyme, as in Hafez (Ghazvininejad et al., "Generating Topical Poetry", 2016), has the same vowels
and consonants of the same kinds.
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
"""The phones of a pronunciation."""

_CLUSTERS: Final = """
P L, P R, P Y, B L, B R, B Y, T R, T W, D R, D W, K L, K R, K W, K Y, G L, G R, G W, F L, F R, F Y,
TH R, TH W, SH R, HH Y, HH W, M Y, N Y, V Y, S P, S T, S K, S F, S M, S N, S L, S W,
S P L, S P R, S P Y, S T R, S K L, S K R, S K W, S K Y
"""

_ONSETS: Final = frozenset(cluster.strip() for cluster in _CLUSTERS.split(","))
"""The consonant clusters that may begin a syllable, besides single consonants."""


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """A pronunciation of a word.

    Attributes:
        phones: ARPABET phones; vowels end in their stress (0 none, 1 primary, 2 secondary): `("HH",
            "AH0", "L", "OW1")`. Elided words such as th' have no vowel.
    """

    phones: tuple[str, ...]

    @property
    def stresses(self) -> str:
        """The stress of each syllable: "01" for hello."""
        return "".join(phone[-1] for phone in self.phones if is_vowel(phone))

    @property
    def syllables(self) -> int:
        """The number of vowels."""
        return sum(map(is_vowel, self.phones))

    def __str__(self) -> str:
        """As in CMUdict: "HH AH0 L OW1"."""
        return " ".join(self.phones)

    def followed_by(self, ending: str) -> "Pronunciation":
        """The pronunciation with more phones, separated by spaces."""
        return Pronunciation((*self.phones, *ending.split()))


def parse_pronunciation(text: str) -> Pronunciation:
    """Parse phones separated by spaces; ValueError if one is unknown or there are none."""
    phones = tuple(text.upper().split())
    for phone in phones:
        if phone not in PHONES:
            raise ValueError(phone)
    if not phones:
        raise ValueError(text)
    return Pronunciation(phones)


def is_vowel(phone: str) -> bool:
    """Whether a phone is a vowel: it ends in a digit."""
    return phone[-1].isdigit()


def onset_before(phones: Iterable[str]) -> tuple[str, ...]:
    """The longest possible onset of a syllable, from the phones before its vowel."""
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
"""The kind of each consonant; those of a kind sound similar."""

_BEFORE_R: Final = {"IY": "IH", "UW": "UH"}
"""Vowels that merge before R and that dictionaries write either way."""


Rhymes = Literal["perfect", "slant"]
"""The least that counts as a rhyme, as a setting."""


class Grade(enum.IntEnum):
    """How well two words rhyme."""

    NONE = 0
    SLANT = 1
    IDENTICAL = 2
    PERFECT = 3


@dataclass(frozen=True, slots=True)
class Rhyme:
    """The rhyme of a pronunciation.

    Attributes:
        onset: The consonants before its last stressed vowel.
        part: The phones from that vowel on, without stress.
    """

    onset: tuple[str, ...]
    part: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The part with kinds of consonants; equal for slant rhymes."""
        return tuple(_KINDS.get(phone, phone) for phone in self.part)


@functools.lru_cache(1 << 14)
def rhyme_of(way: Pronunciation) -> Rhyme | None:
    """The rhyme from the last stressed vowel on; None for weak forms, as of that and the."""
    stressed = [place for place, phone in enumerate(way.phones) if phone[-1] in "12"]
    return _rhyme_from(way, stressed[-1]) if stressed else None


def rhyming_syllables(way: Pronunciation) -> tuple[int, ...]:
    """The syllables, from 0, where a rhyme may start: the last stress, then the primary one."""
    last, primary = way.stresses.rfind("2"), way.stresses.rfind("1")
    return tuple(dict.fromkeys(one for one in (max(last, primary), primary) if one >= 0))


@functools.lru_cache(1 << 14)
def full_rhyme_of(way: Pronunciation) -> Rhyme | None:
    """The rhyme from the primary stress on, if any: Norway and doorway."""
    stressed = [place for place, phone in enumerate(way.phones) if phone.endswith("1")]
    return _rhyme_from(way, stressed[-1]) if stressed else None


def promoted_rhyme_of(way: Pronunciation) -> Rhyme | None:
    """The rhyme if verse stresses the last of two or more weak syllables: eternity, see."""
    if not way.stresses.endswith("00"):
        return None
    last = max(place for place, phone in enumerate(way.phones) if is_vowel(phone))
    lifted = f"{way.phones[last][:-1]}1"
    return _rhyme_from(Pronunciation((*way.phones[:last], lifted, *way.phones[last + 1 :])), last)


def grade(one: Pronunciation, other: Pronunciation) -> Grade:
    """How well two pronunciations rhyme; symmetric.

    IDENTICAL if the onset is the same too (leave, believe); SLANT for consonants of the same kinds
    (time, mine), or if one word is promoted (eternity, see).
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
    onset = onset_before(way.phones[:start])
    if onset[-2:] == ("HH", "W"):
        onset = (*onset[:-2], "W")
    return Rhyme(onset, _levelled(way.phones[start:]))


def _levelled(phones: tuple[str, ...]) -> tuple[str, ...]:
    """Phones without stress, and without differences that only dictionaries make."""
    plain = ["AH" if phone == "IH0" else phone.rstrip("012") for phone in phones]
    return tuple(
        _BEFORE_R.get(phone, phone) if following == "R" else phone
        for phone, following in zip(plain, [*plain[1:], ""], strict=True)
    )
