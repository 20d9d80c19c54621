"""Reads the arrays of `model.keras`, a zip that holds an HDF5 file, without h5py.

Loading h5py takes 12 MB of memory and a tenth of the time to the first character. This reader knows
what Keras writes (HDF5 File Format Specification, version 3.0): old-style groups, and contiguous
arrays of little-endian float32 or float16. h5py reads everything else.
"""

import math
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader, BytesIO
from types import EllipsisType
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.directory import WEIGHTS_MEMBER

SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
LONGEST_PART: Final = 2**20
"""Most bytes of metadata read at once; a damaged file may ask for any number."""

UNDEFINED_ADDRESS: Final = 2**64 - 1
"""Address of an array that was never written."""

TYPES: Final[dict[bytes, np.dtype[np.floating]]] = {
    b"\x11\x20\x1f\x00" + struct.pack("<IHHBBBBI", 4, 0, 32, 23, 8, 0, 23, 127): np.dtype("<f4"),
    b"\x11\x20\x0f\x00" + struct.pack("<IHHBBBBI", 2, 0, 16, 10, 5, 0, 10, 15): np.dtype("<f2"),
}
"""Types by their datatype message (specification, IV.A.2.d): IEEE, little-endian."""

_LONGEST_TYPE: Final = max(map(len, TYPES))

# Kinds of header messages (IV.A.2), and the flag of a message that is stored elsewhere.
DATASPACE: Final = 0x01
DATATYPE: Final = 0x03
EXTERNAL_FILES: Final = 0x07
LAYOUT: Final = 0x08
FILTERS: Final = 0x0B
CONTINUATION: Final = 0x10
SYMBOL_TABLE: Final = 0x11
SHARED: Final = 0b10

BinaryFile = BufferedReader | BytesIO


class UnknownFormatError(Exception):
    """The file is damaged, or only h5py can read it."""


class KerasArrays:
    """The arrays of `model.keras` by path. h5py is loaded only for arrays of another kind.

    Args:
        archive: The zip, open while arrays are read.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        member = archive.getinfo(WEIGHTS_MEMBER)
        file: BinaryFile
        if member.compress_type == zipfile.ZIP_STORED:
            # Keras does not compress the arrays, so they are read in place.
            file = cast("BufferedReader", archive.fp)
            start = _data_start(file, member)
        else:
            file, start = BytesIO(archive.read(WEIGHTS_MEMBER)), 0
        try:
            self._stored = stored_arrays(file, start)
        except UnknownFormatError:
            self._stored = {}

    def __getitem__(self, path: str) -> Any:
        """A `StoredArray`, or a `Dataset` of h5py."""
        return self._stored[path] if path in self._stored else self._by_h5py[path]

    @cached_property
    def _by_h5py(self) -> Any:
        import h5py

        return h5py.File(BytesIO(self._archive.read(WEIGHTS_MEMBER)), "r")


def _data_start(file: BinaryFile, member: zipfile.ZipInfo) -> int:
    """Offset of a zip member's data: after its local header, a name and an extra field."""
    # The lengths of both are at bytes 26 and 28 of 30 (APPNOTE.TXT of the ZIP format, 4.3.7).
    file.seek(member.header_offset + 26)
    name_length, extra_length = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return member.header_offset + 30 + name_length + extra_length


@dataclass(frozen=True, slots=True)
class StoredArray:
    """A contiguous array in a file, with the part of h5py's `Dataset` that is needed.

    Attributes:
        file: The file.
        offset: Where the array begins, in bytes.
        shape: Its shape.
        dtype: Its type.
    """

    file: BinaryFile
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.floating]

    def __getitem__(self, everything: EllipsisType) -> npt.NDArray[np.floating]:
        """Read all of it; raises OSError if the file ends too early."""
        self.file.seek(self.offset)
        values = np.empty(self.shape, self.dtype)
        if self.file.readinto(values.data.cast("B")) < values.nbytes:
            raise OSError("the file ends too early")
        return values


def stored_arrays(file: BinaryFile, start: int = 0) -> dict[str, StoredArray]:
    """Find the arrays of an HDF5 file.

    Args:
        file: The file, open while arrays are read.
        start: Where the HDF5 file begins in it, in bytes.

    Returns:
        The arrays by path, such as "layers/dense/vars/0", without those of other types and those
        that are not contiguous.

    Raises:
        UnknownFormatError: The file is damaged, or only h5py can read it.
    """
    try:
        return dict(_Reader(file, start).arrays())
    except (OSError, struct.error, ValueError, OverflowError, RecursionError) as error:
        raise UnknownFormatError(str(error)) from error


