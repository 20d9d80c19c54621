"""Names spelled anew as a text is read, so that a network is not taken aback by new ones.

Names are arbitrary: those of the next text are others. A network that reads the same few hundred
again and again learns them by heart, and holds any other to be all but impossible. So for most of a
run some of the streams of each epoch read them with other letters, vowels for vowels and consonants
for consonants, each name alike wherever it stands in the stream. Lengths stay as they are.
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
"""Share of a run in which names are spelled anew; at its end the network learns those of its text,
which it is to write."""

KINDS: Final = ("aeiou", "bcdfghjklmnpqrstvwxyz")
"""Letters that take one another's place."""

WORD: Final = re.compile(r"[A-Za-z]{3,}")

FEWEST: Final = 3
"""Times that a name stands in a text at least: rarer words have a capital by chance."""

LONGEST_SEARCHED: Final = 10_000_000
"""Characters of a text in which names are looked for at most."""

Rows = npt.NDArray[np.unsignedinteger]


def names_in(text: str) -> set[str]:
    """Words, in small letters, that a text never has without a capital."""
    words = Counter(match.group() for match in WORD.finditer(text))
    plain = {word for word in words if word.islower()}
    capital: Counter[str] = Counter()
    for word, count in words.items():
        if word[0].isupper():
            capital[word.lower()] += count
    return {word for word, count in capital.items() if count >= FEWEST and word not in plain}


class NameAugmentation:
    """Spells names anew.

    Args:
        ids: `(length,)` ids of the training part.
        vocabulary: Their characters.
        share: Share of the streams whose names are spelled anew in an epoch.
        seed: With epoch and stream it decides which, and how.
    """

    def __init__(self, ids: Ids, vocabulary: Vocabulary, share: float, seed: int) -> None:
        self._ids = ids
        self._vocabulary = vocabulary
        self._share = share
        self._seed = seed

    @cached_property
    def places(self) -> npt.NDArray[np.bool_]:
        """`(length,)` whether a character is one of a name; sought when it is first needed."""
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
        """For each id the one that a name has in its place; None where names stay as they are."""
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
