"""The equations of the recurrent layers in NumPy, each step from a state to the next one.

Gates are computed by one tanh over all their sums at once, because a sigmoid is a tanh in other
units: sigmoid(x) = (1 + tanh(x / 2)) / 2. The halves are multiplied into the weights beforehand,
which is exact in binary.

To write one character is to read every weight once, and memory sets the pace: two layers of 512
units come to 12 MB. So the weights of a layer lie together in memory and are read in order, by one
product of its inputs and its state with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np

from charrnn.generation.weights import Array, RecurrentWeights
from charrnn.settings.architecture import Architecture

HALF: Final = np.array(0.5, np.float32)

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

    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step from the inputs themselves, `(batch, inputs)`."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What the inputs x and the output h of the step before add up to: x W + h U + b.

    Attributes:
        kernel: W, `(inputs, gates * units)`, the upper part of `stacked`.
        recurrent_kernel: U, `(units, gates * units)`, the lower part.
        bias: b, `(gates * units,)`.
        stacked: W and U, one on top of the other.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array
    stacked: Array

    @classmethod
    def from_weights(cls, weights: RecurrentWeights, bias: Array, factors: Sequence[float]) -> Self:
        """Put the weights of a layer together.

        Args:
            weights: Its arrays, which stay as they are.
            bias: `(gates * units,)`; the layer keeps a copy.
            factors: What the columns of each gate are multiplied by.
        """
        inputs, units = len(weights.kernel), len(weights.recurrent_kernel)
        columns = np.repeat(np.array(factors, np.float32), units)
        stacked = np.empty((inputs + units, len(columns)), np.float32)
        kernel, recurrent_kernel = stacked[:inputs], stacked[inputs:]
        np.multiply(weights.kernel, columns, out=kernel)
        np.multiply(weights.recurrent_kernel, columns, out=recurrent_kernel)
        return cls(kernel, recurrent_kernel, bias * columns, stacked)

    def initial_output(self, batch: int) -> Array:
        """Zeros, `(batch, units)`."""
        return np.zeros((batch, len(self.recurrent_kernel)), np.float32)

    def project(self, inputs: Array) -> Array:
        """The part of the inputs, bias included: `(..., inputs)` to `(..., gates * units)`."""
        projected: Array = inputs.dot(self.kernel)
        projected += self.bias
        return projected

    def add_state(self, projected: Array, output: Array) -> Array:
        """The sums, from the part of the inputs; both of the same rows."""
        sums: Array = output.dot(self.recurrent_kernel)
        sums += projected
        return sums

    def of(self, inputs: Array, output: Array) -> Array:
        """The sums, in one product: `(batch, inputs)` and `(batch, units)` to new arrays."""
        sums: Array = np.concatenate((inputs, output), axis=1).dot(self.stacked)
        sums += self.bias
        return sums


@dataclass(frozen=True, slots=True)
class LongShortTermMemory:
    """LSTM (Hochreiter & Schmidhuber, 1997) with a forget gate (Gers et al., 2000).

        i = sigmoid(x W_i + h U_i + b_i)        c' = f * c + i * tanh(x W_c + h U_c + b_c)
        f = sigmoid(x W_f + h U_f + b_f)        h' = o * tanh(c')
        o = sigmoid(x W_o + h U_o + b_o)

    Attributes:
        sums: W, U and b, their columns in the order i, f, c, o, those of gates halved.
    """

    sums: Sums

    @classmethod
    def from_weights(cls, weights: RecurrentWeights) -> Self:
        """Prepare a layer."""
        return cls(Sums.from_weights(weights, weights.bias, (0.5, 0.5, 1, 0.5)))

    def initial_state(self, batch: int) -> LayerState:
        """Zeros for h and c, each `(batch, units)`."""
        return self.sums.initial_output(batch), self.sums.initial_output(batch)

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the sums: `(..., inputs)` to `(..., 4 * units)`."""
        return self.sums.project(inputs)

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step: `projected` is `(batch, 4 * units)`, the state h and c."""
        output, memory = state
        return self._after(self.sums.add_state(projected, output), memory)

    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step: `inputs` is `(batch, inputs)`, the state h and c."""
        output, memory = state
        return self._after(self.sums.of(inputs, output), memory)

    def _after(self, gates: Array, memory: Array) -> LayerState:
        """The new state, from sums that are not needed any more."""
        units = memory.shape[1]
        np.tanh(gates, out=gates)
        candidate = gates[:, 2 * units : 3 * units].copy()
        gates *= HALF
        gates += HALF
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
        return cls(plain.sums, weights.peephole * HALF)

    def _after(self, gates: Array, memory: Array) -> LayerState:
        """The new state, from sums that are not needed any more."""
        before, units = memory, memory.shape[1]
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
        sums: W, U and b, their columns in the order z, r, g, those of gates halved; b of a gate is
            the sum of Keras's two.
        candidate_bias: d_g, `(units,)`.
    """

    sums: Sums
    candidate_bias: Array

    @classmethod
    def from_weights(cls, weights: RecurrentWeights) -> Self:
        """Prepare a layer."""
        gates = 2 * len(weights.recurrent_kernel)
        bias, recurrent_bias = weights.bias
        bias = np.concatenate((bias[:gates] + recurrent_bias[:gates], bias[gates:]))
        return cls(Sums.from_weights(weights, bias, (0.5, 0.5, 1)), recurrent_bias[gates:])

    def initial_state(self, batch: int) -> LayerState:
        """Zeros for h, `(batch, units)`."""
        return (self.sums.initial_output(batch),)

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the sums: `(..., inputs)` to `(..., 3 * units)`."""
        return self.sums.project(inputs)

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step: `projected` is `(batch, 3 * units)`, the state h."""
        (output,) = state
        units = output.shape[1]
        sums = output.dot(self.sums.recurrent_kernel)
        gates = sums[:, : 2 * units]
        gates += projected[:, : 2 * units]
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

    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step: `inputs` is `(batch, inputs)`, the state h.

        Not in one product, because r stands between x W_g and h U_g.
        """
        return self.advance(self.project(inputs), state)


