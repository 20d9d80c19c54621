"""How the kernels compute: precision, shards, memory order.

The memory order of arrays decides how fast their products are.

*Features first*, `(features, batch)`: the weights are the left operand of every product. oneDNN
reads them as they lie in memory. On the right it would first rearrange them at every step, which
in bfloat16 can take longer than the product itself.

*Batch first*, `(batch, features)`, as in Keras: small float32 products are quicker so
(docs/benchmarks.md).

A *state* holds the numbers of one step. A *sequence* holds the states of a window; its first axis
is time. A *matrix* is a sequence whose time and batch are one axis.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

import tensorflow as tf

from charrnn.settings.configuration import Precision

UNITS_TO_BATCH: Final = 8
"""From so many units for each row of the batch on, the cores share the units."""

NARROW: Final = 256
"""Units up to which the cores share the batch in float32, whatever its size."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One of the two memory orders.

    Attributes:
        axis: Axis of the features in a state: 0 is features first, 1 is batch first.
    """

    axis: int

    def shape(self, *features: int, batch: int) -> tuple[int, ...]:
        """The shape of a state, or of a matrix, whose `batch` is time x batch."""
        return (batch, *features) if self.axis else (*features, batch)

    def sizes(self, sequence: tf.Tensor) -> tuple[int, int, int]:
        """Features, time and batch of a sequence."""
        time, *others = sequence.shape
        return others[self.axis], time, others[1 - self.axis]

    def transposed(self, state: tf.Tensor) -> tf.Tensor:
        """`(batch, features)` as a state, or a state as that."""
        return state if self.axis else tf.transpose(state)

    def sequence(self, rows: tf.Tensor) -> tf.Tensor:
        """`(time, batch, features)` as a sequence."""
        return rows if self.axis else tf.transpose(rows, (0, 2, 1))

    def matrix(self, sequence: tf.Tensor) -> tf.Tensor:
        """A sequence as a matrix; features of several axes become one."""
        if self.axis == 0:
            return _features_by_rows(sequence)
        time, batch, *features = sequence.shape
        return tf.reshape(sequence, (time * batch, math.prod(features)))

    def part(self, array: tf.Tensor, features: slice) -> tf.Tensor:
        """Some features of a state, a sequence or a matrix."""
        return array[..., features] if self.axis else array[..., features, :]

    def constant(self, numbers: tf.Tensor, batch: int) -> tf.Tensor:
        """Numbers `(features,)`, to be added to `elementwise` states."""
        # A flattened state needs them for every row; batch first broadcasts.
        return numbers[None] if self.axis else tf.reshape(tf.repeat(numbers, batch), (-1,))

    def elementwise(self, state: tf.Tensor) -> tf.Tensor:
        """A state in the shape that elementwise equations pass over fastest."""
        return state if self.axis else tf.reshape(state, (-1,))

    # Kernels are `(features, columns)`, as in Keras; operands are what `product` takes.

    def operand(self, kernel: tf.Tensor) -> tf.Tensor:
        """The operand that takes features to columns."""
        return kernel if self.axis else tf.transpose(kernel)

    def backward_operand(self, kernel: tf.Tensor) -> tf.Tensor:
        """The operand that takes gradients of the columns back to the features."""
        return tf.transpose(kernel) if self.axis else kernel

    def product(self, operand: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """A state of the other size."""
        return tf.matmul(state, operand) if self.axis else tf.matmul(operand, state)

    def products(self, operand: tf.Tensor, sequence: tf.Tensor) -> tf.Tensor:
        """A sequence of the other size."""
        if self.axis == 0:
            # One product a step leaves the sums as they are needed; rearranging those of a single
            # large product takes longer than it saves.
            return tf.matmul(operand, sequence)
        time, batch, _ = sequence.shape
        return tf.reshape(tf.matmul(self.matrix(sequence), operand), (time, batch, -1))

    def projected(self, operand: tf.Tensor, sequence: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
        """The same, with biases `(columns,)` added."""
        biases = tf.cast(biases, sequence.dtype)
        _, time, batch = self.sizes(sequence)
        if self.axis:
            # TensorFlow fuses a product with the bias_add that follows it.
            sums = tf.nn.bias_add(tf.matmul(self.matrix(sequence), operand), biases)
            return tf.reshape(sums, (time, batch, -1))
        # A feature that is always 1 adds the biases within the product.
        ones = tf.ones((time, 1, batch), sequence.dtype)
        operand = tf.concat([operand, biases[:, None]], 1)
        return self.products(operand, tf.concat([sequence, ones], 1))

    def outer(self, features: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        """The gradient of a kernel `(features, columns)`, from matrices of both."""
        if self.axis:
            return tf.matmul(features, columns, transpose_a=True)
        return tf.matmul(features, columns, transpose_b=True)

    def total(self, matrix: tf.Tensor) -> tf.Tensor:
        """A matrix summed over time and batch, `(features,)`."""
        if self.axis:
            return tf.matmul(tf.ones((1, matrix.shape[0]), matrix.dtype), matrix)[0]
        return tf.matmul(matrix, tf.ones((matrix.shape[1], 1), matrix.dtype))[:, 0]


@dataclass(frozen=True, slots=True)
class KernelConfig:
    """How a layer is computed.

    Attributes:
        dtype: Of the products' operands and of the residuals; sums are of float32 at least.
        shards: Shards that are computed side by side.
        shard_axis: What is divided into shards: the units of a layer, or the rows of the batch.
    """

    dtype: tf.DType
    shards: int
    shard_axis: Literal["units", "batch"] = "units"

    @classmethod
    def fastest(
        cls, precision: Precision, units: int, batch_size: int, cores: int
    ) -> "KernelConfig":
        """The fastest one for a layer, by the measurements of docs/benchmarks.md."""
        few_units = units < UNITS_TO_BATCH * batch_size
        if precision == "float32":
            few_units |= units <= NARROW
        return cls(tf.as_dtype(precision), cores, "batch" if few_units else "units")

    @property
    def batch_shards(self) -> int:
        """Shards of the batch."""
        return self.shards if self.shard_axis == "batch" else 1

    @property
    def unit_shards(self) -> int:
        """Shards of the units of a layer."""
        return self.shards if self.shard_axis == "units" else 1

    @property
    def layout(self) -> Layout:
        """The memory order: features first but for shards of the batch in full precision."""
        batch_first = self.shard_axis == "batch" and self.dtype != tf.bfloat16
        return Layout(axis=1 if batch_first else 0)


def split_sizes(count: int, shards: int) -> list[int]:
    """Sizes of the shards of so many things; no shard is empty."""
    shards = min(shards, count)
    return [(count + shard) // shards for shard in range(shards)]


@tf.function(jit_compile=True, autograph=False)
def _features_by_rows(sequence: tf.Tensor) -> tf.Tensor:
    """`(time, ..., batch)` as `(features, time * batch)`."""
    time, *features, batch = sequence.shape
    last = len(features) + 1
    transposed = tf.transpose(sequence, (*range(1, last), 0, last))
    return tf.reshape(transposed, (-1, time * batch))
