"""From bytes to characters: which encoding a text is in, and reading it.

The encoding of a text is found in this order:

1. A byte order mark names UTF-8, UTF-16 or UTF-32.
2. Bytes that are valid UTF-8, without a zero byte, are UTF-8.
3. Zero bytes at every other place only are UTF-16 without a mark.
4. Otherwise charset-normalizer ranks GB18030, Big5 and Windows-1252 (which holds the printable
   characters of Latin-1), and the first of its candidates that reads the whole text is taken.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from charrnn.errors import CorpusError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CANDIDATES: Final = {
    "gb18030": "gb18030",
    "big5": "big5",
    "cp1252": "cp1252",
    "latin_1": "latin-1",
}
_NOT_TEXT: Final = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive, or a document of Word or LibreOffice",
    b"\xd0\xcf\x11\xe0": "an old document of Word or Excel",
    b"{\\rtf": "a rich text document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"\xfd7zXZ": "a compressed file",
    b"BZh": "a compressed file",
    b"\x7fELF": "a program",
    b"\x89HDF": "an HDF5 file",
}
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 16
_CLOSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a text are to be read.

    Attributes:
        name: Python's name of the encoding.
        mark: Bytes of byte order mark to skip.
        note: A sentence to tell when the encoding had to be guessed.
    """

    name: str
    mark: int = 0
    note: str | None = None


def find_encoding(data: bytes, name: str, wanted: str | None = None) -> Encoding:
    """Find out how a text is encoded.

    Args:
        data: The bytes of the text.
        name: What to call the text in a message.
        wanted: The encoding that the user says it has; None finds out.

    Returns:
        An encoding that reads the whole text without an error.

    Raises:
        CorpusError: The text is binary, in no known encoding, or not in the wanted one.
    """
    if wanted is not None:
        return _wanted_encoding(data, name, wanted)
    for beginning, kind in _NOT_TEXT.items():
        if data.startswith(beginning):
            raise CorpusError(f"{name} is not text but {kind}; save it as plain text first.")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            found = Encoding(encoding, len(mark))
            _require_readable(data, name, found)
            return found
    if b"\0" in data:
        return _utf_16(data, name)
    if _error_of(data, Encoding("utf-8")) is None:
        return Encoding("utf-8")
    return _legacy_encoding(data, name)


def decoded(data: bytes, encoding: Encoding) -> Iterator[str]:
    """Read bytes piece by piece, so that bytes and text need not stand whole beside a copy.

    Args:
        data: The bytes of the text.
        encoding: An encoding that `find_encoding` gave.

    Yields:
        The text, in pieces.
    """
    decoder = codecs.getincrementaldecoder(encoding.name)()
    view = memoryview(data)[encoding.mark :]
    for start in range(0, len(view), _CHUNK):
        yield decoder.decode(bytes(view[start : start + _CHUNK]))
    yield decoder.decode(b"", final=True)


def _error_of(data: bytes, encoding: Encoding) -> UnicodeDecodeError | None:
    try:
        for _ in decoded(data, encoding):
            pass
    except UnicodeDecodeError:
        try:
            data.decode(encoding.name)
        except UnicodeDecodeError as error:
            return error
    return None


def _require_readable(data: bytes, name: str, encoding: Encoding) -> None:
    error = _error_of(data, encoding)
    if error is not None:
        raise CorpusError(
            f"{name} is not in {encoding.name}: byte {error.start + 1:,} of {len(data):,} "
            f"(0x{data[error.start]:02x}) does not fit. Name another with --encoding."
        )


