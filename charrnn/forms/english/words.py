"""The words of English lines, and those that a network learned."""

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
from charrnn.forms.english.pronunciation import Pronunciation

_WORD: Final = re.compile(r"['’‘ʼ]?[^\W_]+(?:['’ʼ][^\W_]+)*['’ʼ]?")

_WORD_OR_SIGN: Final = re.compile(rf"{_WORD.pattern}|[^\w\s.,;:!?()\[\]{{}}\"'’‘ʼ“”–—…*/\\~|^`-]")

SIGNS: Final = {"&": "and", "%": "percent", "+": "plus", "=": "equals", "@": "at"}
"""Signs that are said as a word. Others, such as $, are no words."""

_STRAIGHT: Final = str.maketrans("’‘ʼ", "'''")

_LETTERS: Final = re.compile(r"[a-zà-öø-ÿœ']*[a-z][a-zà-öø-ÿœ']*")

FEW_KINDS: Final = 2_000
"""Vocabulary size of a text from which on words that occur once are left out, as misprints."""

RARE: Final = 4_000_000
"""Characters in which a word of a large text stands at least once. What is rarer is dialect, an odd
spelling or a name for the most part."""

MOST_KINDS: Final = 250_000
"""Most words that are kept, the most frequent ones; their file has four million characters."""

LEAST_IN_WORDS: Final = 0.1
"""Least share of a text that must be words of Latin letters."""


def is_latin(character: str) -> bool:
    """Whether a character is a Latin letter without accent."""
    return character.isascii() and character.isalpha()


@dataclass(frozen=True, slots=True)
class Word:
    """A word: its text, its key (lower case, straight apostrophes), and its pronunciations.

    `sound` is None if it is no word of letters, such as 42 or $.
    """

    text: str
    key: str
    sound: Sound | None

    @property
    def ways(self) -> tuple[Pronunciation, ...]:
        """Its pronunciations; () without a sound."""
        return self.sound.pronunciations if self.sound else ()


def words_of(line: str, lexicon: Lexicon) -> tuple[Word, ...]:
    """The words of a line, also those of its signs; hyphens separate words."""
    found = _WORD_OR_SIGN.findall(unicodedata.normalize("NFC", line))
    return tuple(_word(printed, lexicon) for printed in found if not _is_silent(printed))


def _word(printed: str, lexicon: Lexicon) -> Word:
    text, key = (printed, SIGNS[printed]) if printed in SIGNS else _trimmed(printed, lexicon)
    return Word(text, key, lexicon.sound(key) if _LETTERS.fullmatch(key) else None)


def _is_silent(printed: str) -> bool:
    """Whether it is punctuation; signs of mathematics, money and the like are read aloud."""
    if not printed.strip("'’‘ʼ"):
        return True
    is_mark = len(printed) == 1 and unicodedata.category(printed)[0] == "P"
    return is_mark and printed not in "#§&%@"


def lines_of(poem: str) -> list[str]:
    """The lines of an English poem; blank ones separate stanzas."""
    return [line for line in poem.splitlines() if line.strip()]


def printed_words(text: str) -> list[str]:
    """The words of a text as printed, with apostrophes and quotation marks around them."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def key_of(printed: str, known: Container[str]) -> str | None:
    """The key of a printed word, or None; `known` has words with outer apostrophes."""
    _, key = _trimmed(printed, known)
    return key if _LETTERS.fullmatch(key) else None


def _trimmed(text: str, known: Container[str]) -> tuple[str, str]:
    """A word and its key, with outer apostrophes only if they belong to it: 'tis, th', lovers'."""
    key = text.lower().translate(_STRAIGHT)
    if key.startswith("'") and key not in known and key.rstrip("'") not in known:
        text, key = text[1:], key[1:]
    if key.endswith("'") and key not in known and not key.endswith(("s'", "in'")):
        text, key = text[:-1], key[:-1]
    return text, key


@dataclass(frozen=True, slots=True)
class LearnedWords:
    """Frequency of each word of a text, by its key, the most frequent first.

    `corpus` is the digest of the corpus; "" if unknown.
    """

    counts: Mapping[str, int]
    corpus: str = ""


def open_words(checkpoint: Checkpoint) -> LearnedWords | None:
    """The learned words of a network, or None; CheckpointError if they are damaged."""
    return open_table(checkpoint, WORDS_FILE, LearnedWords)


def learn_words(texts: Iterable[str]) -> LearnedWords:
    """Count the words of texts: those that occur twice, more often in large texts, or all if few.

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
    least = max(2, characters // RARE) if len(counts) >= FEW_KINDS else 1
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return LearnedWords({word: count for word, count in ranked[:MOST_KINDS] if count >= least})
