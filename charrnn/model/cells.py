"""The elementwise equations of the recurrent cells: one step forward and one step backward.

The matrix products are in `charrnn.model.kernel`. A forward step takes the pre-activations, gate by
gate, as the parts from inputs and state. It gives the output, the cell state in full precision, and
the activations for the backward step. A backward step turns the gradients of output and cell state
into deltas, the gradients of the pre-activations. All tensors of one call have the same shape. XLA
compiles a step to a few passes over memory.

All cells have functions with the same arguments, even if a cell does not need all of them.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import tensorflow as tf

from charrnn.model.kernel_config import MemoryLayout
from charrnn.settings.configuration import Activation, Cell

Pair = tuple[tf.Tensor, tf.Tensor]
Gates = Sequence[tf.Tensor]

Forward = Callable[[Gates, Gates, Gates, tf.Tensor], tuple[tf.Tensor, tf.Tensor, Gates]]
Backward = Callable[[Gates, Pair, Gates, Pair], tuple[Gates, tf.Tensor]]


class Weights(NamedTuple):
    """The weights of a layer, with gates in Keras's order.

    Attributes:
        kernel: `(inputs, gates * units)`.
        recurrent_kernel: `(units, gates * units)`.
        constants: `(constants, units)`, first a bias for each gate, then the peepholes.
    """

    kernel: tf.Tensor
    recurrent_kernel: tf.Tensor
    constants: tf.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class CellSpec:
    """The equations of a cell, and how its deltas belong to its weights.

    A block is the deltas of all units for one gate. Where inputs and state have different deltas, a
    gate has two blocks.

    Attributes:
        gates: Blocks of `units` columns in a kernel.
        activations: Number of activations that the backward step needs.
        forward: `(from_inputs, from_state, constants, cell_state)` to `(output, cell_state,
            activations)`; `from_inputs` includes the biases of `folded`.
        backward: `(activations, (cell_state_before, cell_state_after), constants, (output_gradient,
            cell_state_gradient))` to `(deltas, cell_state_gradient_before)`.
        input_blocks: Blocks of the product of the inputs.
        state_blocks: Blocks of the product of the state.
        input_shift: Shift of the input blocks against the gates of Keras's kernel.
        folded: For each gate, the constants that are added to the inputs' part outside the loop.
        constants: The constants that `forward` and `backward` take.
        constant_blocks: For each bias, the block whose sum is its gradient.
        peepholes: For each peephole, its block, and 0 if it reads the cell state before the step or
            1 if after the step.
        output_is_cell_state: Whether the output is the cell state, in lower precision.
    """

    gates: int
    activations: int
    forward: Forward
    backward: Backward
    input_blocks: slice
    state_blocks: slice
    input_shift: int
    folded: tuple[tuple[int, ...], ...]
    constants: tuple[int, ...]
    constant_blocks: tuple[int, ...]
    output_is_cell_state: bool
    peepholes: tuple[tuple[int, int], ...] = ()


def _lstm_forward(
    from_inputs: Gates, from_state: Gates, constants: Gates, cell_state: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Gates]:
    del constants
    i, f, g, o = map(tf.add, from_inputs, from_state)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    cell_state = f * cell_state + i * g
    return o * tf.tanh(cell_state), cell_state, [i, f, g, o]


def _lstm_backward(
    activations: Gates, cell_states: Pair, constants: Gates, gradients: Pair
) -> tuple[Gates, tf.Tensor]:
    del constants
    before, cell_state = cell_states
    dh, dc = gradients
    i, f, g, o = activations
    tanh = tf.tanh(cell_state)
    dc += dh * o * (1 - tanh * tanh)
    deltas = [
        dc * g * i * (1 - i),
        dc * before * f * (1 - f),
        dc * i * (1 - g * g),
        dh * tanh * o * (1 - o),
    ]
    return deltas, dc * f


def _peephole_forward(
    from_inputs: Gates, from_state: Gates, constants: Gates, cell_state: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Gates]:
    i, f, g, o = map(tf.add, from_inputs, from_state)
    to_i, to_f, to_o = constants
    i = tf.sigmoid(i + to_i * cell_state)
    f = tf.sigmoid(f + to_f * cell_state)
    g = tf.tanh(g)
    cell_state = f * cell_state + i * g
    o = tf.sigmoid(o + to_o * cell_state)
    return o * tf.tanh(cell_state), cell_state, [i, f, g, o]


def _peephole_backward(
    activations: Gates, cell_states: Pair, constants: Gates, gradients: Pair
) -> tuple[Gates, tf.Tensor]:
    before, cell_state = cell_states
    dh, dc = gradients
    i, f, g, o = activations
    to_i, to_f, to_o = constants
    tanh = tf.tanh(cell_state)
    output_gate = dh * tanh * o * (1 - o)
    dc += dh * o * (1 - tanh * tanh) + output_gate * to_o
    input_gate = dc * g * i * (1 - i)
    forget_gate = dc * before * f * (1 - f)
    deltas = [input_gate, forget_gate, dc * i * (1 - g * g), output_gate]
    return deltas, dc * f + input_gate * to_i + forget_gate * to_f


def _gru_forward(
    from_inputs: Gates, from_state: Gates, constants: Gates, cell_state: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Gates]:
    z = tf.sigmoid(from_inputs[0] + from_state[0])
    r = tf.sigmoid(from_inputs[1] + from_state[1])
    state = from_state[2] + constants[0]
    g = tf.tanh(from_inputs[2] + r * state)
    cell_state = g + z * (cell_state - g)
    return cell_state, cell_state, [z, r, g, state]


def _gru_backward(
    activations: Gates, cell_states: Pair, constants: Gates, gradients: Pair
) -> tuple[Gates, tf.Tensor]:
    del constants
    before, _ = cell_states
    dh = tf.add(*gradients)
    z, r, g, state = activations
    dg = dh * (1 - z) * (1 - g * g)
    deltas = [dg, dh * (before - g) * z * (1 - z), dg * state * r * (1 - r), dg * r]
    return deltas, dh * z


def _simple_rnn(
    activation: Callable[[tf.Tensor], tf.Tensor], slope: Callable[[tf.Tensor], tf.Tensor]
) -> CellSpec:
    """A simple RNN; `slope` gives the derivative of the activation from its value."""

    def forward(
        from_inputs: Gates, from_state: Gates, constants: Gates, cell_state: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, Gates]:
        del constants
        cell_state = activation(from_inputs[0] + from_state[0])
        return cell_state, cell_state, [cell_state]

    def backward(
        activations: Gates, cell_states: Pair, constants: Gates, gradients: Pair
    ) -> tuple[Gates, tf.Tensor]:
        del activations, constants
        before, cell_state = cell_states
        return [tf.add(*gradients) * slope(cell_state)], tf.zeros_like(before)

    return _one_bias_per_gate(1, forward, backward, output_is_cell_state=True)


def _one_bias_per_gate(
    gates: int,
    forward: Forward,
    backward: Backward,
    peepholes: tuple[tuple[int, int], ...] = (),
    *,
    output_is_cell_state: bool = False,
) -> CellSpec:
    """A cell with the same deltas for inputs and state."""
    blocks = range(gates)
    return CellSpec(
        gates=gates,
        activations=gates,
        forward=forward,
        backward=backward,
        input_blocks=slice(0, gates),
        state_blocks=slice(0, gates),
        input_shift=0,
        folded=tuple((block,) for block in blocks),
        constants=tuple(range(gates, gates + len(peepholes))),
        constant_blocks=tuple(blocks),
        output_is_cell_state=output_is_cell_state,
        peepholes=peepholes,
    )


CELLS: Final[dict[tuple[Cell, Activation], CellSpec]] = {
    ("lstm", "tanh"): _one_bias_per_gate(4, _lstm_forward, _lstm_backward),
    ("peephole_lstm", "tanh"): _one_bias_per_gate(
        4, _peephole_forward, _peephole_backward, peepholes=((0, 0), (1, 0), (3, 1))
    ),
    # The reset gate is applied after the product, so the candidate has two blocks: that of the
    # inputs (first) and that of the state (last). The blocks of the gates are between them.
    ("gru", "tanh"): CellSpec(
        gates=3,
        activations=4,
        forward=_gru_forward,
        backward=_gru_backward,
        input_blocks=slice(0, 3),
        state_blocks=slice(1, 4),
        input_shift=1,
        folded=((0, 3), (1, 4), (2,)),
        constants=(5,),
        constant_blocks=(1, 2, 0, 1, 2, 3),
        output_is_cell_state=True,
    ),
    ("simple_rnn", "tanh"): _simple_rnn(tf.tanh, lambda value: 1 - value**2),
    ("simple_rnn", "relu"): _simple_rnn(tf.nn.relu, lambda value: tf.cast(value > 0, value.dtype)),
}
"""The cells by name and activation."""


@functools.cache
def forward_step(cell: CellSpec, layout: MemoryLayout) -> Callable[..., Any]:
    """The compiled forward step of a cell.

    Returns:
        A function of `(projected, product, constants, cell_state)`, where `projected` and `product`
        are `(gates * u, batch)`, and `cell_state` is `(u, batch)`. It gives output and cell state,
        `(u, batch)`, and activations, `(activations, u, batch)`.
    """

    @tf.function(jit_compile=True, autograph=False)
    def forward(
        projected: tf.Tensor, product: tf.Tensor, constants: list[tf.Tensor], cell_state: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        dtype, precision, shape = product.dtype, cell_state.dtype, cell_state.shape

        def gates(array: tf.Tensor) -> list[tf.Tensor]:
            blocks = tf.split(tf.cast(array, precision), cell.gates, layout.axis)
            return [layout.elementwise(block) for block in blocks]

        output, cell_state, activations = cell.forward(
            gates(projected), gates(product), constants, layout.elementwise(cell_state)
        )
        kept = [tf.reshape(tf.cast(one, dtype), shape) for one in activations]
        return (
            tf.cast(tf.reshape(output, shape), dtype),
            tf.reshape(cell_state, shape),
            tf.stack(kept),
        )

    return forward  # type: ignore[no-any-return]


@functools.cache
def backward_step(cell: CellSpec, layout: MemoryLayout) -> Callable[..., Any]:
    """The compiled backward step of a cell.

    Returns:
        A function of `(activations, cell_states, constants, gradients)`: `(activations, u, batch)`;
        cell states before and after the step; gradients of the output from the layer above and from
        the next step, and of the cell state. It gives the deltas, `(blocks, u, batch)` or `(batch,
        blocks, u)`, and the gradient of the cell state before the step.
    """

    @tf.function(jit_compile=True, autograph=False)
    def backward(
        activations: tf.Tensor,
        cell_states: tuple[tf.Tensor, tf.Tensor],
        constants: list[tf.Tensor],
        gradients: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        above, from_next, cell_state_gradient = gradients
        precision, shape = cell_state_gradient.dtype, cell_state_gradient.shape
        output_gradient = tf.cast(above, precision) + tf.cast(from_next, precision)
        before, after = cell_states
        deltas, cell_state_gradient = cell.backward(
            [layout.elementwise(one) for one in tf.unstack(tf.cast(activations, precision))],
            (layout.elementwise(before), layout.elementwise(after)),
            constants,
            (layout.elementwise(output_gradient), layout.elementwise(cell_state_gradient)),
        )
        blocks = [tf.reshape(tf.cast(one, activations.dtype), shape) for one in deltas]
        return tf.stack(blocks, layout.axis), tf.reshape(cell_state_gradient, shape)

    return backward  # type: ignore[no-any-return]
