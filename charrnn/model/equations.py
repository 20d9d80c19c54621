"""The elementwise equations of the recurrent cells, one step forward and one step back.

A step forward takes what the products gave, gate by gate, and gives the output, which the next
product reads; the memory, which is carried in full precision; and the activations that the step
back needs. A step back takes the gradients of output and memory to those of the sums, gate by
gate. Arrays may stand as they like, all alike; products are formed elsewhere
(`charrnn.model.kernel`), and what is here is compiled by XLA to a few passes over memory.

All take the same arguments, though not every cell has a use for each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import tensorflow as tf

from charrnn.settings.configuration import Activation, Cell

Pair = tuple[tf.Tensor, tf.Tensor]
Gates = Sequence[tf.Tensor]

Forward = Callable[[Gates, Gates, Gates, tf.Tensor], tuple[tf.Tensor, tf.Tensor, Gates]]
Backward = Callable[[Gates, Pair, Gates, Pair], tuple[Gates, tf.Tensor]]


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """What tells one cell from another.

    Attributes:
        gates: How many a product makes.
        activations: How many are kept for the way back.
        forward: `(from_inputs, from_state, constants, memory)` to `(output, memory, activations)`:
            the biases are in `from_inputs` already.
        backward: `(activations, memories, constants, gradients)` to `(sums_gradients,
            memory_gradient)`: the memories before and after the step, and the gradients of output
            and memory after it.
        input_blocks: Which of the sums' gradients the inputs' product fed.
        state_blocks: Which of them the state's product fed.
        input_shift: How far the input blocks stand behind their order in Keras's kernel.
        folded: For each gate the constants that are added to its sum beforehand.
        constants: The constants that are not, which the equations take.
        constant_blocks: For each bias the sum's gradient that it is fed by.
        peepholes: For each peephole that sum, and whether it sees the memory before (0) or after
            the step (1).
        output_is_memory: Whether the memory is the output itself, in full precision.
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
    output_is_memory: bool
    peepholes: tuple[tuple[int, int], ...] = ()


def _lstm_forward(
    from_inputs: Gates, from_state: Gates, constants: Gates, memory: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Gates]:
    del constants
    i, f, g, o = map(tf.add, from_inputs, from_state)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    memory = f * memory + i * g
    return o * tf.tanh(memory), memory, [i, f, g, o]


def _lstm_backward(
    activations: Gates, memories: Pair, constants: Gates, gradients: Pair
) -> tuple[Gates, tf.Tensor]:
    del constants
    before, memory = memories
    dh, dc = gradients
    i, f, g, o = activations
    tanh = tf.tanh(memory)
    dc += dh * o * (1 - tanh * tanh)
    sums = [
        dc * g * i * (1 - i),
        dc * before * f * (1 - f),
        dc * i * (1 - g * g),
        dh * tanh * o * (1 - o),
    ]
    return sums, dc * f


def _peephole_forward(
    from_inputs: Gates, from_state: Gates, constants: Gates, memory: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Gates]:
    i, f, g, o = map(tf.add, from_inputs, from_state)
    to_i, to_f, to_o = constants
    i = tf.sigmoid(i + to_i * memory)
    f = tf.sigmoid(f + to_f * memory)
    g = tf.tanh(g)
    memory = f * memory + i * g
    o = tf.sigmoid(o + to_o * memory)
    return o * tf.tanh(memory), memory, [i, f, g, o]


def _peephole_backward(
    activations: Gates, memories: Pair, constants: Gates, gradients: Pair
) -> tuple[Gates, tf.Tensor]:
    before, memory = memories
    dh, dc = gradients
    i, f, g, o = activations
    to_i, to_f, to_o = constants
    tanh = tf.tanh(memory)
    output_gate = dh * tanh * o * (1 - o)
    dc += dh * o * (1 - tanh * tanh) + output_gate * to_o
    input_gate = dc * g * i * (1 - i)
    forget_gate = dc * before * f * (1 - f)
    sums = [input_gate, forget_gate, dc * i * (1 - g * g), output_gate]
    return sums, dc * f + input_gate * to_i + forget_gate * to_f


def _gru_forward(
    from_inputs: Gates, from_state: Gates, constants: Gates, memory: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Gates]:
    z = tf.sigmoid(from_inputs[0] + from_state[0])
    r = tf.sigmoid(from_inputs[1] + from_state[1])
    state = from_state[2] + constants[0]
    g = tf.tanh(from_inputs[2] + r * state)
    memory = g + z * (memory - g)
    return memory, memory, [z, r, g, state]


def _gru_backward(
    activations: Gates, memories: Pair, constants: Gates, gradients: Pair
) -> tuple[Gates, tf.Tensor]:
    del constants
    before, _ = memories
    dh = tf.add(*gradients)
    z, r, g, state = activations
    dg = dh * (1 - z) * (1 - g * g)
    sums = [dg, dh * (before - g) * z * (1 - z), dg * state * r * (1 - r), dg * r]
    return sums, dh * z


def _simple(
    activation: Callable[[tf.Tensor], tf.Tensor], slope: Callable[[tf.Tensor], tf.Tensor]
) -> Equations:
    """A simple recurrence; `slope` is the activation's derivative, in terms of its value."""

    def forward(
        from_inputs: Gates, from_state: Gates, constants: Gates, memory: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, Gates]:
        del constants
        memory = activation(from_inputs[0] + from_state[0])
        return memory, memory, [memory]

    def backward(
        activations: Gates, memories: Pair, constants: Gates, gradients: Pair
    ) -> tuple[Gates, tf.Tensor]:
        del activations, constants
        before, memory = memories
        return [tf.add(*gradients) * slope(memory)], tf.zeros_like(before)

    return Equations(
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
        output_is_memory=True,
    )


def _long_short_term(
    forward: Forward, backward: Backward, peepholes: tuple[tuple[int, int], ...] = ()
) -> Equations:
    """An LSTM, with or without peepholes."""
    return Equations(
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
        output_is_memory=False,
        peepholes=peepholes,
    )


EQUATIONS: Final[dict[tuple[Cell, Activation], Equations]] = {
    ("lstm", "tanh"): _long_short_term(_lstm_forward, _lstm_backward),
    ("peephole_lstm", "tanh"): _long_short_term(
        _peephole_forward, _peephole_backward, ((0, 0), (1, 0), (3, 1))
    ),
    # The reset gate is applied after the product, so the candidate's sum has two gradients, of
    # the inputs' part (first) and of the state's (last); the gates stand between, fed by both.
    ("gru", "tanh"): Equations(
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
        output_is_memory=True,
    ),
    ("simple_rnn", "tanh"): _simple(tf.tanh, lambda value: 1 - value**2),
    ("simple_rnn", "relu"): _simple(tf.nn.relu, lambda value: tf.cast(value > 0, value.dtype)),
}
"""The equations of each cell, with its activation."""
