"""From the files of a source to clean poems, for the corpora that must be made from several.

A recipe takes the contents of the source files by name, in the order of the catalogue, and gives
the text of the corpus. `corpora/README.md` tells in words what each one keeps and drops.
"""

import json
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from charrnn.corpus.chinese_script import simplify
from charrnn.errors import CorpusError

HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""The Han characters, as a range of a regular expression."""

_NOTES: Final = re.compile(r"（[^（）]*）|\([^()]*\)|〖[^〖〗]*〗")
_EMENDED: Final = re.compile(r"\[([^\[\]]*)\]")
_QUOTES_AND_SPACES: Final = re.compile("[\\s“”‘’「」『』《》\"']")
_DOUBLED: Final = re.compile("([，。；？！、：])[，。；？！、：]+")
_CLEAN: Final = re.compile(f"[{HAN}][{HAN}，。；？！、：]*[。？！]")
_VERSE: Final = re.compile("[^，。；？！、：]{4,}")
_SHORTEST: Final = 20

_START_LINES: Final = {
    "1041.txt": "  I",
    "12242.txt": "I. LIFE.",
    "1934.txt": "SONGS OF INNOCENCE",
    "8209.txt": "POEMS.",
    "2002.txt": "I",
    "5720.txt": "I",
}
_LAST_OF_ITS_KIND: Final = {"1934.txt"}
_END: Final = re.compile(r"^(?:End of (?:the )?Project Gutenberg|\*\*\* ?END)", re.MULTILINE)
_BRACKETED: Final = re.compile(r"\[[^\[\]]{0,2000}\]")
_HEADING: Final = re.compile(r"\s*(?:[IVXLC]+\.?|\d+\.?|[^a-z]*[A-Z][^a-z]*)\s*")
_SINGLE_VERSE_WORDS: Final = re.compile(r"\s*(?:I|O|A|[IO]['!,.].*)\s*")
_LONGEST_VERSE: Final = 64
_PLAIN: Final = str.maketrans({"‘": "'", "’": "'", "`": "'", "“": '"', "”": '"', "_": ""})


def tang(sources: dict[str, bytes]) -> str:
    """Make one line of each poem of chinese-poetry's JSON files, in simplified script.

    Args:
        sources: The files, each a list of records with `paragraphs`.

    Returns:
        A poem a line: Han characters and ，。；？！、： only, without notes, fragments, poems with
        gaps, and repetitions.
    """
    kept: dict[str, None] = {}
    earlier: dict[str, set[int]] = defaultdict(set)
    for body in map(_clean_body, _bodies(sources)):
        if len(body) < _SHORTEST or body in kept or not _CLEAN.fullmatch(body):
            continue
        verses = _VERSE.findall(body)
        if _repeats(verses, earlier):
            continue
        for verse in verses:
            earlier[verse].add(len(kept))
        kept[body] = None
    return simplify("\n".join(kept) + "\n")


def gutenberg(sources: dict[str, bytes]) -> str:
    """Take the poems out of books of Project Gutenberg.

    Args:
        sources: The books by file name; each name must be one whose first line is known.

    Returns:
        The verse alone: stanzas apart by one blank line, poems by two.
    """
    poems = (poem for name, book in sources.items() for poem in _poems_of_book(name, book))
    return "\n\n\n".join(poems) + "\n"


RECIPES: Final[dict[str, Callable[[dict[str, bytes]], str]]] = {
    "tang": tang,
    "gutenberg": gutenberg,
}


def _bodies(sources: dict[str, bytes]) -> Iterator[str]:
    for name, content in sources.items():
        try:
            records: list[dict[str, Any]] = json.loads(content)
            yield from ("".join(record["paragraphs"]) for record in records)
        except (ValueError, TypeError, KeyError) as error:
            raise CorpusError(f"{name} does not hold the records of poems expected.") from error


def _clean_body(body: str) -> str:
    body = _EMENDED.sub(r"\1", _NOTES.sub("", body))
    return _DOUBLED.sub(r"\1", _QUOTES_AND_SPACES.sub("", body))


def _repeats(verses: list[str], earlier: dict[str, set[int]]) -> bool:
    """Whether half or more of the verses stand in one poem that came before."""
    shared: dict[int, int] = defaultdict(int)
    for verse in verses:
        for poem in earlier.get(verse, ()):
            shared[poem] += 1
    return bool(shared) and max(shared.values()) * 2 >= len(verses)


def _poems_of_book(name: str, content: bytes) -> Iterator[str]:
    text = content.decode("latin-1").replace("\r\n", "\n")
    end = _END.search(text)
    lines = text[: end.start() if end else None].split("\n")
    start_line = _START_LINES[name]
    places = [number for number, line in enumerate(lines) if line.rstrip() == start_line]
    if not places:
        raise CorpusError(f"{name} has no line {start_line.strip()!r}, where its poems begin.")
    first = places[-1 if name in _LAST_OF_ITS_KIND else 0]
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
        if all(len(line.strip()) <= _LONGEST_VERSE for line in stanza.split("\n"))
    )
    return textwrap.dedent("\n\n".join(verse)).strip()
