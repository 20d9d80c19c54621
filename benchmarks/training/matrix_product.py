"""The machine's own limit: TensorFlow's matrix product, with nothing around it."""

from collections.abc import Iterator

import tensorflow as tf

from benchmarks.training import workloads
from benchmarks.training.contestants import (
    LARGE_PRODUCT,
    STATE_PRODUCT,
    Contestant,
    measured_rate,
)
from benchmarks.training.workloads import Product, Workload

CALL_OPERATIONS = 4 * 10**9
"""Work of one call: so much that the call itself does not count."""


def contestants(workload: Workload) -> Iterator[Contestant]:
    """The product of the state and a large one, in both precisions."""
    for name, product in (
        (STATE_PRODUCT, workload.state_product),
        (LARGE_PRODUCT, workloads.LARGE_PRODUCT),
    ):
        for precision in (tf.float32, tf.bfloat16):
            chain = _Chain(product, precision)
            yield Contestant(name, str(product), precision.name, chain.measure)


class _Chain:
    """Products of the shape in turn with those of its way back, as a recurrence has them.

    Each product reads the one before it, so that none can be left out or run beside another.
    """

    def __init__(self, product: Product, precision: tf.DType) -> None:
        rows, inner, columns = product
        self.pairs = max(1, CALL_OPERATIONS // (2 * product.operations))
        self.operations = 2 * self.pairs * product.operations
        # So scaled, the values neither grow nor vanish along the chain.
        weights = tf.random.stateless_normal((inner, columns), seed=(0, 0)) / columns**0.5
        self.forwards = tf.Variable(tf.cast(weights, precision))
        backwards = tf.random.stateless_normal((columns, inner), seed=(0, 1)) / inner**0.5
        self.backwards = tf.Variable(tf.cast(backwards, precision))
        self.state = tf.cast(tf.random.stateless_normal((rows, inner), seed=(0, 2)), precision)
        self._compiled = tf.function(self._run, autograph=False)

    def _run(self, state: tf.Tensor) -> tf.Tensor:
        for _ in range(self.pairs):
            state = tf.matmul(tf.matmul(state, self.forwards), self.backwards)
        return state

    def measure(self, seconds: float) -> float:
        """Floating-point operations a second."""
        return measured_rate(lambda: self._compiled(self.state).numpy(), self.operations, seconds)
