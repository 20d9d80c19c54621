r"""From bytes to normalised text: detecting encodings, decoding, normalising.

The encoding is detected in this order:

1. A byte order mark names UTF-8, UTF-16 or UTF-32.
2. Valid UTF-8 without zero bytes is UTF-8.
3. Text with zero bytes in every other position is UTF-16.
4. charset-normalizer ranks GB18030, Big5, Windows-1252 and Latin-1; the first one that decodes the
   whole text is taken.

Normalising changes line ends to `\n` and characters to Unicode NFC. It removes control characters:
all of category Cc except tab and line ends, lone surrogates, byte order marks, zero-width spaces and
direction marks. Zero-width joiners stay, because some scripts need them. Vertical tabs, form feeds and
Unicode's other line separators are line ends.
"""

import codecs
import io
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

from charrnn.errors import CorpusError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Before UTF-16, whose mark is its prefix.
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
_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 22
_CLOSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding by Python's name, the length of its byte order mark, a note if it is a guess."""

    name: str
    mark: int = 0
    note: str | None = None


def find_encoding(file: BinaryIO, name: str, wanted: str | None = None) -> Encoding:
    """Detect an encoding that decodes the whole text, or check the one that the user wanted.

    The file is seekable. Messages call the text by `name`.

    Raises:
        CorpusError: The text is binary, in no known encoding, or not in the wanted one.
    """
    file.seek(0)
    beginning = file.read(_SAMPLE)
    if wanted is not None:
        return _wanted_encoding(file, beginning, name, wanted)
    for magic, kind in _NOT_TEXT.items():
        if beginning.startswith(magic):
            raise CorpusError(f"{name} is not text but {kind}; save it as plain text first.")
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            found = Encoding(encoding, len(mark))
            _require_readable(file, name, found)
            return found
    if any(b"\0" in piece for piece in _pieces(file)):
        return _utf_16(file, beginning, name)
    if _misfit(file, Encoding("utf-8")) is None:
        return Encoding("utf-8")
    return _legacy_encoding(file, name)


