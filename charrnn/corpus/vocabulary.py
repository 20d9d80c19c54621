"""The vocabulary: characters and their token ids."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.record import CorpusRecord, LabelRecord
from charrnn.corpus.store import Rows, Text, code_units, pieces
from charrnn.settings.architecture import SPECIAL

Ids = Rows[np.unsignedinteger]

END_OF_POEM: Final = 0
"""Id of the end-of-poem token, which is before, between and after poems."""

UNKNOWN: Final = 1
"""Id of every character outside the vocabulary."""

LARGE_VOCABULARY: Final = 1_000
"""Above this many distinct characters, the default `min_count` is 2."""

_CODE_POINTS: Final = 0x110000


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a network: end of poem (id 0), unknown (id 1), `characters[i]` (id `i + 2`).

    Where poems have labels or titles, a header precedes the text of each: its labels, the characters
    of its title, and the end of the header. So the ids of `end_of_header` and of `labels[i]`
    (`first_label + i`) follow those of the characters.

    Attributes:
        characters: Distinct characters, sorted by code point.
        labels: Labels that poems may have.
        titles: Whether poems may have titles.

    Raises:
        ValueError: An entry is not a single character, or they are not distinct and sorted.
    """

    characters: tuple[str, ...]
    labels: tuple[LabelRecord, ...] = ()
    titles: bool = False

    def __post_init__(self) -> None:
        """Check the characters."""
        for character in self.characters:
            if len(character) != 1:
                raise ValueError(f"a vocabulary holds single characters. Received: {character!r}.")
        points = [ord(character) for character in self.characters]
        if any(one >= other for one, other in itertools.pairwise(points)):
            raise ValueError("the characters of a vocabulary must be distinct and sorted.")

    @classmethod
    def of_text(
        cls,
        text: Text,
        min_count: int | None = None,
        known: Iterable[str] = (),
        titles: str = "",
    ) -> "Vocabulary":
        """The characters of a text that occur at least `min_count` times, or once if `known`.

        The default is 1, or 2 if the text has more than `LARGE_VOCABULARY` distinct characters.
        Those of `titles` are counted too.
        """
        counts = character_counts(text) + character_counts(titles)
        if min_count is None:
            min_count = 2 if np.count_nonzero(counts) > LARGE_VOCABULARY else 1
        often = counts >= min_count
        points = np.array([ord(character) for character in known], np.intp)
        often[points] = counts[points] > 0
        return cls(tuple(map(chr, np.flatnonzero(often))))

    @classmethod
    def of_record(cls, characters: tuple[str, ...], corpus: CorpusRecord) -> "Vocabulary":
        """The tokens of a network with these characters, which has learned a corpus."""
        return cls(characters, corpus.labels, corpus.titles > 0)

    @property
    def size(self) -> int:
        """Number of token ids."""
        return self.first_label + len(self.labels) if self.has_headers else self.end_of_header

    @property
    def has_headers(self) -> bool:
        """Whether a header precedes each poem."""
        return bool(self.labels) or self.titles

    @property
    def end_of_header(self) -> int:
        """Id of the end of a header, and number of the ids that text has."""
        return len(self.characters) + SPECIAL

    @property
    def first_label(self) -> int:
        """Id of the first label."""
        return self.end_of_header + 1

    @property
    def id_type(self) -> type[np.unsignedinteger]:
        """The smallest unsigned type for all ids."""
        for candidate in (np.uint8, np.uint16):
            if self.size <= np.iinfo(candidate).max + 1:
                return candidate
        return np.uint32

    def __contains__(self, character: object) -> bool:
        return character in self._ids

    def id_of(self, character: str) -> int:
        """The id of a character, or `UNKNOWN`."""
        return self._ids.get(character, UNKNOWN)

    def encode(self, text: str) -> npt.NDArray[np.unsignedinteger]:
        """Encode a text as `(length,)` ids of type `id_type`; lone surrogates are unknown."""
        return self._table.take(code_units(text))

    def decode(self, ids: Sequence[int] | npt.NDArray[np.unsignedinteger]) -> str:
        r"""Decode `(length,)` ids of text; end of poem becomes `"\n\n"`, and unknown U+FFFD."""
        return "".join(map(self._texts.__getitem__, np.asarray(ids, dtype=np.int64).tolist()))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {character: id_ for id_, character in enumerate(self.characters, SPECIAL)}

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return ("\n\n", "\N{REPLACEMENT CHARACTER}", *self.characters)

    @cached_property
    def _table(self) -> npt.NDArray[np.unsignedinteger]:
        """`(code points,)` ids by code point."""
        table: npt.NDArray[np.unsignedinteger] = np.full(_CODE_POINTS, UNKNOWN, self.id_type)
        points = np.fromiter(map(ord, self.characters), np.int64, len(self.characters))
        table[points] = np.arange(SPECIAL, self.end_of_header)
        return table


def character_counts(text: Text) -> npt.NDArray[np.int64]:
    """Count the characters of a text: `(code points,)`."""
    counts = np.zeros(_CODE_POINTS, np.int64)
    for piece in pieces(text):
        found = np.bincount(code_units(piece))
        counts[: len(found)] += found
    return counts
