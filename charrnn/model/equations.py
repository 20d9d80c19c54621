"""The elementwise equations of the recurrent cells, one step forward and one step back.

Arrays stand feature by feature, `(rows, batch)`: gates are blocks of rows, so that to take one is
to take a piece of memory. Products are formed elsewhere (`charrnn.model.kernel`), in the dtype of
what comes in here; everything within is float32 at least, and compiled by XLA to a few passes.

A step forward turns what the products gave into the output, which the next product reads; the
memory, which is carried in full precision; and the activations that the step back needs. A step
back turns the gradients of output and memory into those of the sums, a block of rows for each.
All take the same arguments, though not every cell has a use for each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import tensorflow as tf

from charrnn.config import Activation, Cell

Pair = tuple[tf.Tensor, tf.Tensor]
Gradients = tuple[tf.Tensor, tf.Tensor, tf.Tensor]

Forward = Callable[..., tuple[tf.Tensor, tf.Tensor, tf.Tensor]]
Backward = Callable[..., tuple[tf.Tensor, tf.Tensor]]

_compiled = tf.function(jit_compile=True, autograph=False)


@dataclass(frozen=True, slots=True)
class Equations:
    """What tells one cell from another.

    Attributes:
        gates: Blocks of rows in a product.
        activations: Blocks of rows that are kept for the way back.
        forward: `(projected, product, constants, memory)` to `(output, memory, activations)`:
            `projected` holds the biases already, and is `(gates * units, batch)` as `product` is;
            `constants` is `(constants, units, batch)`, the memory `(units, batch)`.
        backward: `(activations, memories, constants, gradients)` to `(sums_gradient,
            memory_gradient)`: the memories before and after the step, the gradients of the output
            from above, of the output from the next step, and of the memory; that of the sums is
            `(blocks, units, batch)`.
        input_blocks: The blocks of the sums' gradient that the inputs' product fed.
        state_blocks: Those that the state's product fed.
        input_shift: How far the input blocks stand behind their order in Keras's kernel.
        folded: For each gate the constants that are added to its sum beforehand.
        constants: The constants that are not, which the equations take.
        constant_blocks: For each bias the block of the sums' gradient that it is fed by.
        peepholes: For each peephole that block, and whether it sees the memory before (0) or after
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


def _blocks(rows: tf.Tensor, count: int, precision: tf.DType) -> list[tf.Tensor]:
    """Rows as so many blocks, in the precision of the equations."""
    return [tf.cast(block, precision) for block in tf.split(rows, count, axis=0)]


def _gates(rows: tf.Tensor, count: int, precision: tf.DType) -> list[tf.Tensor]:
    """Rows as so many gates, each a plain row of numbers, which XLA passes over faster."""
    gates: list[tf.Tensor] = tf.unstack(tf.cast(tf.reshape(rows, (count, -1)), precision))
    return gates


