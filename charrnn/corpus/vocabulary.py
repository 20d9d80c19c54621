"""The characters a network knows, and the numbers that stand for them."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.store import Rows, Text, code_units, pieces

Ids = Rows[np.unsignedinteger]

END_OF_POEM: Final = 0
"""The id of the end-of-poem token, which stands before, between and after poems."""

UNKNOWN: Final = 1
"""The id of every character that the vocabulary does not hold."""

SPECIAL: Final = 2
"""Ids taken before the first character's."""

LARGE_VOCABULARY: Final = 1_000
"""Above this many distinct characters, those seen once are learned as unknown by default."""

_CODE_POINTS: Final = 0x110000


@dataclass(frozen=True)
class Vocabulary:
    """The characters a network reads and writes, beside the end of a poem and the unknown token.

    Id 0 is the end of a poem, id 1 stands for every unknown character, and `characters[i]` has id
    `i + 2`.

    Attributes:
        characters: The characters, distinct and sorted by code point.

    Raises:
        ValueError: An entry is not a single character, or they are not distinct and sorted.
    """

    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse anything that cannot give one id to each character."""
        for character in self.characters:
            if len(character) != 1:
                raise ValueError(f"a vocabulary holds single characters. Received: {character!r}.")
        points = [ord(character) for character in self.characters]
        if any(one >= other for one, other in itertools.pairwise(points)):
            raise ValueError("the characters of a vocabulary must be distinct and sorted.")

    @classmethod
    def of_text(
        cls, text: Text, min_count: int | None = None, known: Iterable[str] = ()
    ) -> "Vocabulary":
        """The vocabulary of a text.

        Args:
            text: The text to learn from.
            min_count: Characters seen fewer times are left out. None is 1, or 2 when the text
                has more than `LARGE_VOCABULARY` distinct characters.
            known: Characters for which once is often enough.

        Returns:
            The characters of the text that were seen often enough.
        """
        counts = character_counts(text)
        if min_count is None:
            min_count = 2 if np.count_nonzero(counts) > LARGE_VOCABULARY else 1
        often = counts >= min_count
        points = np.array([ord(character) for character in known], np.intp)
        often[points] = counts[points] > 0
        return cls(tuple(map(chr, np.flatnonzero(often))))

    @property
    def size(self) -> int:
        """Number of ids: the characters, end of poem and unknown."""
        return len(self.characters) + SPECIAL

    @property
    def id_type(self) -> type[np.unsignedinteger]:
        """The smallest unsigned type that holds every id."""
        for candidate in (np.uint8, np.uint16):
            if self.size <= np.iinfo(candidate).max + 1:
                return candidate
        return np.uint32

    def __contains__(self, character: object) -> bool:
        return character in self._ids

    def id_of(self, character: str) -> int:
        """The id of a character; `UNKNOWN` when the vocabulary does not hold it."""
        return self._ids.get(character, UNKNOWN)

    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger]:
        """The ids of a text.

        Args:
            text: Any text; lone surrogates are read as unknown.

        Returns:
            `(length,)` ids of type `id_type`.
        """
        return self._table.take(code_units(text))

    def decode(self, ids: Sequence[int] | npt.NDArray[np.unsignedinteger]) -> str:
        r"""The text that ids stand for.

        Args:
            ids: `(length,)` ids, each below `size`.

        Returns:
            The text; the end of a poem reads as an empty line between poems (`"\n\n"`), and the
            unknown token as U+FFFD.
        """
        return "".join(map(self._texts.__getitem__, np.asarray(ids, dtype=np.int64).tolist()))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {character: id_ for id_, character in enumerate(self.characters, SPECIAL)}

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return ("\n\n", "\N{REPLACEMENT CHARACTER}", *self.characters)

    @cached_property
    def _table(self) -> npt.NDArray[np.unsignedinteger]:
        """`(code points,)` the id of every code point."""
        table: npt.NDArray[np.unsignedinteger] = np.full(_CODE_POINTS, UNKNOWN, self.id_type)
        points = np.fromiter(map(ord, self.characters), np.int64, len(self.characters))
        table[points] = np.arange(SPECIAL, self.size)
        return table


def character_counts(text: Text) -> npt.NDArray[np.int64]:
    """How often each character stands in a text.

    Args:
        text: Any text.

    Returns:
        `(n,)` occurrences, indexed by code point; n is above the highest one in the text.
    """
    counts = np.zeros(_CODE_POINTS, np.int64)
    for piece in pieces(text):
        found = np.bincount(code_units(piece))
        counts[: len(found)] += found
    return counts
