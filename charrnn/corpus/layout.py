"""The layout of a text: where each poem begins and ends.

`text` is one continuous text. In `blocks`, blank lines separate the poems. In `lines`, every line
is a poem. `auto` decides by the first four million characters:

1. It is `lines` if four fifths of the lines are whole poems: at least four clauses that end in
   Chinese punctuation, half of them of one length; or verses separated by " / ".
2. Blank lines may separate only poems, or stanzas and poems. If at least two gaps, and a tenth of
   all gaps, are two or more blank lines long, these long gaps separate poems and single blank lines
   separate stanzas. Otherwise every gap separates poems. The gaps between files do not count,
   because they are charrnn's own; a file always ends a poem.
3. It is `blocks` if the poems look like verse: the median poem has 2 to 60 lines, the median line
   has at most 60 characters, and less than half of the poems begin with a line that ends in a
   colon (the speaker in a play).
4. Otherwise it is `text`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus import store
from charrnn.corpus.store import Rows, StoredRows, Text, as_array, blocks, code_units, pieces
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import Layout, ResolvedLayout
from charrnn.wording import layout_in_words

Spans = Rows[np.int64]

_SAMPLE: Final = 4_000_000
_BLOCK: Final = 1 << 14
_LINE: Final = 1
_GAP: Final = 2
_LONG_GAP: Final = 3
_CLAUSE_END: Final = re.compile(r"[，。？！；：]")
_LONGEST_VERSE: Final = 60
_MOST_LINES: Final = 60

LONGEST_COUNTED: Final = 200
"""Most lines of a poem that are counted."""


@dataclass(frozen=True, slots=True)
class LayoutChoice:
    """A decision about the layout.

    Attributes:
        layout: The layout.
        gap: Number of line ends, with only white space between them, that separate two poems; None
            for continuous text.
        reason: A sentence for the user: what was chosen and why.
    """

    layout: ResolvedLayout
    gap: int | None
    reason: str

    @property
    def stanzas(self) -> bool:
        """Whether one blank line separates stanzas and two or more separate poems."""
        return self.gap == _LONG_GAP


def choose_layout(
    text: Text,
    wanted: Layout = "auto",
    stanzas: bool | None = None,
    joints: Sequence[int] = (),
) -> LayoutChoice:
    """Choose the layout of a normalised text by the rules of this module.

    Args:
        text: The text.
        wanted: Its layout; "auto" detects it, but a text with stanzas has blocks.
        stanzas: Whether one blank line separates stanzas, not poems; None detects it.
        joints: Positions in the text, in order, at which the gaps between files begin.

    Raises:
        ConfigurationError: `stanzas` are wanted in a layout that has none.
    """
    if stanzas and wanted == "auto":
        wanted = "blocks"
    if stanzas and wanted != "blocks":
        raise ConfigurationError(
            "stanzas are parts of poems in layout blocks, so --stanzas needs that layout. "
            f"Received: layout {wanted}."
        )
    sample = text[:_SAMPLE]
    gap = _poem_gap(sample, joints) if stanzas is None else _LONG_GAP if stanzas else _GAP
    if wanted == "auto":
        return _automatic(sample, gap)
    words = layout_in_words(wanted, stanzas=gap == _LONG_GAP)
    gaps = {"text": None, "lines": _LINE, "blocks": gap}
    return LayoutChoice(wanted, gaps[wanted], f"layout {wanted}: {words}.")


@dataclass(frozen=True, slots=True, eq=False)
class Poems:
    """The poems of a text.

    Attributes:
        spans: `(poems, 2)` start and stop of each poem in the text.
        by_lines: Number of poems with 1, 2, 3 ... lines, without blank lines. Empty if a poem is
            longer than `LONGEST_COUNTED`, because its length says nothing about other poems.
    """

    spans: Spans
    by_lines: tuple[int, ...]


def cut(text: Text, gap: int | None) -> Poems:
    """Find the poems of a normalised text, without white space around them.

    `gap` line ends separate two poems. None takes the whole text as one.
    """
    if gap is None:
        return Poems(np.array([[0, len(text)]], np.int64), ())
    spans = StoredRows(np.int64, (2,))
    by_lines = np.zeros(LONGEST_COUNTED + 2, np.int64)
    start = breaks = 0
    for runs in blank_runs(text):
        # White space at either end of the text belongs to no poem.
        separates = (
            (runs[:, LINE_ENDS] >= gap) | (runs[:, START] == 0) | (runs[:, STOP] == len(text))
        )
        gaps = runs[separates]
        starts = np.append(start, gaps[:, STOP])
        found = np.stack((starts[:-1], gaps[:, START]), axis=1)
        is_poem = found[:, 0] < found[:, 1]
        spans.append(found[is_poem])
        # The lines of a poem are its inner line breaks and one more.
        inner = np.append(breaks, ~separates & (runs[:, LINE_ENDS] > 0)).cumsum()
        ended = np.append(0, inner[1:][separates])
        lines = (np.diff(ended) + 1)[is_poem]
        by_lines += np.bincount(lines.clip(max=LONGEST_COUNTED + 1), minlength=len(by_lines))
        start, breaks = int(starts[-1]), int(inner[-1] - ended[-1])
    if start < len(text):
        spans.append(np.array([[start, len(text)]], np.int64))
        by_lines[min(breaks, LONGEST_COUNTED) + 1] += 1
    longest = int(np.flatnonzero(by_lines)[-1]) if by_lines.any() else 0
    counts = by_lines[1 : longest + 1].tolist() if longest <= LONGEST_COUNTED else ()
    return Poems(spans.finish(), tuple(counts))


def neighbours(spans: Spans) -> Iterator[npt.NDArray[np.int64]]:
    """Group `(spans, 2)` spans that lie within `CHUNK` characters; a single one may be longer."""
    for rows in blocks(spans, _BLOCK):
        stops = rows[:, 1].copy()
        first = 0
        while first < len(rows):
            near = np.searchsorted(stops, rows[first, 0] + store.CHUNK, "right")
            last = max(first + 1, int(near))
            yield rows[first:last]
            first = last


def _poem_gap(text: str, joints: Sequence[int]) -> int:
    gaps = longs = 0
    # The gaps at both ends of the text separate nothing, like those between files.
    borders = np.sort(np.array([0, *joints, len(text)]))
    for runs in blank_runs(text):
        first = np.searchsorted(borders, runs[:, START], "left")
        inner = runs[np.searchsorted(borders, runs[:, STOP], "right") == first, LINE_ENDS]
        gaps += int(np.count_nonzero(inner >= _GAP))
        longs += int(np.count_nonzero(inner >= _LONG_GAP))
    return _LONG_GAP if longs >= 2 and longs * 10 >= gaps else _GAP


def _automatic(text: str, gap: int) -> LayoutChoice:
    lines = [line for line in text.splitlines() if line.strip()]
    if sum(map(_is_whole_poem, lines)) * 5 >= len(lines) * 4:
        return LayoutChoice("lines", _LINE, "layout lines was chosen: each line is a whole poem.")
    spans = as_array(cut(text, gap).spans)
    against = _against_blocks([text[start:stop] for start, stop in spans.tolist()])
    if against is not None:
        return LayoutChoice("text", None, f"layout text was chosen: {against}.")
    words = layout_in_words("blocks", stanzas=gap == _LONG_GAP)
    return LayoutChoice("blocks", gap, f"layout blocks was chosen: {words}.")


def _against_blocks(poems: list[str]) -> str | None:
    """The reason why blocks of text do not look like verse, or None."""
    if len(poems) < 2:
        return "it has no blank lines"
    lines = [[line.strip() for line in poem.splitlines() if line.strip()] for poem in poems]
    if not 2 <= median(map(len, lines)) <= _MOST_LINES:
        return f"its blocks are not poems of 2 to {_MOST_LINES} lines"
    if median(len(line) for poem in lines for line in poem) > _LONGEST_VERSE:
        return f"most of its lines are longer than {_LONGEST_VERSE} characters, like prose"
    if sum(poem[0].endswith((":", "：")) for poem in lines) * 2 >= len(poems):
        return "its blocks begin with the name of a speaker, like a play"
    return None


def _is_whole_poem(line: str) -> bool:
    if " / " in line:
        return True
    lengths = Counter(len(clause) for clause in _CLAUSE_END.split(line)[:-1])
    return lengths.total() >= 4 and lengths.most_common(1)[0][1] * 2 >= lengths.total()


Runs = npt.NDArray[np.int64]

START: Final = 0
STOP: Final = 1
LINE_ENDS: Final = 2

_LAST_BLANK: Final = 0x3000
"""The highest code point that is white space."""

_IS_BLANK: Final = np.array([chr(point).isspace() for point in range(_LAST_BLANK + 1)])


def blank_runs(text: Text) -> Iterator[Runs]:
    """The runs of white space in a text, in order: `(runs, 3)` start, stop, number of line ends."""
    held = np.empty((0, 3), np.int64)
    begin = 0
    for piece in pieces(text):
        runs = _runs_in(piece)
        runs[:, [START, STOP]] += begin
        begin += len(piece)
        if len(held) and len(runs) and runs[0, START] == held[0, STOP]:
            runs[0, START] = held[0, START]
            runs[0, LINE_ENDS] += held[0, LINE_ENDS]
        else:
            runs = np.concatenate((held, runs))
        # A run at the end of the piece may continue in the next one.
        whole = len(runs) - int(len(runs) > 0 and runs[-1, STOP] == begin)
        yield runs[:whole]
        held = runs[whole:]
    yield held


def _runs_in(piece: str) -> Runs:
    units = code_units(piece)
    # The range test excludes most characters before the table look-up.
    places = np.flatnonzero((units <= 0x20) | ((units >= 0x85) & (units <= _LAST_BLANK)))
    places = places[_IS_BLANK[units[places]]]
    first = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    runs = np.empty((len(first), 3), np.int64)
    if len(first):
        runs[:, START] = places[first]
        runs[:, STOP] = places[np.append(first[1:], len(places)) - 1] + 1
        runs[:, LINE_ENDS] = np.add.reduceat((units[places] == ord("\n")).astype(np.int64), first)
    return runs
