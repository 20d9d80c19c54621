"""What parts the lines of a Chinese poem, and what ends it."""

from typing import Final, NamedTuple

from charrnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charrnn.forms.core.matching import Symbols
from charrnn.generation.ending import LINE_END
from charrnn.generation.filters import Mask

_MARKS: Final = ("，。？！；：", ",.?!;:")
"""Marks that part lines, full-width and of ASCII."""

_CLOSING: Final = "。？！.?!"
"""Those of them that end a poem."""


class Marks(NamedTuple):
    """Symbols that are no characters of the verse.

    Attributes:
        parting: Those that a line ends with before another one.
        closing: Those that the last line ends with; none where it ends with its last character.
        after: Those of which one may stand between a parting mark and the next line.
    """

    parting: Symbols
    closing: Symbols
    after: Symbols


def marks_of(vocabulary: Vocabulary, writable: Mask) -> Marks:
    """What a network may part lines with.

    Full-width marks where it has any, else those of ASCII, else line ends.

    Args:
        vocabulary: What the network knows.
        writable: `(vocabulary,)`, true for the symbols that may be written at all.
    """

    def written(characters: str) -> Symbols:
        symbols = frozenset(map(vocabulary.id_of, characters)) - {UNKNOWN}
        return frozenset(symbol for symbol in symbols if writable[symbol])

    line_end = written(LINE_END)
    for marks in _MARKS:
        parting = written(marks)
        if parting:
            return Marks(parting, parting & written(_CLOSING), line_end)
    return Marks(line_end, frozenset(), frozenset())


def has_marks(vocabulary: Vocabulary) -> bool:
    """Whether a network has learned anything that could part lines."""
    return any(character in vocabulary for character in LINE_END + "".join(_MARKS))
