"""Training batches: contiguous streams of the text, cut into windows."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.store import Rows
from charrnn.corpus.vocabulary import Ids
from charrnn.training.renaming import Renaming

READ_AHEAD: Final = 1 << 20
"""Ids read at once for the steps to come: a text in a file is read in few, long pieces."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step reads.

    Attributes:
        inputs: `(batch_size, window)` int32 ids.
        targets: `(batch_size, window)` int32 ids, each the one after its input.
        begins: Whether the streams begin here, so that the state must be zero.
    """

    inputs: npt.NDArray[np.int32]
    targets: npt.NDArray[np.int32]
    begins: bool


class TrainingStreams:
    """The text as `batch_size` streams of equal length, read `window` characters at a time.

    Each step reads the characters that follow those of the step before, so that the recurrent
    state can be carried on. The text is a ring, and each epoch cuts it at a place of its own.
    What step k reads depends on (seed, k) alone, and on whether names are spelled anew there.

    Args:
        ids: `(length,)` ids of the training part; more than `batch_size * window` of them.
        batch_size: Streams.
        window: Characters read from each stream in one step.
        seed: Decides where each epoch is cut.
        renaming: Spells names anew in some of the streams; None in none.
    """

    def __init__(
        self, ids: Ids, batch_size: int, window: int, seed: int, renaming: Renaming | None = None
    ) -> None:
        self.ids = ids
        self.batch_size = batch_size
        self.window = window
        self.seed = seed
        self._renaming = renaming
        self.steps_per_epoch = len(ids) // batch_size // window
        self._windows_ahead = max(1, READ_AHEAD // (batch_size * window))
        self._ahead: tuple[int, int, bool] | None = None
        self._read = np.empty((batch_size, 0), ids.dtype)

    def batch(self, step: int, *, renames: bool = True) -> Batch:
        """What a step reads.

        Args:
            step: Its number, from 0.
            renames: Whether names are spelled anew where `renaming` has it so.
        """
        epoch, position = divmod(step, self.steps_per_epoch)
        ahead, place = divmod(position, self._windows_ahead)
        if self._ahead != (epoch, ahead, renames):
            self._read = self._rows(epoch, ahead * self._windows_ahead, renames=renames)
            self._ahead = epoch, ahead, renames
        first = place * self.window
        read = self._read[:, first : first + self.window + 1].astype(np.int32)
        return Batch(read[:, :-1], read[:, 1:], begins=position == 0)

    def _rows(self, epoch: int, position: int, *, renames: bool) -> npt.NDArray[np.unsignedinteger]:
        """`(batch_size, length)` what the streams hold from a window on, for some windows."""
        windows = min(self._windows_ahead, self.steps_per_epoch - position)
        length = windows * self.window + 1
        offset = int(np.random.default_rng((self.seed, epoch)).integers(len(self.ids)))
        stream = len(self.ids) // self.batch_size
        rows = np.empty((self.batch_size, length), self.ids.dtype)
        for number, row in enumerate(rows):
            start = (offset + number * stream + position * self.window) % len(self.ids)
            row[:] = _around(self.ids, start, length)
            if renames:
                self._rename(row, epoch, number, start)
        return rows

    def _rename(
        self, row: npt.NDArray[np.unsignedinteger], epoch: int, number: int, start: int
    ) -> None:
        """Spell the names of a stream anew, where it is one of those whose names are."""
        renaming = self._renaming
        spelling = None if renaming is None else renaming.spelling(epoch, number)
        if renaming is not None and spelling is not None:
            named = _around(renaming.places, start, len(row))
            row[named] = spelling[row[named]]


def _around(ring: Rows[Any], start: int, length: int) -> npt.NDArray[Any]:
    """So many of a ring, from a place on."""
    before = ring[start : start + length]
    return np.concatenate([before, ring[: length - len(before)]])
