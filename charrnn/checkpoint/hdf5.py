"""Reads arrays of an HDF5 file as Keras and charrnn write it: `model.weights.h5` in `model.keras`.

It knows a small part of HDF5 (File Format Specification, version 3.0): groups with symbol tables, and
contiguous arrays of little-endian float32 or float16. All else is refused: filters, chunks, arrays in
other files, links. A part of the file is read only when an array below it is asked for, and all parts
together are shorter than `LARGEST_METADATA`, so no file can keep the reader busy.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.archive import BinaryFile, DamagedFileError
from charrnn.checkpoint.keras_layers import LARGEST_METADATA

SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"

TYPES: Final[dict[bytes, np.dtype[np.floating]]] = {
    b"\x11\x20\x1f\x00" + struct.pack("<IHHBBBBI", 4, 0, 32, 23, 8, 0, 23, 127): np.dtype("<f4"),
    b"\x11\x20\x0f\x00" + struct.pack("<IHHBBBBI", 2, 0, 16, 10, 5, 0, 10, 15): np.dtype("<f2"),
}
"""Types by their datatype message (specification, IV.A.2.d): IEEE, little-endian."""

_LONGEST_TYPE: Final = max(map(len, TYPES))

# Kinds of header messages (IV.A.2).
NOTHING: Final = 0x00
DATASPACE: Final = 0x01
DATATYPE: Final = 0x03
FILL_VALUES: Final = frozenset({0x04, 0x05})
LAYOUT: Final = 0x08
ATTRIBUTE: Final = 0x0C
CONTINUATION: Final = 0x10
SYMBOL_TABLE: Final = 0x11
TIMES: Final = frozenset({0x0E, 0x12})

WITHOUT_MEANING: Final = FILL_VALUES | TIMES | {NOTHING, ATTRIBUTE}
"""Messages that do not change which numbers an array holds."""

SHARED: Final = 0b10
"""Flag of a message that is stored elsewhere."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """A contiguous array at an offset of a file in bytes."""

    file: BinaryFile
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.floating]

    @property
    def end(self) -> int:
        """The offset after its last byte."""
        return self.offset + self.dtype.itemsize * math.prod(self.shape)

    def read(self) -> npt.NDArray[np.floating]:
        """Read all of it; raises DamagedFileError if the file ends too early."""
        self.file.seek(self.offset)
        values = np.empty(self.shape, self.dtype)
        if self.file.readinto(values.data.cast("B")) < values.nbytes:
            raise DamagedFileError("the file ends too early")
        return values


@dataclass(slots=True)
class Hdf5Arrays:
    """The arrays of an HDF5 file by path, such as "layers/dense/vars/0".

    Addresses count from the start of the HDF5 file.

    Attributes:
        file: The file, open while arrays are read.
        start: Where the HDF5 file begins in it, in bytes.
        size: Bytes of the HDF5 file.
    """

    file: BinaryFile
    start: int
    size: int
    _left: int = field(default=LARGEST_METADATA, init=False)
    _groups: dict[int, dict[bytes, int]] = field(default_factory=dict, init=False)
    _found: list[StoredArray] = field(default_factory=list, init=False)

    def find(self, path: str) -> StoredArray:
        """Find an array, which overlaps no other that was found.

        Raises:
            DamagedFileError: There is none, or the file is damaged or has another format.
            OSError: The file cannot be read.
        """
        try:
            address = self._root()
            for name in path.encode().split(b"/"):
                if address not in self._groups:
                    self._groups[address] = self._group(address)
                if name not in self._groups[address]:
                    raise DamagedFileError(f"it has no array {path}")
                address = self._groups[address][name]
            array = self._array(dict(self._messages(address)))
        except struct.error:
            raise DamagedFileError("a part of it is cut short") from None
        if array.end > self.start + self.size:
            raise DamagedFileError(f"the array {path} goes beyond the end of the file")
        if any(array.offset < other.end and other.offset < array.end for other in self._found):
            raise DamagedFileError(f"the array {path} shares bytes with another one")
        self._found.append(array)
        return array

    def _root(self) -> int:
        """The address of the first group (specification, II.A: the superblock)."""
        superblock = self._at(0, 96)
        versions, sizes = superblock[8:13], superblock[13:15]
        base, root = struct.unpack_from("<Q32xQ", superblock, 24)
        if not superblock.startswith(SIGNATURE) or any(versions) or sizes != b"\x08\x08" or base:
            raise DamagedFileError("its HDF5 file is of another version")
        return int(root)

    def _messages(self, address: int) -> Iterator[tuple[int, bytes]]:
        """The messages that matter of an object header, by kind (IV.A.1.a: version 1)."""
        version, _, count, _, size = struct.unpack("<BBHII", self._at(address, 12))
        if version != 1:
            raise DamagedFileError("an object of its HDF5 file is of another version")
        blocks, seen = [(address + 16, size)], set()
        while blocks and count:
            begin, length = blocks.pop()
            block, place = self._at(begin, length), 0
            while place + 8 <= length and count:
                kind, size, flags = struct.unpack_from("<HHB", block, place)
                body = block[place + 8 : place + 8 + size]
                place += 8 + size
                count -= 1
                if flags & SHARED or kind in seen:
                    raise DamagedFileError(
                        "an object of its HDF5 file has a message of another kind"
                    )
                if kind == CONTINUATION:
                    blocks.append(struct.unpack_from("<QQ", body))
                elif kind not in WITHOUT_MEANING:
                    seen.add(kind)
                    yield kind, body

    def _group(self, address: int) -> dict[bytes, int]:
        """Names and addresses of a group's members (III.A.1, III.B: version 1 B-trees)."""
        messages = dict(self._messages(address))
        if messages.keys() != {SYMBOL_TABLE}:
            raise DamagedFileError("a group of its HDF5 file is of another kind")
        tree, heap = struct.unpack_from("<QQ", messages[SYMBOL_TABLE])
        names = self._names(heap)
        signature, kind, level, used = struct.unpack("<4sBBH", self._at(tree, 8))
        # The groups of a network have a few members, so their trees have one level.
        if signature != b"TREE" or kind or level:
            raise DamagedFileError("a group of its HDF5 file is of another kind")
        # After two siblings, keys and children alternate, beginning and ending with a key.
        children = struct.unpack(f"<{2 * used + 1}Q", self._at(tree + 24, 16 * used + 8))[1::2]
        return {name: place for child in children for name, place in self._entries(child, names)}

    def _entries(self, node: int, names: bytes) -> Iterator[tuple[bytes, int]]:
        """Names and addresses of some members of a group (III.B and III.C)."""
        signature, _, _, count = struct.unpack("<4sBBH", self._at(node, 8))
        if signature != b"SNOD":
            raise DamagedFileError("a group of its HDF5 file is of another kind")
        for begin, address, _ in struct.iter_unpack("<QQ24s", self._at(node + 8, 40 * count)):
            name = names[begin : names.find(b"\0", begin)]
            self._spend(len(name))
            yield name, address

    def _names(self, heap: int) -> bytes:
        """The names in a group, each with a zero at its end (III.D: local heaps)."""
        signature, size, _, address = struct.unpack("<4s4xQQQ", self._at(heap, 32))
        if signature != b"HEAP":
            raise DamagedFileError("a group of its HDF5 file is of another kind")
        return self._at(address, size)

    def _array(self, messages: dict[int, bytes]) -> StoredArray:
        """The array that the messages of an object describe."""
        if messages.keys() != {DATASPACE, DATATYPE, LAYOUT}:
            raise DamagedFileError("an array is compressed, or its numbers are in another file")
        space, layout = messages[DATASPACE], messages[LAYOUT]
        dtype = TYPES.get(messages[DATATYPE][:_LONGEST_TYPE])
        if dtype is None:
            raise DamagedFileError("an array holds no numbers of type float32 or float16")
        version, rank = space[:2]
        shape = struct.unpack_from(f"<{rank}Q", space, {1: 8, 2: 4}.get(version, len(space)))
        offset, size = struct.unpack_from("<QQ", layout, 2)
        # Version 3, class 1: contiguous (IV.A.2.i).
        if layout[:2] != b"\x03\x01" or size != dtype.itemsize * math.prod(shape):
            raise DamagedFileError("an array is not stored in one piece")
        return StoredArray(self.file, self.start + offset, shape, dtype)

    def _at(self, address: int, count: int) -> bytes:
        """The bytes at an address."""
        self._spend(count)
        if address + count > self.size:
            raise DamagedFileError("a part of it lies outside of it")
        self.file.seek(self.start + address)
        content = self.file.read(count)
        if len(content) < count:
            raise DamagedFileError("the file ends too early")
        return content

    def _spend(self, count: int) -> None:
        """Count what is read; parts that are read again and again use it up."""
        self._left -= count
        if self._left < 0:
            raise DamagedFileError("it holds too much besides its arrays")
