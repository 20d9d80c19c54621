"""The equations of the recurrent layers in NumPy, each step from a state to the next one.

Gates are computed by one tanh over all their sums at once, because a sigmoid is a tanh in other
units: sigmoid(x) = (1 + tanh(x / 2)) / 2. The halves are multiplied into the weights beforehand,
which is exact in binary.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from charrnn.architecture import Architecture
from charrnn.generation.weights import Array, RecurrentWeights

LayerState = tuple[Array, ...]
"""Arrays `(batch, units)` float32: the output h, and for an LSTM also the memory c."""


class RecurrentLayer(Protocol):
    """One recurrent layer. The state is a value: it is passed in, and a new one handed back."""

    def initial_state(self, batch: int) -> LayerState:
        """The state before the first character: zeros."""

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the sums: `(..., inputs)` to `(..., gates * units)`."""

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step, from what `project` made of the inputs; the first array is the output."""


@dataclass(frozen=True, slots=True)
class LongShortTermMemory:
    """LSTM (Hochreiter & Schmidhuber, 1997) with a forget gate (Gers et al., 2000).

        i = sigmoid(x W_i + h U_i + b_i)        c' = f * c + i * tanh(x W_c + h U_c + b_c)
        f = sigmoid(x W_f + h U_f + b_f)        h' = o * tanh(c')
        o = sigmoid(x W_o + h U_o + b_o)

    Attributes:
        kernel: W, `(inputs, 4 * units)` in the order i, f, c, o; the columns of gates halved.
        recurrent_kernel: U, `(units, 4 * units)`, likewise.
        bias: b, `(4 * units,)`, likewise.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array

    @classmethod
    def from_weights(cls, weights: RecurrentWeights) -> Self:
        """Prepare a layer."""
        halves = np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), len(weights.recurrent_kernel))
        return cls(
            weights.kernel * halves, weights.recurrent_kernel * halves, weights.bias * halves
        )

    def initial_state(self, batch: int) -> LayerState:
        """Zeros for h and c, each `(batch, units)`."""
        shape = (batch, len(self.recurrent_kernel))
        return np.zeros(shape, np.float32), np.zeros(shape, np.float32)

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the sums: `(..., inputs)` to `(..., 4 * units)`."""
        projected: Array = inputs @ self.kernel
        projected += self.bias
        return projected

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step: `projected` is `(batch, 4 * units)`, the state h and c."""
        output, memory = state
        units = output.shape[1]
        gates = output @ self.recurrent_kernel
        gates += projected
        np.tanh(gates, out=gates)
        candidate = gates[:, 2 * units : 3 * units].copy()
        gates *= 0.5
        gates += 0.5
        memory = gates[:, units : 2 * units] * memory
        candidate *= gates[:, :units]
        memory += candidate
        output = np.tanh(memory)
        output *= gates[:, 3 * units :]
        return output, memory


