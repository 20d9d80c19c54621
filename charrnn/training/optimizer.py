"""AdamW and the exponential moving average (EMA) of the weights, in one pass over memory."""

from functools import partial
from itertools import pairwise
from typing import Final

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.settings.configuration import TrainingConfig

FIRST_MOMENT: Final = 0.9

SECOND_MOMENT: Final = 0.99
"""Shorter than usual, for runs of a few thousand steps."""

EPSILON: Final = 1e-7

SHARED: Final = 100_000
"""Weights with more numbers than this are updated in parts, in parallel."""


class AdamWWithEMA:
    """Loshchilov & Hutter's AdamW (2019), with the average of Polyak & Juditsky (1992).

    Fetching a number from memory takes longer than updating it. So weight, moments and average are
    updated together, and a large weight in as many parts as there are cores.

    Args:
        weights: The trainable variables.
        averages: Variables of the same shapes, for the EMA.
        config: Settled settings.
        strategy: Where it runs; the variables are its own.
        cores: Cores that share the update of a large weight; 0 leaves it to TensorFlow.
    """

    def __init__(
        self,
        weights: list[keras.Variable],
        averages: list[keras.Variable],
        config: TrainingConfig,
        strategy: tf.distribute.Strategy,
        cores: int = 0,
    ) -> None:
        self._weights = weights
        self._averages = averages
        self._strategy = strategy
        self._gradient_norm = config.clip_norm
        self._decays = [
            0.0 if weight.name in {"bias", "peephole"} else config.weight_decay
            for weight in weights
        ]
        # TensorFlow counts the tracings of a function over all runs, and would warn; not of a partial.
        self._update = tf.function(partial(_updated), jit_compile=cores > 0, autograph=False)
        with strategy.scope():
            self._moments = [
                [
                    (_zeros(part, weight.shape), _zeros(part, weight.shape))
                    for part in _row_parts(weight, cores)
                ]
                for weight in weights
            ]

    def apply(
        self, gradients: list[tf.Tensor], step: tf.Tensor, rate: tf.Tensor, ema_decay: tf.Tensor
    ) -> tf.Tensor:
        """Update the weights.

        Args:
            gradients: One for every weight.
            step: Number of the step from 0, a scalar integer.
            rate: Learning rate, a scalar float32.
            ema_decay: Decay of the EMA, a scalar float32.

        Returns:
            The norm of the gradients, before they were clipped.
        """
        norm = tf.sqrt(tf.add_n([_square(gradient) for gradient in gradients]))
        count = tf.cast(step + 1, tf.float32)
        corrected = rate * tf.sqrt(1 - SECOND_MOMENT**count) / (1 - FIRST_MOMENT**count)
        clip = self._gradient_norm / tf.maximum(norm, self._gradient_norm)
        for number, gradient in enumerate(gradients):
            factors = tf.stack([clip, rate * self._decays[number], corrected, 1 - ema_decay])
            moments = tf.nest.flatten(self._moments[number])
            self._strategy.extended.update(
                self._weights[number].value,
                self._assign,
                args=(self._averages[number].value, gradient, factors, *moments),
                group=False,
            )
        return norm

    def _assign(
        self,
        weight: tf.Variable,
        average: tf.Variable,
        gradient: tf.Tensor,
        factors: tf.Tensor,
        *moments: tf.Variable,
    ) -> None:
        """Update one weight on one device; `moments` are first and second, part by part."""
        values, averages = [], []
        start = 0
        for first, second in zip(moments[::2], moments[1::2], strict=True):
            rows = slice(start, start + first.shape[0])
            start = rows.stop
            updated = self._update(
                tf.convert_to_tensor(weight)[rows],
                tf.convert_to_tensor(average)[rows],
                gradient[rows],
                (tf.convert_to_tensor(first), tf.convert_to_tensor(second)),
                factors,
            )
            values.append(updated[0])
            averages.append(updated[1])
            first.assign(updated[2])
            second.assign(updated[3])
        weight.assign(tf.concat(values, 0))
        average.assign(tf.concat(averages, 0))

    def arrays(self) -> list[npt.NDArray[np.float32]]:
        """First and second moment of every weight, in turn."""
        return [
            np.concatenate([part[moment].numpy() for part in parts])
            for parts in self._moments
            for moment in (0, 1)
        ]

    def restore(self, arrays: list[npt.NDArray[np.float32]]) -> None:
        """Restore what `arrays` returned."""
        for number, parts in enumerate(self._moments):
            for moment in (0, 1):
                start = 0
                for part in parts:
                    stop = start + part[moment].shape[0]
                    part[moment].assign(arrays[2 * number + moment][start:stop])
                    start = stop


def _row_parts(weight: keras.Variable, parts: int) -> list[int]:
    """Rows of each part of a weight."""
    rows = weight.shape[0]
    parts = max(1, min(parts, rows)) if np.prod(weight.shape) > SHARED else 1
    bounds = [round(part * rows / parts) for part in range(parts + 1)]
    return [stop - start for start, stop in pairwise(bounds)]


def _zeros(rows: int, shape: tuple[int, ...]) -> tf.Variable:
    return tf.Variable(tf.zeros((rows, *shape[1:])))


def _square(gradient: tf.Tensor) -> tf.Tensor:
    """The sum of squares, as a product, which reads memory faster than a reduction."""
    row = tf.reshape(gradient, (1, -1))
    return tf.reshape(tf.matmul(row, row, transpose_b=True), ())


def _updated(
    weight: tf.Tensor,
    average: tf.Tensor,
    gradient: tf.Tensor,
    moments: tuple[tf.Tensor, tf.Tensor],
    factors: tf.Tensor,
) -> tuple[tf.Tensor, ...]:
    """Weight, average and moments after a step."""
    first, second = moments
    clip, decay, rate, forgetting = tf.unstack(factors)
    gradient *= clip
    first += (1 - FIRST_MOMENT) * (gradient - first)
    second += (1 - SECOND_MOMENT) * (gradient * gradient - second)
    weight -= decay * weight
    weight -= rate * first / (tf.sqrt(second) + EPSILON)
    average += forgetting * (weight - average)
    return weight, average, first, second
