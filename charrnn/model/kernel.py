"""A recurrent layer on a CPU: forward and backward pass over one window, with a custom gradient.

Three things make it faster than Keras's layers. The third is memory layout, see
`charrnn.model.kernel_config`.

1. Products without the state are computed outside the loop: one product of all inputs before it,
   and one product for all gradients of the weights after it. A step has one product, that of the
   state.
2. The cores share a layer, not an operation. Each core has a shard of the units, so that its
   weights stay in its cache. TensorFlow runs the shards in parallel with one inter-op thread per
   core and one intra-op thread (`charrnn.model.device`). For some layers, shards of the batch are
   faster (`charrnn.model.kernel_network`).

A gate applies its activation to its *pre-activation*, the sum of its products and biases. A *delta*
is the gradient of a pre-activation, or of one of its parts where a cell treats them differently.
"""

from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import tensorflow as tf

from charrnn.model.cells import CellSpec, Weights, backward_step, forward_step
from charrnn.model.kernel_config import KernelConfig, split_sizes

LONGEST_UNROLLED: Final = 16
"""Most steps in one iteration of the loop, whose overhead is as long as a small step."""


class Residuals(NamedTuple):
    """Tensors that the backward pass needs, with shapes features first.

    Attributes:
        inputs: `(time, inputs, batch)`.
        outputs: `(time + 1, units, batch)`, with the output before the window first.
        cell_states: For each shard `time + 1` tensors `(u, batch)`.
        activations: For each shard `time` tensors `(activations, u, batch)`.
    """

    inputs: tf.Tensor
    outputs: tf.Tensor
    cell_states: list[tf.TensorArray]
    activations: list[tf.TensorArray]


