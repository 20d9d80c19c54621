"""A recurrent layer reading a window on a CPU: the loop forward and the loop back, by hand.

Two things make it faster than stock layers. `charrnn.model.layout` adds a third: how arrays stand.

What does not depend on the state is multiplied outside the loop: all inputs by the kernel in one
product before it, and all gradients of weights in one product after it. Within, a step has one
product, of the state.

The cores share a layer, not an operation. Its units are dealt to them, so that each keeps its part
of the weights, and what is elementwise in them, near to it; TensorFlow runs the parts side by side
when it has as many inter-op threads, and one thread within each operation
(`charrnn.model.device`). Some layers are read faster where the rows of the batch are dealt
instead, as `charrnn.model.fused_network` does.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import tensorflow as tf

from charrnn.model.equations import Equations
from charrnn.model.layout import FEATURES_FIRST, ROWS_FIRST, Layout
from charrnn.settings.configuration import Split

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

    @property
    def layout(self) -> Layout:
        """How arrays stand: as was the quickest in measurements."""
        rows_first = self.split == "rows" and self.dtype != tf.bfloat16
        return ROWS_FIRST if rows_first else FEATURES_FIRST


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

    Sequences and states stand as `arithmetic.layout` has it.

    Args:
        equations: Those of the cell.
        arithmetic: How products are formed.
        inputs: A sequence `(time, inputs, batch)` or `(time, batch, inputs)`, of a static shape.
        weights: The weights.
        state: Output and memory before the window, `(units, batch)` or `(batch, units)` each; the
            memory of a cell without one of its own is the output again.

    Returns:
        The sequence of the outputs in the dtype of the products, and output and memory after the
        window.
    """

    @tf.custom_gradient
    def window(*arguments: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Any]:
        passage = _Passage(equations, arithmetic, arguments[0], Weights(*arguments[1:4]))
        results = passage.forward(*arguments[4:])
        return results, passage.backward

    results: tuple[tf.Tensor, tf.Tensor, tf.Tensor] = window(inputs, *weights, *state)
    return results


