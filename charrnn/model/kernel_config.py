"""How the kernels compute: precision, shards and memory layout.

*Features first*, `(features, batch)`: the weights are the left operand of each product, which
oneDNN reads in their order in memory. As the right operand it would reorder them in every step,
which takes longer than the product itself in bfloat16.

*Batch first*, `(batch, features)`, as in Keras: small float32 products are faster
(docs/benchmarks.md).

A *state* is an array of one step. A *sequence* is the states of a window, with time as the first
axis. A *matrix* is a sequence with time and batch as one axis.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal

import tensorflow as tf

from charrnn.settings.configuration import Precision

UNITS_TO_BATCH: Final = 8
"""Units per sequence of the batch from which the cores share the units, not the batch."""

NARROW: Final = 256
"""Units up to which the cores always share the batch in float32."""


@dataclass(frozen=True, slots=True)
class MemoryLayout:
    """One of two memory layouts.

    Attributes:
        axis: Axis of the features in a state: 0 for features first, 1 for batch first.
    """

    axis: int

    def shape(self, *features: int, batch: int) -> tuple[int, ...]:
        """The shape of a state, or of a matrix if `batch` is time x batch."""
        return (batch, *features) if self.axis else (*features, batch)

    def sizes(self, sequence: tf.Tensor) -> tuple[int, int, int]:
        """Features, time and batch of a sequence."""
        time, *others = sequence.shape
        return others[self.axis], time, others[1 - self.axis]

    def transposed(self, state: tf.Tensor) -> tf.Tensor:
        """Convert `(batch, features)` to a state, or back."""
        return state if self.axis else tf.transpose(state)

    def sequence(self, rows: tf.Tensor) -> tf.Tensor:
        """Convert `(time, batch, features)` to a sequence."""
        return rows if self.axis else tf.transpose(rows, (0, 2, 1))

    def matrix(self, sequence: tf.Tensor) -> tf.Tensor:
        """Convert a sequence to a matrix; several axes of features become one."""
        if self.axis == 0:
            return _features_by_rows(sequence)
        time, batch, *features = sequence.shape
        return tf.reshape(sequence, (time * batch, math.prod(features)))

    def part(self, array: tf.Tensor, features: slice) -> tf.Tensor:
        """Some features of a state, a sequence or a matrix."""
        return array[..., features] if self.axis else array[..., features, :]

    def constant(self, numbers: tf.Tensor, batch: int) -> tf.Tensor:
        """`(features,)` in a shape that broadcasts with `elementwise` states."""
        # A flat state needs one copy for each sequence of the batch.
        return numbers[None] if self.axis else tf.reshape(tf.repeat(numbers, batch), (-1,))

    def elementwise(self, state: tf.Tensor) -> tf.Tensor:
        """A state in the fastest shape for elementwise equations."""
        return state if self.axis else tf.reshape(state, (-1,))

    # Kernels are `(features, columns)`, as in Keras; operands are what `product` takes.

    def operand(self, kernel: tf.Tensor) -> tf.Tensor:
        """The operand for products of features."""
        return kernel if self.axis else tf.transpose(kernel)

    def backward_operand(self, kernel: tf.Tensor) -> tf.Tensor:
        """The operand for products of column gradients."""
        return tf.transpose(kernel) if self.axis else kernel

    def product(self, operand: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """The product of an operand and a state: a state."""
        return tf.matmul(state, operand) if self.axis else tf.matmul(operand, state)

    def products(self, operand: tf.Tensor, sequence: tf.Tensor) -> tf.Tensor:
        """The products of an operand and all states of a sequence: a sequence."""
        if self.axis == 0:
            # One product per step gives the right order. Reordering the result of one large product
            # takes longer than it saves.
            return tf.matmul(operand, sequence)
        time, batch, _ = sequence.shape
        return tf.reshape(tf.matmul(self.matrix(sequence), operand), (time, batch, -1))

    def projected(self, operand: tf.Tensor, sequence: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
        """The same with `(columns,)` biases."""
        biases = tf.cast(biases, sequence.dtype)
        _, time, batch = self.sizes(sequence)
        if self.axis:
            # TensorFlow fuses matmul and bias_add.
            product = tf.nn.bias_add(tf.matmul(self.matrix(sequence), operand), biases)
            return tf.reshape(product, (time, batch, -1))
        # A constant feature of 1 adds the biases within the product.
        ones = tf.ones((time, 1, batch), sequence.dtype)
        operand = tf.concat([operand, biases[:, None]], 1)
        return self.products(operand, tf.concat([sequence, ones], 1))

    def outer(self, features: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        """The gradient of a kernel, `(features, columns)`, from two matrices."""
        if self.axis:
            return tf.matmul(features, columns, transpose_a=True)
        return tf.matmul(features, columns, transpose_b=True)

    def total(self, matrix: tf.Tensor) -> tf.Tensor:
        """The sum of a matrix over time and batch, `(features,)`."""
        if self.axis:
            return tf.matmul(tf.ones((1, matrix.shape[0]), matrix.dtype), matrix)[0]
        return tf.matmul(matrix, tf.ones((matrix.shape[1], 1), matrix.dtype))[:, 0]


@dataclass(frozen=True, slots=True)
class KernelConfig:
    """How a layer is computed.

    Attributes:
        dtype: Type of operands and residuals; sums are in float32 at least.
        shards: Number of shards computed in parallel.
        shard_axis: What the shards divide: the units of a layer or the sequences of the batch.
    """

    dtype: tf.DType
    shards: int
    shard_axis: Literal["units", "batch"] = "units"

    @classmethod
    def fastest(
        cls, precision: Precision, units: int, batch_size: int, cores: int
    ) -> "KernelConfig":
        """The fastest configuration for a layer, as measured in docs/benchmarks.md."""
        few_units = units < UNITS_TO_BATCH * batch_size
        if precision == "float32":
            few_units |= units <= NARROW
        return cls(tf.as_dtype(precision), cores, "batch" if few_units else "units")

    @property
    def batch_shards(self) -> int:
        """Number of shards of the batch."""
        return self.shards if self.shard_axis == "batch" else 1

    @property
    def unit_shards(self) -> int:
        """Number of shards of the units."""
        return self.shards if self.shard_axis == "units" else 1

    @property
    def layout(self) -> MemoryLayout:
        """The memory layout: batch first for shards of the batch in float32."""
        batch_first = self.shard_axis == "batch" and self.dtype != tf.bfloat16
        return MemoryLayout(axis=1 if batch_first else 0)


def split_sizes(count: int, shards: int) -> list[int]:
    """Sizes of the shards of `count` items; no shard is empty."""
    shards = min(shards, count)
    return [(count + shard) // shards for shard in range(shards)]


@tf.function(jit_compile=True, autograph=False)
def _features_by_rows(sequence: tf.Tensor) -> tf.Tensor:
    """Convert `(time, ..., batch)` to `(features, time * batch)`."""
    time, *features, batch = sequence.shape
    last = len(features) + 1
    transposed = tf.transpose(sequence, (*range(1, last), 0, last))
    return tf.reshape(transposed, (-1, time * batch))
