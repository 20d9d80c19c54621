"""The recipes of chinese-poetry's JSON files: Tang poems, and Tang and Song poems with fields."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from charrnn.corpus.chinese_script import HAN, simplify
from charrnn.corpus.recipes.source_file import SourceFile, json_lines
from charrnn.errors import CorpusError

_NOTES: Final = re.compile(r"（[^（）]*）|\([^()]*\)|〖[^〖〗]*〗")
_EMENDED: Final = re.compile(r"\[([^\[\]]*)\]")
_QUOTES_AND_SPACES: Final = re.compile("[\\s“”‘’「」『』《》\"']")
_DOUBLED: Final = re.compile("([，。；？！、：])[，。；？！、：]+")
_CLEAN: Final = re.compile(f"[{HAN}][{HAN}，。；？！、：]*[。？！]")
_VERSE: Final = re.compile("[^，。；？！、：]{4,}")

_MARK: Final = re.compile("[，。；？！、：]")
_SHORTEST: Final = 20
_SERIAL_NUMBER: Final = re.compile(r"\s+其?[一二三四五六七八九十百〇○]+$")
_LONGEST_TITLE: Final = 40
_FORMS: Final = {
    (4, 5): "wujue",
    (4, 6): "liujue",
    (4, 7): "qijue",
    (8, 5): "wulv",
    (8, 7): "qilv",
}
"""Forms by their verses and the characters of a verse."""


@dataclass(frozen=True, slots=True)
class _Record:
    """A poem as it is written in a file, its body cleaned."""

    body: str
    title: str
    author: str
    dynasty: str


def tang(sources: Sequence[SourceFile]) -> str:
    """Clean the poems of chinese-poetry's JSON files, in simplified script.

    Args:
        sources: Files with lists of records with `paragraphs`.

    Returns:
        One poem per line, with Han characters and ，。；？！、： only, without notes, fragments,
        poems with gaps, and repetitions.
    """
    return simplify("".join(f"{record.body}\n" for record in _kept(sources)))


def tangsong(sources: Sequence[SourceFile]) -> str:
    """The poems that `tang` keeps, as JSON Lines with title, author, dynasty, form and text.

    A poem that has half of the verses of an earlier, shorter one is left out too.

    Args:
        sources: Files with lists of records with `paragraphs`, `title` and `author`; the second
            part of a file's name is the dynasty, as in poet.song.1000.json.
    """
    return simplify(
        json_lines(
            {
                "title": _clean_title(record.title),
                "author": record.author,
                "dynasty": record.dynasty,
                "form": _form(record.body),
                "text": record.body,
            }
            for record in _kept(sources, with_half_of_another=False)
        )
    )


def _kept(sources: Sequence[SourceFile], *, with_half_of_another: bool = True) -> Iterator[_Record]:
    """The records that are whole poems, each once.

    A poem of which half is in an earlier one is left out; `with_half_of_another` says whether one
    that has half of an earlier one, and more of its own, is kept.
    """
    bodies: set[str] = set()
    lengths: list[int] = []
    earlier: dict[str, set[int]] = defaultdict(set)
    for record in _records(sources):
        body = record.body
        if not _CLEAN.fullmatch(body) or len(_MARK.sub("", body)) < _SHORTEST or body in bodies:
            continue
        verses = _VERSE.findall(body)
        if any(
            common * 2 >= (len(verses) if with_half_of_another else min(len(verses), lengths[poem]))
            for poem, common in _shared(verses, earlier).items()
        ):
            continue
        for verse in verses:
            earlier[verse].add(len(bodies))
        bodies.add(body)
        lengths.append(len(verses))
        yield record


def _records(sources: Sequence[SourceFile]) -> Iterator[_Record]:
    for source in sources:
        dynasty = source.name.split(".")[1]
        try:
            records: list[dict[str, Any]] = json.loads(source.content)
            for record in records:
                body = _clean_body("".join(record["paragraphs"]))
                title, author = str(record.get("title", "")), str(record.get("author", ""))
                yield _Record(body, title, author.strip(), dynasty)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorpusError(
                f"{source.name} does not have the expected records of poems."
            ) from error


def _clean_body(body: str) -> str:
    body = _EMENDED.sub(r"\1", _NOTES.sub("", body))
    return _DOUBLED.sub(r"\1", _QUOTES_AND_SPACES.sub("", body))


def _clean_title(title: str) -> str:
    """A title without notes and serial number; empty if it is longer than a title should be."""
    title = " ".join(_EMENDED.sub(r"\1", _NOTES.sub("", title)).split())
    title = _SERIAL_NUMBER.sub("", title)
    return title if len(title) <= _LONGEST_TITLE else ""


def _form(body: str) -> str:
    """The form of a poem by its shape alone; empty if it has none of the known shapes."""
    verses = [verse for verse in _MARK.split(body) if verse]
    lengths = {len(verse) for verse in verses}
    return _FORMS.get((len(verses), lengths.pop()), "") if len(lengths) == 1 else ""


def _shared(verses: list[str], earlier: dict[str, set[int]]) -> dict[int, int]:
    """How many of the verses each earlier poem has."""
    shared: dict[int, int] = defaultdict(int)
    for verse in verses:
        for poem in earlier.get(verse, ()):
            shared[poem] += 1
    return shared
