r"""From characters as they were stored to characters as they are learned.

Line ends become `\n`, composed forms are used (Unicode NFC), and control characters go: all of
category Cc but tab and line end, lone surrogates, byte order marks, zero-width spaces and marks
of writing direction. Zero-width joiners stay, since some scripts are spelled with them.
"""

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\ud800-\udfff]"
)
_LINE_ENDS: Final = re.compile("[\x85\u2028\u2029]")
_LONGEST_WAIT: Final = 1_000


class Normaliser:
    """Normalises a text piece by piece.

    Attributes:
        removed: Control characters taken out so far.
    """

    def __init__(self) -> None:
        self.removed = 0

    def normalise(self, pieces: Iterable[str]) -> Iterator[str]:
        """Normalise one text.

        Args:
            pieces: The text, in pieces cut anywhere.

        Yields:
            The normalised text, in pieces.
        """
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
    """The last place where no character before it can merge with one after it."""
    for position in range(len(text) - 1, max(-1, len(text) - _LONGEST_WAIT), -1):
        if text[position].isascii() or "\u3400" <= text[position] <= "\u9fff":
            return position
    return len(text) if len(text) >= _LONGEST_WAIT else 0
