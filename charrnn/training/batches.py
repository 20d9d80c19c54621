"""Training batches: contiguous streams of the text, cut into windows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.unsignedinteger]


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
    What step k reads depends on (seed, k) alone.

    Args:
        ids: `(length,)` ids of the training part; more than `batch_size * window` of them.
        batch_size: Streams.
        window: Characters read from each stream in one step.
        seed: Decides where each epoch is cut.
    """

    def __init__(self, ids: Ids, batch_size: int, window: int, seed: int) -> None:
        self.ids = ids
        self.batch_size = batch_size
        self.window = window
        self.seed = seed
        self.steps_per_epoch = len(ids) // batch_size // window
        self._epoch = -1
        self._starts = np.zeros((batch_size, 1), np.int64)

    def batch(self, step: int) -> Batch:
        """What step `step`, counted from 0, reads."""
        epoch, position = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._starts = self._cut(epoch)
            self._epoch = epoch
        span = np.arange(position * self.window, (position + 1) * self.window + 1)
        read = self.ids.take(self._starts + span, mode="wrap").astype(np.int32)
        return Batch(read[:, :-1], read[:, 1:], begins=position == 0)

    def _cut(self, epoch: int) -> npt.NDArray[np.int64]:
        """Where each stream starts in an epoch, `(batch_size, 1)`."""
        offset = np.random.default_rng((self.seed, epoch)).integers(len(self.ids))
        stream = len(self.ids) // self.batch_size
        return (offset + stream * np.arange(self.batch_size, dtype=np.int64))[:, None]
