"""The words of English lines, and those of a text that a network learned, with their file."""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from charrnn.checkpoint.directory import WORDS_FILE, Checkpoint
from charrnn.errors import FormError
from charrnn.forms.core.language import open_table
from charrnn.forms.english.lexicon import Lexicon, Sound, words_of_old_verse

_WORD: Final = re.compile(r"['’‘ʼ]?[^\W_]+(?:['’ʼ][^\W_]+)*['’ʼ]?")

_STRAIGHT: Final = str.maketrans("’‘ʼ", "'''")

_LETTERS: Final = re.compile(r"[a-zà-öø-ÿœ']*[a-z][a-zà-öø-ÿœ']*")

FEW_KINDS: Final = 2_000
"""Different words of a text below which those are kept too that stand in it once.

In longer texts the words that stand there once are names, misprints and rarities: a network has
seen each of them too seldom to spell it, let alone to use it.
"""

LEAST_IN_WORDS: Final = 0.1
"""Share of a text that stands in words of Latin letters, for it to be one of words."""


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


def lines_of(poem: str) -> list[str]:
    """The lines of an English poem; blank ones part stanzas."""
    return [line for line in poem.splitlines() if line.strip()]


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


@dataclass(frozen=True, slots=True)
class LearnedWords:
    """The words of a text.

    Attributes:
        counts: How often each word stands there, the commonest first; small letters, straight
            apostrophes, as `charrnn.forms.english.words.Word.key` has them.
        corpus: Digest of the corpus that the text is from; "" where that is not known.
    """

    counts: Mapping[str, int]
    corpus: str = ""


def open_words(checkpoint: Checkpoint) -> LearnedWords | None:
    """The words of the text that a network learned; None where they are not kept.

    Raises:
        CheckpointError: They are damaged, of another format, or those of another text.
    """
    return open_table(checkpoint, WORDS_FILE, LearnedWords)


def learn_words(texts: Iterable[str]) -> LearnedWords:
    """Count the words of some texts.

    Args:
        texts: The texts; no word goes on from one to the next.

    Returns:
        The words that stand there twice or more; all of them, where they are few.

    Raises:
        FormError: The texts do not consist of words in Latin letters.
    """
    printed: Counter[str] = Counter()
    characters = 0
    for text in texts:
        characters += len(text)
        printed.update(printed_words(text))
    counts: Counter[str] = Counter()
    for word, count in printed.items():
        # The words of charrnn's own list, so that nothing depends on what is installed.
        key = key_of(word, words_of_old_verse())
        if key is not None:
            counts[key] += count
    in_words = sum(len(word) * count for word, count in counts.items())
    if not in_words or in_words < LEAST_IN_WORDS * characters:
        raise FormError(
            f"words are learned from a text of words in Latin letters. Received: {characters:,} "
            f"characters, of which {in_words:,} stand in such words."
        )
    least = 2 if len(counts) >= FEW_KINDS else 1
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return LearnedWords({word: count for word, count in ranked if count >= least})
