"""Variants of characters that are not in a vocabulary, for prompts."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from charrnn.corpus.chinese_script import simplified_forms, traditional_forms
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
"""Rows of interchangeable marks, in order of preference."""

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
    """The replacement of a character outside the vocabulary.

    Attributes:
        original: The character.
        replacement: A variant in the vocabulary; None if there is none, so that the character is
            read as unknown.
    """

    original: str
    replacement: str | None


def variants(character: str) -> Iterator[str]:
    """Variants of a character, closest first, each of one or more characters.

    In order: width (full and half), typography (’ and ', — and -), case, script (traditional and
    simplified Chinese), and the letter without its accent.
    """
    seen = {character}
    for variant in _candidates(character):
        if variant and variant not in seen:
            seen.add(variant)
            yield variant


def fit_to_vocabulary(text: str, vocabulary: Vocabulary) -> tuple[str, list[Substitution]]:
    """Replace the unknown characters of a prompt by their first known variant, if there is one.

    Returns:
        The new text, and one substitution for each unknown character.
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
