"""How an English word sounds: phones, syllables and their stress, in the ARPABET of CMUdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_VOWELS: Final = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"

_CONSONANTS: Final = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"

PHONES: Final = frozenset(
    [*_CONSONANTS.split(), *(vowel + stress for vowel in _VOWELS.split() for stress in "012")]
)
"""The symbols that a pronunciation is written with."""

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
        phones: ARPABET symbols in capitals; vowels end in the digit of their stress, 0 for none,
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
