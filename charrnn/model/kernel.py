"""A recurrent layer reads a window on a CPU: the loops forward and backward, written by hand.

Two things make it faster than stock layers. `charrnn.model.kernel_config` adds a third: memory order.

What does not depend on the state is multiplied outside the loop: all inputs by the kernel in one
product before it, and all gradients of weights in one product after it. A step of the loop has
one product, that of the state.

The cores share a layer, not an operation. Each core has a shard of the units, so that its part of
the weights stays in its cache. TensorFlow runs the shards side by side: it has as many inter-op
threads as there are cores, and one thread within each operation (`charrnn.model.device`). Some
layers are faster with shards of the batch, which `charrnn.model.fused_network` makes.
"""

from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

import tensorflow as tf

from charrnn.model.cells import CellSpec, Weights, backward_step, forward_step
from charrnn.model.kernel_config import KernelConfig, split_sizes

LONGEST_UNROLLED: Final = 16
"""Steps in one pass of the loop at most: its own bookkeeping costs as much as a small step."""


class Residuals(NamedTuple):
    """What the backward pass needs of the forward pass.

    Shapes are given features first; of the lists, each shard of the units has its own entry.

    Attributes:
        inputs: `(time, inputs, batch)`.
        outputs: `(time + 1, units, batch)`, the first one from before the window.
        cell_states: `time + 1` arrays `(units, batch)` each.
        activations: `time` arrays `(activations, units, batch)` each.
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
    """Read a window, differentiably.

    Sequences and states stand as `config.layout` has it.

    Args:
        cell: The cell.
        config: How it is computed.
        inputs: A sequence `(time, inputs, batch)` or `(time, batch, inputs)`, of a static shape.
        weights: The weights.
        state: Output and cell state before the window, `(units, batch)` or `(batch, units)` each;
            where the cell state is the output, it is given twice.

    Returns:
        The sequence of the outputs in the dtype of the products, and output and cell state after
        the window.
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
    """The passes over one window, forward and backward.

    Shapes in comments are features first; batch first the last two axes, or for the gradient of
    the sums the last three, stand as `(batch, ...)`. A shard has `u` of the `units`.

    Args:
        cell: The cell.
        config: How it is computed.
        weights: The kernels in the dtype of the products.
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
            output: Before the window, `(units, batch)`.
            cell_state: Before the window, `(units, batch)`.

        Returns:
            Outputs `(time, units, batch)`, the last output and the last cell state; and what
            `backward` needs.
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
        """Gradients of everything that `forward` read, from those of its results.

        Args:
            residuals: What `forward` kept.
            gradient: Of the outputs, `(time, units, batch)`.
            output_gradient: Of the last output, `(units, batch)`.
            cell_state_gradient: Of the last cell state, `(units, batch)`.

        Returns:
            Gradients of inputs, kernel, recurrent kernel, constants, output and cell state.
        """
        cell, layout = self.cell, self.layout
        above = [layout.part(gradient, shard) for shard in self.shards]  # each (time, u, batch)
        recurrent = [  # for each shard (u, gates * units)
            layout.backward_operand(self.weights.recurrent_kernel[shard]) for shard in self.shards
        ]
        sums = [  # for each shard `time` arrays (blocks, u, batch)
            _array(
                self.dtype,
                self.steps,
                layout.shape(cell.state_blocks.stop, _size(shard), batch=self.batch),
            )
            for shard in self.shards
        ]
        gradients = [  # of output and cell state, and the cell state; for each shard (u, batch)
            [layout.part(output_gradient, shard) for shard in self.shards],
            [layout.part(cell_state_gradient, shard) for shard in self.shards],
            [array.read(self.steps) for array in residuals.cell_states],
        ]
        whole_shape = layout.shape(cell.gates * self.units, batch=self.batch)
        backward = backward_step(cell, layout)

        def body(step: tf.Tensor, gradients: list[Any], sums: list[Any]) -> tuple[Any, ...]:
            later, cell_state_gradients, after = gradients
            for _ in range(self.unrolled):
                before = [array.read(step) for array in residuals.cell_states]
                results = [
                    backward(
                        residuals.activations[shard].read(step),
                        (before[shard], after[shard]),
                        self.constants[shard],
                        (above[shard][step], later[shard], cell_state_gradients[shard]),
                    )
                    for shard in range(len(self.shards))
                ]
                sums = _written(sums, step, [result[0] for result in results])
                # (gates, u, batch) of every shard, joined to (gates, units, batch) and flattened:
                # the order of the recurrent kernel's columns.
                fed = [self._blocks(result[0], cell.state_blocks) for result in results]
                whole = tf.reshape(_joined(fed, layout.axis + 1), whole_shape)
                later = [layout.product(operand, whole) for operand in recurrent]
                cell_state_gradients = [result[1] for result in results]
                after = before
                step -= 1
            return step, [later, cell_state_gradients, after], sums

        _, (later, cell_state_gradients, _), sums = tf.while_loop(
            lambda step, *_: step >= 0,
            body,
            (self.steps - 1, gradients, sums),
            maximum_iterations=self.steps // self.unrolled,
        )
        return (
            *self._weight_gradients(residuals, [array.stack() for array in sums]),
            _joined(later, layout.axis),
            _joined(cell_state_gradients, layout.axis),
        )

    def _weight_gradients(
        self, residuals: Residuals, sums: list[tf.Tensor]
    ) -> tuple[tf.Tensor, ...]:
        """Gradients of inputs, kernel, recurrent kernel and constants, from those of the sums.

        Args:
            residuals: What `forward` kept.
            sums: For each shard `(time, blocks, u, batch)`.
        """
        cell, layout, gates = self.cell, self.layout, self.cell.gates
        read = layout.matrix(residuals.inputs)  # (inputs, time * batch)
        before = layout.matrix(residuals.outputs[:-1])  # (units, time * batch)
        # The kernel's gates in the order of the sums' input blocks.
        kernel = _rolled(self._by_gate(self.weights.kernel), cell.input_shift)
        inputs, kernels, recurrents, totals = [], [], [], []
        for shard, of_shard in zip(self.shards, sums, strict=True):
            flat = layout.shape(cell.state_blocks.stop * _size(shard), batch=self.batch)
            sequence = tf.reshape(of_shard, (self.steps, *flat))  # (time, blocks * u, batch)
            weights = tf.reshape(kernel[:, :, shard], (self.features, -1))  # (inputs, gates * u)
            fed = self._of(sequence, cell.input_blocks, shard)  # (time, gates * u, batch)
            inputs.append(layout.products(layout.backward_operand(weights), fed))
            matrix = layout.matrix(of_shard)  # (blocks * u, time * batch)
            fed = self._of(matrix, cell.input_blocks, shard)  # (gates * u, time * batch)
            kernels.append(self._by_gate(layout.outer(read, fed)))  # (inputs, gates, u)
            fed = self._of(matrix, cell.state_blocks, shard)
            recurrents.append(self._by_gate(layout.outer(before, fed)))  # (units, gates, u)
            totals.append(tf.reshape(layout.total(matrix), (-1, _size(shard))))  # (blocks, u)
        by_gate = _rolled(_joined(kernels, 2), -cell.input_shift)  # (inputs, gates, units)
        return (
            tf.add_n(inputs),
            tf.reshape(by_gate, (self.features, gates * self.units)),
            tf.reshape(_joined(recurrents, 2), (self.units, gates * self.units)),
            self._constant_gradients(residuals, _joined(totals, 1), sums),
        )

    def _constant_gradients(
        self, residuals: Residuals, totals: tf.Tensor, sums: list[tf.Tensor]
    ) -> tf.Tensor:
        """The gradient of the constants, `(constants, units)`.

        Args:
            residuals: What `forward` kept.
            totals: Gradients of the sums, summed over time and batch, `(blocks, units)`.
            sums: For each shard `(time, blocks, u, batch)`.
        """
        totals = tf.cast(totals, self.weights.constants.dtype)
        rows = [totals[block] for block in self.cell.constant_blocks]
        others = (0, 2 - self.layout.axis)  # time and batch
        for block, offset in self.cell.peepholes:
            seen = [
                _peephole_gradient(
                    tf.gather(of_shard, block, axis=self.layout.axis + 1),
                    cell_states.stack()[offset : offset + self.steps],
                    others,
                )
                for of_shard, cell_states in zip(sums, residuals.cell_states, strict=True)
            ]
            rows.append(_joined(seen, 0))
        return tf.stack(rows)

    def _projected(self, inputs: tf.Tensor) -> list[tf.Tensor]:
        """What inputs and biases add to the sums, for each shard `(time, gates * u, batch)`."""
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
        """The columns of a kernel that make the sums of a shard, `(features, gates * u)`."""
        return tf.reshape(self._by_gate(kernel)[:, :, shard], (kernel.shape[0], -1))

    def _by_gate(self, kernel: tf.Tensor) -> tf.Tensor:
        """Columns of a kernel gate by gate, `(features, gates, u)`."""
        return tf.reshape(kernel, (kernel.shape[0], self.cell.gates, -1))

    def _blocks(self, sums: tf.Tensor, blocks: slice) -> tf.Tensor:
        """Some blocks of the gradient of a step's sums."""
        return sums[(slice(None),) * self.layout.axis + (blocks,)]

    def _of(self, sums: tf.Tensor, blocks: slice, shard: slice) -> tf.Tensor:
        """Some blocks of the sums of a shard, where blocks and units are one axis."""
        size = _size(shard)
        return self.layout.part(sums, slice(blocks.start * size, blocks.stop * size))


def _array(dtype: tf.DType, length: int, shape: tuple[int, ...]) -> tf.TensorArray:
    """So many tensors of a shape; what is read is not forgotten."""
    return tf.TensorArray(dtype, length, clear_after_read=False, element_shape=shape)


def _size(shard: slice) -> int:
    """Units of a shard."""
    return int(shard.stop - shard.start)


def _rolled(by_gate: tf.Tensor, shift: int) -> tf.Tensor:
    return tf.roll(by_gate, shift, 1) if shift else by_gate


def _joined(shards: list[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.concat(shards, axis) if len(shards) > 1 else shards[0]


@tf.function(jit_compile=True, autograph=False)
def _peephole_gradient(
    sums: tf.Tensor, cell_states: tf.Tensor, others: tuple[int, int]
) -> tf.Tensor:
    """The gradient of one gate's peepholes, `(units,)`, summed over the other axes."""
    return tf.reduce_sum(tf.cast(sums, cell_states.dtype) * cell_states, others)


def _written(
    arrays: list[tf.TensorArray], step: tf.Tensor, tensors: list[tf.Tensor]
) -> list[tf.TensorArray]:
    return [array.write(step, tensor) for array, tensor in zip(arrays, tensors, strict=True)]
