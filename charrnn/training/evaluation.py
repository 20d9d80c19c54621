"""The loss of a network on the validation split, with carried state."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.corpus.evaluation_streams import MOST_MEASURED, EvaluationStreams
from charrnn.corpus.vocabulary import Ids
from charrnn.model.network import State, StatefulNetwork

LARGEST_LOGITS = 6_000_000
"""Logits in memory at once (24 MB): a large vocabulary is read in shorter windows."""

LONGEST_WINDOW = 128
"""Longest window: longer ones are hardly faster, and an interruption waits for the end of one."""


class EvaluationStopped(Exception):  # noqa: N818 (nothing went wrong)
    """An evaluation was stopped on request."""


class Evaluator:
    """Evaluates networks on one text, on the same characters every time.

    Args:
        ids: `(length,)` ids of the text.
        vocabulary_size: Number of tokens.
        share: Which streams this process reads: `(k, n)` is every n-th, from the k-th on.
        counts: `(length,)` bools, true for the ids whose loss is measured; None measures all.

    Attributes:
        text_length: Characters of the text.
        characters: Characters whose loss is measured, in all shares.
        characters_read: Characters read for that, with those of the warm-up.
        whole: Whether every character but the first is measured.
    """

    def __init__(
        self,
        ids: Ids,
        vocabulary_size: int,
        share: tuple[int, int] = (0, 1),
        counts: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.text_length = len(ids) if counts is None else int(counts.sum())
        self._rows = slice(share[0], None, share[1])
        self._streams = EvaluationStreams(ids, MOST_MEASURED, counts)
        self.characters = self._streams.characters
        self.characters_read = self._streams.streams * self._streams.length
        self.whole = self.characters == (len(ids) - 1 if counts is None else int(counts[1:].sum()))
        logits = self._streams.streams * vocabulary_size
        longest = max(1, min(LONGEST_WINDOW, LARGEST_LOGITS // logits))
        # All windows are of one length, or the network would be compiled for the last one again.
        self._window = -(-self._streams.length // -(-self._streams.length // longest))
        self._compiled: dict[int, tf.types.experimental.GenericFunction] = {}

    def compile(self, network: StatefulNetwork) -> None:
        """Compile the pass over a window, which otherwise the first evaluation does."""
        next(self._windows(network), None)

    def nats(self, network: StatefulNetwork, stopped: Callable[[], bool] = lambda: False) -> float:
        """Sum of the losses of all characters in this share, in nats.

        Args:
            network: The network to evaluate.
            stopped: Called after each window; true stops the evaluation.

        Raises:
            EvaluationStopped: `stopped` returned true.
        """
        nats = 0.0
        for some, _ in self._windows(network):
            nats += some
            if stopped():
                raise EvaluationStopped
        return nats

    def quick_loss(self, network: StatefulNetwork, seconds: float) -> float:
        """Nats per character of what can be read in about this many seconds, in this share alone."""
        until = time.monotonic() + seconds
        nats, characters = 0.0, 0
        for some, counted in self._windows(network):
            nats += some
            characters += counted
            if characters and time.monotonic() > until:
                break
        return nats / characters

    def _windows(self, network: StatefulNetwork) -> Iterator[tuple[float, int]]:
        """For each window, the sum of the losses and the number of characters that count."""
        streams = len(range(self._streams.streams)[self._rows])
        if streams == 0:
            return
        read = self._reader(network)
        state = network.zero_state(streams)
        for start in range(0, self._streams.length, self._window):
            window = self._streams.window(start, start + self._window)
            counted = window.counted[self._rows]
            nats, state = read(
                tf.constant(window.inputs[self._rows].astype(np.int32)),
                tf.constant(window.targets[self._rows].astype(np.int32)),
                tf.constant(counted.astype(np.float32)),
                state,
            )
            yield float(nats), int(counted.sum())

    def _reader(self, network: StatefulNetwork) -> tf.types.experimental.GenericFunction:
        """The compiled pass over one window, cached for each network."""
        if id(network) not in self._compiled:

            def read(
                inputs: tf.Tensor, targets: tf.Tensor, counted: tf.Tensor, state: State
            ) -> tuple[tf.Tensor, State]:
                nats, state = network.nats(inputs, targets, state)
                return tf.reduce_sum(nats * counted), state

            # TensorFlow counts the tracings of a function over all runs, and would warn; not of a partial.
            self._compiled[id(network)] = tf.function(partial(read), autograph=False)
        return self._compiled[id(network)]
