"""Files that hold what memory should not: nobody else sees them, and they end with the program.

A system that can unlinks them at once; another one deletes them when they are closed.
"""

import contextlib
import io
import itertools
import tempfile
import threading
import weakref
from functools import partial
from typing import IO, BinaryIO, Final, cast

from charrnn.corpus.cache import cache_directory, disk_errors

LONG: Final = 1 << 24
"""Bytes of an array, or characters of a text, above which it is kept in a file."""

_CHUNK: Final = 1 << 20
_WHAT: Final = "a long text while it is read, about four times its size"


class TemporaryStore:
    """Bytes in a file that grows at its end, and is gone with this object.

    They are read, not mapped: the pages of a mapped file count as memory of the process.

    Attributes:
        size: Bytes in it.

    Raises:
        CorpusError: The cache directory cannot take it.
    """

    def __init__(self) -> None:
        self.size = 0
        self._file = _temporary_file()
        self._lock = threading.Lock()
        weakref.finalize(self, self._file.close)

    def append(self, data: memoryview) -> None:
        """Add bytes at the end; raises CorpusError when the disk is full."""
        with self._lock:
            self._file.seek(self.size)
            _write_whole(self._file, data)
            self.size += data.nbytes

    def read(self, start: int, stop: int) -> bytearray:
        """The bytes from one place to another, both within what was appended."""
        data = bytearray(stop - start)
        view = memoryview(data)
        with self._lock:
            self._file.seek(start)
            while view:
                count = cast("io.RawIOBase", self._file).readinto(view)
                if not count:
                    raise EOFError("a temporary file has become shorter.")
                view = view[count:]
        return data


def rereadable(stream: BinaryIO) -> BinaryIO:
    """What is left of a stream that can be read once, as a file that can be read again.

    Args:
        stream: Standard input, or a pipe.

    Returns:
        A file to be closed: in memory when it is short.

    Raises:
        CorpusError: The cache directory cannot take it.
    """
    beginning = stream.read(LONG)
    if len(beginning) < LONG:
        return io.BytesIO(beginning)
    with contextlib.ExitStack() as on_failure:
        file = on_failure.enter_context(_temporary_file())
        for piece in itertools.chain([beginning], iter(partial(stream.read, _CHUNK), b"")):
            _write_whole(file, memoryview(piece))
        on_failure.pop_all()
    return io.BufferedReader(cast("io.RawIOBase", file))


def _temporary_file() -> IO[bytes]:
    """An unbuffered file, so that closing it has nothing left to write to a full disk."""
    directory = cache_directory()
    with disk_errors(directory, _WHAT):
        directory.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=directory, prefix="long-text-", buffering=0)


def _write_whole(file: IO[bytes], data: memoryview) -> None:
    with disk_errors(cache_directory(), _WHAT):
        view = data.cast("B") if data.nbytes else memoryview(b"")
        while view:
            view = view[file.write(view) :]
