"""The words that a poem may be written with, spelled letter by letter."""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.sampling import Mask
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.pronunciation import Pronunciation, Rhymes
from charrnn.forms.english.rhyme_classes import RhymeClasses
from charrnn.forms.english.spoken_words import SpokenWords
from charrnn.forms.english.words import words_of

APOSTROPHES: Final = "'’"
"""What an apostrophe within a word may be written with."""

LETTERS: Final = "abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿœ"
"""The letters of English words and of those taken over from its neighbours."""

_NODES_KEPT: Final = 1 << 16


class Spelling:
    """The tokens that a letter of a word may be written with.

    Letters are small, and a word's first letter may be a capital. Where the vocabulary lacks one
    case of a letter, the other takes its place.

    Args:
        vocabulary: What the tokens stand for.
        writable: `(vocabulary,)`, true for the tokens that may be written at all.

    Attributes:
        first: For each letter, in its small form, the tokens of a word's first letter.
        inner: The same for its further letters, and for the apostrophe.
    """

    def __init__(self, vocabulary: Vocabulary, writable: Mask) -> None:
        def tokens(characters: str) -> tuple[int, ...]:
            known = [vocabulary.id_of(one) for one in characters if one in vocabulary]
            return tuple(token for token in known if writable[token])

        self.first = {letter: tokens(letter + letter.upper()) for letter in LETTERS}
        self.inner = {
            letter: tokens(letter if letter in vocabulary else letter.upper()) for letter in LETTERS
        }
        self.inner["'"] = self.first["'"] = tokens(APOSTROPHES)
        first = _one_of(letter for letter, found in self.first.items() if found)
        inner = _one_of(letter for letter, found in self.inner.items() if found)
        apostrophe = "'?" if self.inner["'"] else ""
        self._spelled = re.compile(f"{apostrophe}(?!'){first}{inner}*")

    def spells(self, word: str) -> bool:
        """Whether a word, in small letters with straight apostrophes, can be written."""
        return self._spelled.fullmatch(word) is not None


class Node(NamedTuple):
    """The words that begin with the same letters, which stand one after the other.

    Attributes:
        low: The first of them.
        high: One after the last.
        depth: How many letters they share.
    """

    low: int
    high: int
    depth: int


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """Where further tokens lead.

    Attributes:
        nodes: The node after each token.
        tokens: `(tokens,)` the tokens.
        letters: `(tokens,)` the letter that each of them writes, from 0.
        bounds: `(letters,)` the first word after each letter; those of the next letter follow.
        words: The words that have a further letter.
    """

    nodes: dict[int, Node]
    tokens: npt.NDArray[np.int64]
    letters: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    words: slice


class WordTrie:
    """Words as a tree of letters.

    The tree is the sorted list itself: a node is a part of it, and is looked at only when a poem
    comes to it.

    Args:
        words: Different words, sorted by code point, each of which the spelling spells.
        spelling: The tokens of their letters.

    Attributes:
        root: All words.
        branches: Gives the branches of a node.
    """

    def __init__(self, words: Sequence[str], spelling: Spelling) -> None:
        self._words = words
        self._spelling = spelling
        letters = "".join(words).encode("utf-32-le")
        self._letters = np.frombuffer(letters, np.uint32)
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        self._starts = np.concatenate(([0], lengths.cumsum()))
        self.root = Node(0, len(words), 0)
        self.branches = functools.lru_cache(_NODES_KEPT)(self._branches)

    def word(self, node: Node) -> int | None:
        """The word that is whole at a node; None where none is."""
        if node.low < node.high and len(self._words[node.low]) == node.depth:
            return node.low
        return None

    def _branches(self, node: Node) -> Branches:
        low, high, depth = node
        low += self.word(node) is not None
        letters = self._letters[self._starts[low:high] + depth]
        changes = np.flatnonzero(letters[1:] != letters[:-1]) + 1
        bounds = np.concatenate(([0], changes)) if low < high else changes
        begins = depth == 0 or (depth == 1 and self._words[node.low][0] == "'")
        tokens_of = self._spelling.first if begins else self._spelling.inner
        nodes: dict[int, Node] = {}
        written: list[int] = []
        for letter, (first, after) in enumerate(itertools.pairwise([*bounds.tolist(), high - low])):
            tokens = tokens_of[self._words[low + first][depth]]
            nodes |= dict.fromkeys(tokens, Node(low + first, low + after, depth + 1))
            written += [letter] * len(tokens)
        return Branches(
            nodes,
            np.fromiter(nodes, np.int64, len(nodes)),
            np.array(written, np.int64),
            bounds,
            slice(low, high),
        )


def _one_of(letters: Iterable[str]) -> str:
    """A regular expression for one letter of some, which may be none."""
    return f"[{joined}]" if (joined := "".join(letters)) else "(?:(?!))"


_PLAIN: Final = re.compile("[a-z]+")
"""Words that read back as themselves, whatever the lexicon."""


class WritableWords:
    """Words, as they are written and as they are said.

    Args:
        lexicon: How words are said.
        words: Those that may be used, in small letters; what the lexicon has to guess is left out.
        must: Further words that may be used, guessed or not.
        spelling: The tokens that they are written with.

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
        self._classes: dict[Rhymes, RhymeClasses] = {}

    def classes(self, rhymes: Rhymes) -> RhymeClasses:
        """How the words rhyme."""
        if rhymes not in self._classes:
            self._classes[rhymes] = RhymeClasses(self.spoken, rhymes)
        return self._classes[rhymes]


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
        vocabulary: What tokens stand for.
        writable: A byte for each token, not zero where it may be written.
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
