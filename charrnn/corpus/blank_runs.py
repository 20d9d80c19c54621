"""Where white space stands in a text: what parts lines, stanzas and poems."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.long_text import Text, code_units, pieces

Runs = npt.NDArray[np.int64]

START: Final = 0
STOP: Final = 1
LINE_ENDS: Final = 2

_LAST_BLANK: Final = 0x3000
"""The highest code point that is white space; above it stand the Han characters."""

_IS_BLANK: Final = np.array([chr(point).isspace() for point in range(_LAST_BLANK + 1)])


def blank_runs(text: Text) -> Iterator[Runs]:
    """Find the white space of a text.

    Args:
        text: Any text.

    Yields:
        `(runs, 3)` runs of white space as long as they go: position of the first character, position
        after the last one, and how many line ends are among them. All runs come once, in order.
    """
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
        # A run that goes to the end of the piece may go on in the next one.
        whole = len(runs) - int(len(runs) > 0 and runs[-1, STOP] == begin)
        yield runs[:whole]
        held = runs[whole:]
    yield held


def _runs_in(piece: str) -> Runs:
    units = code_units(piece)
    # Most characters are told by their range; the table is asked for the others.
    places = np.flatnonzero((units <= 0x20) | ((units >= 0x85) & (units <= _LAST_BLANK)))
    places = places[_IS_BLANK[units[places]]]
    first = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    runs = np.empty((len(first), 3), np.int64)
    if len(first):
        runs[:, START] = places[first]
        runs[:, STOP] = places[np.append(first[1:], len(places)) - 1] + 1
        runs[:, LINE_ENDS] = np.add.reduceat((units[places] == ord("\n")).astype(np.int64), first)
    return runs
