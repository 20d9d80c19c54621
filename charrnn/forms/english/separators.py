"""What stands between English words and lines, as symbols."""

from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.generation.filters import Mask

Symbols = npt.NDArray[np.int64]

CLOSING: Final = ".!?"
"""Marks that may stand after a word, and that a poem may end with."""

PAUSING: Final = ",;:"
"""Further marks that may stand after a word."""


class Separators:
    """The symbols between words, those that can be written.

    Args:
        vocabulary: What the symbols stand for.
        writable: `(vocabulary,)`, true for the symbols that may be written at all.

    Attributes:
        spaces: The space, if there is one.
        joints: What may stand right between two words: the space and the hyphen.
        closing: The marks of `CLOSING`.
        pausing: The marks of `PAUSING`.
        line_ends: The line end, if there is one.
    """

    def __init__(self, vocabulary: Vocabulary, writable: Mask) -> None:
        def symbols(characters: str) -> Symbols:
            known = [vocabulary.id_of(one) for one in characters if one in vocabulary]
            return np.array([symbol for symbol in known if writable[symbol]], np.int64)

        self.spaces = symbols(" ")
        self.joints = symbols(" -")
        self.closing = symbols(CLOSING)
        self.pausing = symbols(PAUSING)
        self.line_ends = symbols("\n")
