"""The arrays inside `model.keras`, which is a zip of a description and an HDF5 file."""

import struct
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from io import BytesIO, RawIOBase
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from charrnn.generation.hdf5 import UnknownFormatError, stored_arrays

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ARRAYS: Final = "model.weights.h5"


class Group(Protocol):
    """What is used of an HDF5 file."""

    def __getitem__(self, path: str) -> Any:
        """The array at a path, with as much of h5py's `Dataset` as `StoredArray` has."""


@contextmanager
def open_arrays(archive: zipfile.ZipFile) -> Iterator[Group]:
    """Open the HDF5 file inside the zip; Keras stores it as it is, so it is read in place."""
    member = archive.getinfo(ARRAYS)
    file: BytesIO | RawIOBase
    if member.compress_type == zipfile.ZIP_STORED and archive.fp is not None:
        file = _StoredMember(archive.fp, member)
    else:
        file = BytesIO(archive.read(ARRAYS))
    with file, ExitStack() as stack:
        yield _ArraysByNeed(file, stack)


class _ArraysByNeed:
    """The arrays of an HDF5 file; h5py is loaded when one of them is not of the usual kind."""

    def __init__(self, file: BytesIO | RawIOBase, opened: ExitStack) -> None:
        self._file = file
        self._opened = opened
        try:
            self._usual = stored_arrays(file)
        except UnknownFormatError:
            self._usual = {}

    def __getitem__(self, path: str) -> Any:
        return self._usual[path] if path in self._usual else self._all[path]

    @cached_property
    def _all(self) -> Any:
        import h5py

        return self._opened.enter_context(h5py.File(self._file, "r"))


class _StoredMember(RawIOBase):
    """A member of a zip file that is not compressed, as a file that can be read anywhere.

    Args:
        file: The zip file; what else reads it must wait.
        member: Which member.
    """

    def __init__(self, file: IO[bytes], member: zipfile.ZipInfo) -> None:
        # The header before the data ends with a name and an extra field, whose lengths stand at
        # bytes 26 and 28 (APPNOTE.TXT of the ZIP format, 4.3.7).
        file.seek(member.header_offset)
        name_length, extra_length = struct.unpack("<26xHH", file.read(30))
        self._file = file
        self._start = member.header_offset + 30 + name_length + extra_length
        self._size = member.file_size
        self._position = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)[: max(0, self._size - self._position)]
        self._file.seek(self._start + self._position)
        read = self._file.readinto(view)  # type: ignore[attr-defined]
        self._position += read
        return int(read)