def _wanted_encoding(data: bytes, name: str, wanted: str) -> Encoding:
    try:
        normal = codecs.lookup(wanted).name
        "".encode(normal)
    except (LookupError, UnicodeError):
        raise CorpusError(
            f"there is no encoding named {wanted}. "
            "Well known ones: utf-8, utf-16, gb18030, big5, cp1252."
        ) from None
    encoding = Encoding({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(normal, normal))
    for mark, marked in _MARKS:
        if marked.startswith(normal) and data.startswith(mark):
            encoding = Encoding(marked, len(mark))
    _require_readable(data, name, encoding)
    return encoding


def _utf_16(data: bytes, name: str) -> Encoding:
    """UTF-16 without a mark: its high bytes, at every other place, take few values."""
    sample = data[:_SAMPLE]
    byte_orders = {
        "utf-16-le": len(set(sample[1::2])) / max(1, len(set(sample[::2]))),
        "utf-16-be": len(set(sample[::2])) / max(1, len(set(sample[1::2]))),
    }
    encoding = Encoding(min(byte_orders, key=lambda order: byte_orders[order]))
    # Text of another kind with a stray zero byte here and there is damaged, not UTF-16.
    stray = sample.count(0) * 3 < len(sample) and _error_of(data, Encoding("utf-8")) is None
    if not stray and len(data) % 2 == 0 and _error_of(data, encoding) is None:
        text = sample[: len(sample) // 2 * 2].decode(encoding.name, "ignore")
        if all(
            unicodedata.category(character) not in {"Cc", "Cn", "Co"} or character in "\t\n\r"
            for character in text
        ):
            note = f"{name} is read as {encoding.name}, which it does not say; see --encoding."
            return Encoding(encoding.name, note=note)
    raise CorpusError(f"{name} is not text: it holds zero bytes, as programs and pictures do.")


def _legacy_encoding(data: bytes, name: str) -> Encoding:
    from charset_normalizer import from_bytes

    sample = _telling_lines(data)
    _refuse_damaged_utf_8(data, sample, name)
    matches = [
        (_CANDIDATES[match.encoding], match.chaos)
        for match in from_bytes(sample, cp_isolation=list(_CANDIDATES))
        if match.encoding in _CANDIDATES
    ]
    ranked = [encoding for encoding, _ in matches]
    close = [encoding for encoding, chaos in matches if chaos - matches[0][1] < _CLOSE]
    for encoding in dict.fromkeys([*ranked, *_CANDIDATES.values()]):
        if _error_of(data, Encoding(encoding)) is None and _free_of_controls(sample, encoding):
            return Encoding(encoding, note=_guess(name, encoding, close))
    raise CorpusError(
        f"{name} is not text in UTF-8, UTF-16, GB18030, Big5 or Windows-1252: "
        "if it is text, name its encoding with --encoding."
    )


def _telling_lines(data: bytes) -> bytes:
    """The first lines that are not plain ASCII: a small sample is enough for the library."""
    lines: list[bytes] = []
    length = stop = 0
    while length < _SAMPLE and (telling := _NOT_ASCII.search(data, stop)):
        start = data.rfind(b"\n", stop, telling.start()) + 1 or stop
        stop = data.find(b"\n", telling.start()) + 1 or len(data)
        lines.append(data[start:stop])
        length += stop - start
    return b"".join(lines)


def _refuse_damaged_utf_8(data: bytes, sample: bytes, name: str) -> None:
    text = sample.decode("utf-8", "replace")
    wrong = text.count("\N{REPLACEMENT CHARACTER}")
    right = sum(not character.isascii() for character in text) - wrong
    if right > 10 * wrong:
        _require_readable(data, name, Encoding("utf-8"))


def _free_of_controls(sample: bytes, encoding: str) -> bool:
    text = sample.decode(encoding, "ignore")
    controls = sum(unicodedata.category(character) == "Cc" for character in text)
    return controls - sum(text.count(character) for character in "\t\n\r\f") <= len(text) / 100


def _guess(name: str, encoding: str, close: list[str]) -> str:
    others = [other for other in close if other != encoding]
    if others:
        return (
            f"{name} is read as {encoding}, a guess: it could be {' or '.join(others)} too. "
            "Name the right one with --encoding."
        )
    return f"{name} is read as {encoding}, which was detected; --encoding names another."
