"""Pronunciations of words derived from dictionary words: look'd, goest, wand'ring, honour."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from charrnn.forms.english.pronunciation import Pronunciation, is_vowel

Known = Callable[[str], tuple[Pronunciation, ...]]
"""Returns the pronunciations of a word, or ()."""

Ways = tuple[Pronunciation, ...]

_SIBILANTS: Final = frozenset(["S", "Z", "SH", "ZH", "CH", "JH"])
_VOICELESS: Final = frozenset(["P", "T", "K", "F", "TH", "S", "SH", "CH"])

_ENDINGS: Final = {
    "s": "s",
    "'s": "s",
    "s'": "s",
    "'": "",
    "'d": "d",
    "'dst": "d S T",
    "'st": "S T",
    "'t": "T",
    "'n": "N",
    "'ll": "l",
    "'ve": "V",
    "'re": "R",
    "'rt": "R T",
    "èd": "IH0 D",
    "éd": "IH0 D",
    "edst": "d S T",
    "est": "AH0 S T",
    "eth": "AH0 TH",
    "ed": "d",
    "er": "ER0",
    "ers": "ER0 Z",
    "es": "s",
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
    "ess": "AH0 S",
    "ship": "SH IH2 P",
    "ward": "W ER0 D",
    "some": "S AH0 M",
    "man": "M AH0 N",
    "men": "M IH0 N",
    "most": "M OW0 S T",
    "y": "IY0",
    "t": "t",
}
"""The phones of each ending; s, d, t and l in lower case depend on the phone before them."""

_BY_LENGTH: Final = sorted(_ENDINGS, key=lambda ending: (ending != "s", -len(ending)))
"""Plain s comes first: levers is from lever, not from leave."""

_ON_THE_WORD: Final = frozenset({"'s", "s'", "'", "'t", "'ll", "'ve", "'re", "'rt", "s"})
"""Endings that change no letter of the word before them."""

_FROM_DERIVED: Final = frozenset({"s", "s'", "ly", "ness"})
"""Endings that a derived word may take, besides those with apostrophes: lover's, heedlessly."""

