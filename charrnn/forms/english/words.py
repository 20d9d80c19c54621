"""The words of an English line, as they are looked up and as they are said."""

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

from charrnn.forms.english.lexicon import Lexicon, Sound

_WORD: Final = re.compile(r"['’‘ʼ]?[^\W_]+(?:['’ʼ][^\W_]+)*['’ʼ]?")

_STRAIGHT: Final = str.maketrans("’‘ʼ", "'''")

_LETTERS: Final = re.compile(r"[a-zà-öø-ÿœ']*[a-z][a-zà-öø-ÿœ']*")


def is_latin(character: str) -> bool:
    """Whether a character is a letter of the Latin alphabet, without marks."""
    return character.isascii() and character.isalpha()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line.

    Attributes:
        text: As it is written, without the quotation marks around it.
        key: As it is looked up: small letters, straight apostrophes.
        sound: How it may be said; None for what is no word of English letters, such as 42.
    """

    text: str
    key: str
    sound: Sound | None


def words_of(line: str, lexicon: Lexicon) -> tuple[Word, ...]:
    """The words of a line, in order; the parts of a word with hyphens are words."""
    return tuple(
        _word(found.group(), lexicon)
        for found in _WORD.finditer(unicodedata.normalize("NFC", line))
    )


def printed_words(text: str) -> list[str]:
    """The words of a text as they are printed, apostrophes and quotation marks around them too."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def key_of(printed: str, known: Container[str]) -> str | None:
    """How a printed word is looked up; None for what is no word of English letters.

    Args:
        printed: One of `printed_words`.
        known: Words that begin or end with an apostrophe, among others.
    """
    _, key = _trimmed(printed, known)
    return key if _LETTERS.fullmatch(key) else None


def _word(text: str, lexicon: Lexicon) -> Word:
    text, key = _trimmed(text, lexicon)
    return Word(text, key, lexicon.sound(key) if _LETTERS.fullmatch(key) else None)


def _trimmed(text: str, known: Container[str]) -> tuple[str, str]:
    """A word and its key with the apostrophes at its ends that belong to it: 'tis, th', lovers'."""
    key = text.lower().translate(_STRAIGHT)
    if key.startswith("'") and key not in known and key.rstrip("'") not in known:
        text, key = text[1:], key[1:]
    if key.endswith("'") and key not in known and not key.endswith(("s'", "in'")):
        text, key = text[:-1], key[:-1]
    return text, key
