"""Pronunciations of words derived from dictionary words: look'd, goest, o'erhung, honour."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from charrnn.forms.english.pronunciation import Pronunciation

Known = Callable[[str], tuple[Pronunciation, ...]]
"""Returns the pronunciations of a word, or ()."""

_SIBILANTS: Final = frozenset(["S", "Z", "SH", "ZH", "CH", "JH"])
_VOICELESS: Final = frozenset(["P", "T", "K", "F", "TH", "S", "SH", "CH"])

_ENDINGS: Final = {
    "'s": "s",
    "s'": "s",
    "'": "",
    "'d": "d",
    "'dst": "D S T",
    "'st": "S T",
    "'t": "T",
    "'n": "N",
    "'ll": "l",
    "'ve": "V",
    "'re": "R",
    "'rt": "R T",
    "èd": "IH0 D",
    "éd": "IH0 D",
    "est": "AH0 S T",
    "eth": "AH0 TH",
    "ed": "d",
    "er": "ER0",
    "ers": "ER0 Z",
    "es": "s",
    "s": "s",
    "ing": "IH0 NG",
    "ings": "IH0 NG Z",
    "in'": "IH0 N",
    "ly": "L IY0",
    "ness": "N AH0 S",
    "less": "L AH0 S",
    "ful": "F AH0 L",
    "fully": "F AH0 L IY0",
    "lessly": "L AH0 S L IY0",
    "ment": "M AH0 N T",
    "ship": "SH IH0 P",
    "ward": "W ER0 D",
    "y": "IY0",
}
"""The phones of each ending.

Lower case s, d and l stand for sounds that depend on the phone before them.
"""

_BEGINNINGS: Final = {
    "o'er": "AO2 R",
    "out": "AW2 T",
    "over": "OW2 V ER0",
    "under": "AH2 N D ER0",
    "fore": "F AO2 R",
    "un": "AH0 N",
    "mis": "M IH0 S",
    "dis": "D IH0 S",
    "re": "R IY0",
    "be": "B IH0",
    "a": "AH0",
    "en": "EH0 N",
    "up": "AH0 P",
}
"""The unstressed phones of each prefix."""

_RESPELLINGS: Final = (
    ("our", "or"),
    ("ence", "ense"),
    ("tre", "ter"),
    ("chre", "cher"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("lled", "led"),
    ("lling", "ling"),
    ("ulness", "ullness"),
    ("ul", "ull"),
    ("il", "ill"),
    ("pt", "pped"),
    ("st", "ssed"),
    ("'ring", "ering"),
)
"""Word ends in older or British spelling, and in that of American dictionaries."""

_AFTER_RESPELLING: Final = frozenset(
    ["", "s", "ed", "ing", "able", "er", "less", "ful", "fully", "ite", "ites"]
)

_DOUBLED: Final = re.compile(r"([b-df-hj-np-tv-z])\1$")

_NEEDS_E: Final = re.compile(r"([vscgzu]|th|(^|[^aeiou])[aeiouy][^aeiouywx])$")
"""Ends of stems that have lost an e: mak, lov, danc, breath."""

_SHORTEST: Final = 3
"""Least number of letters after a prefix."""


def derive(word: str, known: Known) -> tuple[Pronunciation, ...]:
    """The pronunciations of an unknown word by way of a known one, or ()."""
    for spelling in _respelled(word):
        if ways := known(spelling) or _with_ending(spelling, known):
            return ways
    return _with_ending(word, known) or _with_beginning(word, known)


def _respelled(word: str) -> Iterator[str]:
    plain = word.translate(_PLAIN)
    if plain != word and not word.endswith(("èd", "éd")):
        yield plain
    for end, other in _RESPELLINGS:
        stem, found, rest = word.rpartition(end)
        if stem and found and rest in _AFTER_RESPELLING:
            yield stem + other + rest


_PLAIN: Final = str.maketrans("àáâäèéêëìíîïòóôöùúûüç", "aaaaeeeeiiiioooouuuuc")


def _with_ending(word: str, known: Known) -> tuple[Pronunciation, ...]:
    """The pronunciations of a known word and its longest ending."""
    for length in range(min(len(word) - 1, 6), 0, -1):
        sound = _ENDINGS.get(word[-length:])
        if sound is None:
            continue
        for base in _bases(word[:-length], word[-length:]):
            ways = known(base) or tuple(_derived_base(base, word[-length:], known))
            if ways:
                return tuple(way.followed_by(_assimilated(sound, way)) for way in ways)
    return ()


def _derived_base(base: str, ending: str, known: Known) -> tuple[Pronunciation, ...]:
    """Words with an ending may take an apostrophe, -ly, -s or -ness: lover's, heedlessly."""
    if ending.startswith("'") or ending in {"s", "s'", "ly", "ness"}:
        return derive(base, known) if len(base) > _SHORTEST else ()
    return ()


def _bases(stem: str, ending: str) -> Iterator[str]:
    """The words that a stem may come from: make for mak'st, carry for carrieth, beg for begg'd."""
    if ending in {"'s", "s'", "'", "'t", "'ll", "'ve", "'re", "'rt", "s", "in'"}:
        yield stem
        return
    if not ending.startswith(("'", "e", "è", "é", "i", "y")):
        yield stem
    elif _DOUBLED.search(stem):
        yield from (stem, stem[:-1])
    elif _NEEDS_E.search(stem):
        yield from (stem + "e", stem)
    else:
        yield from (stem, stem + "e")
    if stem.endswith("i"):
        yield stem[:-1] + "y"


def _assimilated(sound: str, way: Pronunciation) -> str:
    """An ending as it sounds after the phone before it."""
    last = way.phones[-1]
    if sound == "s":
        return "IH0 Z" if last in _SIBILANTS else "S" if last in _VOICELESS else "Z"
    if sound == "d":
        return "IH0 D" if last in {"T", "D"} else "T" if last in _VOICELESS else "D"
    if sound == "l":
        return "L" if last[-1].isdigit() else "AH0 L"
    return sound


def _with_beginning(word: str, known: Known) -> tuple[Pronunciation, ...]:
    for beginning, sound in _BEGINNINGS.items():
        rest = word.removeprefix(beginning)
        if rest == word or len(rest) < _SHORTEST:
            continue
        if ways := known(rest) or _with_ending(rest, known):
            return tuple(Pronunciation((*sound.split(), *way.phones)) for way in ways)
    return ()