def decoded(file: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """Decode the bytes of a text with a detected encoding, in pieces."""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    for piece in _pieces(file, encoding.mark):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


class _Misfit(NamedTuple):
    """The first byte that an encoding cannot decode, and its position from 0."""

    place: int
    byte: int


def _pieces(file: BinaryIO, start: int = 0) -> Iterator[bytes]:
    file.seek(start)
    while piece := file.read(_CHUNK):
        yield piece


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _misfit(file: BinaryIO, encoding: Encoding) -> _Misfit | None:
    decoder = codecs.getincrementaldecoder(encoding.name)()
    place, waiting = encoding.mark, 0
    try:
        for piece in _pieces(file, encoding.mark):
            decoder.decode(piece)
            place += len(piece)
            waiting = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The decoder's input begins with the kept bytes of an incomplete character.
        return _Misfit(place - waiting + error.start, error.object[error.start])
    return None


def _require_readable(file: BinaryIO, name: str, encoding: Encoding) -> None:
    misfit = _misfit(file, encoding)
    if misfit is not None:
        raise CorpusError(
            f"{name} is not in {encoding.name}: byte {misfit.place + 1:,} of {_size(file):,} "
            f"(0x{misfit.byte:02x}) does not fit. Name another with --encoding."
        )


def _wanted_encoding(file: BinaryIO, beginning: bytes, name: str, wanted: str) -> Encoding:
    try:
        normal = codecs.lookup(wanted).name
        "".encode(normal)
    except (LookupError, UnicodeError):
        raise CorpusError(
            f"there is no encoding named {wanted}. "
            "Known encodings: utf-8, utf-16, gb18030, big5, cp1252 and others."
        ) from None
    encoding = Encoding({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(normal, normal))
    for mark, marked in _MARKS:
        if marked.startswith(normal) and beginning.startswith(mark):
            encoding = Encoding(marked, len(mark))
    _require_readable(file, name, encoding)
    return encoding


def _utf_16(file: BinaryIO, sample: bytes, name: str) -> Encoding:
    """UTF-16 without a mark: its high bytes, every other one, have few values."""
    byte_orders = {
        "utf-16-le": len(set(sample[1::2])) / max(1, len(set(sample[::2]))),
        "utf-16-be": len(set(sample[::2])) / max(1, len(set(sample[1::2]))),
    }
    encoding = Encoding(min(byte_orders, key=lambda order: byte_orders[order]))
    # UTF-8 with a few zero bytes is damaged text, not UTF-16.
    stray = sample.count(0) * 3 < len(sample) and _misfit(file, Encoding("utf-8")) is None
    if not stray and _size(file) % 2 == 0 and _misfit(file, encoding) is None:
        text = sample[: len(sample) // 2 * 2].decode(encoding.name, "ignore")
        if all(
            unicodedata.category(character) not in {"Cc", "Cn", "Co"} or character in "\t\n\r\f\v"
            for character in text
        ):
            note = (
                f"{name} is read as {encoding.name}, which was detected; --encoding names another."
            )
            return Encoding(encoding.name, note=note)
    raise CorpusError(f"{name} is not text: it has zero bytes, like programs and pictures.")


def _legacy_encoding(file: BinaryIO, name: str) -> Encoding:
    from charset_normalizer import from_bytes

    sample = _non_ascii_lines(file)
    _refuse_damaged_utf_8(file, sample, name)
    matches = [
        (_CANDIDATES[match.encoding], match.chaos)
        for match in from_bytes(sample, cp_isolation=list(_CANDIDATES))
        if match.encoding in _CANDIDATES
    ]
    ranked = [encoding for encoding, _ in matches]
    close = [encoding for encoding, chaos in matches if chaos - matches[0][1] < _CLOSE]
    for encoding in dict.fromkeys([*ranked, *_CANDIDATES.values()]):
        if _misfit(file, Encoding(encoding)) is None and _free_of_controls(sample, encoding):
            return Encoding(encoding, note=_guess(name, encoding, close))
    raise CorpusError(
        f"{name} is not text in UTF-8, UTF-16, GB18030, Big5 or Windows-1252: "
        "if it is text, name its encoding with --encoding."
    )


def _non_ascii_lines(file: BinaryIO) -> bytes:
    """The first lines that are not plain ASCII, as a sample for charset-normalizer."""
    lines: list[bytes] = []
    length = 0
    file.seek(0)
    while length < _SAMPLE and (line := file.readline(_LONGEST_LINE)):
        if not line.isascii():
            lines.append(line)
            length += len(line)
    return b"".join(lines)


def _refuse_damaged_utf_8(file: BinaryIO, sample: bytes, name: str) -> None:
    text = sample.decode("utf-8", "replace")
    wrong = text.count("\N{REPLACEMENT CHARACTER}")
    right = sum(not character.isascii() for character in text) - wrong
    if right > 10 * wrong:
        _require_readable(file, name, Encoding("utf-8"))


def _free_of_controls(sample: bytes, encoding: str) -> bool:
    text = sample.decode(encoding, "ignore")
    controls = sum(unicodedata.category(character) == "Cc" for character in text)
    return controls - sum(text.count(character) for character in "\t\n\r\f\v") <= len(text) / 100


def _guess(name: str, encoding: str, close: list[str]) -> str:
    others = [other for other in close if other != encoding]
    if others:
        return (
            f"{name} is read as {encoding}, a guess: it could also be {' or '.join(others)}. "
            "Name the right one with --encoding."
        )
    return f"{name} is read as {encoding}, which was detected; --encoding names another."


_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]"
)
_LINE_ENDS: Final = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_LONGEST_WAIT: Final = 1_000


class Normaliser:
    """Normalises texts in pieces.

    Attributes:
        removed: Number of control characters removed so far.
    """

    def __init__(self) -> None:
        self.removed = 0

    def normalise(self, pieces: Iterable[str]) -> Iterator[str]:
        """Normalise one text, given and returned in pieces."""
        line_ends = io.IncrementalNewlineDecoder(None, translate=True)
        waiting = ""
        for piece in pieces:
            text = waiting + self._without_controls(line_ends.decode(piece))
            cut = _safe_cut(text)
            waiting = text[cut:]
            yield unicodedata.normalize("NFC", text[:cut])
        waiting += self._without_controls(line_ends.decode("", final=True))
        yield unicodedata.normalize("NFC", waiting)

    def _without_controls(self, text: str) -> str:
        text, removed = _CONTROLS.subn("", text)
        self.removed += removed
        return _LINE_ENDS.sub("\n", text)


def _safe_cut(text: str) -> int:
    """The last position at which NFC cannot combine the characters on both sides."""
    for position in range(len(text) - 1, max(-1, len(text) - _LONGEST_WAIT), -1):
        if text[position].isascii() or "\u3400" <= text[position] <= "\u9fff":
            return position
    return len(text) if len(text) >= _LONGEST_WAIT else 0