def _results(
    output: tf.Tensor, memory: tf.Tensor, activations: list[tf.Tensor], product: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """What a step forward gives, in the shapes and the dtype of its product."""
    batch = product.shape[-1]
    return (
        tf.cast(tf.reshape(output, (-1, batch)), product.dtype),
        tf.reshape(memory, (-1, batch)),
        tf.reshape(tf.cast(tf.stack(activations), product.dtype), (-1, batch)),
    )


def _received(gradients: Gradients) -> Pair:
    """The gradients of output and memory."""
    above, later, memory = gradients
    return tf.cast(above, memory.dtype) + tf.cast(later, memory.dtype), memory


@_compiled
def _lstm_forward(
    projected: tf.Tensor, product: tf.Tensor, constants: tf.Tensor, memory: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    del constants
    sums = zip(_gates(projected, 4, memory.dtype), _gates(product, 4, memory.dtype), strict=True)
    i, f, g, o = (first + second for first, second in sums)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    memory = f * tf.reshape(memory, (-1,)) + i * g
    return _results(o * tf.tanh(memory), memory, [i, f, g, o], product)


@_compiled
def _lstm_backward(
    activations: tf.Tensor, memories: Pair, constants: tf.Tensor, gradients: Gradients
) -> tuple[tf.Tensor, tf.Tensor]:
    del constants
    before, memory = memories
    dh, memory_gradient = _received(gradients)
    i, f, g, o = _blocks(activations, 4, memory.dtype)
    tanh = tf.tanh(memory)
    dc = memory_gradient + dh * o * (1 - tanh * tanh)
    sums = [
        dc * g * i * (1 - i),
        dc * before * f * (1 - f),
        dc * i * (1 - g * g),
        dh * tanh * o * (1 - o),
    ]
    return tf.cast(tf.stack(sums), activations.dtype), dc * f


@_compiled
def _peephole_forward(
    projected: tf.Tensor, product: tf.Tensor, constants: tf.Tensor, memory: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    sums = zip(_gates(projected, 4, memory.dtype), _gates(product, 4, memory.dtype), strict=True)
    i, f, g, o = (first + second for first, second in sums)
    to_i, to_f, to_o = _gates(constants, 3, memory.dtype)
    memory = tf.reshape(memory, (-1,))
    i = tf.sigmoid(i + to_i * memory)
    f = tf.sigmoid(f + to_f * memory)
    g = tf.tanh(g)
    memory = f * memory + i * g
    o = tf.sigmoid(o + to_o * memory)
    return _results(o * tf.tanh(memory), memory, [i, f, g, o], product)


@_compiled
def _peephole_backward(
    activations: tf.Tensor, memories: Pair, constants: tf.Tensor, gradients: Gradients
) -> tuple[tf.Tensor, tf.Tensor]:
    before, memory = memories
    dh, memory_gradient = _received(gradients)
    i, f, g, o = _blocks(activations, 4, memory.dtype)
    tanh = tf.tanh(memory)
    output_gate = dh * tanh * o * (1 - o)
    dc = memory_gradient + dh * o * (1 - tanh * tanh) + output_gate * constants[2]
    input_gate = dc * g * i * (1 - i)
    forget_gate = dc * before * f * (1 - f)
    sums = [input_gate, forget_gate, dc * i * (1 - g * g), output_gate]
    seen = input_gate * constants[0] + forget_gate * constants[1]
    return tf.cast(tf.stack(sums), activations.dtype), dc * f + seen


@_compiled
def _gru_forward(
    projected: tf.Tensor, product: tf.Tensor, constants: tf.Tensor, memory: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    from_inputs = _gates(projected, 3, memory.dtype)
    from_state = _gates(product, 3, memory.dtype)
    z = tf.sigmoid(from_inputs[0] + from_state[0])
    r = tf.sigmoid(from_inputs[1] + from_state[1])
    state = from_state[2] + tf.reshape(constants, (-1,))
    g = tf.tanh(from_inputs[2] + r * state)
    memory = g + z * (tf.reshape(memory, (-1,)) - g)
    return _results(memory, memory, [z, r, g, state], product)


@_compiled
def _gru_backward(
    activations: tf.Tensor, memories: Pair, constants: tf.Tensor, gradients: Gradients
) -> tuple[tf.Tensor, tf.Tensor]:
    del constants
    before, _ = memories
    dh, memory_gradient = _received(gradients)
    dh += memory_gradient
    z, r, g, state = _blocks(activations, 4, before.dtype)
    dg = dh * (1 - z) * (1 - g * g)
    sums = [dg, dh * (before - g) * z * (1 - z), dg * state * r * (1 - r), dg * r]
    return tf.cast(tf.stack(sums), activations.dtype), dh * z


def _simple(
    activation: Callable[[tf.Tensor], tf.Tensor], slope: Callable[[tf.Tensor], tf.Tensor]
) -> Equations:
    """A simple recurrence; `slope` is the activation's derivative, in terms of its value."""

    @_compiled
    def forward(
        projected: tf.Tensor, product: tf.Tensor, constants: tf.Tensor, memory: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        del constants
        precision = memory.dtype
        memory = activation(tf.cast(projected, precision) + tf.cast(product, precision))
        output = tf.cast(memory, product.dtype)
        return output, memory, output

    @_compiled
    def backward(
        activations: tf.Tensor, memories: Pair, constants: tf.Tensor, gradients: Gradients
    ) -> tuple[tf.Tensor, tf.Tensor]:
        del constants
        before, memory = memories
        dh, memory_gradient = _received(gradients)
        sums = (dh + memory_gradient) * slope(memory)
        return tf.cast(sums[None], activations.dtype), tf.zeros_like(before)

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
