"""The words of a poem as a trie of letters, with the tokens that spell them."""

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
from charrnn.forms.english.spoken_words import RhymeClasses, SpokenWords
from charrnn.forms.english.words import words_of

APOSTROPHES: Final = "'’"
"""The characters for an apostrophe within a word."""

LETTERS: Final = "abcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿœ"
"""The letters of English words, including loan words."""


class Spelling:
    """The tokens of a `first` letter, maybe a capital, and of `inner` letters and the apostrophe.

    If the vocabulary lacks one case, the other replaces it.
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
        """Whether a word in lower case with straight apostrophes can be written."""
        return self._spelled.fullmatch(word) is not None


class Node(NamedTuple):
    """The words from `low` to `high`, which share a prefix of `depth` letters."""

    low: int
    high: int
    depth: int


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """The children of a node.

    Attributes:
        nodes: The child for each token.
        tokens: `(tokens,)` the tokens.
        letters: `(tokens,)` the index of their letter.
        bounds: `(letters,)` the first word of each letter.
        words: The words that have a further letter.
    """

    nodes: dict[int, Node]
    tokens: npt.NDArray[np.int64]
    letters: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    words: slice


class WordTrie:
    """A trie over a sorted list of words; nodes are ranges of the list and are expanded lazily."""

    def __init__(self, words: Sequence[str], spelling: Spelling) -> None:
        self._words = words
        self._spelling = spelling
        letters = "".join(words).encode("utf-32-le")
        self._letters = np.frombuffer(letters, np.uint32)
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        self._starts = np.concatenate(([0], lengths.cumsum()))
        self.root = Node(0, len(words), 0)
        self.branches = functools.lru_cache(1 << 16)(self._branches)

    def word(self, node: Node) -> int | None:
        """The word that is complete at a node, or None."""
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
    return f"[{joined}]" if (joined := "".join(letters)) else "(?:(?!))"


_PLAIN: Final = re.compile("[a-z]+")
"""Words that are always read back as themselves."""


_OF_ONE_LETTER: Final = frozenset("aio")


class WritableWords:
    """Words with their letters, pronunciations and rhymes.

    Guessed `words` and names of letters are left out, those of `must` are not. `writable` has the
    bytes of a mask.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        words: Iterable[str],
        must: Iterable[str],
        vocabulary: Vocabulary,
        writable: bytes,
    ) -> None:
        spelling = Spelling(vocabulary, np.frombuffer(writable, np.bool_))
        usual = (word for word in words if len(word) > 1 or word in _OF_ONE_LETTER)
        sounds = dict(_sounds(lexicon, usual, spelling, guessed=False))
        sounds.update(_sounds(lexicon, must, spelling, guessed=True))
        self.spoken = SpokenWords(sounds)
        self.trie = WordTrie(self.spoken.words, spelling)
        self._classes: dict[Rhymes, RhymeClasses] = {}

    def classes(self, rhymes: Rhymes) -> RhymeClasses:
        """The rhyme classes of the words."""
        if rhymes not in self._classes:
            self._classes[rhymes] = RhymeClasses(self.spoken, rhymes)
        return self._classes[rhymes]


writable_words = functools.lru_cache(maxsize=4)(WritableWords)
"""The same, cached."""


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
    """Whether a written word is parsed as the same word."""
    if _PLAIN.fullmatch(word):
        return True
    return [found.key for found in words_of(word, lexicon)] == [word]
