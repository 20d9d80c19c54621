"""The recipe of six books of lyrics: their verse, from a line known for each book."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from charrnn.corpus.recipes.source_file import SourceFile
from charrnn.errors import CorpusError

_START_LINES: Final = {
    "1041.txt": "  I",
    "12242.txt": "I. LIFE.",
    "1934.txt": "SONGS OF INNOCENCE",
    "8209.txt": "POEMS.",
    "2002.txt": "I",
    "5720.txt": "I",
}
_STARTS_AT_LAST: Final = {"1934.txt"}
_END: Final = re.compile(r"^(?:End of (?:the )?Project Gutenberg|\*\*\* ?END)", re.MULTILINE)
_BRACKETED: Final = re.compile(r"\[[^\[\]]{0,2000}\]")
_HEADING: Final = re.compile(r"\s*(?:[IVXLC]+\.?|\d+\.?|[^a-z]*[A-Z][^a-z]*)\s*")
_SINGLE_VERSE_WORDS: Final = re.compile(r"\s*(?:I|O|A|[IO]['!,.].*)\s*")
_LONGEST_VERSE: Final = 64
_PLAIN: Final = str.maketrans({"‘": "'", "’": "'", "`": "'", "“": '"', "”": '"', "_": ""})


def english_lyric(sources: Sequence[SourceFile]) -> str:
    """Extract the poems from books of Project Gutenberg.

    Args:
        sources: The books; the name of each must be in `_START_LINES`.

    Returns:
        The verse, with one blank line between stanzas and two between poems.
    """
    poems = (poem for book in sources for poem in _poems_of_book(book.name, book.content))
    return "\n\n\n".join(poems) + "\n"


def _poems_of_book(name: str, content: bytes) -> Iterator[str]:
    text = content.decode("latin-1").replace("\r\n", "\n")
    end = _END.search(text)
    lines = text[: end.start() if end else None].split("\n")
    start_line = _START_LINES[name]
    starts = [number for number, line in enumerate(lines) if line.rstrip() == start_line]
    if not starts:
        raise CorpusError(f"{name} has no line {start_line.strip()!r}, where its poems begin.")
    first = starts[-1 if name in _STARTS_AT_LAST else 0]
    verse = _BRACKETED.sub("", "\n".join(lines[first:])).translate(_PLAIN)
    for poem in _between_headings(verse.split("\n")):
        cleaned = _without_prose(poem)
        if cleaned.count("\n"):
            yield cleaned


def _between_headings(lines: Iterable[str]) -> Iterator[list[str]]:
    poem: list[str] = []
    blank = 0
    for line in map(str.rstrip, lines):
        if line and (blank >= 3 or _is_heading(line)):
            yield poem
            poem = []
        if not line or not _is_heading(line):
            poem.append(line)
        blank = 0 if line else blank + 1
    yield poem


def _is_heading(line: str) -> bool:
    return bool(_HEADING.fullmatch(line)) and (
        line.strip() == "I" or not _SINGLE_VERSE_WORDS.fullmatch(line)
    )


def _without_prose(lines: list[str]) -> str:
    stanzas = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))
    verse = (
        stanza
        for stanza in stanzas
        if max(len(line.strip()) for line in stanza.split("\n")) <= _LONGEST_VERSE
    )
    return textwrap.dedent("\n\n".join(verse)).strip()
