"""Finding the poems in a book of Project Gutenberg, among prose, contents, notes and headings."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final, Literal

from charrnn.corpus.recipes.headings import attribution, is_byline
from charrnn.corpus.text_formats import without_licence

_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛`´′", "'"),
        **dict.fromkeys("“”„«»″", '"'),
        **dict.fromkeys("–—―", "--"),
        "…": "...",
        "æ": "ae",
        "Æ": "Ae",
        "œ": "oe",
        "Œ": "Oe",
        "ß": "ss",
        "£": "L",
        "\t": "    ",
        "_": "",
        "\u00a0": " ",
        "\ufeff": "",
    }
)
_FOOTNOTE: Final = re.compile(r"^ *\[(?:\d{1,3}|[A-Z*])\]:? +\S.*(?:\n.*\S.*)*", re.MULTILINE)
_BRACKETED: Final = re.compile(r"\[[^\[\]]{0,2000}\]")
_REMOVED: Final = "\0"
"""What stands for notes in brackets until lines are read."""

_LINE_NUMBER: Final = re.compile(r"(?: {2,}|^ *)(?:\d{1,4}|[Pp]g? ?\d{1,4})\.?$")
_STAGE_DIRECTION: Final = re.compile(
    r"\(?(?:Enter|Exit|Exeunt|Re-enter|Curtain|Aside)\b[^\n]*|\([A-Z][^()]*\.\)"
)
_SPEAKER: Final = re.compile(r"[A-Z][A-Z .'-]{3,30}[.:]?")
_END_MARK: Final = re.compile(
    r"(?:the end|finis|footnotes?|\*[ *]*|-{3,}|={3,})[.:]?", re.IGNORECASE
)
_ENDS_IN_NUMBER: Final = re.compile(r"(?:[. ]{2,}|\s)(?:\d{1,4}|[ivxlc]+)$")
_ENDS_LIKE_CONTENTS: Final = re.compile(r"\.[ .]*\.\s*\d+$")
_MARKED_END: Final = re.compile(r"[,;:.!?'\")-]$")

_LONGEST_LINE: Final = 76
_LONGEST_MEAN: Final = 68
_MOST_HEADING: Final = 80
_LEAST_CAPITALS: Final = 0.75
_LEAST_MARKED: Final = 0.25
_MOST_NUMBERED: Final = 0.3
_NEXT_POEM: Final = 3
"""Blank lines that part poems where there is no heading."""

_TURN_OVER: Final = 8
"""Columns that the rest of a broken line stands further in than its beginning, at least."""

_BROKEN_AT: Final = 36
_SET_RIGHT: Final = 16
"""Columns that an author's name under a poem is indented, at least."""


@dataclass(frozen=True, slots=True)
class FoundPoem:
    """A poem of a book: its heading and author as printed, empty if there are none; its text."""

    heading: str
    author: str
    text: str


