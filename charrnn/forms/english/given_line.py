"""A line that is given, letter by letter."""

from typing import NamedTuple

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.generation.filters import Mask


class GivenSymbols(NamedTuple):
    """The symbols of a line that is given.

    Attributes:
        symbols: They follow one another.
        marked: Whether a mark stands at its end already.
    """

    symbols: tuple[int, ...]
    marked: bool


def spell(text: str, vocabulary: Vocabulary, writable: Mask) -> GivenSymbols | None:
    """The symbols of a line; None where some of them cannot be written."""
    symbols = tuple(vocabulary.id_of(character) for character in text)
    if not all(writable[symbol] for symbol in symbols):
        return None
    return GivenSymbols(symbols, not (text[-1].isalnum() or text[-1] in "'’"))
