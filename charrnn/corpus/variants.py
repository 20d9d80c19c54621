"""Other ways to write a character: variants for unknown characters of a prompt, Chinese scripts.

The tables beside this module are those of OpenCC (Apache-2.0); they are read on first use.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from charrnn.corpus.vocabulary import Vocabulary

_TYPOGRAPHY: Final = (
    "'’‘`´ʼ′",
    '"“”„‟«»″「」『』',
    "-‐‑‒–—−―",
    ",，、",
    ".。．",
    ":：",
    ";；",
    "~～〜",
    "·・•‧",
    "○〇",
)
"""Marks that are written for one another; each goes to the others of its row, in this order."""

_SPELLED_OUT: Final = {
    "…": ("...", "..", "."),
    "—": ("--",),
    "–": ("--",),
    "Æ": ("AE",),
    "æ": ("ae",),
    "Œ": ("OE",),
    "œ": ("oe",),
    "ß": ("ss",),
    "ſ": ("s",),
    "\t": (" ",),
    "\N{NO-BREAK SPACE}": (" ",),
    "\N{IDEOGRAPHIC SPACE}": (" ",),
}
_FULL_WIDTH_OFFSET: Final = 0xFEE0


@dataclass(frozen=True, slots=True)
class Substitution:
    """One character that a vocabulary does not hold, and what stands in for it.

    Attributes:
        original: The character.
        replacement: Its variant; None when no variant is known to the vocabulary either, and
            the character is read as unknown.
    """

    original: str
    replacement: str | None


def variants(character: str) -> Iterator[str]:
    """Other ways to write a character, nearest first.

    The order: width (full and half), typography (’ and ', — and -), case, script (traditional and
    simplified Chinese), and last the letter without its accent.

    Args:
        character: A single character.

    Yields:
        Texts of one or more characters, none of them twice nor equal to `character`.
    """
    seen = {character}
    for variant in _candidates(character):
        if variant and variant not in seen:
            seen.add(variant)
            yield variant


def fit_to_vocabulary(text: str, vocabulary: Vocabulary) -> tuple[str, list[Substitution]]:
    """Write a text with the characters that a vocabulary holds, as far as that is possible.

    Args:
        text: A prompt.
        vocabulary: What the network knows.

    Returns:
        The text, each unknown character replaced by its first variant that is wholly known, or
        kept where there is none; and what was done, once for each unknown character.
    """
    substitutions: dict[str, Substitution] = {}
    for character in unicodedata.normalize("NFC", text):
        if character not in vocabulary and character not in substitutions:
            known = (
                variant
                for variant in variants(character)
                if all(part in vocabulary for part in variant)
            )
            substitutions[character] = Substitution(character, next(known, None))
    replacements = {
        ord(one.original): one.replacement
        for one in substitutions.values()
        if one.replacement is not None
    }
    fitted = unicodedata.normalize("NFC", text).translate(replacements)
    return fitted, list(substitutions.values())


def _candidates(character: str) -> Iterator[str]:
    yield from _widths(character)
    for row in _TYPOGRAPHY:
        if character in row:
            yield from row
    yield from _SPELLED_OUT.get(character, ())
    yield from (character.lower(), character.upper(), character.title())
    yield from simplified_forms(character)
    for form in traditional_forms(character):
        yield form
        yield from simplified_forms(form)
    for form in simplified_forms(character):
        yield from traditional_forms(form)
    bare = unicodedata.normalize("NFD", character)[0]
    yield from (bare, bare.lower(), bare.upper())


def _widths(character: str) -> Iterator[str]:
    yield unicodedata.normalize("NFKC", character)
    if "!" <= character <= "~":
        yield chr(ord(character) + _FULL_WIDTH_OFFSET)
    if character == " ":
        yield "\N{IDEOGRAPHIC SPACE}"


_DIRECTORY = Path(__file__).parent


def simplified_forms(character: str) -> tuple[str, ...]:
    """The simplified forms of a traditional character, the usual one first."""
    return _table("traditional_to_simplified").get(character, ())


def traditional_forms(character: str) -> tuple[str, ...]:
    """The traditional forms of a simplified character, the usual one first."""
    return _table("simplified_to_traditional").get(character, ())


def only_traditional(character: str) -> bool:
    """Whether a character is foreign to simplified text.

    It has another simplified form, which GB 2312 holds, and is not in GB 2312 itself.
    """
    forms = simplified_forms(character)
    return (
        bool(forms)
        and character not in forms
        and not _in_charset(character, "gb2312")
        and _in_charset(forms[0], "gb2312")
    )


def only_simplified(character: str) -> bool:
    """Whether a character is foreign to traditional text.

    It has another traditional form, which Big5 holds, and is not in Big5 itself.
    """
    forms = traditional_forms(character)
    return (
        bool(forms)
        and character not in forms
        and not _in_charset(character, "big5")
        and _in_charset(forms[0], "big5")
    )


def simplify(text: str) -> str:
    """Put traditional Chinese into simplified script.

    The longest phrase of the table that stands at a place goes first (乾坤 keeps its 乾), then
    each character takes its usual form, as OpenCC's `t2s` does.

    Args:
        text: Any text; what is not traditional Chinese stays.

    Returns:
        The text in simplified script.
    """
    phrases, characters = _phrases(), _usual_forms()
    pieces: list[str] = []
    end = 0
    for phrase in phrases.finditer(text):
        pieces += (text[end : phrase.start()].translate(characters), _usual(phrase.group()))
        end = phrase.end()
    return "".join((*pieces, text[end:].translate(characters)))


def _in_charset(character: str, charset: str) -> bool:
    return bool(character.encode(charset, "ignore"))


def _usual(phrase: str) -> str:
    return simplified_forms(phrase)[0]


@functools.cache
def _phrases() -> re.Pattern[str]:
    phrases = (entry for entry in _table("traditional_to_simplified") if len(entry) > 1)
    return re.compile("|".join(map(re.escape, sorted(phrases, key=len, reverse=True))))


@functools.cache
def _usual_forms() -> dict[int, str]:
    table = _table("traditional_to_simplified")
    return {ord(entry): forms[0] for entry, forms in table.items() if len(entry) == 1}


@functools.cache
def _table(name: str) -> dict[str, tuple[str, ...]]:
    lines = (_DIRECTORY / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split("\t") for line in lines if not line.startswith("#"))
    return {entry: tuple(forms.split(" ")) for entry, forms in entries}
