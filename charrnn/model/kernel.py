"""A recurrent layer reading a window on a CPU: the loop forward and the loop back, by hand.

Three things make it faster than stock layers.

What does not depend on the state is multiplied outside the loop: all inputs by the kernel in one
product before it, and all gradients of weights in one product after it. Within, a step has one
product, of the state.

Arrays stand feature by feature, so that the large matrix is the left operand. A product of few
columns then reads the weights as they lie in memory, where otherwise a library would first lay
them out anew, at every step.

The cores share a layer, not an operation. Its units are dealt to them, so that each keeps its rows
of the weights, and what is elementwise in them, near to it; TensorFlow runs the parts side by side
when it has as many inter-op threads, and one thread within each operation
(`charrnn.model.device`). Small layers are read faster where the rows of the batch are dealt
instead, as `charrnn.model.fused_network` does.
"""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import tensorflow as tf

from charrnn.config import Split
from charrnn.model.equations import Equations

LONGEST_UNROLLED = 16
"""Steps in one pass of the loop at most: its own bookkeeping costs as much as a small step."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How products are formed.

    Attributes:
        dtype: Their operands, and what is kept for the way back; sums are of float32 at least.
        parts: Parts to be computed side by side.
        split: What is dealt to them: the units of a layer, or the rows of the batch, whose parts
            do not meet before the window ends.
    """

    dtype: tf.DType
    parts: int
    split: Split = "units"

    @property
    def row_parts(self) -> int:
        """Parts that the rows of a batch are dealt into."""
        return self.parts if self.split == "rows" else 1

    @property
    def unit_parts(self) -> int:
        """Parts that the units of a layer are dealt into."""
        return self.parts if self.split == "units" else 1


class Weights(NamedTuple):
    """The weights of a layer, in Keras's order of gates.

    Attributes:
        kernel: `(inputs, gates * units)`.
        recurrent_kernel: `(units, gates * units)`.
        constants: `(constants, units)`: biases gate by gate, and peepholes after them.
    """

    kernel: tf.Tensor
    recurrent_kernel: tf.Tensor
    constants: tf.Tensor