@tf.autograph.experimental.do_not_convert
def read_window(
    cell: CellSpec,
    config: KernelConfig,
    inputs: tf.Tensor,
    weights: Weights,
    state: tuple[tf.Tensor, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Read a window, with gradients.

    Args:
        cell: The cell.
        config: How it is computed.
        inputs: `(time, inputs, batch)` or `(time, batch, inputs)` by `config.layout`, with a static
            shape.
        weights: The weights.
        state: Output and cell state before the window, `(units, batch)` or `(batch, units)` each.
            For cells whose cell state is the output, both are the same.

    Returns:
        All outputs, in the dtype of the products, and output and cell state after the window.
    """
    dtype, (output, cell_state) = config.dtype, state

    @tf.custom_gradient
    def window(*arguments: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Any]:
        inputs, *kernels, output, cell_state = arguments
        window_pass = WindowPass(cell, config, Weights(*kernels), config.layout.sizes(inputs))
        results, residuals = window_pass.forward(inputs, output, cell_state)
        return results, lambda *gradients: window_pass.backward(residuals, *gradients)

    outputs, last, after = window(
        tf.cast(inputs, dtype),
        tf.cast(weights.kernel, dtype),
        tf.cast(weights.recurrent_kernel, dtype),
        weights.constants,
        tf.cast(output, dtype),
        cell_state,
    )
    return outputs, tf.cast(last, output.dtype), after


class WindowPass:
    """Forward and backward pass over one window.

    Shapes in comments are features first. Batch first, `(features, batch)` is `(batch, features)`,
    and `(blocks, u, batch)` is `(batch, blocks, u)`. A shard has `u` of the `units`.

    Args:
        cell: The cell.
        config: How it is computed.
        weights: The weights, kernels in the dtype of the products.
        sizes: Inputs, time and batch.
    """

    def __init__(
        self, cell: CellSpec, config: KernelConfig, weights: Weights, sizes: tuple[int, int, int]
    ) -> None:
        self.cell = cell
        self.layout = config.layout
        self.dtype = config.dtype
        self.weights = weights
        self.features, self.steps, self.batch = sizes
        self.units = weights.recurrent_kernel.shape[0]
        bounds = [0, *accumulate(split_sizes(self.units, config.unit_shards))]
        self.shards = [slice(*pair) for pair in pairwise(bounds)]
        self.unrolled = max(
            count for count in range(1, LONGEST_UNROLLED + 1) if self.steps % count == 0
        )
        self.constants = [
            [
                self.layout.constant(weights.constants[number][shard], self.batch)
                for number in cell.constants
            ]
            for shard in self.shards
        ]

    def forward(
        self, inputs: tf.Tensor, output: tf.Tensor, cell_state: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], Residuals]:
        """Read the window.

        Args:
            inputs: `(time, inputs, batch)`.
            output: Output before the window, `(units, batch)`.
            cell_state: Cell state before the window, `(units, batch)`.

        Returns:
            Outputs `(time, units, batch)`, last output and last cell state; and the residuals.
        """
        layout, steps = self.layout, self.steps
        projected = self._projected(inputs)  # for each shard (time, gates * u, batch)
        recurrent = [  # for each shard (gates * u, units)
            layout.operand(self._columns(self.weights.recurrent_kernel, shard))
            for shard in self.shards
        ]
        before = [layout.part(cell_state, shard) for shard in self.shards]  # each (u, batch)
        outputs = _array(self.dtype, steps + 1, output.shape).write(0, output)
        cell_states = [
            _array(cell_state.dtype, steps + 1, shard.shape).write(0, shard) for shard in before
        ]
        kept = self.cell.activations
        activations = [_array(self.dtype, steps, (kept, *shard.shape)) for shard in before]
        forward = forward_step(self.cell, layout)

        def body(step: tf.Tensor, state: list[Any], kept: list[Any]) -> tuple[Any, ...]:
            last, *before = state
            outputs, cell_states, activations = kept
            for _ in range(self.unrolled):
                results = [
                    forward(
                        projected[shard][step],
                        layout.product(recurrent[shard], last),
                        self.constants[shard],
                        before[shard],
                    )
                    for shard in range(len(self.shards))
                ]
                last = _joined([result[0] for result in results], layout.axis)  # (units, batch)
                before = [result[1] for result in results]
                step += 1
                outputs = outputs.write(step, last)
                cell_states = _written(cell_states, step, before)
                activations = _written(activations, step - 1, [result[2] for result in results])
            return step, [last, *before], [outputs, cell_states, activations]

        _, (last, *after), (outputs, cell_states, activations) = tf.while_loop(
            lambda step, *_: step < steps,
            body,
            (0, [output, *before], [outputs, cell_states, activations]),
            maximum_iterations=steps // self.unrolled,
        )
        every = outputs.stack()
        return (
            (every[1:], last, _joined(after, layout.axis)),
            Residuals(inputs, every, cell_states, activations),
        )

    def backward(
        self,
        residuals: Residuals,
        gradient: tf.Tensor,
        output_gradient: tf.Tensor,
        cell_state_gradient: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        """Backpropagate through the window.

        Args:
            residuals: Residuals of `forward`.
            gradient: Gradient of the outputs, `(time, units, batch)`.
            output_gradient: Gradient of the last output, `(units, batch)`.
            cell_state_gradient: Gradient of the last cell state, `(units, batch)`.

        Returns:
            Gradients of inputs, kernel, recurrent kernel, constants, and of output and cell state
            before the window.
        """
        cell, layout = self.cell, self.layout
        above = [layout.part(gradient, shard) for shard in self.shards]  # each (time, u, batch)
        recurrent = [  # for each shard (u, gates * units)
            layout.backward_operand(self.weights.recurrent_kernel[shard]) for shard in self.shards
        ]
        deltas = [  # for each shard `time` tensors (blocks, u, batch)
            _array(
                self.dtype,
                self.steps,
                layout.shape(cell.state_blocks.stop, _size(shard), batch=self.batch),
            )
            for shard in self.shards
        ]
        # Gradients of output and cell state after the step, and the cell state: each (u, batch).
        gradients = [
            [layout.part(output_gradient, shard) for shard in self.shards],
            [layout.part(cell_state_gradient, shard) for shard in self.shards],
            [array.read(self.steps) for array in residuals.cell_states],
        ]
        flat_shape = layout.shape(cell.gates * self.units, batch=self.batch)
        backward = backward_step(cell, layout)

        def body(step: tf.Tensor, gradients: list[Any], deltas: list[Any]) -> tuple[Any, ...]:
            from_next, cell_state_gradients, after = gradients
            for _ in range(self.unrolled):
                before = [array.read(step) for array in residuals.cell_states]
                results = [
                    backward(
                        residuals.activations[shard].read(step),
                        (before[shard], after[shard]),
                        self.constants[shard],
                        (above[shard][step], from_next[shard], cell_state_gradients[shard]),
                    )
                    for shard in range(len(self.shards))
                ]
                deltas = _written(deltas, step, [result[0] for result in results])
                # (gates, u, batch) of each shard, joined to (gates, units, batch) and flattened to
                # (gates * units, batch), the order of the recurrent kernel's columns.
                gate_deltas = [self._blocks(result[0], cell.state_blocks) for result in results]
                flat = tf.reshape(_joined(gate_deltas, layout.axis + 1), flat_shape)
                from_next = [layout.product(operand, flat) for operand in recurrent]
                cell_state_gradients = [result[1] for result in results]
                after = before
                step -= 1
            return step, [from_next, cell_state_gradients, after], deltas

        _, (from_next, cell_state_gradients, _), deltas = tf.while_loop(
            lambda step, *_: step >= 0,
            body,
            (self.steps - 1, gradients, deltas),
            maximum_iterations=self.steps // self.unrolled,
        )
        return (
            *self._weight_gradients(residuals, [array.stack() for array in deltas]),
            _joined(from_next, layout.axis),
            _joined(cell_state_gradients, layout.axis),
        )

    def _weight_gradients(
        self, residuals: Residuals, deltas: list[tf.Tensor]
    ) -> tuple[tf.Tensor, ...]:
        """Gradients of inputs, kernel, recurrent kernel and constants.

        Args:
            residuals: Residuals of `forward`.
            deltas: For each shard `(time, blocks, u, batch)`.
        """
        cell, layout, gates = self.cell, self.layout, self.cell.gates
        read = layout.matrix(residuals.inputs)  # (inputs, time * batch)
        before = layout.matrix(residuals.outputs[:-1])  # (units, time * batch)
        # (inputs, gates, units), with gates in the order of the input blocks of the deltas.
        kernel = _rolled(self._by_gate(self.weights.kernel), cell.input_shift)
        inputs, kernels, recurrents, totals = [], [], [], []
        for shard, shard_deltas in zip(self.shards, deltas, strict=True):
            flat = layout.shape(cell.state_blocks.stop * _size(shard), batch=self.batch)
            sequence = tf.reshape(shard_deltas, (self.steps, *flat))  # (time, blocks * u, batch)
            weights = tf.reshape(kernel[:, :, shard], (self.features, -1))  # (inputs, gates * u)
            gate_deltas = self._of(sequence, cell.input_blocks, shard)  # (time, gates * u, batch)
            inputs.append(layout.products(layout.backward_operand(weights), gate_deltas))
            matrix = layout.matrix(shard_deltas)  # (blocks * u, time * batch)
            gate_deltas = self._of(matrix, cell.input_blocks, shard)  # (gates * u, time * batch)
            kernels.append(self._by_gate(layout.outer(read, gate_deltas)))  # (inputs, gates, u)
            gate_deltas = self._of(matrix, cell.state_blocks, shard)
            recurrents.append(self._by_gate(layout.outer(before, gate_deltas)))  # (units, gates, u)
            totals.append(tf.reshape(layout.total(matrix), (-1, _size(shard))))  # (blocks, u)
        by_gate = _rolled(_joined(kernels, 2), -cell.input_shift)  # (inputs, gates, units)
        return (
            tf.add_n(inputs),
            tf.reshape(by_gate, (self.features, gates * self.units)),
            tf.reshape(_joined(recurrents, 2), (self.units, gates * self.units)),
            self._constant_gradients(residuals, _joined(totals, 1), deltas),
        )

    def _constant_gradients(
        self, residuals: Residuals, totals: tf.Tensor, deltas: list[tf.Tensor]
    ) -> tf.Tensor:
        """The gradient of the constants, `(constants, units)`.

        Args:
            residuals: Residuals of `forward`.
            totals: Deltas summed over time and batch, `(blocks, units)`.
            deltas: For each shard `(time, blocks, u, batch)`.
        """
        totals = tf.cast(totals, self.weights.constants.dtype)
        rows = [totals[block] for block in self.cell.constant_blocks]
        summed = (0, 2 - self.layout.axis)  # axes of time and batch
        for block, offset in self.cell.peepholes:
            gradients = [
                _peephole_gradient(
                    tf.gather(shard_deltas, block, axis=self.layout.axis + 1),
                    cell_states.stack()[offset : offset + self.steps],
                    summed,
                )
                for shard_deltas, cell_states in zip(deltas, residuals.cell_states, strict=True)
            ]
            rows.append(_joined(gradients, 0))
        return tf.stack(rows)

    def _projected(self, inputs: tf.Tensor) -> list[tf.Tensor]:
        """The part of inputs and biases; for each shard `(time, gates * u, batch)`."""
        constants = self.weights.constants
        return [
            self.layout.projected(
                self.layout.operand(self._columns(self.weights.kernel, shard)),
                inputs,
                tf.concat(
                    [
                        tf.add_n([constants[number][shard] for number in numbers])
                        for numbers in self.cell.folded
                    ],
                    0,
                ),
            )
            for shard in self.shards
        ]

    def _columns(self, kernel: tf.Tensor, shard: slice) -> tf.Tensor:
        """The columns of a kernel for a shard, `(features, gates * u)`."""
        return tf.reshape(self._by_gate(kernel)[:, :, shard], (kernel.shape[0], -1))

    def _by_gate(self, kernel: tf.Tensor) -> tf.Tensor:
        """A kernel as `(features, gates, u)`."""
        return tf.reshape(kernel, (kernel.shape[0], self.cell.gates, -1))

    def _blocks(self, deltas: tf.Tensor, blocks: slice) -> tf.Tensor:
        """Some blocks of the deltas of one step, `(blocks, u, batch)`."""
        return deltas[(slice(None),) * self.layout.axis + (blocks,)]

    def _of(self, deltas: tf.Tensor, blocks: slice, shard: slice) -> tf.Tensor:
        """Some blocks of deltas whose blocks and units are one axis, `(..., blocks * u, batch)`."""
        size = _size(shard)
        return self.layout.part(deltas, slice(blocks.start * size, blocks.stop * size))


def _array(dtype: tf.DType, length: int, shape: tuple[int, ...]) -> tf.TensorArray:
    """A TensorArray whose elements can be read more than once."""
    return tf.TensorArray(dtype, length, clear_after_read=False, element_shape=shape)


def _size(shard: slice) -> int:
    """Number of units in a shard."""
    return int(shard.stop - shard.start)


def _rolled(by_gate: tf.Tensor, shift: int) -> tf.Tensor:
    return tf.roll(by_gate, shift, 1) if shift else by_gate


def _joined(shards: list[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.concat(shards, axis) if len(shards) > 1 else shards[0]


@tf.function(jit_compile=True, autograph=False)
def _peephole_gradient(
    deltas: tf.Tensor, cell_states: tf.Tensor, summed: tuple[int, int]
) -> tf.Tensor:
    """The gradient of one gate's peepholes, `(u,)`, summed over time and batch."""
    return tf.reduce_sum(tf.cast(deltas, cell_states.dtype) * cell_states, summed)


def _written(
    arrays: list[tf.TensorArray], step: tf.Tensor, tensors: list[tf.Tensor]
) -> list[tf.TensorArray]:
    return [array.write(step, tensor) for array, tensor in zip(arrays, tensors, strict=True)]
