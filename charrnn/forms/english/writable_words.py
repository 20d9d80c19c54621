"""The words that a poem may be written with: those that can be spelled, said and read back."""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.pronunciation import Pronunciation
from charrnn.forms.english.rhyme import Rhymes
from charrnn.forms.english.rhyme_classes import RhymeFamilies
from charrnn.forms.english.spoken_words import SpokenWords
from charrnn.forms.english.word_trie import Spelling, WordTrie
from charrnn.forms.english.words import words_of

_PLAIN: Final = re.compile("[a-z]+")
"""Words that read back as themselves, whatever the lexicon."""


class WritableWords:
    """Words, as they are written and as they are said.

    Args:
        lexicon: How words are said.
        words: Those that may be used, in small letters; what the lexicon has to guess is left out.
        must: Further words that may be used, guessed or not.
        spelling: The symbols that they are written with.

    Attributes:
        spoken: The words and their ways.
        trie: Their letters.
    """

    def __init__(
        self, lexicon: Lexicon, words: Iterable[str], must: Iterable[str], spelling: Spelling
    ) -> None:
        sounds = dict(_sounds(lexicon, words, spelling, guessed=False))
        sounds.update(_sounds(lexicon, must, spelling, guessed=True))
        self.spoken = SpokenWords(sounds)
        self.trie = WordTrie(self.spoken.words, spelling)
        self._families: dict[Rhymes, RhymeFamilies] = {}

    def families(self, rhymes: Rhymes) -> RhymeFamilies:
        """How the words rhyme."""
        if rhymes not in self._families:
            self._families[rhymes] = RhymeFamilies(self.spoken, rhymes)
        return self._families[rhymes]


@functools.lru_cache(maxsize=4)
def writable_words(
    lexicon: Lexicon,
    words: frozenset[str],
    must: frozenset[str],
    vocabulary: Vocabulary,
    writable: bytes,
) -> WritableWords:
    """The words that may be used, kept for further poems with the same ones.

    Args:
        lexicon: How words are said.
        words: Those that may be used, in small letters.
        must: Further words that may be used, though the lexicon should have to guess them.
        vocabulary: What symbols stand for.
        writable: A byte for each symbol, not zero where it may be written.
    """
    mask = np.frombuffer(writable, np.bool_)
    return WritableWords(lexicon, words, must, Spelling(vocabulary, mask))


def _sounds(
    lexicon: Lexicon, words: Iterable[str], spelling: Spelling, *, guessed: bool
) -> Iterator[tuple[str, tuple[Pronunciation, ...]]]:
    for word in words:
        if not spelling.spells(word):
            continue
        sound = lexicon.sound(word)
        if (sound.origin != "guessed" or guessed) and _reads_back(word, lexicon):
            yield word, sound.pronunciations


def _reads_back(word: str, lexicon: Lexicon) -> bool:
    """Whether a word that has been written is found again."""
    if _PLAIN.fullmatch(word):
        return True
    return [found.key for found in words_of(word, lexicon)] == [word]
