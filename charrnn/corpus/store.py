"""Texts and arrays that may be larger than memory: stored in temporary files, read in slices.

Short ones stay in memory. Files are read, not mapped, because mapped pages count as memory of the
process. The files have no name (or, on some systems, are deleted when closed).
"""

import contextlib
import errno
import os
import tempfile
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, Generic, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from charrnn.errors import CorpusError

Number = TypeVar("Number", bound=np.generic)
Number_co = TypeVar("Number_co", bound=np.generic, covariant=True)

CACHE_VARIABLE: Final = "CHARRNN_CACHE"
"""Environment variable that names the cache directory."""

LONG: Final = 1 << 24
"""Size in bytes above which a text or an array is stored in a file."""

CHUNK: Final = 1 << 18
"""Characters processed together: few enough for intermediate arrays to stay in the cache."""

_BLOCK: Final = 1 << 20


class Rows(Protocol[Number_co]):
    """An array that is read in slices; every NumPy array is one."""

    @property
    def dtype(self) -> np.dtype[Number_co]:
        """Type of the numbers."""

    def __len__(self) -> int:
        """Number of rows."""

    def __getitem__(self, places: slice, /) -> npt.NDArray[Number_co]:
        """A slice of the rows, with step 1."""


class Text(Protocol):
    """A text that is read in slices; every str is one."""

    def __len__(self) -> int:
        """Number of characters."""

    def __getitem__(self, places: slice, /) -> str:
        """A slice of the characters, with step 1."""


class StoredRows(Generic[Number]):
    """An array that rows are appended to.

    Args:
        dtype: Type of the numbers.
        row: Shape of one row; empty for single numbers.

    Raises:
        CorpusError: The cache directory cannot be written.
    """

    def __init__(self, dtype: type[Number], row: tuple[int, ...] = ()) -> None:
        self.dtype = np.dtype(dtype)
        self._row = row
        self._row_bytes = self.dtype.itemsize * int(np.prod(row, dtype=np.int64))
        self._length = 0
        self._file = _temporary_file()
        weakref.finalize(self, self._file.close)

    def append(self, rows: npt.NDArray[Number]) -> None:
        """Append `(n, *row)` rows; raises CorpusError if the disk is full."""
        rows = np.ascontiguousarray(rows, self.dtype)
        self._file.seek(self._length * self._row_bytes)
        _write(self._file, rows.tobytes())
        self._length += len(rows)

    def finish(self) -> Rows[Number]:
        """All rows, as an array if they are few; call it last."""
        return self[:] if self._length * self._row_bytes <= LONG else self

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, places: slice, /) -> npt.NDArray[Number]:
        start, stop = _bounds(places, self._length)
        self._file.seek(start * self._row_bytes)
        data = self._file.read((stop - start) * self._row_bytes)
        return np.frombuffer(data, self.dtype).reshape(-1, *self._row)


class StoredText:
    """A text that characters are appended to, stored as UTF-8."""

    def __init__(self) -> None:
        self._bytes = StoredRows(np.uint8)
        # Start of each appended chunk and end of the text, in characters and in bytes.
        self._starts, self._offsets = [0], [0]

    def append(self, text: str) -> None:
        """Append text without lone surrogates; raises CorpusError if the disk is full."""
        for piece in pieces(text):
            self._bytes.append(np.frombuffer(piece.encode(), np.uint8))
            self._offsets.append(len(self._bytes))
            self._starts.append(len(self) + len(piece))

    def finish(self) -> Text:
        """The whole text, as a str if it is short; call it last."""
        return self[:] if len(self._bytes) <= LONG else self

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, places: slice, /) -> str:
        start, stop = _bounds(places, len(self))
        first = bisect_right(self._starts, start) - 1
        last = max(first, bisect_left(self._starts, stop))
        # Decode chunk by chunk, because the bytes of a whole text would take up too much memory.
        text = "".join(map(self._chunk, range(first, last)))
        return text[start - self._starts[first] : stop - self._starts[first]]

    def _chunk(self, number: int) -> str:
        start, stop = self._offsets[number : number + 2]
        return self._bytes[start:stop].tobytes().decode()


def _bounds(places: slice, length: int) -> tuple[int, int]:
    start, stop, step = places.indices(length)
    if step != 1:
        raise ValueError("stored texts and arrays are read in order, with step 1.")
    return start, max(start, stop)


def rereadable(stream: BinaryIO) -> BinaryIO:
    """Copy the rest of a stream that can be read only once to a temporary file.

    Returns:
        A seekable file, to be closed by the caller.

    Raises:
        CorpusError: The cache directory cannot be written.
    """
    file = _temporary_file()
    while piece := stream.read(_BLOCK):
        _write(file, piece)
    return cast("BinaryIO", file)


def pieces(text: Text, start: int = 0, stop: int | None = None) -> Iterator[str]:
    """The characters from `start` to `stop`, `CHUNK` at a time."""
    stop = len(text) if stop is None else stop
    for begin in range(start, stop, CHUNK):
        yield text[begin : min(stop, begin + CHUNK)]


def whole_lines(text: Text, start: int, stop: int) -> Iterator[str]:
    """The characters from `start` to `stop`, some complete lines at a time."""
    rest = ""
    for piece in pieces(text, start, stop):
        end = piece.rfind("\n") + 1
        if end:
            yield rest + piece[:end]
            rest = piece[end:]
        else:
            rest += piece
    yield rest


def code_units(text: str) -> npt.NDArray[np.unsignedinteger]:
    """The code points of a text, which may hold lone surrogates.

    Returns:
        `(length,)` code points in the narrowest unsigned type.
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
    """All rows in memory."""
    return rows[:]


def cache_directory() -> Path:
    """The directory of downloaded corpora and temporary files; `CHARRNN_CACHE` moves it."""
    root = os.environ.get(CACHE_VARIABLE)
    if not root:
        import platformdirs

        root = platformdirs.user_cache_dir("charrnn")
    return Path(root) / "corpora"


@contextlib.contextmanager
def disk_errors(directory: Path, what: str = "the download") -> Iterator[None]:
    """Turn an OSError into a CorpusError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CorpusError(
                f"the disk is full: {directory} has no room for {what}. Make room there, or "
                f"set {CACHE_VARIABLE} to a directory on another disk."
            ) from error
        raise CorpusError(
            f"{directory} cannot be written ({error.strerror}). "
            f"Set {CACHE_VARIABLE} to a directory of your own."
        ) from error


def _temporary_file() -> IO[bytes]:
    """A file in memory that moves to the cache directory when it becomes long."""
    return tempfile.SpooledTemporaryFile(LONG, dir=str(cache_directory()), prefix="long-text-")


def _write(file: IO[bytes], data: bytes) -> None:
    with disk_errors(cache_directory(), "a long text while it is read, about four times its size"):
        if file.tell() + len(data) > LONG:
            cache_directory().mkdir(parents=True, exist_ok=True)
        file.write(data)
        file.flush()  # A full disk is noticed here, not when the file is closed.