@dataclass(frozen=True, slots=True)
class PeepholeLongShortTermMemory(LongShortTermMemory):
    """LSTM whose gates see the memory (Gers & Schmidhuber, 2000).

        i = sigmoid(x W_i + h U_i + b_i + p_i * c)      c' = f * c + i * tanh(x W_c + h U_c + b_c)
        f = sigmoid(x W_f + h U_f + b_f + p_f * c)      h' = o * tanh(c')
        o = sigmoid(x W_o + h U_o + b_o + p_o * c')

    Attributes:
        peephole: p, `(3, units)` in the order i, f, o, halved.
    """

    peephole: Array

    @classmethod
    def from_weights(cls, weights: RecurrentWeights) -> Self:
        """Prepare a layer."""
        assert weights.peephole is not None, "weights of this cell have peepholes"
        plain = LongShortTermMemory.from_weights(weights)
        halved = weights.peephole * np.float32(0.5)
        return cls(plain.kernel, plain.recurrent_kernel, plain.bias, halved)

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step: `projected` is `(batch, 4 * units)`, the state h and c."""
        output, before = state
        units = output.shape[1]
        gates = output @ self.recurrent_kernel
        gates += projected
        # What a gate sees is held where the new memory and the new output will be.
        memory = before * self.peephole[0]
        gates[:, :units] += memory
        gates[:, units : 2 * units] += np.multiply(before, self.peephole[1], out=memory)
        candidate = np.tanh(gates[:, 2 * units : 3 * units])
        _activate(gates[:, : 2 * units])
        np.multiply(before, gates[:, units : 2 * units], out=memory)
        candidate *= gates[:, :units]
        memory += candidate
        output = memory * self.peephole[2]
        output += gates[:, 3 * units :]
        _activate(output)
        output *= np.tanh(memory, out=candidate)
        return output, memory


@dataclass(frozen=True, slots=True)
class GatedRecurrentUnit:
    """GRU (Cho et al., 2014), the reset gate applied after the product, as cuDNN has it.

        z = sigmoid(x W_z + h U_z + b_z)        g = tanh(x W_g + b_g + r * (h U_g + d_g))
        r = sigmoid(x W_r + h U_r + b_r)        h' = z * h + (1 - z) * g

    Attributes:
        kernel: W, `(inputs, 3 * units)` in the order z, r, g; the columns of gates halved.
        recurrent_kernel: U, `(units, 3 * units)`, likewise.
        bias: b, `(3 * units,)`, likewise; for a gate the sum of Keras's two.
        candidate_bias: d_g, `(units,)`.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array
    candidate_bias: Array

    @classmethod
    def from_weights(cls, weights: RecurrentWeights) -> Self:
        """Prepare a layer."""
        units = len(weights.recurrent_kernel)
        halves = np.repeat(np.array([0.5, 0.5, 1], np.float32), units)
        bias, recurrent_bias = weights.bias
        bias = bias * halves
        bias[: 2 * units] += 0.5 * recurrent_bias[: 2 * units]
        return cls(
            weights.kernel * halves,
            weights.recurrent_kernel * halves,
            bias,
            recurrent_bias[2 * units :],
        )

    def initial_state(self, batch: int) -> LayerState:
        """Zeros for h, `(batch, units)`."""
        return (np.zeros((batch, len(self.recurrent_kernel)), np.float32),)

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the sums: `(..., inputs)` to `(..., 3 * units)`."""
        projected: Array = inputs @ self.kernel
        projected += self.bias
        return projected

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step: `projected` is `(batch, 3 * units)`, the state h."""
        (output,) = state
        units = output.shape[1]
        sums = output @ self.recurrent_kernel
        gates = sums[:, : 2 * units] + projected[:, : 2 * units]
        _activate(gates)
        candidate = sums[:, 2 * units :]
        candidate += self.candidate_bias
        candidate *= gates[:, units:]
        candidate += projected[:, 2 * units :]
        np.tanh(candidate, out=candidate)
        output = output - candidate
        output *= gates[:, :units]
        output += candidate
        return (output,)


@dataclass(frozen=True, slots=True)
class SimpleRecurrence:
    """Simple recurrent network (Elman, 1990): h' = activation(x W + h U + b).

    Attributes:
        kernel: W, `(inputs, units)`.
        recurrent_kernel: U, `(units, units)`.
        bias: b, `(units,)`.
        rectified: Whether the activation is relu; else it is tanh.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array
    rectified: bool

    def initial_state(self, batch: int) -> LayerState:
        """Zeros for h, `(batch, units)`."""
        return (np.zeros((batch, len(self.recurrent_kernel)), np.float32),)

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the sums: `(..., inputs)` to `(..., units)`."""
        projected: Array = inputs @ self.kernel
        projected += self.bias
        return projected

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step: `projected` is `(batch, units)`, the state h."""
        (output,) = state
        sums = output @ self.recurrent_kernel
        sums += projected
        return (np.maximum(sums, 0, out=sums) if self.rectified else np.tanh(sums, out=sums),)


def _activate(sums: Array) -> None:
    """Turn the halved sums of gates into how far the gates are open."""
    np.tanh(sums, out=sums)
    sums *= 0.5
    sums += 0.5


def recurrent_layer(weights: RecurrentWeights, architecture: Architecture) -> RecurrentLayer:
    """Make one layer of a network of the given architecture from its arrays."""
    if architecture.cell == "lstm":
        return LongShortTermMemory.from_weights(weights)
    if architecture.cell == "peephole_lstm":
        return PeepholeLongShortTermMemory.from_weights(weights)
    if architecture.cell == "gru":
        return GatedRecurrentUnit.from_weights(weights)
    return SimpleRecurrence(
        weights.kernel,
        weights.recurrent_kernel,
        weights.bias,
        rectified=architecture.activation == "relu",
    )