class _Reader:
    """Reads the metadata. Addresses count from the start of the HDF5 file."""

    def __init__(self, file: BinaryFile, start: int) -> None:
        self._file = file
        self._start = start
        self._visited: set[int] = set()

    def arrays(self) -> Iterator[tuple[str, StoredArray]]:
        """All arrays of the file (specification, II.A: the superblock)."""
        superblock = self._at(0, 96)
        versions, sizes = superblock[8:13], superblock[13:15]
        (base,) = struct.unpack_from("<Q", superblock, 24)
        if not superblock.startswith(SIGNATURE) or any(versions) or sizes != b"\x08\x08" or base:
            raise UnknownFormatError("the superblock is of another kind.")
        (root,) = struct.unpack_from("<Q", superblock, 64)
        yield from self._below(root, "")

    def _below(self, address: int, path: str) -> Iterator[tuple[str, StoredArray]]:
        """The arrays of a group, or the array at this address."""
        self._visit(address)
        messages = dict(self._messages(address))
        if SYMBOL_TABLE in messages:
            tree, heap = struct.unpack_from("<QQ", messages[SYMBOL_TABLE])
            for name, child in self._members(tree, self._names(heap)):
                yield from self._below(child, f"{path}/{name}" if path else name)
        elif (array := self._array(messages)) is not None:
            yield path, array

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        """The messages of an object header by kind (IV.A.1.a: version 1)."""
        version, _, count, _, size = struct.unpack("<BBHII", self._at(address, 12))
        if version != 1:
            raise UnknownFormatError(f"an object header has version {version}.")
        blocks = [(address + 16, size)]
        while blocks and count:
            begin, length = blocks.pop(0)
            block, place = self._at(begin, length), 0
            while place + 8 <= length and count:
                kind, size, flags = struct.unpack_from("<HHB", block, place)
                body = block[place + 8 : place + 8 + size]
                place += 8 + size
                count -= 1
                if flags & SHARED:
                    raise UnknownFormatError("a message is stored elsewhere.")
                if kind == CONTINUATION:
                    blocks.append(struct.unpack_from("<QQ", body))
                else:
                    yield kind, body

    def _members(self, tree: int, names: bytes) -> Iterator[tuple[str, int]]:
        """Names and addresses of a group's members (III.A.1, III.B: version 1 B-trees)."""
        signature, kind, level, used = struct.unpack("<4sBBH", self._at(tree, 8))
        if signature != b"TREE" or kind:
            raise UnknownFormatError("a group has no tree.")
        self._visit(tree)
        # After two siblings, keys and children alternate, beginning and ending with a key.
        children = struct.unpack(f"<{2 * used + 1}Q", self._at(tree + 24, 16 * used + 8))[1::2]
        for child in children:
            if level:
                yield from self._members(child, names)
            else:
                yield from self._entries(child, names)

    def _entries(self, node: int, names: bytes) -> Iterator[tuple[str, int]]:
        """Names and addresses of some members of a group (III.B and III.C)."""
        signature, _, _, count = struct.unpack("<4sBBH", self._at(node, 8))
        if signature != b"SNOD":
            raise UnknownFormatError("a tree has no leaves.")
        for name, address, _ in struct.iter_unpack("<QQ24s", self._at(node + 8, 40 * count)):
            yield names[name : names.index(b"\0", name)].decode(), address

    def _names(self, heap: int) -> bytes:
        """The names in a group, each with a zero at its end (III.D: local heaps)."""
        signature, size, _, address = struct.unpack("<4s4xQQQ", self._at(heap, 32))
        if signature != b"HEAP":
            raise UnknownFormatError("a group has no names.")
        return self._at(address, size)

    def _array(self, messages: dict[int, bytes]) -> StoredArray | None:
        """The array that the messages describe; None if only h5py can read it."""
        if not {DATASPACE, DATATYPE, LAYOUT} <= messages.keys() or (
            {FILTERS, EXTERNAL_FILES} & messages.keys()
        ):
            return None
        space, layout = messages[DATASPACE], messages[LAYOUT]
        # Version 3, class 1: contiguous (IV.A.2.i).
        dtype = TYPES.get(messages[DATATYPE][:_LONGEST_TYPE])
        if dtype is None or layout[:2] != b"\x03\x01":
            return None
        version, rank = space[:2]
        shape = struct.unpack_from(f"<{rank}Q", space, {1: 8, 2: 4}.get(version, len(space)))
        offset, size = struct.unpack_from("<QQ", layout, 2)
        if size != dtype.itemsize * math.prod(shape) or offset == UNDEFINED_ADDRESS:
            return None
        return StoredArray(self._file, self._start + offset, shape, dtype)

    def _visit(self, address: int) -> None:
        """Refuse an address seen before, because a damaged file may have cycles."""
        if address in self._visited:
            raise UnknownFormatError("an address is used twice.")
        self._visited.add(address)

    def _at(self, address: int, count: int) -> bytes:
        """The bytes at an address; raises OSError if the file ends too early."""
        if count > LONGEST_PART:
            raise UnknownFormatError("a part is too long.")
        self._file.seek(self._start + address)
        content = self._file.read(count)
        if len(content) < count:
            raise OSError("the file ends too early")
        return content
