"""The loss of a network on a whole text, read statefully."""

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.corpus.streams import evaluation_streams
from charrnn.model.network import State, StatefulNetwork

LARGEST_LOGITS = 6_000_000
"""Logits held at once (24 MB): a large vocabulary is read in shorter windows."""

LONGEST_WINDOW = 256


class Evaluator:
    """Measures networks on one text.

    Args:
        ids: `(length,)` ids of the text.
        vocabulary_size: Number of symbols.
    """

    def __init__(self, ids: npt.NDArray[np.unsignedinteger], vocabulary_size: int) -> None:
        self._streams = evaluation_streams(ids)
        rows = len(self._streams.inputs)
        self._window = max(1, min(LONGEST_WINDOW, LARGEST_LOGITS // (rows * vocabulary_size)))
        self._compiled: dict[int, tf.types.experimental.GenericFunction] = {}

    def loss(self, network: StatefulNetwork) -> float:
        """Nats per character, over every character but the first."""
        read = self._reader(network)
        rows, length = self._streams.inputs.shape
        state = network.zero_state(rows)
        nats = 0.0
        for start in range(0, length, self._window):
            window = slice(start, start + self._window)
            sum_of_nats, state = read(
                tf.constant(self._streams.inputs[:, window].astype(np.int32)),
                tf.constant(self._streams.targets[:, window].astype(np.int32)),
                tf.constant(self._streams.counted[:, window].astype(np.float32)),
                state,
            )
            nats += float(sum_of_nats)
        return nats / int(self._streams.counted.sum())

    def _reader(self, network: StatefulNetwork) -> tf.types.experimental.GenericFunction:
        """The compiled pass over one window, kept for each network."""
        if id(network) not in self._compiled:

            def read(
                inputs: tf.Tensor, targets: tf.Tensor, counted: tf.Tensor, state: State
            ) -> tuple[tf.Tensor, State]:
                logits, state = network(inputs, state)
                nats = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
                return tf.reduce_sum(nats * counted), state

            self._compiled[id(network)] = tf.function(read, reduce_retracing=True)
        return self._compiled[id(network)]
