"""Dropout masks, which depend on (seed, step) alone.

An output of a recurrent layer is dropped for a whole window (Gal & Ghahramani, 2016), and so is a
recurrent weight (DropConnect; Merity et al., 2018, "weight-dropped LSTM"). Embedding dropout drops
all occurrences of some tokens in a row of the batch (Merity et al., where all rows share them).
"""

import math
from typing import Final

import numpy as np
import tensorflow as tf

from charrnn.model.network import Masks
from charrnn.settings.architecture import GATES, Architecture
from charrnn.settings.configuration import TrainingConfig

LEVELS: Final = 256
"""Values of a random byte. One byte decides on one weight, because there are millions of weights."""


class Dropout:
    """Draws the masks of a run.

    Args:
        architecture: Sizes of the network, and the rate for outputs.
        config: Settled settings: the seed, the rates for weights and for tokens.
    """

    def __init__(self, architecture: Architecture, config: TrainingConfig) -> None:
        assert config.batch_size is not None, "a settled training has a batch size"
        self._architecture = architecture
        self._batch_size = config.batch_size
        self._seed = config.seed
        self._weights = config.weight_dropout or 0.0
        self._tokens = config.embedding_dropout

    def masks(self, step: tf.Tensor, rows: slice) -> Masks:
        """The masks of a step.

        Args:
            step: Its number, a scalar int64.
            rows: The rows of the batch that this device reads.
        """
        layers, sizes = range(self._architecture.layers), self._architecture
        masks = Masks([], [], [])
        for layer in layers if sizes.dropout else ():
            shape = (self._batch_size, sizes.units)
            masks.outputs.append(_kept(shape, sizes.dropout, self._key(layer, step))[rows])
        for layer in layers if self._weights else ():
            shape = (sizes.units, GATES[sizes.cell] * sizes.units)
            key = self._key(sizes.layers + layer, step)
            masks.weights.append(_kept_weights(shape, self._weights, key))
        if self._tokens:
            shape = (self._batch_size, sizes.vocabulary_size)
            key = self._key(2 * sizes.layers, step)
            masks.tokens.append(_kept(shape, self._tokens, key)[rows])
        return masks

    def _key(self, number: int, step: tf.Tensor) -> tf.Tensor:
        """The key of a mask in a step; those of other seeds and numbers are unrelated."""
        sequence = np.random.SeedSequence(self._seed, spawn_key=(number,))
        return tf.stack(
            [tf.constant(sequence.generate_state(1, np.uint64).view(np.int64)[0]), step]
        )


def _kept(shape: tuple[int, int], share: float, key: tf.Tensor) -> tf.Tensor:
    """A mask: 0 with probability `share`, else 1 / (1 - share)."""
    uniform = tf.random.stateless_uniform(shape, seed=key)
    return tf.cast(uniform >= share, tf.float32) / (1 - share)


def _kept_weights(shape: tuple[int, int], share: float, key: tf.Tensor) -> tf.Tensor:
    """The same with one random byte for each number.

    Bytes below a level are dropped. The level is `share * LEVELS` rounded up or down at random, so
    that the share is exact on average over the steps.
    """
    count = math.prod(shape)
    words = tf.random.stateless_uniform((-(-count // 4) + 1,), key, None, None, tf.int32)
    numbers = tf.reshape(tf.bitcast(words[:-1], tf.uint8), (-1,))[:count]
    fraction = tf.cast(words[-1], tf.float32) / 2.0**32 + 0.5
    level = tf.cast(tf.floor(share * LEVELS + fraction), tf.int32)
    return _scaled(tf.reshape(numbers, shape), tf.minimum(level, LEVELS - 1))


@tf.function(jit_compile=True, autograph=False)
def _scaled(numbers: tf.Tensor, dropped: tf.Tensor) -> tf.Tensor:
    kept = tf.cast(tf.cast(numbers, tf.int32) >= dropped, tf.float32)
    return kept * (LEVELS / tf.cast(LEVELS - dropped, tf.float32))
