"""How the arrays of the kernels stand, and what that makes of products.

*Features first*, `(features, batch)`: the weights are the left operand of every product. A library
reads them as they lie in memory, where on the right it would first lay them out anew, at every
step; in bfloat16 that can take longer than the product itself.

*Rows first*, `(batch, features)`, as Keras has it: nothing is turned round on the way in or out,
and in float32 the products of some rows are quicker so (docs/benchmarks.md).

A *state* is the numbers of one step; a *sequence* is the states of a window, along time, which
comes first; a *matrix* is a sequence with time and batch as one.
"""

import math
from typing import Final, Protocol

import tensorflow as tf


class Layout(Protocol):
    """What of a window hangs on how its arrays stand."""

    def __hash__(self) -> int:
        """There is one of each kind."""

    @property
    def axis(self) -> int:
        """Where the features of a state stand."""

    def shape(self, *features: int, batch: int) -> tuple[int, ...]:
        """The shape of a state, or of a matrix, which is so many states in a row."""

    def turned(self, state: tf.Tensor) -> tf.Tensor:
        """`(batch, features)` as a state, or a state as that."""

    def sequence(self, rows: tf.Tensor) -> tf.Tensor:
        """`(time, batch, features)` as a sequence."""

    def sizes(self, sequence: tf.Tensor) -> tuple[int, int, int]:
        """Features, time and batch of a sequence."""

    def matrix(self, sequence: tf.Tensor) -> tf.Tensor:
        """A sequence as a matrix; features of several axes become one."""

    def part(self, features: tf.Tensor, part: slice) -> tf.Tensor:
        """Some features of a state, a sequence or a matrix."""

    def beside(self, numbers: tf.Tensor, batch: int) -> tf.Tensor:
        """Numbers `(units,)`, to be added to the features of states."""

    def flat(self, state: tf.Tensor) -> tf.Tensor:
        """A state as the equations pass over it fastest."""

    def weights(self, kernel: tf.Tensor) -> tf.Tensor:
        """A kernel `(features, columns)` as an operand of `product`."""

    def returning(self, kernel: tf.Tensor) -> tf.Tensor:
        """The same kernel, to bring gradients from its columns back to its features."""

    def product(self, weights: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """Weights by a state."""

    def products(self, weights: tf.Tensor, sequence: tf.Tensor) -> tf.Tensor:
        """Weights by all states of a sequence."""

    def projected(self, weights: tf.Tensor, sequence: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
        """The same, with biases."""

    def outer(self, features: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        """The gradient of a kernel `(features, columns)`, from matrices of both."""

    def total(self, matrix: tf.Tensor) -> tf.Tensor:
        """A matrix totalled over time and batch, `(features,)`."""


class _FeaturesFirst:
    axis = 0

    def shape(self, *features: int, batch: int) -> tuple[int, ...]:
        return *features, batch

    def turned(self, state: tf.Tensor) -> tf.Tensor:
        return tf.transpose(state)

    def sequence(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.transpose(rows, (0, 2, 1))

    def sizes(self, sequence: tf.Tensor) -> tuple[int, int, int]:
        time, features, batch = sequence.shape
        return features, time, batch

    def matrix(self, sequence: tf.Tensor) -> tf.Tensor:
        return _feature_by_feature(sequence)

    def part(self, features: tf.Tensor, part: slice) -> tf.Tensor:
        return features[..., part, :]

    def beside(self, numbers: tf.Tensor, batch: int) -> tf.Tensor:
        # What is flat cannot stand for several rows, so every row has its own.
        return tf.repeat(numbers[:, None], batch, 1)

    def flat(self, state: tf.Tensor) -> tf.Tensor:
        return tf.reshape(state, (-1,))

    def weights(self, kernel: tf.Tensor) -> tf.Tensor:
        return tf.transpose(kernel)

    def returning(self, kernel: tf.Tensor) -> tf.Tensor:
        return kernel

    def product(self, weights: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        return tf.matmul(weights, state)

    def products(self, weights: tf.Tensor, sequence: tf.Tensor) -> tf.Tensor:
        # A product for each step leaves the sums as they are needed; to turn round those of one
        # product for all takes longer than it saves.
        return tf.matmul(weights, sequence)

    def projected(self, weights: tf.Tensor, sequence: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
        # A feature that is always 1 adds the biases within the product.
        time, _, batch = sequence.shape
        ones = tf.ones((time, 1, batch), sequence.dtype)
        weights = tf.concat([weights, tf.cast(biases, weights.dtype)[:, None]], 1)
        return self.products(weights, tf.concat([sequence, ones], 1))

    def outer(self, features: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        return tf.matmul(features, columns, transpose_b=True)

    def total(self, matrix: tf.Tensor) -> tf.Tensor:
        return tf.matmul(matrix, tf.ones((matrix.shape[1], 1), matrix.dtype))[:, 0]


class _RowsFirst:
    axis = 1

    def shape(self, *features: int, batch: int) -> tuple[int, ...]:
        return batch, *features

    def turned(self, state: tf.Tensor) -> tf.Tensor:
        return state

    def sequence(self, rows: tf.Tensor) -> tf.Tensor:
        return rows

    def sizes(self, sequence: tf.Tensor) -> tuple[int, int, int]:
        time, batch, features = sequence.shape
        return features, time, batch

    def matrix(self, sequence: tf.Tensor) -> tf.Tensor:
        time, batch, *features = sequence.shape
        return tf.reshape(sequence, (time * batch, math.prod(features)))

    def part(self, features: tf.Tensor, part: slice) -> tf.Tensor:
        return features[..., part]

    def beside(self, numbers: tf.Tensor, batch: int) -> tf.Tensor:
        del batch
        return numbers[None]

    def flat(self, state: tf.Tensor) -> tf.Tensor:
        return state

    def weights(self, kernel: tf.Tensor) -> tf.Tensor:
        return kernel

    def returning(self, kernel: tf.Tensor) -> tf.Tensor:
        return tf.transpose(kernel)

    def product(self, weights: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        return tf.matmul(state, weights)

    def products(self, weights: tf.Tensor, sequence: tf.Tensor) -> tf.Tensor:
        time, batch, _ = sequence.shape
        return tf.reshape(tf.matmul(self.matrix(sequence), weights), (time, batch, -1))

    def projected(self, weights: tf.Tensor, sequence: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
        # TensorFlow adds biases of this form within the product.
        time, batch, _ = sequence.shape
        sums = tf.matmul(self.matrix(sequence), weights)
        sums = tf.nn.bias_add(sums, tf.cast(biases, sums.dtype))
        return tf.reshape(sums, (time, batch, -1))

    def outer(self, features: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        return tf.matmul(features, columns, transpose_a=True)

    def total(self, matrix: tf.Tensor) -> tf.Tensor:
        return tf.matmul(tf.ones((1, matrix.shape[0]), matrix.dtype), matrix)[0]


FEATURES_FIRST: Final[Layout] = _FeaturesFirst()
ROWS_FIRST: Final[Layout] = _RowsFirst()


@tf.function(jit_compile=True, autograph=False)
def _feature_by_feature(sequence: tf.Tensor) -> tf.Tensor:
    """`(time, ..., batch)` as `(features, time * batch)`."""
    time, *features, batch = sequence.shape
    last = len(features) + 1
    turned = tf.transpose(sequence, (*range(1, last), 0, last))
    return tf.reshape(turned, (-1, time * batch))