@dataclass(frozen=True, slots=True)
class SimpleRecurrence:
    """Simple recurrent network (Elman, 1990): h' = activation(x W + h U + b).

    Attributes:
        sums: W, U and b.
        rectified: Whether the activation is relu; else it is tanh.
    """

    sums: Sums
    rectified: bool

    def initial_state(self, batch: int) -> LayerState:
        """Zeros for h, `(batch, units)`."""
        return (self.sums.initial_output(batch),)

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the sums: `(..., inputs)` to `(..., units)`."""
        return self.sums.project(inputs)

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step: `projected` is `(batch, units)`, the state h."""
        return self._after(self.sums.add_state(projected, *state))

    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step: `inputs` is `(batch, inputs)`, the state h."""
        return self._after(self.sums.of(inputs, *state))

    def _after(self, sums: Array) -> LayerState:
        """The new state, from sums that are not needed any more."""
        return (np.maximum(sums, 0, out=sums) if self.rectified else np.tanh(sums, out=sums),)


def _activate(sums: Array) -> None:
    """Turn the halved sums of gates into how far the gates are open."""
    np.tanh(sums, out=sums)
    sums *= HALF
    sums += HALF


def recurrent_layer(weights: RecurrentWeights, architecture: Architecture) -> RecurrentLayer:
    """Make one layer of a network of the given architecture from its arrays."""
    if architecture.cell == "lstm":
        return LongShortTermMemory.from_weights(weights)
    if architecture.cell == "peephole_lstm":
        return PeepholeLongShortTermMemory.from_weights(weights)
    if architecture.cell == "gru":
        return GatedRecurrentUnit.from_weights(weights)
    return SimpleRecurrence(
        Sums.from_weights(weights, weights.bias, (1,)), rectified=architecture.activation == "relu"
    )