_BEGINNINGS: Final = {
    "o'er": "AO2 R",
    "th'": "DH",
    "t'": "T",
    "o'": "AH0",
    "i'": "IH0",
    "d'": "D",
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
"""The unstressed phones of each prefix, and of words written together with the next: th'other."""

_SECOND_PARTS: Final = """
beam beams bell bird blown born bound brook child clad clock cloud craft dale day days drop drops
eyed fall field fire fish flower flowers fold folk god hand head heads herd hill hold hood horse
house kind lamp light like lit load maid maids mark mate mates more morn rise room sail score
scape shade side song spread spring star stars stead stone storm stream strings tide time times
tree trees water way ways weed while wife wild wise wood woods word work works worn worth worthy
yard
"""
"""Words that verse adds to others, and that are then stressed less: noontide, godlike."""

_SECOND: Final = frozenset(_SECOND_PARTS.split())

_RESPELLINGS: Final = (
    ("our", "or"),
    ("ence", "ense"),
    ("tre", "ter"),
    ("chre", "cher"),
    ("gre", "ger"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("lled", "led"),
    ("lling", "ling"),
    ("ulness", "ullness"),
    ("ul", "ull"),
    ("il", "ill"),
)
"""Word ends in older or British spelling, and in that of American dictionaries."""

_AFTER_RESPELLING: Final = frozenset(
    ["", "s", "ed", "ing", "able", "er", "less", "ful", "fully", "ite", "ites"]
)

_DOUBLED: Final = re.compile(r"([b-df-hj-np-tv-z])\1$")

_NEEDS_E: Final = re.compile(r"([vscgzue]|th|(^|[^aeiou])[aeiouy][^aeiouywx]|[^aeioulr]l)$")
"""Ends of stems that have lost an e: mak, lov, danc, breath, trembl, se."""

_SYLLABIC_L: Final = re.compile("[^aeiouy]le$")

_SHORTEST: Final = 3
"""Least number of letters of a word that takes a prefix or an ending without apostrophe."""

_LIKE_LOOKED: Final = re.compile("[^aeioudt]'d$")

_LIKE_BLEST: Final = re.compile("[^aeiouy][aeiou]st$")

_VOWEL_LETTERS: Final = re.compile("(?<!q)[aeiouy]+|(?<=q)u[aeiouy]+")

_SILENT_E: Final = re.compile("e$|e(?=d$|s$)")

_ELIDED: Final = re.compile(r"([a-z]*[aeiouy][a-z]*(?<![aeiou]))'([cmnlrs][a-z']*)")
"""A word that lacks a vowel within: heav'n, wand'ring."""

_PLAIN: Final = str.maketrans("àáâäèéêëìíîïòóôöùúûüç", "aaaaeeeeiiiioooouuuuc")


def derive(word: str, known: Known) -> Ways:
    """The pronunciations of an unknown word by way of a known one, or ()."""
    plain = word.translate(_PLAIN)
    if plain != word and not word.endswith(("èd", "éd")):
        return known(plain) or derive(plain, known)
    for way_of in (_contracted, _elided, with_ending, _respelled, _compound, _with_beginning):
        if ways := way_of(word, known):
            return ways
    return ()


def _contracted(word: str, known: Known) -> Ways:
    """look'd, makin' and blest by way of looked and making, which show the stem, and of bless."""
    if _LIKE_LOOKED.search(word):
        return _unique(_without_vowel_of_ed(way) for way in known(f"{word[:-2]}ed"))
    if word.endswith("in'"):
        return _unique(Pronunciation((*way.phones[:-1], "N")) for way in known(f"{word[:-1]}g"))
    if _LIKE_BLEST.search(word):
        ways = known(f"{word[:-1]}s")
        return tuple(way.followed_by("T") for way in ways if way.stresses.endswith("1"))
    return ()


def _without_vowel_of_ed(way: Pronunciation) -> Pronunciation:
    *stem, vowel, last = way.phones
    if last == "D" and vowel in {"IH0", "AH0"}:
        return Pronunciation((*stem, _assimilated("d", stem[-1])))
    return way


def _elided(word: str, known: Known) -> Ways:
    """As wand'ring by way of wandering, less the vowel that is not written."""
    parts = _ELIDED.fullmatch(word)
    if parts is None or f"'{parts[2]}" in _ENDINGS.keys() - {"'n"}:
        return ()
    before, after = parts.groups()
    for vowel in "eoaui":
        whole = f"{before}{vowel}{after}"
        if ways := known(whole) or with_ending(whole, known):
            place = len(_VOWEL_LETTERS.findall(before))
            syllables = len(_VOWEL_LETTERS.findall(_SILENT_E.sub("", whole)))
            shorter = _unique(_without_vowel(way, place, syllables) for way in ways)
            fewest = min(way.syllables for way in shorter)
            return tuple(way for way in shorter if way.syllables == fewest)
    return ()


def _without_vowel(way: Pronunciation, place: int, syllables: int) -> Pronunciation:
    """Drop the weak vowel of a syllable, from 0, if the word has as many as its letters show."""
    vowels = [index for index, phone in enumerate(way.phones) if is_vowel(phone)]
    if not place < len(vowels) == syllables or way.phones[vowels[place]].endswith("1"):
        return way
    index = vowels[place]
    rest = ("R",) if way.phones[index].startswith("ER") else ()
    return Pronunciation((*way.phones[:index], *rest, *way.phones[index + 1 :]))


def _respelled(word: str, known: Known) -> Ways:
    for end, other in _RESPELLINGS:
        stem, found, rest = word.rpartition(end)
        if stem and found and rest in _AFTER_RESPELLING:
            spelling = stem + other + rest
            if ways := known(spelling) or with_ending(spelling, known):
                return ways
    return ()


def with_ending(word: str, known: Known) -> Ways:
    """The pronunciations of a word with an ending, or ()."""
    parts = [
        (base, ending)
        for ending in _BY_LENGTH
        if word.endswith(ending)
        for base in _bases(word.removesuffix(ending), ending, known)
    ]
    found = (_joined(base, known(base), ending) for base, ending in parts)
    if ways := next(filter(None, found), ()):
        return ways
    found = (
        _joined(base, derive(base, known), ending)
        for base, ending in parts
        if len(base) > _SHORTEST and ("'" in ending or ending in _FROM_DERIVED)
    )
    return next(filter(None, found), ())


def _bases(stem: str, ending: str, known: Known) -> Iterator[str]:
    """The words that a stem may come from: make for mak'st, carry for carrieth, beg for begg'd."""
    shortest = 2 if "'" in ending.rstrip("'") else _SHORTEST
    if not stem.endswith("'"):
        yield from (base for base in _spellings(stem, ending, known) if len(base) >= shortest)


def _spellings(stem: str, ending: str, known: Known) -> tuple[str, ...]:
    if ending == "s" and stem.endswith("s"):
        return ()
    if ending in _ON_THE_WORD:
        return (stem,)
    if ending == "t":
        return (f"{stem}s",) if stem.endswith("s") else () if stem[-1:] in "aeiouy" else (stem,)
    if ending.startswith(("'", "e", "è", "é", "i", "y")):
        return _before_a_vowel(stem, ending, known)
    return (stem, f"{stem[:-1]}y") if stem.endswith("i") else (stem,)


def _before_a_vowel(stem: str, ending: str, known: Known) -> tuple[str, ...]:
    if stem.endswith("i"):
        y, e = f"{stem[:-1]}y", f"{stem}e"
        return (e, y) if len(stem) <= 2 else (y, e, stem)
    if ending in {"er", "ers"} and stem.endswith("e"):
        return ()
    if _DOUBLED.search(stem):
        both = (stem, stem[:-1])
        british = len(_VOWEL_LETTERS.findall(stem)) > 1 and not stem.endswith("ss")
        return both[::-1] if british else both
    return _with_or_without_e(stem, known)


def _with_or_without_e(stem: str, known: Known) -> tuple[str, ...]:
    """A stem and the stem with an e, the likelier first; severed shows that sever'd has none."""
    short = len(stem) < _SHORTEST
    usual = (f"{stem}e", stem) if short or _NEEDS_E.search(stem) else (stem, f"{stem}e")
    if all(map(known, usual)):
        for ending in ("ing", "ed", "er"):
            said = [way.phones for way in known(stem + ending)]
            for base in usual if short else (stem, f"{stem}e"):
                if any(way.phones == one[: len(way.phones)] for way in known(base) for one in said):
                    return (base,)
        if known(f"{stem}{stem[-1]}ing"):
            return (stem,)
    return usual


def _joined(base: str, ways: Ways, ending: str) -> Ways:
    """A word with an ending; () if they do not go together."""
    return _unique(filter(None, (_joined_way(base, way, ending) for way in ways)))


def _joined_way(base: str, way: Pronunciation, ending: str) -> Pronunciation | None:
    first, _, rest = _ENDINGS[ending].partition(" ")
    phones, last = way.phones, way.phones[-1]
    if first == "t" and last not in _VOICELESS - {"T"}:
        return None
    if _SYLLABIC_L.search(base) and phones[-2:] == ("AH0", "L"):
        if first[-1:].isdigit():  # trem-bling
            phones = (*phones[:-2], "L")
        elif ending == "ly":  # sim-ply
            phones = phones[:-2]
    if phones[-1] == first == "L":
        first = ""  # total-ly
    return Pronunciation((*phones, *f"{_assimilated(first, last)} {rest}".split()))


def _assimilated(sound: str, last: str) -> str:
    if sound == "s":
        return "IH0 Z" if last in _SIBILANTS else "S" if last in _VOICELESS else "Z"
    if sound == "d":
        return "IH0 D" if last in {"T", "D"} else "T" if last in _VOICELESS else "D"
    if sound == "l":
        return "L" if last[-1].isdigit() else "AH0 L"
    return sound.upper()


def _compound(word: str, known: Known) -> Ways:
    """Two words in one: noontide."""
    for length in range(min(7, len(word) - _SHORTEST), _SHORTEST - 1, -1):
        first, second = word[:-length], word[-length:]
        if second not in _SECOND or first in _BEGINNINGS:
            continue
        if ways := known(first):
            return _unique(
                Pronunciation((*way.phones, *(phone.replace("1", "2") for phone in other.phones)))
                for way in ways
                for other in known(second)
            )
    return ()


def _with_beginning(word: str, known: Known) -> Ways:
    for beginning, sound in _BEGINNINGS.items():
        rest = word.removeprefix(beginning)
        if rest == word or len(rest) < (2 if beginning.endswith("'") else _SHORTEST):
            continue
        if ways := known(rest) or with_ending(rest, known):
            return tuple(Pronunciation((*sound.split(), *way.phones)) for way in ways)
    return ()


def _unique(ways: Iterable[Pronunciation]) -> Ways:
    return tuple(dict.fromkeys(ways))
