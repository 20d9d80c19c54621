"""What a network made of several texts, a row for each; rows are taken and joined as texts need.

Nothing changes a reading, so drafts share one: a draft is a row of it. A batch whose drafts are
the rows of one reading, in order, is stepped without a copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import numpy as np

from charrnn.generation.engine import Logits, State


# Not frozen, which would take four times as long to make: one is made for every character.
@dataclass(slots=True, eq=False)
class Reading:
    """What a network made of some texts.

    Attributes:
        logits: `(batch, vocabulary)` float32, its prediction of the next symbol of each.
        state: What it remembers of them.
    """

    logits: Logits
    state: State

    def rows(self, rows: Sequence[int]) -> "Reading":
        """Some of the texts, in the order given; one may be taken more than once."""
        taken = np.array(rows, np.intp)
        state = tuple(tuple(array[taken] for array in layer) for layer in self.state)
        return Reading(self.logits[taken], state)


class Row(Protocol):
    """A row of a reading, with whatever else is known of its text."""

    @property
    def reading(self) -> Reading:
        """The reading."""

    @property
    def row(self) -> int:
        """Which row of it."""


def gather(texts: Sequence[Row]) -> Reading:
    """The reading of some texts together, in their order, wherever each was read."""
    first = texts[0]
    if len(texts) == 1 and len(first.reading.logits) == 1:
        return first.reading
    parts = [
        _taken(reading, [text.row for text in together]) for reading, together in _by_reading(texts)
    ]
    if len(parts) == 1:
        return parts[0]
    layers = zip(*(part.state for part in parts), strict=True)
    state = tuple(tuple(map(np.concatenate, zip(*layer, strict=True))) for layer in layers)
    return Reading(np.concatenate([part.logits for part in parts]), state)


def _by_reading(texts: Sequence[Row]) -> list[tuple[Reading, list[Row]]]:
    """Texts that follow one another and were read together."""
    groups = [list(together) for _, together in groupby(texts, lambda text: id(text.reading))]
    return [(together[0].reading, together) for together in groups]


def _taken(reading: Reading, rows: list[int]) -> Reading:
    return reading if rows == list(range(len(reading.logits))) else reading.rows(rows)
