"""The file of a passage index: a header that describes it, and plain arrays to be mapped.

    charrnn-passages     16 bytes that tell what it is
    length               of the header in bytes, a little-endian number of 8 bytes
    header               JSON, filled up with spaces; it names the digest of all that follows
    arrays               little-endian, one after the other, as `PassageArrays` lists them

Nothing of it is trusted before the digest was found right; nothing in it can run code.
"""

import hashlib
import json
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.atomic_files import replacing
from charrnn.errors import CheckpointError

FORMAT: Final = 1

_MAGIC: Final = b"charrnn-passages"
_ALIGNMENT: Final = 8
_LONGEST_HEADER: Final = 1 << 20


Numbers = npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True, slots=True, eq=False)
class PassageArrays:
    """An index as it lies in its file.

    The text read backwards, with symbol 0 before and between poems, has its suffixes in order: a
    row is one of them. Symbols from 1 on are those of the alphabet.

    Attributes:
        corpus: Digest of the corpus whose training part it holds.
        longest_run: Symbols by which the rows are in order.
        alphabet: The characters, by code point; all white space is a space.
        firsts: `(alphabet + 2,)` the first row of each symbol, and the number of rows.
        poems: `(poems,)` which poems of the corpus these are.
        following: `(rows,)` for each symbol, in order, the rows that it follows in the text.
        ends: `(rows,)` where in the text the first symbol of each row stands.
        next_symbols: `(rows,)` the symbol that follows each row in the text.
        shared: `(rows,)` symbols that each row has in common with the row before it.
    """

    corpus: str
    longest_run: int
    alphabet: str
    firsts: Numbers
    poems: Numbers
    following: Numbers
    ends: Numbers
    next_symbols: Numbers
    shared: Numbers


def narrowest_type(most: int) -> type[np.unsignedinteger]:
    """The smallest type that holds a number."""
    if most < 2**8:
        return np.uint8
    return np.uint16 if most < 2**16 else np.uint32


def write_passages(path: Path, arrays: PassageArrays) -> None:
    """Create or replace the file of an index in one step; raises OSError as `replacing` does."""
    sections = [
        np.ascontiguousarray(getattr(arrays, name), kind).data
        for name, kind, _ in _sections(arrays.alphabet, len(arrays.poems), len(arrays.shared))
    ]
    digest = hashlib.sha256()
    for section in sections:
        digest.update(section)
    header = _padded(
        {
            "format": FORMAT,
            "corpus": arrays.corpus,
            "longest_run": arrays.longest_run,
            "alphabet": arrays.alphabet,
            "poems": len(arrays.poems),
            "rows": len(arrays.shared),
            "sha256": digest.hexdigest(),
        }
    )
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(_MAGIC + len(header).to_bytes(8, "little") + header)
        for section in sections:
            file.write(section)


def read_passages(path: Path) -> PassageArrays:
    """Map the file of an index into memory, once its digest was found right.

    Raises:
        CheckpointError: It is damaged, cut short, of another format, or no index at all.
        OSError: It is missing or cannot be read.
    """
    with path.open("rb") as file:
        try:
            header, begin = _read_header(file)
            file.seek(begin)
            if hashlib.file_digest(file, "sha256").hexdigest() != header["sha256"]:
                raise CheckpointError("it was changed or cut short.")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return _arrays(mapped, begin, header)
        except CheckpointError as error:
            raise CheckpointError(f"{path} cannot be used: {error}") from error


def _sections(
    alphabet: str, poems: int, rows: int
) -> tuple[tuple[str, type[np.unsignedinteger], int], ...]:
    """The arrays in their order: name, type and length."""
    place = narrowest_type(rows)
    return (
        ("poems", np.uint32, poems),
        ("firsts", place, len(alphabet) + 2),
        ("following", place, rows),
        ("ends", place, rows),
        ("next_symbols", narrowest_type(len(alphabet)), rows),
        ("shared", np.uint8, rows),
    )


def _padded(values: dict[str, Any]) -> bytes:
    header = json.dumps(values, ensure_ascii=False).encode()
    return header + b" " * (-len(header) % _ALIGNMENT)


def _read_header(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header, checked, and where the arrays begin."""
    beginning = file.read(len(_MAGIC) + 8)
    length = int.from_bytes(beginning[len(_MAGIC) :], "little")
    if not beginning.startswith(_MAGIC) or not 0 < length <= _LONGEST_HEADER:
        raise CheckpointError("it is no index of passages.")
    try:
        header = json.loads(file.read(length))
        version = header["format"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CheckpointError("it was changed or cut short.") from error
    if version != FORMAT:
        raise CheckpointError(
            f"it has format {version}, and this charrnn reads format {FORMAT}; use the charrnn "
            "that wrote it, or make it anew."
        )
    numbers = dict.fromkeys(("longest_run", "poems", "rows"), int)
    kinds = numbers | dict.fromkeys(("corpus", "alphabet", "sha256"), str)
    if any(type(header.get(name)) is not kind for name, kind in kinds.items()):
        raise CheckpointError("its header is not what charrnn writes.")
    return header, len(beginning) + length


def _arrays(mapped: mmap.mmap, begin: int, header: dict[str, Any]) -> PassageArrays:
    alphabet, poems, rows = header["alphabet"], header["poems"], header["rows"]
    sections = _sections(alphabet, poems, rows)
    sizes = [np.dtype(kind).itemsize * length for _, kind, length in sections]
    if not 0 < poems <= rows < 2**32 or begin + sum(sizes) != len(mapped):
        raise CheckpointError("its arrays are not as long as its header says.")
    arrays = {}
    for (name, kind, length), size in zip(sections, sizes, strict=True):
        stored = np.dtype(f"<u{np.dtype(kind).itemsize}")
        arrays[name] = np.frombuffer(mapped, stored, length, begin).astype(kind, copy=False)
        begin += size
    firsts = arrays["firsts"].astype(np.int64)
    in_order = firsts[0] == 0 and firsts[-1] == rows and (np.diff(firsts) >= 1).all()
    # The first rows are those of the symbol before each poem.
    if not in_order or firsts[1] != poems:
        raise CheckpointError("its rows are not in order.")
    if not 0 < header["longest_run"] < 2**8:
        raise CheckpointError("its header is not what charrnn writes.")
    return PassageArrays(header["corpus"], header["longest_run"], alphabet, **arrays)
