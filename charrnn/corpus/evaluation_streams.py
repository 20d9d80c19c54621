"""A text cut into streams, which a network reads in one batch to evaluate it."""

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
"""Most characters predicted in one evaluation during training. Validation splits are seldom longer,
and the mean loss differs from that of the whole split by a few thousandths of a nat."""


@dataclass(frozen=True, slots=True)
class Window:
    """`(streams, steps)` ids to read, ids to predict, and bools: false for warm-up and padding."""

    inputs: npt.NDArray[np.unsignedinteger]
    targets: npt.NDArray[np.unsignedinteger]
    counted: npt.NDArray[np.bool_]


class EvaluationStreams:
    """A text cut into streams of equal length for a stateful evaluation in batches.

    Each stream first reads some characters before its start, without counting their loss. This
    warm-up brings its state close to the state of a single pass over the text. Every character but
    the first is predicted once. The text, of at least two ids, may be larger than memory.

    Args:
        ids: `(length,)` ids of the text.
        most: At most that many characters are predicted: the beginning of each stream.
        counts: `(length,)` bools, true for the ids whose prediction counts; None counts all.

    Attributes:
        characters: Number of predicted characters.
        streams: Number of streams: `EVALUATION_STREAMS`, or fewer for a short text.
        length: Steps of each stream, warm-up included.
    """

    def __init__(
        self, ids: Ids, most: int | None = None, counts: npt.NDArray[np.bool_] | None = None
    ) -> None:
        self._last = len(ids) - 1
        self.streams = max(1, min(EVALUATION_STREAMS, self._last // SHORTEST_EVALUATION_STREAM))
        self._stride = -(-self._last // self.streams)
        self._warm_up = EVALUATION_WARM_UP if self.streams > 1 else 0
        read = self._stride if most is None else min(self._stride, max(1, most // self.streams))
        self.length = self._warm_up + read
        begins = np.arange(self.streams) * self._stride
        ends = begins + (self._last - begins).clip(0, read)
        if counts is None:
            self.characters = int((ends - begins).clip(0).sum())
        else:
            before = np.append(0, counts[1:].cumsum())
            self.characters = int(
                (before[ends] - before[begins.clip(max=self._last)]).clip(0).sum()
            )
        self._ids = ids
        self._counts = counts

    def windows(self, steps: int) -> Iterator[Window]:
        """All steps of the streams, `steps` at a time."""
        for start in range(0, self.length, steps):
            yield self.window(start, min(self.length, start + steps))

    def window(self, start: int, stop: int) -> Window:
        """The steps from `start` to `stop`; steps beyond the length are not counted."""
        steps = np.arange(start, stop)
        begins = np.arange(self.streams) * self._stride + start - self._warm_up
        read = np.stack([self._read(begin, begin + len(steps)) for begin in begins.tolist()])
        places = begins[:, None] + steps - start
        own = (steps >= self._warm_up) & (steps < self.length)
        counted = own & (places < self._last)
        if self._counts is not None:
            counted &= self._counts[(places + 1).clip(0, self._last)]
        return Window(read[:, :-1], read[:, 1:], counted)

    def _read(self, begin: int, stop: int) -> npt.NDArray[np.unsignedinteger]:
        """The ids from `begin` through `stop`, padded with the first and the last id."""
        if begin >= 0 and stop <= self._last:
            return self._ids[begin : stop + 1]
        places = np.arange(begin, stop + 1).clip(0, self._last)
        near = self._ids[int(places[0]) : int(places[-1]) + 1]
        repeated: npt.NDArray[np.unsignedinteger] = near[places - places[0]]
        return repeated
