"""Recognising texts that are more than poems: records of data, and books of Project Gutenberg."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

StructuredFormat = Literal["JSON", "JSON Lines", "CSV", "HTML", "XML"]

BEGINNING: Final = 1 << 16
"""Characters at the beginning of a text in which its format is recognised."""

_JSON: Final = re.compile(r'\s*(?:\[\s*)*(?:\{\s*"(?:[^"\\]|\\.)*"\s*:|"(?:[^"\\]|\\.)*"\s*[,\]])')
_HTML: Final = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_XML: Final = re.compile(r"\s*<\?xml\s")
_DELIMITERS: Final = ",;\t"
_COLUMNS: Final = {
    *("author", "body", "content", "lines", "paragraphs", "poem", "poet", "text", "title", "verse"),
    *("作者", "内容", "標題", "标题", "正文", "詩", "诗", "題目", "题目"),
}
"""Names of columns in tables of poems."""


def structured_format(beginning: str) -> StructuredFormat | None:
    """The format of a text that is data with poems in it; None for plain text.

    Args:
        beginning: The first `BEGINNING` characters, or all if there are fewer.
    """
    beginning = beginning[:BEGINNING]
    if _JSON.match(beginning) and beginning.lstrip()[0] in "[{":
        first, _, rest = beginning.lstrip().partition("\n")
        return "JSON Lines" if rest.lstrip()[:1] in {"[", "{"} and _is_json(first) else "JSON"
    if _HTML.match(beginning):
        return "HTML"
    if _XML.match(beginning):
        return "XML"
    return "CSV" if any(_is_table(beginning, one) for one in _DELIMITERS) else None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_table(beginning: str, delimiter: str) -> bool:
    """Whether each row has as many cells as the first, and the first names a column of poems."""
    rows = csv.reader(io.StringIO(beginning, newline=""), delimiter=delimiter)
    try:
        heading = next(filter(None, rows), [])
        if len(heading) < 2 or not any(cell.strip().lower() in _COLUMNS for cell in heading):
            return False
        lengths = [len(row) for row in rows if row]
    except csv.Error:
        return False
    if len(beginning) == BEGINNING:
        lengths = lengths[:-1]  # The last row may be cut.
    return set(lengths) == {len(heading)}


_MARKER: Final = re.compile(
    r"^\*\*\* ?(?P<side>START|END) OF (?:THE|THIS) PROJECT GUTENBERG[^*]{0,500}(?:\*\*\*)?[^\n]{0,500}"
    r"|^(?P<small>\*END\*? ?THE SMALL PRINT!)[^\n]{0,500}"
    r"|^(?P<end>End of (?:the |this )?Project Gutenberg)[^\n]{0,500}",
    re.MULTILINE | re.IGNORECASE,
)
_LONGEST_MARKER: Final = 2_000


def is_gutenberg_book(beginning: str) -> bool:
    """Whether a text begins with the header of Project Gutenberg."""
    return any(_begins(found) for found in _MARKER.finditer(beginning[:BEGINNING]))


def without_licence(pieces: Iterable[str]) -> Iterator[str]:
    r"""The text of books of Project Gutenberg, without their headers and licences.

    The text before the first START marker, and from each END marker to the next START marker, is
    left out. Line ends are `\n`.
    """
    inside, waiting = False, ""
    for piece in _with_end(pieces):
        text = waiting + (piece or "")
        done = 0
        for found in _MARKER.finditer(text):
            # A marker near the end of the piece may continue in the next one.
            if piece is not None and found.end() > len(text) - _LONGEST_MARKER:
                break
            if inside:
                yield text[done : found.start()]
            inside, done = _begins(found), found.end()
        keep = len(text)
        if piece is not None:
            # Cut at the beginning of a line, where a marker may stand.
            keep = max(done, text.rfind("\n", 0, max(0, keep - 2 * _LONGEST_MARKER)) + 1)
        if inside:
            yield text[done:keep]
        waiting = text[keep:]


def _begins(marker: re.Match[str]) -> bool:
    """Whether the text of a book begins after a marker."""
    return bool(marker["small"]) or (marker["side"] or "").upper() == "START"


def _with_end(pieces: Iterable[str]) -> Iterator[str | None]:
    yield from pieces
    yield None