@functools.cache
def _forward_step(equations: Equations, layout: Layout) -> Callable[..., Any]:
    """One step forward, in one pass over memory.

    Returns:
        A function of `(projected, product, constants, memory)`, which gives output, memory, and
        activations `(blocks, ...)`, states each.
    """

    @tf.function(jit_compile=True, autograph=False)
    def forward(
        projected: tf.Tensor, product: tf.Tensor, constants: list[tf.Tensor], memory: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        dtype, precision, shape = product.dtype, memory.dtype, memory.shape

        def gates(sums: tf.Tensor) -> list[tf.Tensor]:
            blocks = tf.split(tf.cast(sums, precision), equations.gates, layout.axis)
            return [layout.flat(block) for block in blocks]

        output, memory, activations = equations.forward(
            gates(projected),
            gates(product),
            list(map(layout.flat, constants)),
            layout.flat(memory),
        )
        kept = [tf.reshape(tf.cast(one, dtype), shape) for one in activations]
        return (
            tf.cast(tf.reshape(output, shape), dtype),
            tf.reshape(memory, shape),
            tf.stack(kept),
        )

    return forward  # type: ignore[no-any-return]


@functools.cache
def _backward_step(equations: Equations, layout: Layout) -> Callable[..., Any]:
    """One step back, in one pass over memory.

    Returns:
        A function of `(activations, memories, constants, gradients)`: memories before and after
        the step, gradients of the output from above and from the next step, and of the memory. It
        gives the gradient of the sums, the blocks before the units, and that of the memory.
    """

    @tf.function(jit_compile=True, autograph=False)
    def backward(
        activations: tf.Tensor,
        memories: tuple[tf.Tensor, tf.Tensor],
        constants: list[tf.Tensor],
        gradients: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        above, later, memory_gradient = gradients
        precision, shape = memory_gradient.dtype, memory_gradient.shape
        output_gradient = tf.cast(above, precision) + tf.cast(later, precision)
        before, after = memories
        sums, memory_gradient = equations.backward(
            [layout.flat(one) for one in tf.unstack(tf.cast(activations, precision))],
            (layout.flat(before), layout.flat(after)),
            list(map(layout.flat, constants)),
            (layout.flat(output_gradient), layout.flat(memory_gradient)),
        )
        blocks = [tf.reshape(tf.cast(one, activations.dtype), shape) for one in sums]
        return tf.stack(blocks, layout.axis), tf.reshape(memory_gradient, shape)

    return backward  # type: ignore[no-any-return]


class _Passage:
    """One window read forward, and what of it the way back needs."""

    def __init__(
        self, equations: Equations, arithmetic: Arithmetic, inputs: tf.Tensor, weights: Weights
    ) -> None:
        self.equations = equations
        self.layout = layout = arithmetic.layout
        self.dtype = arithmetic.dtype
        self.input_dtype = inputs.dtype
        self.features, self.steps, self.batch = layout.sizes(inputs)
        self.units = weights.recurrent_kernel.shape[0]
        bounds = [0, *accumulate(dealt(self.units, arithmetic.unit_parts))]
        self.parts = [slice(*pair) for pair in pairwise(bounds)]
        self.unrolled = max(
            count for count in range(1, LONGEST_UNROLLED + 1) if self.steps % count == 0
        )
        self.inputs = tf.cast(inputs, self.dtype)
        self.weights = Weights(
            tf.cast(weights.kernel, self.dtype),
            tf.cast(weights.recurrent_kernel, self.dtype),
            weights.constants,
        )
        self.constants = [self._constants_of(part) for part in self.parts]

    def forward(self, output: tf.Tensor, memory: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """The loop forward; returns outputs, last output, last memory."""
        layout, kernel = self.layout, self.weights.kernel
        projected = [
            layout.projected(
                layout.weights(self._columns(kernel, part)),
                self.inputs,
                self._biases(part),
            )
            for part in self.parts
        ]
        recurrent = [
            layout.weights(self._columns(self.weights.recurrent_kernel, part))
            for part in self.parts
        ]
        first = tf.cast(output, self.dtype)
        self.memory_dtype = memory.dtype
        outputs = _array(self.dtype, self.steps + 1, first.shape).write(0, first)
        before = [layout.part(memory, part) for part in self.parts]
        memories = [
            _array(memory.dtype, self.steps + 1, part.shape).write(0, part) for part in before
        ]
        blocks = self.equations.activations
        activations = [_array(self.dtype, self.steps, (blocks, *part.shape)) for part in before]
        forward = _forward_step(self.equations, layout)

        def advance(step: tf.Tensor, state: list[Any], kept: list[Any]) -> tuple[Any, ...]:
            last, *before = state
            outputs, memories, activations = kept
            for _ in range(self.unrolled):
                results = [
                    forward(
                        projected[part][step],
                        layout.product(weights, last),
                        constants,
                        before[part],
                    )
                    for part, (weights, constants) in enumerate(
                        zip(recurrent, self.constants, strict=True)
                    )
                ]
                last = _joined([result[0] for result in results], layout.axis)
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
        return (
            self.outputs[1:],
            tf.cast(state[0], memory.dtype),
            _joined(state[1:], layout.axis),
        )

    def backward(
        self, gradient: tf.Tensor, output_gradient: tf.Tensor, memory_gradient: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """The loop back; returns the gradient of everything that came in."""
        equations, layout, precision = self.equations, self.layout, self.memory_dtype
        above = [layout.part(gradient, part) for part in self.parts]
        recurrent = [layout.returning(self.weights.recurrent_kernel[part]) for part in self.parts]
        blocks = equations.state_blocks.stop
        sums = [
            _array(self.dtype, self.steps, layout.shape(blocks, _size(part), batch=self.batch))
            for part in self.parts
        ]
        gradients = [
            [tf.cast(layout.part(output_gradient, part), self.dtype) for part in self.parts],
            [layout.part(memory_gradient, part) for part in self.parts],
            [array.read(self.steps) for array in self.memories],
        ]
        backward = _backward_step(equations, layout)
        whole_shape = layout.shape(equations.gates * self.units, batch=self.batch)

        def retreat(step: tf.Tensor, gradients: list[Any], sums: list[Any]) -> tuple[Any, ...]:
            later, memory_gradients, after = gradients
            for _ in range(self.unrolled):
                before = [array.read(step) for array in self.memories]
                results = [
                    backward(
                        self.activations[part].read(step),
                        (before[part], after[part]),
                        self.constants[part],
                        (above[part][step], later[part], memory_gradients[part]),
                    )
                    for part in range(len(self.parts))
                ]
                sums = _written(sums, step, [result[0] for result in results])
                fed = [self._blocks(result[0], equations.state_blocks) for result in results]
                whole = tf.reshape(_joined(fed, layout.axis + 1), whole_shape)
                later = [layout.product(weights, whole) for weights in recurrent]
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
            tf.cast(_joined(later, layout.axis), precision),
            _joined(memory_gradients, layout.axis),
        )

    def _weight_gradients(self, sums: list[tf.Tensor]) -> tuple[tf.Tensor, ...]:
        """Gradients of inputs, kernel, recurrent kernel and constants, from those of the sums.

        Args:
            sums: For each part a sequence, the blocks before the units.
        """
        equations, layout, precision = self.equations, self.layout, self.memory_dtype
        blocks = equations.state_blocks.stop
        read, before = layout.matrix(self.inputs), layout.matrix(self.outputs[:-1])
        kernel = tf.reshape(self.weights.kernel, (self.features, equations.gates, self.units))
        kernel = tf.roll(kernel, equations.input_shift, 1) if equations.input_shift else kernel
        inputs, kernels, recurrents, totals = [], [], [], []
        for part, of_part in zip(self.parts, sums, strict=True):
            weights = layout.returning(tf.reshape(kernel[:, :, part], (self.features, -1)))
            flat = layout.shape(blocks * _size(part), batch=self.batch)
            fed = self._of(tf.reshape(of_part, (self.steps, *flat)), equations.input_blocks, part)
            inputs.append(layout.products(weights, fed))
            matrix = layout.matrix(of_part)
            fed = self._of(matrix, equations.input_blocks, part)
            kernels.append(self._by_gate(layout.outer(read, fed)))
            fed = self._of(matrix, equations.state_blocks, part)
            recurrents.append(self._by_gate(layout.outer(before, fed)))
            totals.append(tf.reshape(layout.total(matrix), (-1, _size(part))))
        by_gate = tf.roll(_joined(kernels, 2), -equations.input_shift, 1)
        return (
            tf.cast(tf.add_n(inputs), self.input_dtype),
            tf.cast(tf.reshape(by_gate, (self.features, -1)), precision),
            tf.cast(tf.reshape(_joined(recurrents, 2), (self.units, -1)), precision),
            self._constant_gradients(tf.cast(_joined(totals, 1), precision), sums),
        )

    def _columns(self, kernel: tf.Tensor, part: slice) -> tf.Tensor:
        """The columns of a kernel that make the sums of a part, `(features, gates * units)`."""
        return tf.reshape(self._by_gate(kernel)[:, :, part], (kernel.shape[0], -1))

    def _by_gate(self, kernel: tf.Tensor) -> tf.Tensor:
        """Columns of a kernel as `(features, gates, units)`."""
        return tf.reshape(kernel, (kernel.shape[0], self.equations.gates, -1))

    def _blocks(self, sums: tf.Tensor, blocks: slice) -> tf.Tensor:
        """Some blocks of the gradient of a step's sums."""
        return sums[(slice(None),) * self.layout.axis + (blocks,)]

    def _of(self, sums: tf.Tensor, blocks: slice, part: slice) -> tf.Tensor:
        """Some blocks of the sums of a part, where blocks and units are one axis."""
        size = _size(part)
        return self.layout.part(sums, slice(blocks.start * size, blocks.stop * size))

    def _biases(self, part: slice) -> tf.Tensor:
        """What is added to the sums of a part at every step, `(gates * units,)`."""
        return tf.concat(
            [
                tf.add_n([self.weights.constants[number][part] for number in numbers])
                for numbers in self.equations.folded
            ],
            0,
        )

    def _constants_of(self, part: slice) -> list[tf.Tensor]:
        """What the equations of a part take besides."""
        return [
            self.layout.beside(self.weights.constants[number][part], self.batch)
            for number in self.equations.constants
        ]

    def _constant_gradients(self, totals: tf.Tensor, sums: list[tf.Tensor]) -> tf.Tensor:
        """The gradient of the constants, from the sums' gradient totalled over all steps."""
        rows = [totals[block] for block in self.equations.constant_blocks]
        steps, others = self.steps, (0, 2 - self.layout.axis)
        for block, offset in self.equations.peepholes:
            seen = [
                _peephole_gradient(
                    tf.gather(of_part, block, axis=self.layout.axis + 1),
                    memories.stack()[offset : offset + steps],
                    others,
                )
                for of_part, memories in zip(sums, self.memories, strict=True)
            ]
            rows.append(_joined(seen, 0))
        return tf.stack(rows)


def _array(dtype: tf.DType, length: int, shape: tuple[int, ...]) -> tf.TensorArray:
    """So many tensors of a shape; what is read is not forgotten."""
    return tf.TensorArray(dtype, length, clear_after_read=False, element_shape=shape)


def _size(part: slice) -> int:
    """Units of a part."""
    return int(part.stop - part.start)


def _joined(parts: list[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.concat(parts, axis) if len(parts) > 1 else parts[0]


@tf.function(jit_compile=True, autograph=False)
def _peephole_gradient(sums: tf.Tensor, memories: tf.Tensor, others: tuple[int, int]) -> tf.Tensor:
    """The gradient of one gate's peepholes, `(units,)`, totalled over the other axes."""
    return tf.reduce_sum(tf.cast(sums, memories.dtype) * memories, others)


def _written(
    arrays: list[tf.TensorArray], step: tf.Tensor, tensors: list[tf.Tensor]
) -> list[tf.TensorArray]:
    return [array.write(step, tensor) for array, tensor in zip(arrays, tensors, strict=True)]
