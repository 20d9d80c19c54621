"""Ids laid side by side: the text as streams that a network reads in parallel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import Ids

EVALUATION_STREAMS: Final = 64
EVALUATION_WARM_UP: Final = 128
SHORTEST_EVALUATION_STREAM: Final = 512

MOST_MEASURED: Final = 500_000
"""Characters that an evaluation in training predicts at most: no usual validation split is longer, and
a mean over so many differs from that over all by some thousandths of a nat."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the streams hold at some steps in a row.

    Attributes:
        inputs: `(streams, steps)` ids read.
        targets: `(streams, steps)` ids to predict.
        counted: `(streams, steps)` bool; false where a stream warms up or is padded.
    """

    inputs: npt.NDArray[np.unsignedinteger]
    targets: npt.NDArray[np.unsignedinteger]
    counted: npt.NDArray[np.bool_]


class EvaluationStreams:
    """A text laid out for a stateful evaluation that does not take all day.

    One pass from a zero state over the whole text would read one character at a time. Here the
    text is cut into streams of equal length, and each first reads, uncounted, the characters
    before its cut, so that its state there is nearly what the one long pass would have carried.
    Every character but the first is predicted once, or where a text is too long for that, those
    at the beginning of each stream. The text is read as the streams are, so it may be longer than
    memory.

    Args:
        ids: `(length,)` ids of the text, at least two.
        most: Characters predicted at most; None predicts all.

    Attributes:
        characters: Characters predicted.
        streams: Up to `EVALUATION_STREAMS`, fewer where they would be short.
        length: Steps of each stream, those of the warm-up included.
    """

    def __init__(self, ids: Ids, most: int | None = None) -> None:
        self._last = len(ids) - 1
        self.streams = max(1, min(EVALUATION_STREAMS, self._last // SHORTEST_EVALUATION_STREAM))
        self._stride = -(-self._last // self.streams)
        self._warm_up = EVALUATION_WARM_UP if self.streams > 1 else 0
        read = self._stride if most is None else min(self._stride, max(1, most // self.streams))
        self.length = self._warm_up + read
        begins = np.arange(self.streams) * self._stride
        self.characters = int((self._last - begins).clip(0, read).sum())
        self._ids = ids

    def windows(self, steps: int) -> Iterator[Window]:
        """The streams from beginning to end, so many steps at a time."""
        for start in range(0, self.length, steps):
            yield self.window(start, min(self.length, start + steps))

    def window(self, start: int, stop: int) -> Window:
        """What the streams hold from one step to another; nothing counts beyond their length."""
        steps = np.arange(start, stop)
        begins = np.arange(self.streams) * self._stride + start - self._warm_up
        read = np.stack([self._read(begin, begin + len(steps)) for begin in begins.tolist()])
        places = begins[:, None] + steps - start
        own = (steps >= self._warm_up) & (steps < self.length)
        counted = own & (places < self._last)
        return Window(read[:, :-1], read[:, 1:], counted)

    def _read(self, begin: int, stop: int) -> npt.NDArray[np.unsignedinteger]:
        """The ids from one place through another, the first and the last repeated beyond."""
        if begin >= 0 and stop <= self._last:
            return self._ids[begin : stop + 1]
        places = np.arange(begin, stop + 1).clip(0, self._last)
        near = self._ids[int(places[0]) : int(places[-1]) + 1]
        repeated: npt.NDArray[np.unsignedinteger] = near[places - places[0]]
        return repeated