def dealt(count: int, parts: int) -> list[int]:
    """How many of so many things each part gets; no part gets none."""
    parts = min(parts, count)
    return [(count + part) // parts for part in range(parts)]


@tf.autograph.experimental.do_not_convert
def read_window(
    equations: Equations,
    arithmetic: Arithmetic,
    inputs: tf.Tensor,
    weights: Weights,
    state: tuple[tf.Tensor, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Read a window, differentiably.

    Args:
        equations: Those of the cell.
        arithmetic: How products are formed.
        inputs: `(inputs, time, batch)`, of a static shape.
        weights: The weights.
        state: Output and memory before the window, `(units, batch)` each; the memory of a cell
            without one of its own is the output again.

    Returns:
        Outputs `(units, time, batch)` in the dtype of the products, and output and memory after
        the window, `(units, batch)`.
    """

    @tf.custom_gradient
    def window(*arguments: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Any]:
        passage = _Passage(equations, arithmetic, arguments[0], Weights(*arguments[1:4]))
        results = passage.forward(*arguments[4:])
        return results, passage.backward

    results: tuple[tf.Tensor, tf.Tensor, tf.Tensor] = window(inputs, *weights, *state)
    return results


@tf.function(jit_compile=True, autograph=False)
def _feature_by_feature(stack: tf.Tensor) -> tf.Tensor:
    """`(time, ..., batch)` as `(rows, time * batch)`."""
    time, *features, batch = stack.shape
    last = len(features) + 1
    turned = tf.transpose(stack, (*range(1, last), 0, last))
    return tf.reshape(turned, (-1, time * batch))


@tf.function(jit_compile=True, autograph=False)
def _step_by_step(rows: tf.Tensor, steps: int) -> tf.Tensor:
    """`(rows, time * batch)` as `(time, rows, batch)`."""
    return tf.transpose(tf.reshape(rows, (rows.shape[0], steps, -1)), (1, 0, 2))


@tf.function(jit_compile=True, autograph=False)
def _projected(rows: tf.Tensor, biases: tf.Tensor, steps: int) -> tf.Tensor:
    """A product of inputs `(rows, time * batch)`, with biases, as `(time, rows, batch)`."""
    sums = tf.cast(tf.cast(rows, biases.dtype) + biases[:, None], rows.dtype)
    return tf.transpose(tf.reshape(sums, (rows.shape[0], steps, -1)), (1, 0, 2))


class _Passage:
    """One window read forward, and what of it the way back needs."""

    def __init__(
        self, equations: Equations, arithmetic: Arithmetic, inputs: tf.Tensor, weights: Weights
    ) -> None:
        self.equations = equations
        self.dtype = arithmetic.dtype
        self.input_dtype = inputs.dtype
        self.features, self.steps, self.batch = inputs.shape
        self.units = weights.recurrent_kernel.shape[0]
        bounds = [0, *accumulate(dealt(self.units, arithmetic.unit_parts))]
        self.parts = [slice(*pair) for pair in pairwise(bounds)]
        self.unrolled = max(
            count for count in range(1, LONGEST_UNROLLED + 1) if self.steps % count == 0
        )
        self.inputs = tf.reshape(tf.cast(inputs, self.dtype), (self.features, -1))
        self.weights = Weights(
            tf.cast(weights.kernel, self.dtype),
            tf.cast(weights.recurrent_kernel, self.dtype),
            weights.constants,
        )
        taken = tf.gather(weights.constants, tf.constant(equations.constants, tf.int32))
        self.constants = [
            tf.broadcast_to(
                taken[:, part, None], (len(equations.constants), part.stop - part.start, self.batch)
            )
            for part in self.parts
        ]

    def forward(self, output: tf.Tensor, memory: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """The loop forward; returns outputs, last output, last memory."""
        projected = [
            _projected(tf.matmul(rows, self.inputs), biases, self.steps)
            for rows, biases in zip(self._rows(self.weights.kernel), self._biases(), strict=True)
        ]
        recurrent = self._rows(self.weights.recurrent_kernel)
        first = tf.cast(output, self.dtype)
        self.memory_dtype = memory.dtype
        outputs = _array(self.dtype, self.steps + 1, first.shape).write(0, first)
        before = [memory[part] for part in self.parts]
        memories = [
            _array(memory.dtype, self.steps + 1, rows.shape).write(0, rows) for rows in before
        ]
        blocks = self.equations.activations
        activations = [
            _array(self.dtype, self.steps, (blocks * rows.shape[0], self.batch)) for rows in before
        ]

        def advance(step: tf.Tensor, state: list[Any], kept: list[Any]) -> tuple[Any, ...]:
            last, *before = state
            outputs, memories, activations = kept
            for _ in range(self.unrolled):
                results = [
                    self.equations.forward(
                        projected[part][step], tf.matmul(rows, last), constants, before[part]
                    )
                    for part, (rows, constants) in enumerate(
                        zip(recurrent, self.constants, strict=True)
                    )
                ]
                last = tf.concat([result[0] for result in results], 0)
                before = [result[1] for result in results]
                step += 1
                outputs = outputs.write(step, last)
                memories = _written(memories, step, before)
                activations = _written(activations, step - 1, [result[2] for result in results])
            return step, [last, *before], [outputs, memories, activations]

        _, state, kept = tf.while_loop(
            lambda step, *_: step < self.steps,
            advance,
            (0, [first, *before], [outputs, memories, activations]),
            maximum_iterations=self.steps // self.unrolled,
        )
        outputs, self.memories, self.activations = kept
        self.outputs = outputs.stack()
        shape = (self.units, self.steps, self.batch)
        return (
            tf.reshape(_feature_by_feature(self.outputs[1:]), shape),
            tf.cast(state[0], memory.dtype),
            tf.concat(state[1:], 0),
        )

    def backward(
        self, gradient: tf.Tensor, output_gradient: tf.Tensor, memory_gradient: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """The loop back; returns the gradient of everything that came in."""
        equations, precision = self.equations, self.memory_dtype
        rows = [
            _step_by_step(tf.reshape(gradient[part], (-1, self.steps * self.batch)), self.steps)
            for part in self.parts
        ]
        recurrent = [self.weights.recurrent_kernel[part] for part in self.parts]
        blocks = equations.state_blocks.stop
        sums = [
            _array(self.dtype, self.steps, (blocks, part.stop - part.start, self.batch))
            for part in self.parts
        ]
        gradients = [
            [tf.cast(output_gradient[part], self.dtype) for part in self.parts],
            [memory_gradient[part] for part in self.parts],
            [array.read(self.steps) for array in self.memories],
        ]

        def retreat(step: tf.Tensor, gradients: list[Any], sums: list[Any]) -> tuple[Any, ...]:
            later, memory_gradients, after = gradients
            for _ in range(self.unrolled):
                before = [array.read(step) for array in self.memories]
                results = [
                    equations.backward(
                        self.activations[part].read(step),
                        (before[part], after[part]),
                        self.constants[part],
                        (rows[part][step], later[part], memory_gradients[part]),
                    )
                    for part in range(len(self.parts))
                ]
                sums = _written(sums, step, [result[0] for result in results])
                fed = [result[0][equations.state_blocks] for result in results]
                whole = tf.reshape(tf.concat(fed, 1), (-1, self.batch))
                later = [tf.matmul(part, whole) for part in recurrent]
                memory_gradients = [result[1] for result in results]
                after = before
                step -= 1
            return step, [later, memory_gradients, after], sums

        _, (later, memory_gradients, _), sums = tf.while_loop(
            lambda step, *_: step >= 0,
            retreat,
            (self.steps - 1, gradients, sums),
            maximum_iterations=self.steps // self.unrolled,
        )
        return (
            *self._weight_gradients([array.stack() for array in sums]),
            tf.cast(tf.concat(later, 0), precision),
            tf.concat(memory_gradients, 0),
        )

    def _weight_gradients(self, sums: list[tf.Tensor]) -> tuple[tf.Tensor, ...]:
        """Gradients of inputs, kernel, recurrent kernel and constants, from those of the sums.

        Args:
            sums: For each part `(time, blocks, units, batch)`.
        """
        equations, precision = self.equations, self.memory_dtype
        before = _feature_by_feature(self.outputs[:-1])
        kernel = tf.reshape(self.weights.kernel, (self.features, equations.gates, self.units))
        kernel = tf.roll(kernel, equations.input_shift, 1) if equations.input_shift else kernel
        inputs, kernels, recurrents, constants = [], [], [], []
        for part, stack in zip(self.parts, sums, strict=True):
            _, blocks, units, _ = stack.shape
            rows = tf.reshape(_feature_by_feature(stack), (blocks, units, -1))
            fed = tf.reshape(rows[equations.input_blocks], (equations.gates * units, -1))
            inputs.append(tf.matmul(tf.reshape(kernel[:, :, part], (self.features, -1)), fed))
            kernels.append(self._product(self.inputs, fed, units))
            fed = tf.reshape(rows[equations.state_blocks], (equations.gates * units, -1))
            recurrents.append(self._product(before, fed, units))
            ones = tf.ones((rows.shape[-1], 1), self.dtype)
            constants.append(
                tf.reshape(tf.matmul(tf.reshape(rows, (blocks * units, -1)), ones), (blocks, units))
            )
        shape = (self.features, self.steps, self.batch)
        by_gate = tf.roll(tf.concat(kernels, 2), -equations.input_shift, 1)
        return (
            tf.reshape(tf.cast(tf.add_n(inputs), self.input_dtype), shape),
            tf.cast(tf.reshape(by_gate, (self.features, -1)), precision),
            tf.cast(tf.reshape(tf.concat(recurrents, 2), (self.units, -1)), precision),
            self._constant_gradients(tf.cast(tf.concat(constants, 1), precision), sums),
        )

    def _rows(self, kernel: tf.Tensor) -> list[tf.Tensor]:
        """For each part its rows of a kernel turned round, `(gates * units, features)`."""
        turned = tf.reshape(tf.transpose(kernel), (self.equations.gates, self.units, -1))
        return [tf.reshape(turned[:, part], (-1, turned.shape[-1])) for part in self.parts]

    def _biases(self) -> list[tf.Tensor]:
        """For each part what is added to the sums at every step, `(gates * units,)`."""
        gates = [
            tf.add_n([self.weights.constants[number] for number in numbers])
            for numbers in self.equations.folded
        ]
        return [tf.concat([gate[part] for gate in gates], 0) for part in self.parts]

    def _product(self, features: tf.Tensor, fed: tf.Tensor, units: int) -> tf.Tensor:
        """The gradient of a kernel's columns, `(features, gates, units)`."""
        return tf.reshape(
            tf.matmul(features, fed, transpose_b=True), (features.shape[0], -1, units)
        )

    def _constant_gradients(self, totals: tf.Tensor, sums: list[tf.Tensor]) -> tf.Tensor:
        """The gradient of the constants, from the sums' gradient totalled over all steps."""
        rows = [totals[block] for block in self.equations.constant_blocks]
        for block, offset in self.equations.peepholes:
            seen = [
                _peephole_gradient(stack[:, block], memories.stack()[offset : offset + self.steps])
                for stack, memories in zip(sums, self.memories, strict=True)
            ]
            rows.append(tf.concat(seen, 0))
        return tf.stack(rows)


def _array(dtype: tf.DType, length: int, shape: tuple[int, ...]) -> tf.TensorArray:
    """So many tensors of a shape; what is read is not forgotten."""
    return tf.TensorArray(dtype, length, clear_after_read=False, element_shape=shape)


@tf.function(jit_compile=True, autograph=False)
def _peephole_gradient(sums: tf.Tensor, memories: tf.Tensor) -> tf.Tensor:
    """The gradient of one gate's peepholes, `(units,)`."""
    return tf.reduce_sum(tf.cast(sums, memories.dtype) * memories, (0, 2))


def _written(
    arrays: list[tf.TensorArray], step: tf.Tensor, tensors: list[tf.Tensor]
) -> list[tf.TensorArray]:
    return [array.write(step, tensor) for array, tensor in zip(arrays, tensors, strict=True)]
