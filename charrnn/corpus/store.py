"""Texts and arrays that may be longer than memory: in temporary files, and read a slice at a time.

What is short stays in memory. Files are read, not mapped: the pages of a mapped file count as
memory of the process. A system that can unlinks them at once, another deletes them when closed.
"""

import tempfile
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import IO, Any, BinaryIO, Final, Generic, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from charrnn.corpus.cache import cache_directory, disk_errors

Number = TypeVar("Number", bound=np.generic)
Number_co = TypeVar("Number_co", bound=np.generic, covariant=True)

LONG: Final = 1 << 24
"""Bytes above which a text or an array is kept in a file."""

CHUNK: Final = 1 << 18
"""Characters looked at together: few enough for what is computed from them to stay in the cache."""

_BLOCK: Final = 1 << 20


class Rows(Protocol[Number_co]):
    """An array read a slice at a time; every NumPy array is one."""

    @property
    def dtype(self) -> np.dtype[Number_co]:
        """The type of the numbers."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __getitem__(self, places: slice, /) -> npt.NDArray[Number_co]:
        """Some of the rows, in order, as an array."""


class Text(Protocol):
    """A text read a slice at a time; every str is one."""

    def __len__(self) -> int:
        """How many characters there are."""

    def __getitem__(self, places: slice, /) -> str:
        """Some of the characters, in order."""


class StoredRows(Generic[Number]):
    """An array that grows at its end.

    Args:
        dtype: The type of the numbers.
        row: The shape of one row; empty for single numbers.

    Raises:
        CorpusError: The cache directory cannot take it.
    """

    def __init__(self, dtype: type[Number], row: tuple[int, ...] = ()) -> None:
        self.dtype = np.dtype(dtype)
        self._row = row
        self._row_bytes = self.dtype.itemsize * int(np.prod(row, dtype=np.int64))
        self._length = 0
        self._file = _temporary_file()
        weakref.finalize(self, self._file.close)

    def append(self, rows: npt.NDArray[Number]) -> None:
        """Add `(n, *row)` rows; raises CorpusError when the disk is full."""
        rows = np.ascontiguousarray(rows, self.dtype)
        self._file.seek(self._length * self._row_bytes)
        _write(self._file, rows.tobytes())
        self._length += len(rows)

    def finish(self) -> Rows[Number]:
        """All rows, as an array if they are few; nothing can be added afterwards."""
        return self[:] if self._length * self._row_bytes <= LONG else self

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, places: slice, /) -> npt.NDArray[Number]:
        start, stop, step = places.indices(self._length)
        if step != 1:
            raise ValueError("stored rows are read in order, one after the other.")
        self._file.seek(start * self._row_bytes)
        data = self._file.read(max(0, stop - start) * self._row_bytes)
        return np.frombuffer(data, self.dtype).reshape(-1, *self._row)


class StoredText:
    """A text that grows at its end, kept as the UTF-8 of the pieces that were added."""

    def __init__(self) -> None:
        self._starts = [0]  # of each piece and of the next one, in characters
        self._edges = [0]  # the same in bytes
        self._bytes = StoredRows(np.uint8)
        self._latest = (-1, "")

    def append(self, piece: str) -> None:
        """Add characters, no lone surrogates among them; raises CorpusError on a full disk."""
        self._bytes.append(np.frombuffer(piece.encode(), np.uint8))
        self._edges.append(len(self._bytes))
        self._starts.append(len(self) + len(piece))

    def finish(self) -> Text:
        """The whole text, as a str if it is short; nothing can be added afterwards."""
        return self[:] if len(self._bytes) <= LONG else self

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, places: slice, /) -> str:
        start, stop, step = places.indices(len(self))
        if step != 1:
            raise ValueError("a stored text is read in order, one character after the other.")
        first = bisect_right(self._starts, start) - 1
        last = bisect_left(self._starts, stop)
        text = "".join(map(self._piece, range(first, last)))
        return text[start - self._starts[first] : max(start, stop) - self._starts[first]]

    def _piece(self, number: int) -> str:
        """One piece; the latest is kept, as slices mostly follow one another."""
        if self._latest[0] != number:
            begin, end = self._edges[number : number + 2]
            self._latest = number, self._bytes[begin:end].tobytes().decode()
        return self._latest[1]


def rereadable(stream: BinaryIO) -> BinaryIO:
    """What is left of a stream that can be read once, as a file that can be read again.

    Args:
        stream: Standard input, or a pipe.

    Returns:
        A file to be closed: in memory when it is short.

    Raises:
        CorpusError: The cache directory cannot take it.
    """
    file = _temporary_file()
    while piece := stream.read(_BLOCK):
        _write(file, piece)
    return cast("BinaryIO", file)


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


def blocks(rows: Rows[Number], size: int = _BLOCK) -> Iterator[npt.NDArray[Number]]:
    """All rows, `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def as_array(rows: Rows[Any]) -> npt.NDArray[Any]:
    """All rows in memory, for those that are known to be few."""
    return rows[:]


def _temporary_file() -> IO[bytes]:
    """A file in memory, which moves to the cache directory when it becomes long."""
    return tempfile.SpooledTemporaryFile(LONG, dir=str(cache_directory()), prefix="long-text-")


def _write(file: IO[bytes], data: bytes) -> None:
    with disk_errors(cache_directory(), "a long text while it is read, about four times its size"):
        if file.tell() + len(data) > LONG:
            cache_directory().mkdir(parents=True, exist_ok=True)
        file.write(data)
        file.flush()  # A full disk is noticed here, not when the file is closed.
