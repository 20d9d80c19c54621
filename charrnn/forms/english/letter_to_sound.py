"""A guess at how an English word sounds, from its letters alone.

Rules map letters to phones (spelling.txt). The stress follows common patterns, and vowels without
stress are reduced.
"""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from charrnn.forms.english.pronunciation import PHONES, Pronunciation

_RULES: Final = Path(__file__).with_name("spelling.txt")

_AFTER_SILENT: Final = (
    "ful|less|ness|ly|some|man|men|dom|ship|forth|teen|ty$|by$|fore|like|hood|house|born|keep|yard|"
    "wh|wise|way|ward|work|wood|thing|times?$"
)
"""What follows a silent e within a word."""

_CONTEXT_LETTERS: Final = {
    "P": "^(a|ab|ad|be|com|con|de|di|dis|en|ex|for|im|in|ob|per|pre|pro|re|sub|sus|trans|un)C+",
    "E": f"e(s?$|ment|{_AFTER_SILENT})",
    "S": f"({_AFTER_SILENT})",
    "V": "[aeiouy]",
    "C": "[^aeiouy]",
}

_NOTHING: Final = "-"

_WEAK: Final = {"AE": "AH", "AA": "AH", "EH": "AH", "AH": "AH", "AO": "AO"}
"""Vowels that change without stress."""

_LAST: Final = re.compile(r"(ee|eer|ese|ette|esque|oon|ique|ain)$")
"""Endings that are stressed."""

_BEFORE: Final = re.compile(
    r"(tion|s?sion|cian|tial|cial|ious|eous|uous|iar|ian|ion|ial|ient|ience|iance|iant|ium|ius|io|ia|"
    r"ic|ics|ity|ety|ify|ical|ically|ible|icient)s?$"
)
"""Endings that are preceded by the stress."""

_NEUTRAL: Final = re.compile(
    r"(ful|less|able|ment|ward)?(ly|ness|ship)?((?<![usi])'?s|ed|es|ing|ings|er|ers|est|eth)?$"
)
"""Endings that do not move the stress."""

_THIRD_LAST: Final = re.compile(r"(ate|ize|ise|yze|tude|ute|fy|y)$")
"""Endings of words that are stressed on the third last syllable."""

_LATIN: Final = re.compile(r"(ent|ant|ence|ance|al|ous|us|um|or|is|ive|ile|a|o)$")
"""Endings that are preceded by the stress if the syllable before is heavy."""

_PREFIXES: Final = (
    "a(?=bb|cc|dd|ff|gg|ll|nn|pp|rr|ss|tt|sh|ch|sk|sp|[bdfglmrvw][aeiou])|ab|ad|be|com|con|col|cor|"
    "de|di(?=[vrg])|dis|enter|en|em|ex|e(?=[lmrv])|for|inter|im|in|mis|ob|o(?=cc|pp|ff)|per|pre|"
    "pro|re|sub|sup|sur|trans|under|un|up|with|out|over"
)

_PREFIX: Final = re.compile(rf"^({_PREFIXES}){{1,2}}(?=[^aeiouy]*[aeiouy])")
"""Prefixes that are skipped if no ending decides."""


@dataclass(frozen=True, slots=True)
class _Rule:
    letters: str
    before: re.Pattern[str]
    after: re.Pattern[str]
    phones: tuple[str, ...]


class Piece(NamedTuple):
    """Letters of a word, and their phones as the rules have them."""

    letters: str
    phones: tuple[str, ...]


class _Vowel(NamedTuple):
    """A vowel: its index among phones and letters, and whether it may be stressed."""

    place: int
    offset: int
    free: bool


def guess(word: str) -> Pronunciation:
    """A pronunciation from the spelling; it has a vowel with primary stress."""
    letters = re.sub(r"[^a-z]", "", word)
    phones: list[str] = []
    vowels: list[_Vowel] = []
    offset = 0
    for piece in spell_out(letters):
        for phone in piece.phones:
            if _is_vowel(phone):
                vowels.append(_Vowel(len(phones), offset, not phone[-1].isdigit()))
            phones.append(phone)
        offset += len(piece.letters)
    if not vowels:
        return Pronunciation((*phones, "AH1"))
    stressed = _stressed(letters, vowels)
    for vowel in vowels:
        name = phones[vowel.place][:2]
        if vowel is stressed:
            phones[vowel.place] = f"{name}1"
        elif vowel.free:
            phones[vowel.place] = f"{_WEAK.get(name, name)}0"
    return Pronunciation(tuple(phones))


def spell_out(word: str) -> tuple[Piece, ...]:
    """Divide a word of letters a to z into the pieces that the rules know."""
    pieces = []
    place = 0
    while place < len(word):
        rule = next(
            rule
            for rule in _rules()[word[place]]
            if word.startswith(rule.letters, place)
            and rule.before.search(word[:place])
            and rule.after.match(word[place + len(rule.letters) :])
        )
        pieces.append(Piece(rule.letters, rule.phones))
        place += len(rule.letters)
    return tuple(pieces)


def _is_vowel(phone: str) -> bool:
    return f"{phone[:2]}0" in PHONES


def _stressed(word: str, vowels: list[_Vowel]) -> _Vowel:
    stem = _stem(word)
    within = [vowel for vowel in vowels if vowel.offset < len(stem)] or vowels
    free = [vowel for vowel in within if vowel.free] or within
    if ending := _BEFORE.search(stem):
        earlier = [vowel for vowel in within if vowel.offset < ending.start()]
        return earlier[-1] if earlier else free[0]
    if len(free) == 1 or _LAST.search(word) or _LAST.search(stem):
        return free[-1]
    if len(within) > 2 and _THIRD_LAST.search(stem):
        return within[-3]
    if len(within) > 2 and _LATIN.search(stem):
        return within[-2] if _heavy(stem, within[-2], within[-1]) else within[-3]
    if prefix := _PREFIX.search(stem):
        return next((vowel for vowel in free if vowel.offset >= prefix.end()), free[0])
    return free[0] if len(within) < 4 or free[0] != within[0] else free[1]


def _stem(word: str) -> str:
    """A word without neutral endings, unless only a prefix would be left."""
    for ending in _NEUTRAL.finditer(word):
        stem = word[: ending.start()]
        if re.search("[aeiouy]", stem) and not re.fullmatch(f"({_PREFIXES})[^aeiouy]*", stem):
            return stem
    return word


def _heavy(word: str, vowel: _Vowel, following: _Vowel) -> bool:
    """Whether a syllable is closed: two or more consonants before the next vowel."""
    between = re.sub("^[aeiouy]+", "", word[vowel.offset : following.offset])
    return len(between) > 1 and not re.fullmatch("[^aeiouy][lrh]|qu", between)


@functools.cache
def _rules() -> dict[str, tuple[_Rule, ...]]:
    rules: dict[str, tuple[_Rule, ...]] = {}
    for line in _RULES.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        before, letters, after, *phones = line.split()
        rule = _Rule(
            letters,
            re.compile(f"({_context(before)})$"),
            re.compile(_context(after)),
            tuple(phone for phone in phones if phone != _NOTHING),
        )
        rules[letters[0]] = (*rules.get(letters[0], ()), rule)
    return rules


def _context(text: str) -> str:
    if text == _NOTHING:
        return ""
    for letter, expression in _CONTEXT_LETTERS.items():
        text = text.replace(letter, expression)
    return text
