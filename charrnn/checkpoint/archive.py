"""Zip archives whose members are stored as they are: `model.keras` and the state of a run.

The reader takes what Python's `zipfile` writes without compression, and nothing else (APPNOTE.TXT of
the ZIP format). All sizes are known and checked before anything is read. Written archives have no
dates, so that equal contents are equal bytes.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Final

BinaryFile = BufferedReader | BytesIO

LARGEST_DIRECTORY: Final = 2**16
"""Most bytes of the list of members; the state of the largest network needs a third of them."""

_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = 20
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_IN_ZIP64: Final = 0xFFFFFFFF
"""Stands for a number of more than 32 bits, which is elsewhere."""

_UTF8: Final = 0x800
"""The only flag that is accepted: names in UTF-8."""


class DamagedFileError(Exception):
    """A file is not what charrnn or Keras writes; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive: where its bytes begin, how many there are, and their CRC-32."""

    offset: int
    size: int
    crc: int


def stored_members(file: BinaryFile) -> dict[str, Member]:
    """The members of a zip archive by name; none is compressed, and no two overlap.

    Raises:
        DamagedFileError: It is another kind of archive, or damaged.
        OSError: It cannot be read.
    """
    try:
        directory, end = _directory(file)
        members: dict[str, Member] = {}
        for name, header, member in _entries(directory):
            if name in members:
                raise DamagedFileError(f"it has two members {name!r}")
            members[name] = _placed(file, name, header, member)
    except struct.error:
        raise DamagedFileError("a part of the archive is cut short") from None
    free = 0
    for member in sorted(members.values(), key=lambda member: member.offset):
        if member.offset < free:
            raise DamagedFileError("two members of the archive overlap")
        free = member.offset + member.size
    if free > end:
        raise DamagedFileError("a member of the archive goes beyond its end")
    return members


def read_member(file: BinaryFile, member: Member) -> bytes:
    """The bytes of a member; raises DamagedFileError if they are not those that were written."""
    file.seek(member.offset)
    content = file.read(member.size)
    if zlib.crc32(content) != member.crc:
        raise DamagedFileError("a member of the archive was changed")
    return content


def write_archive(path: Path, members: Mapping[str, bytes]) -> None:
    """Write an archive that `stored_members` reads."""
    import zipfile  # Here, because reading starts faster without it.

    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def _directory(file: BinaryFile) -> tuple[bytes, int]:
    """The list of members, and where it begins, which is where the members have ended."""
    # Without a comment, the record of the end is the last 22 bytes.
    place = file.seek(0, 2) - _END.size
    signature, _, _, _, _, size, offset, comment = _END.unpack(_read(file, place, _END.size))
    if signature != b"PK\5\6" or comment:
        raise DamagedFileError("it does not end as an archive does")
    if size > LARGEST_DIRECTORY:
        raise DamagedFileError("its list of members is too long")
    # A record of larger numbers may stand before it, and behind that its own place.
    if place >= _LOCATOR and _read(file, place - _LOCATOR, 4) == b"PK\6\7":
        place -= _LOCATOR + _END_64.size
        signature, *_, size_64, offset = _END_64.unpack(_read(file, place, _END_64.size))
        if signature != b"PK\6\6" or size_64 != size:
            raise DamagedFileError("it does not end as an archive does")
    if offset + size != place:
        raise DamagedFileError("its list of members is not before its end")
    return _read(file, offset, size), offset


def _entries(directory: bytes) -> Iterator[tuple[str, int, Member]]:
    """Name and place of each member's header, and the member, counted from its header."""
    place = 0
    while place < len(directory):
        (signature, _, _, flags, method, _, _, crc, packed, size, *lengths, _, _, _, header) = (
            _ENTRY.unpack_from(directory, place)
        )
        begin = place + _ENTRY.size
        extra = begin + lengths[0]
        place = extra + lengths[1] + lengths[2]
        name = directory[begin:extra].decode("ascii", "replace")
        numbers = _large_numbers(directory[extra : extra + lengths[1]])
        # In this order, each only if the field itself has no room for it (APPNOTE.TXT, 4.5.3).
        size, packed, header = (
            next(numbers, 0) if number == _IN_ZIP64 else number for number in (size, packed, header)
        )
        if signature != b"PK\1\2" or method or flags & ~_UTF8 or packed != size:
            raise DamagedFileError(f"its member {name!r:.50} is compressed or encrypted")
        yield name, header, Member(0, size, crc)


def _large_numbers(extra: bytes) -> Iterator[int]:
    """The numbers of 64 bits in the extra field of an entry."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            yield from struct.unpack_from(f"<{length // 8}Q", extra, place + 4)
        place += 4 + length


def _placed(file: BinaryFile, name: str, header: int, member: Member) -> Member:
    """A member with the place of its bytes: after its own header, its name and an extra field."""
    (signature, _, flags, method, *_, name_length, extra_length) = _LOCAL.unpack(
        _read(file, header, _LOCAL.size)
    )
    own_name = _read(file, header + _LOCAL.size, name_length).decode("ascii", "replace")
    if signature != b"PK\3\4" or method or flags & ~_UTF8 or own_name != name:
        raise DamagedFileError(f"its member {name!r:.50} has another header")
    offset = header + _LOCAL.size + name_length + extra_length
    return Member(offset, member.size, member.crc)


def _read(file: BinaryFile, place: int, count: int) -> bytes:
    """Bytes of a file; raises DamagedFileError if there are not as many."""
    if not 0 <= place < 2**63:
        raise DamagedFileError("a part of the archive lies outside of it")
    file.seek(place)
    content = file.read(count)
    if len(content) < count:
        raise DamagedFileError("a part of the archive lies outside of it")
    return content
