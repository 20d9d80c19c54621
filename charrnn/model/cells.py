"""The elementwise equations of the recurrent cells, one step forward and one step back.

A step forward takes what the products gave, gate by gate. It gives the output, which the next
product reads; the cell state, which is carried in full precision; and the activations that the
step back needs. A step back takes the gradients of output and cell state to those of the sums,
gate by gate. The arrays of one call have one shape, whatever it is. Products are formed elsewhere
(`charrnn.model.kernel`); XLA compiles what is here to a few passes over memory.

All functions take the same arguments, though not every cell needs each.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import tensorflow as tf

from charrnn.model.kernel_config import Layout
from charrnn.settings.configuration import Activation, Cell

Pair = tuple[tf.Tensor, tf.Tensor]
Gates = Sequence[tf.Tensor]

Forward = Callable[[Gates, Gates, Gates, tf.Tensor], tuple[tf.Tensor, tf.Tensor, Gates]]
Backward = Callable[[Gates, Pair, Gates, Pair], tuple[Gates, tf.Tensor]]


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


@dataclass(frozen=True, slots=True, eq=False)
class CellSpec:
    """What tells one cell from another.

    Attributes:
        gates: Gates of one product.
        activations: Activations kept for the step back.
        forward: `(from_inputs, from_state, constants, cell_state)` to `(output, cell_state,
            activations)`; `from_inputs` has the biases in it.
        backward: `(activations, cell_states, constants, gradients)` to `(sums_gradients,
            cell_state_gradient)`: the cell states before and after the step, and the gradients of
            output and cell state after it.
        input_blocks: Which of the sums' gradients belong to the product of the inputs.
        state_blocks: Which of them belong to the product of the state.
        input_shift: How far the input blocks stand behind their order in Keras's kernel.
        folded: For each gate the constants that are added to its sum beforehand.
        constants: The other constants, which the equations take.
        constant_blocks: For each bias the sum whose gradient is its own.
        peepholes: For each peephole its sum, and whether it sees the cell state before (0) or
            after the step (1).
        output_is_cell_state: Whether the cell state is the output itself, in full precision.
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
    sums = [
        dc * g * i * (1 - i),
        dc * before * f * (1 - f),
        dc * i * (1 - g * g),
        dh * tanh * o * (1 - o),
    ]
    return sums, dc * f


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
    sums = [input_gate, forget_gate, dc * i * (1 - g * g), output_gate]
    return sums, dc * f + input_gate * to_i + forget_gate * to_f


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
    sums = [dg, dh * (before - g) * z * (1 - z), dg * state * r * (1 - r), dg * r]
    return sums, dh * z


def _simple(
    activation: Callable[[tf.Tensor], tf.Tensor], slope: Callable[[tf.Tensor], tf.Tensor]
) -> CellSpec:
    """A simple recurrence; `slope` is the activation's derivative, in terms of its value."""

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

    return CellSpec(
        gates=1,
        activations=1,
        forward=forward,
        backward=backward,
        input_blocks=slice(0, 1),
        state_blocks=slice(0, 1),
        input_shift=0,
        folded=((0,),),
        constants=(),
        constant_blocks=(0,),
        output_is_cell_state=True,
    )


def _long_short_term(
    forward: Forward, backward: Backward, peepholes: tuple[tuple[int, int], ...] = ()
) -> CellSpec:
    """An LSTM, with or without peepholes."""
    return CellSpec(
        gates=4,
        activations=4,
        forward=forward,
        backward=backward,
        input_blocks=slice(0, 4),
        state_blocks=slice(0, 4),
        input_shift=0,
        folded=((0,), (1,), (2,), (3,)),
        constants=tuple(range(4, 4 + len(peepholes))),
        constant_blocks=(0, 1, 2, 3),
        output_is_cell_state=False,
        peepholes=peepholes,
    )


CELLS: Final[dict[tuple[Cell, Activation], CellSpec]] = {
    ("lstm", "tanh"): _long_short_term(_lstm_forward, _lstm_backward),
    ("peephole_lstm", "tanh"): _long_short_term(
        _peephole_forward, _peephole_backward, ((0, 0), (1, 0), (3, 1))
    ),
    # The reset gate is applied after the product, so the candidate's sum has two gradients, of
    # the inputs' part (first) and of the state's (last); the gates stand between, fed by both.
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
    ("simple_rnn", "tanh"): _simple(tf.tanh, lambda value: 1 - value**2),
    ("simple_rnn", "relu"): _simple(tf.nn.relu, lambda value: tf.cast(value > 0, value.dtype)),
}
"""Each cell, by its name and activation."""


@functools.cache
def forward_step(cell: CellSpec, layout: Layout) -> Callable[..., Any]:
    """One step forward, in one pass over memory.

    Returns:
        A function of `(projected, product, constants, cell_state)`: two states of `gates * units`
        features, and one of `units`. It gives output and cell state, `(units, batch)`, and the
        activations, `(activations, units, batch)`; or batch first.
    """

    @tf.function(jit_compile=True, autograph=False)
    def forward(
        projected: tf.Tensor, product: tf.Tensor, constants: list[tf.Tensor], cell_state: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        dtype, precision, shape = product.dtype, cell_state.dtype, cell_state.shape

        def gates(sums: tf.Tensor) -> list[tf.Tensor]:
            blocks = tf.split(tf.cast(sums, precision), cell.gates, layout.axis)
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
def backward_step(cell: CellSpec, layout: Layout) -> Callable[..., Any]:
    """One step backward, in one pass over memory.

    Returns:
        A function of `(activations, cell_states, constants, gradients)`: `(activations, units,
        batch)`; the cell states before and after the step; gradients of the output from above and
        from the next step, and of the cell state. It gives the gradient of the sums, `(blocks,
        units, batch)` or `(batch, blocks, units)`, and that of the cell state before the step.
    """

    @tf.function(jit_compile=True, autograph=False)
    def backward(
        activations: tf.Tensor,
        cell_states: tuple[tf.Tensor, tf.Tensor],
        constants: list[tf.Tensor],
        gradients: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        above, later, cell_state_gradient = gradients
        precision, shape = cell_state_gradient.dtype, cell_state_gradient.shape
        output_gradient = tf.cast(above, precision) + tf.cast(later, precision)
        before, after = cell_states
        sums, cell_state_gradient = cell.backward(
            [layout.elementwise(one) for one in tf.unstack(tf.cast(activations, precision))],
            (layout.elementwise(before), layout.elementwise(after)),
            constants,
            (layout.elementwise(output_gradient), layout.elementwise(cell_state_gradient)),
        )
        blocks = [tf.reshape(tf.cast(one, activations.dtype), shape) for one in sums]
        return tf.stack(blocks, layout.axis), tf.reshape(cell_state_gradient, shape)

    return backward  # type: ignore[no-any-return]
