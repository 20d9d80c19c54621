"""Dynamic evaluation: a network that goes on learning from what it has just been measured on.

After each segment of the text the weights take a small step down its gradient, and are drawn back
towards what they were (Krause et al., 2018, "Dynamic evaluation of neural sequence models",
section 4). Every character is foreseen before it is learned from. The gradients are scaled by their
root mean square so far, where the paper takes that of the training text, which need not be here.
"""

from collections.abc import Callable
from typing import Final

import keras
import numpy as np
import tensorflow as tf

from charrnn.architecture import Architecture
from charrnn.checkpoint import Checkpoint
from charrnn.corpus.vocabulary import Ids
from charrnn.model.fused_network import FusedNetwork
from charrnn.model.kernel import Arithmetic
from charrnn.model.network import State

SEGMENT: Final = 32
"""Characters between two steps."""

WARM_UP: Final = 16
"""Segments that are only measured: too few to scale a gradient by."""

RATE: Final = 1e-4
"""Length of a step for a weight whose gradient is as large as usual."""

RETURN: Final = 1e-3
"""Share of the way back to where a weight was, in each step."""

SMALLEST: Final = 1e-5
"""Added to root mean squares, so that weights that hardly matter are left in peace."""


class DynamicEvaluation:
    """A network that learns from the text it is measured on.

    Args:
        model: The network, as `charrnn.model.network.build_network` makes it; its weights change.
        architecture: Its sizes.
        parts: Parts that are computed side by side; one for each core.
    """

    def __init__(self, model: keras.Model, architecture: Architecture, parts: int) -> None:
        self._network = FusedNetwork(model, architecture, Arithmetic(tf.float32, parts))
        self._weights = [variable.value for variable in model.trainable_variables]
        self._before = [tf.identity(weight) for weight in self._weights]
        self._squares = [tf.Variable(tf.zeros(weight.shape)) for weight in self._weights]
        self._compiled = tf.function(self._learned, autograph=False)

    @classmethod
    def of(cls, checkpoint: Checkpoint, parts: int) -> "DynamicEvaluation":
        """Load a checkpoint, whose file stays as it is."""
        model = keras.saving.load_model(checkpoint.model_path, compile=False)
        return cls(model, checkpoint.record.architecture, parts)

    def nats(self, ids: Ids, report: Callable[[int], None] | None = None) -> float:
        """Sum of the surprise of all characters but the first, read once from a zero state.

        Args:
            ids: `(length,)` the text.
            report: Called with the number of characters read since the last call.
        """
        state, nats = self._network.zero_state(1), 0.0
        for number, start in enumerate(range(0, len(ids) - 1, SEGMENT)):
            read = np.asarray(ids[start : start + SEGMENT + 1], np.int32)[None]
            rate = RATE if number >= WARM_UP else 0.0
            some, state = self._compiled(
                tf.constant(read[:, :-1]),
                tf.constant(read[:, 1:]),
                state,
                tf.constant(number, tf.float32),
                tf.constant(rate, tf.float32),
            )
            nats += float(some)
            if report is not None:
                report(read.shape[1] - 1)
        return nats

    def _learned(
        self,
        inputs: tf.Tensor,
        targets: tf.Tensor,
        state: State,
        number: tf.Tensor,
        rate: tf.Tensor,
    ) -> tuple[tf.Tensor, State]:
        """Measure a segment, then learn from it."""
        with tf.GradientTape() as tape:
            nats, state = self._network.nats(inputs, targets, state)
            loss = tf.reduce_mean(nats)
        gradients = tape.gradient(loss, self._weights)
        for weight, gradient, squares, before in zip(
            self._weights, gradients, self._squares, self._before, strict=True
        ):
            arrays = tuple(map(tf.convert_to_tensor, (weight, before, gradient, squares)))
            values, mean = _stepped(arrays, number, rate)
            squares.assign(mean)
            weight.assign(values)
        return tf.reduce_sum(nats), state


@tf.function(jit_compile=True, autograph=False)
def _stepped(
    arrays: tuple[tf.Tensor, ...], number: tf.Tensor, rate: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """A weight after a step, and the mean of the squares of its gradients so far."""
    weight, before, gradient, squares = arrays
    squares += (gradient * gradient - squares) / (number + 1)
    weight -= rate * gradient / (tf.sqrt(squares) + SMALLEST)
    return weight + RETURN * (before - weight), squares
