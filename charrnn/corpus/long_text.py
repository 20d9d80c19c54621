"""Texts that may be long: a plain str while they are short, in a temporary file otherwise.

A text in a file stands in segments of a fixed number of characters, each in the narrowest unit
that holds its own: 1, 2 or 4 bytes, as Python does it for a whole str (PEP 393). So any place of it
is found by division, and one rare character does not make the whole text wider.
"""

from array import array
from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from charrnn.corpus import temporary
from charrnn.corpus.temporary import TemporaryStore

CHUNK: Final = 1 << 18
"""Characters looked at together: few enough for what is computed from them to stay in the cache."""

SEGMENT: Final = CHUNK
"""Characters that stand together in a file."""

_CODECS: Final = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}


class Text(Protocol):
    """A text that is read a slice at a time; every str is one."""

    def __len__(self) -> int:
        """How many characters there are."""

    def __getitem__(self, places: slice, /) -> str:
        """Some of the characters, in order."""


class TextWriter:
    """Gathers a text, piece by piece.

    Attributes:
        length: Characters gathered so far.
    """

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []
        self._waiting = 0
        self._stored: _StoredText | None = None

    def append(self, piece: str) -> None:
        """Add characters, no lone surrogates among them; raises CorpusError on a full disk."""
        self._pieces.append(piece)
        self._waiting += len(piece)
        self.length += len(piece)
        if self._waiting > (temporary.LONG if self._stored is None else SEGMENT):
            self._store()

    def finish(self) -> Text:
        """The whole text; nothing can be added afterwards."""
        if self._stored is not None:
            self._store(last=True)
            return self._stored
        pieces, self._pieces = self._pieces, []
        return "".join(pieces)

    def _store(self, *, last: bool = False) -> None:
        if self._stored is None:
            self._stored = _StoredText(SEGMENT)
        text = "".join(self._pieces)
        whole = len(text) if last else len(text) - len(text) % SEGMENT
        for start in range(0, whole, SEGMENT):
            self._stored.append(text[start : min(whole, start + SEGMENT)])
        self._pieces = [text[whole:]]
        self._waiting = len(text) - whole


class _StoredText:
    """A text in a temporary file; only its last segment may be short."""

    def __init__(self, segment: int) -> None:
        self._segment = segment
        self._length = 0
        self._store = TemporaryStore()
        self._edges = array("q", [0])
        self._latest = (-1, "")

    def append(self, segment: str) -> None:
        self._store.append(code_units(segment).data)
        self._edges.append(self._store.size)
        self._length += len(segment)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, places: slice, /) -> str:
        start, stop, step = places.indices(self._length)
        if step != 1:
            raise ValueError("a stored text is read in order, one character after the other.")
        if start >= stop:
            return ""
        first, last = start // self._segment, (stop - 1) // self._segment
        start, stop = start - first * self._segment, stop - first * self._segment
        if first == last:
            return self._read(first)[start:stop]
        return "".join(map(self._read, range(first, last + 1)))[start:stop]

    def _read(self, number: int) -> str:
        """One segment; the latest is kept, as slices mostly follow one another."""
        latest, text = self._latest
        if latest != number:
            begin, end = self._edges[number], self._edges[number + 1]
            characters = min(self._segment, self._length - number * self._segment)
            text = self._store.read(begin, end).decode(_CODECS[(end - begin) // characters])
            self._latest = (number, text)
        return text


def pieces(text: Text, start: int = 0, stop: int | None = None) -> Iterator[str]:
    """A text, or the part between two places, `CHUNK` characters at a time."""
    stop = len(text) if stop is None else stop
    for begin in range(start, stop, CHUNK):
        yield text[begin : min(stop, begin + CHUNK)]


def whole_lines(text: Text, start: int, stop: int) -> Iterator[str]:
    """The part of a text between two places, some lines at a time and each with its line end."""
    begun = ""
    for piece in pieces(text, start, stop):
        end = piece.rfind("\n") + 1
        if end:
            yield begun + piece[:end]
            begun = piece[end:]
        else:
            begun += piece
    yield begun


def code_units(text: str) -> npt.NDArray[np.unsignedinteger]:
    """The code points of a text.

    Args:
        text: Any text, with lone surrogates or without.

    Returns:
        `(length,)` code points, of the narrowest unsigned type that holds the text.
    """
    try:
        return np.frombuffer(text.encode("latin-1"), np.uint8)
    except UnicodeEncodeError:
        data = text.encode("utf-16-le", "surrogatepass")
    if len(data) == 2 * len(text):
        return np.frombuffer(data, "<u2")
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