@dataclass(slots=True)
class _Draft:
    """A poem that is being read."""

    heading: str = ""
    author: str = ""
    stanzas: list[list[str]] = field(default_factory=list)

    def finish(self) -> Iterator[FoundPoem]:
        """The poem, if it has any lines."""
        lines = [line for stanza in self.stanzas for line in (*stanza, "")][:-1]
        if lines:
            indent = min(len(line) - len(line.lstrip()) for line in lines if line)
            text = "\n".join(line[indent:] for line in lines)
            yield FoundPoem(self.heading, self.author, text)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines between blank lines, and how many of those stand before them."""

    lines: list[str]
    blank: int


def poems_of_book(content: bytes, author: str = "") -> Iterator[FoundPoem]:
    """The poems of a book, in order; some lines that are no verse may be among them.

    Args:
        content: The book, in UTF-8 or Latin-1, with the header and licence of Project Gutenberg.
        author: Who wrote all of it; empty for an anthology, whose poems may name their authors.
    """
    draft = _Draft(author=author)
    for block in _blocks(_plain(_decoded(content))):
        kind = _kind(block.lines)
        if len(block.lines) == 1 and not (draft.stanzas and block.blank <= 1):
            # One line is verse only within a poem.
            kind = "heading" if _may_be_title(block.lines[0].strip()) else "other"
        by = "" if author else _author_in(block.lines)
        if kind == "verse":
            if block.blank >= _NEXT_POEM and draft.stanzas:
                yield from draft.finish()
                draft = _Draft(author=author)
            draft.stanzas.append(_verse_lines(block.lines))
        elif by and (is_byline(block.lines[0]) or _stands_under(draft, block)):
            draft.author = by
        else:
            yield from draft.finish()
            heading = " ".join(line.strip() for line in block.lines) if kind == "heading" else ""
            keeps = not draft.stanzas and _is_number(heading)
            draft = _Draft(draft.heading if keeps else heading, author)
    yield from draft.finish()


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(without_licence([text])) or text


def _plain(text: str) -> str:
    """A text in ASCII, without marks of italics; what was in brackets is `_REMOVED`."""
    text = _BRACKETED.sub(_REMOVED, _FOOTNOTE.sub(_REMOVED, text.replace(_REMOVED, "")))
    text = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return text.encode("ascii", "ignore").decode("ascii")


def _blocks(text: str) -> Iterator[_Block]:
    """The blocks of a text; lines that no poem has do not count, nor blank lines after them."""
    lines: list[str] = []
    blank, left_out = 0, False
    for line in text.split("\n"):
        kept = _without_number(line.replace(_REMOVED, ""))
        if line.strip() and _is_furniture(kept.strip()):
            left_out = True
        elif kept:
            lines.append(kept)
            left_out = False
        else:
            if lines:
                yield _Block(_without_speakers(lines), blank)
                lines, blank = [], 0
            blank = max(blank, 1) if left_out else blank + 1
    if lines:
        yield _Block(_without_speakers(lines), blank)


def _without_speakers(lines: list[str]) -> list[str]:
    """The lines without names of speakers, where something else stands with them."""
    spoken = [line for line in lines if not _SPEAKER.fullmatch(line.strip())]
    return spoken if len(spoken) > 1 else lines


def _without_number(line: str) -> str:
    """A line without the number of a line or a page; those of contents stay, and tell of them."""
    line = line.rstrip()
    return line if _ENDS_LIKE_CONTENTS.search(line) else _LINE_NUMBER.sub("", line).rstrip()


def _is_furniture(bare: str) -> bool:
    """Whether a line is a stage direction, a rule, the end, or nothing is left of it."""
    return not bare or bool(_STAGE_DIRECTION.fullmatch(bare) or _END_MARK.fullmatch(bare))


def _kind(lines: list[str]) -> Literal["verse", "heading", "other"]:
    bare = [line.strip() for line in lines]
    if len(bare) <= 2 and _is_heading(bare):
        return "heading"
    if max(map(len, bare)) > _LONGEST_LINE or fmean(map(len, bare)) > _LONGEST_MEAN:
        return "other"
    if _share(_begins_large(line) for line in bare) < _LEAST_CAPITALS:
        return "other"
    numbered = _share(bool(_ENDS_IN_NUMBER.search(line)) for line in bare)
    marked = _share(bool(_MARKED_END.search(line)) for line in bare)
    in_capitals = _share(line.isupper() for line in bare)
    if numbered > _MOST_NUMBERED or marked < _LEAST_MARKED or in_capitals > _MOST_NUMBERED:
        return "other"
    return "verse"


def _is_heading(bare: list[str]) -> bool:
    text = " ".join(bare)
    if len(text) > _MOST_HEADING or text[-1] in ",;:-":
        return False
    return text.isupper() or _is_number(text) or (len(bare) == 1 and _is_title_case(text))


def _may_be_title(bare: str) -> bool:
    return _is_heading([bare]) or (len(bare) <= _MOST_HEADING and not _MARKED_END.search(bare))


def _is_title_case(text: str) -> bool:
    """Whether the long words of a line are capitalised, as in a title; a sentence's are not."""
    words = re.findall(r"[A-Za-z']+", text)
    long = [word for word in words if len(word) > 3]
    return bool(words) and words[0][:1].isupper() and all(word[0].isupper() for word in long)


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[IVXLCDM]+\.?|\d+\.?", text))


def _begins_large(line: str) -> bool:
    letter = re.search(r"[A-Za-z]", line)
    return letter is None or letter.group().isupper()


def _share(marks: Iterable[bool]) -> float:
    return fmean(list(marks))


def _author_in(lines: list[str]) -> str:
    return attribution(lines[0]) if len(lines) == 1 else ""


def _stands_under(draft: _Draft, block: _Block) -> bool:
    """Whether a line is set to the right just under a poem."""
    return bool(draft.stanzas) and block.blank <= 1 and _indent(block.lines[0]) >= _SET_RIGHT


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _verse_lines(lines: list[str]) -> list[str]:
    """The lines of a stanza, with the rest of broken lines joined to them."""
    joined: list[str] = []
    for line in lines:
        if joined and _is_turn_over(joined[-1], line):
            joined[-1] = f"{joined[-1]} {line.strip()}"
        else:
            joined.append(line)
    return joined


def _is_turn_over(before: str, line: str) -> bool:
    further = _indent(line) - _indent(before) >= _TURN_OVER
    return further and not _begins_large(line) and len(before.strip()) >= _BROKEN_AT
