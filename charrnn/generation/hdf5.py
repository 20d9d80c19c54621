"""Where the arrays stand in an HDF5 file as Keras writes it, found without h5py.

To load h5py takes 12 MB of memory, and a tenth of the time until a poem begins. Of HDF5 no more is
known here than what such files hold (HDF5 File Format Specification, version 3.0): groups of the
old kind, and arrays of little-endian float32 or float16 in one piece. What is anything else is left
to h5py.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
LONGEST_PART: Final = 2**20
"""Bytes between arrays that are read at once; a damaged file may speak of any number."""

NOWHERE: Final = 2**64 - 1
"""The address of what was never written."""

TYPES: Final[dict[bytes, np.dtype[np.floating]]] = {
    b"\x11\x20\x1f\x00" + struct.pack("<IHHBBBBI", 4, 0, 32, 23, 8, 0, 23, 127): np.dtype("<f4"),
    b"\x11\x20\x0f\x00" + struct.pack("<IHHBBBBI", 2, 0, 16, 10, 5, 0, 10, 15): np.dtype("<f2"),
}
"""Numbers by the message that tells of them (specification, IV.A.2.d): IEEE, little-endian."""

_LONGEST_TYPE: Final = max(map(len, TYPES))

DATASPACE: Final = 0x01
DATATYPE: Final = 0x03
EXTERNAL_FILES: Final = 0x07
LAYOUT: Final = 0x08
FILTERS: Final = 0x0B
CONTINUATION: Final = 0x10
SYMBOL_TABLE: Final = 0x11
SHARED: Final = 0b10


class BinaryFile(Protocol):
    """What is used of a file."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill a buffer as far as the file goes."""


class UnknownFormatError(Exception):
    """A file is damaged, or holds what is not known here."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array in one piece; as much of h5py's `Dataset` as is used.

    Attributes:
        file: Where it stands.
        offset: Where it begins there, in bytes.
        shape: Its shape.
        dtype: The type of its numbers.
    """

    file: BinaryFile
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.floating]

    def read_direct(self, values: npt.NDArray[np.floating]) -> None:
        """Read it into an array of its shape; raises OSError where the file ends before."""
        self.file.seek(self.offset)
        stored = values if values.dtype == self.dtype else np.empty(self.shape, self.dtype)
        _fill(self.file, stored.data.cast("B"))
        if stored is not values:
            values[...] = stored


def stored_arrays(file: BinaryFile) -> dict[str, StoredArray]:
    """Find the arrays of a file.

    Args:
        file: An HDF5 file, in which arrays are read later on.

    Returns:
        The arrays by their path, "layers/dense/vars/0"; those of other numbers, or not in one piece,
        are left out.

    Raises:
        UnknownFormatError: The file is damaged, or of a kind that is not known here.
    """
    try:
        return dict(_Reader(file).arrays())
    except (OSError, struct.error, ValueError, OverflowError, RecursionError) as error:
        raise UnknownFormatError(str(error)) from error


class _Reader:
    """Reads what stands between the arrays."""

    def __init__(self, file: BinaryFile) -> None:
        self._file = file
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
        """The arrays of a group; or the array itself, when it is one."""
        self._visit(address)
        messages = dict(self._messages(address))
        if SYMBOL_TABLE in messages:
            tree, heap = struct.unpack_from("<QQ", messages[SYMBOL_TABLE])
            for name, child in self._members(tree, self._names(heap)):
                yield from self._below(child, f"{path}/{name}" if path else name)
        elif (array := self._array(messages)) is not None:
            yield path, array

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        """What the header of an object says, by kind (IV.A.1.a: version 1)."""
        version, _, count, _, size = struct.unpack("<BBHII", self._at(address, 12))
        if version != 1:
            raise UnknownFormatError(f"an object header has version {version}.")
        blocks = [(address + 16, size)]
        while blocks and count:
            start, length = blocks.pop(0)
            block, place = self._at(start, length), 0
            while place + 8 <= length and count:
                kind, size, flags = struct.unpack_from("<HHB", block, place)
                body = block[place + 8 : place + 8 + size]
                place += 8 + size
                count -= 1
                if flags & SHARED:
                    raise UnknownFormatError("a message stands elsewhere.")
                if kind == CONTINUATION:
                    blocks.append(struct.unpack_from("<QQ", body))
                else:
                    yield kind, body

    def _members(self, tree: int, names: bytes) -> Iterator[tuple[str, int]]:
        """Names and addresses of a group's members (III.A.1 and III.B: version 1 B-trees)."""
        signature, kind, level, used = struct.unpack("<4sBBH", self._at(tree, 8))
        if signature != b"TREE" or kind:
            raise UnknownFormatError("a group has no tree.")
        self._visit(tree)
        # Keys and children in turn, beginning and ending with a key, after the two siblings.
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
        """The names in a group, each ended by a zero (III.D: local heaps)."""
        signature, size, _, address = struct.unpack("<4s4xQQQ", self._at(heap, 32))
        if signature != b"HEAP":
            raise UnknownFormatError("a group has no names.")
        return self._at(address, size)

    def _array(self, messages: dict[int, bytes]) -> StoredArray | None:
        """The array that is described; None when it is of other numbers, or not in one piece."""
        if not {DATASPACE, DATATYPE, LAYOUT} <= messages.keys() or (
            {FILTERS, EXTERNAL_FILES} & messages.keys()
        ):
            return None
        space, layout = messages[DATASPACE], messages[LAYOUT]
        # Version 3, class 1: in one piece (IV.A.2.i).
        dtype = TYPES.get(messages[DATATYPE][:_LONGEST_TYPE])
        if dtype is None or layout[:2] != b"\x03\x01":
            return None
        version, rank = space[:2]
        shape = struct.unpack_from(f"<{rank}Q", space, {1: 8, 2: 4}.get(version, len(space)))
        offset, size = struct.unpack_from("<QQ", layout, 2)
        if size != dtype.itemsize * math.prod(shape) or offset == NOWHERE:
            return None
        return StoredArray(self._file, offset, shape, dtype)

    def _visit(self, address: int) -> None:
        """Come by a place, which is done once; a damaged file may lead round in circles."""
        if address in self._visited:
            raise UnknownFormatError("it leads back to where it came from.")
        self._visited.add(address)

    def _at(self, address: int, count: int) -> bytes:
        """So many bytes from a place on; raises OSError where the file ends before."""
        if count > LONGEST_PART:
            raise UnknownFormatError("a part is too long.")
        self._file.seek(address)
        content = bytearray(count)
        _fill(self._file, memoryview(content))
        return bytes(content)


def _fill(file: BinaryFile, buffer: memoryview) -> None:
    while buffer:
        read = file.readinto(buffer)
        if not read:
            raise OSError("the file ends too early")
        buffer = buffer[read:]
