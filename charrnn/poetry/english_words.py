"""The words of an English line, as they are looked up and as they are said."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from charrnn.poetry.lexicon import Lexicon, Sound

_WORD: Final = re.compile(r"['’‘ʼ]?[^\W_]+(?:['’ʼ][^\W_]+)*['’ʼ]?")

_STRAIGHT: Final = str.maketrans("’‘ʼ", "'''")

_LETTERS: Final = re.compile(r"[a-zà-öø-ÿœ']*[a-z][a-zà-öø-ÿœ']*")


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


def _word(text: str, lexicon: Lexicon) -> Word:
    """A word whose apostrophes at the ends are kept where they belong to it: 'tis, th', lovers'."""
    key = text.lower().translate(_STRAIGHT)
    if key.startswith("'") and key not in lexicon and key.rstrip("'") not in lexicon:
        text, key = text[1:], key[1:]
    if key.endswith("'") and key not in lexicon and not key.endswith(("s'", "in'")):
        text, key = text[:-1], key[:-1]
    return Word(text, key, lexicon.sound(key) if _LETTERS.fullmatch(key) else None)
