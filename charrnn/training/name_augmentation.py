"""Data augmentation: names are replaced by made-up ones, so that a network expects new names.

The next text has other names. A network that reads the same few hundred again and again memorises
them and gives any other name almost no probability. So during most of a run, some streams of each
epoch swap the letters of names: vowels for vowels, consonants for consonants, the same swap in the
whole stream. Lengths do not change.
"""

import re
from collections import Counter
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.store import as_array
from charrnn.corpus.vocabulary import Ids, Vocabulary

AUGMENTED: Final = 0.8
"""Share of a run in which names are replaced; after it the network learns the names it will write."""

KINDS: Final = ("aeiou", "bcdfghjklmnpqrstvwxyz")
"""Letters that are swapped with one another."""

WORD: Final = re.compile(r"[A-Za-z]{3,}")

FEWEST: Final = 3
"""Occurrences that make a word a name; a rarer word may have a capital by chance."""

LONGEST_SEARCHED: Final = 10_000_000
"""Characters of the longest text that is searched for names."""

Rows = npt.NDArray[np.unsignedinteger]


def names_in(text: str) -> set[str]:
    """The words, in lower case, that a text always writes with a capital."""
    words = Counter(match.group() for match in WORD.finditer(text))
    plain = {word for word in words if word.islower()}
    capital: Counter[str] = Counter()
    for word, count in words.items():
        if word[0].isupper():
            capital[word.lower()] += count
    return {word for word, count in capital.items() if count >= FEWEST and word not in plain}


class NameAugmentation:
    """Replaces the names in some streams.

    Args:
        ids: `(length,)` ids of the training split.
        vocabulary: Maps characters to ids.
        share: Share of the streams of an epoch whose names are replaced.
        seed: Decides, with epoch and stream, which streams and which letters.
    """

    def __init__(self, ids: Ids, vocabulary: Vocabulary, share: float, seed: int) -> None:
        self._ids = ids
        self._vocabulary = vocabulary
        self._share = share
        self._seed = seed

    @cached_property
    def places(self) -> npt.NDArray[np.bool_]:
        """`(length,)`, true for the characters of names; searched on first use."""
        # A poem break and the unknown token are one character long here too.
        characters = "\n\N{REPLACEMENT CHARACTER}" + "".join(self._vocabulary.characters)
        points = np.frombuffer(characters.encode("utf-32-le"), "<u4")
        text = points[as_array(self._ids)].tobytes().decode("utf-32-le")
        names = names_in(text)
        places = np.zeros(len(text), np.bool_)
        for match in WORD.finditer(text):
            if match.group().lower() in names:
                places[match.start() : match.end()] = True
        return places

    def spelling(self, epoch: int, stream: int) -> Rows | None:
        """`(vocabulary,)`, the id that replaces each id in a name; None where the stream keeps its names."""
        random = np.random.default_rng((self._seed, epoch, stream))
        if random.random() >= self._share:
            return None
        spelling = np.arange(self._vocabulary.size, dtype=self._vocabulary.id_type)
        for kind in KINDS:
            letters = [letter for letter in kind if self._knows(letter)]
            for letter, other in zip(letters, random.permutation(letters).tolist(), strict=True):
                for case in (str.lower, str.upper):
                    spelling[self._vocabulary.id_of(case(letter))] = self._vocabulary.id_of(
                        case(other)
                    )
        return spelling

    def _knows(self, letter: str) -> bool:
        return letter in self._vocabulary and letter.upper() in self._vocabulary
