"""How poems stand in a text, and where each begins and ends.

Layouts: `text` is one continuous text; in `blocks` blank lines part the poems; in `lines` every
line is a poem. `auto` decides, looking at the first four million characters:

1. It is `lines` when four fifths of the lines are a whole poem each: at least four clauses
   closed by Chinese punctuation, half of them or more of one length; or verses parted by " / ".
2. Blank lines may part stanzas and poems, or poems only. If at least two gaps, and a tenth of
   all, are two or more blank lines long, the long gaps part poems and the single blank lines part
   stanzas; otherwise every gap parts poems.
3. The text is `blocks` when those poems look like verse: the median poem has 2 to 60 lines, the
   median line at most 60 characters, and fewer than half of the poems begin with a line that
   ends in a colon, as the speeches of a play do.
4. Otherwise it is `text`.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from charrnn.config import Layout

ResolvedLayout = Literal["text", "blocks", "lines"]
Positions = npt.NDArray[np.int64]

_SAMPLE: Final = 4_000_000
_GAP: Final = re.compile(r"\n(?:[^\S\n]*\n)+")
_LONG_GAP: Final = re.compile(r"\n(?:[^\S\n]*\n){2,}")
_LINE: Final = re.compile(r"\n")
_CLAUSE_END: Final = re.compile(r"[，。？！；：]")
_LONGEST_VERSE: Final = 60
_MOST_LINES: Final = 60

LONGEST_COUNTED: Final = 200
"""Lines of a poem that are counted at most."""


@dataclass(frozen=True, slots=True)
class LayoutChoice:
    """How a text is taken apart.

    Attributes:
        layout: The layout, settled.
        separator: What stands between poems; None for continuous text.
        reason: A sentence that says what was chosen and why.
    """

    layout: ResolvedLayout
    separator: re.Pattern[str] | None
    reason: str

    @property
    def stanzas(self) -> bool:
        """Whether one blank line parts stanzas, and only a longer gap poems."""
        return self.separator is _LONG_GAP


def choose_layout(text: str, wanted: Layout = "auto", stanzas: bool | None = None) -> LayoutChoice:
    """Decide how poems stand in a text.

    Args:
        text: The normalised text.
        wanted: The layout that was asked for; "auto" follows the rule of this module.
        stanzas: Whether one blank line parts stanzas, and only a longer gap poems; None follows
            the rule of this module.

    Returns:
        The layout, and the separator of its poems.
    """
    sample = text[:_SAMPLE]
    if wanted == "text":
        return LayoutChoice("text", None, "layout text: one continuous text.")
    if wanted == "lines":
        return LayoutChoice("lines", _LINE, "layout lines: every line is a poem.")
    separator = _poem_gap(sample) if stanzas is None else _LONG_GAP if stanzas else _GAP
    if wanted == "blocks":
        return LayoutChoice("blocks", separator, f"layout blocks: {_parting(separator)}.")
    return _automatic(sample, separator)


def cut(text: str, separator: re.Pattern[str] | None) -> tuple[Positions, Positions]:
    """Find the poems of a text.

    Args:
        text: The normalised text.
        separator: What stands between poems; None takes the whole text as one.

    Returns:
        `(poems,)` position of the first character of every poem and `(poems,)` position after
        its last one. Poems have no blank space around them, and empty ones are dropped.
    """
    if separator is None:
        return np.array([0], np.int64), np.array([len(text)], np.int64)
    starts, stops = array("q"), array("q")
    for start, stop in _pieces(text, separator):
        piece = text[start:stop]
        stripped = piece.strip()
        if stripped:
            first = start + len(piece) - len(piece.lstrip())
            starts.append(first)
            stops.append(first + len(stripped))
    return np.array(starts, np.int64), np.array(stops, np.int64)


def poems_by_lines(poems: Iterable[str]) -> tuple[int, ...]:
    """How many poems have 1, 2, 3 ... lines, blank ones not counted.

    Empty where a poem is longer than `LONGEST_COUNTED`: such poems have no count of lines that
    another one could be expected to have.
    """
    counts = Counter(sum(bool(line.strip()) for line in poem.split("\n")) for poem in poems)
    longest = max(counts, default=0)
    if longest > LONGEST_COUNTED:
        return ()
    return tuple(counts[lines] for lines in range(1, longest + 1))


def _pieces(text: str, separator: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in separator.finditer(text):
        yield start, gap.start()
        start = gap.end()
    yield start, len(text)


def _poem_gap(text: str) -> re.Pattern[str]:
    gaps = longs = 0
    for gap in _GAP.finditer(text.strip()):
        gaps += 1
        longs += gap.group().count("\n") > 2
    return _LONG_GAP if longs >= 2 and longs * 10 >= gaps else _GAP


def _parting(separator: re.Pattern[str]) -> str:
    if separator is _LONG_GAP:
        return "two or more blank lines part the poems, one blank line their stanzas"
    return "blank lines part the poems"


def _automatic(text: str, separator: re.Pattern[str]) -> LayoutChoice:
    lines = [line for line in text.splitlines() if line.strip()]
    if sum(map(_is_whole_poem, lines)) * 5 >= len(lines) * 4:
        return LayoutChoice("lines", _LINE, "layout lines was chosen: each line is a whole poem.")
    starts, stops = cut(text, separator)
    against = _against_blocks([text[start:stop] for start, stop in zip(starts, stops, strict=True)])
    if against is not None:
        return LayoutChoice("text", None, f"layout text was chosen: {against}.")
    return LayoutChoice("blocks", separator, f"layout blocks was chosen: {_parting(separator)}.")


def _against_blocks(poems: list[str]) -> str | None:
    """Why poems that were cut at blank lines do not look like verse; None when they do."""
    if len(poems) < 2:
        return "no blank lines part it"
    lines = [[line.strip() for line in poem.splitlines() if line.strip()] for poem in poems]
    if not 2 <= median(map(len, lines)) <= _MOST_LINES:
        return f"its blocks are not poems of 2 to {_MOST_LINES} lines"
    if median(len(line) for poem in lines for line in poem) > _LONGEST_VERSE:
        return f"most of its lines are longer than {_LONGEST_VERSE} characters, as prose is"
    if sum(poem[0].endswith((":", "：")) for poem in lines) * 2 >= len(poems):
        return "its blocks begin with a speaker's name, as a play's do"
    return None


def _is_whole_poem(line: str) -> bool:
    if " / " in line:
        return True
    lengths = Counter(len(clause) for clause in _CLAUSE_END.split(line)[:-1])
    return lengths.total() >= 4 and lengths.most_common(1)[0][1] * 2 >= lengths.total()
