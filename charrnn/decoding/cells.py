"""The cells of the recurrent layers in NumPy: each step maps inputs and a state to a new state.

One tanh computes all gates at once, because sigmoid(x) = (1 + tanh(x / 2)) / 2. The weights of
sigmoid gates are halved beforehand, which is exact in binary.

Writing one character reads every weight once, and memory sets the pace: two layers of 512 units
have 12 MB. So a layer's weights are contiguous, and one product of its inputs and its output of
the step before reads them in order.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

import numpy as np

from charrnn.decoding.weights import Array, RecurrentWeights
from charrnn.settings.architecture import Architecture

HALF: Final = np.array(0.5, np.float32)

LayerState = tuple[Array, ...]
"""Arrays `(batch, units)` float32: the output h, and for an LSTM also the cell state c."""


class RecurrentCell(ABC):
    """One recurrent layer. The state is a value: it is passed in, and a new one is returned.

    Args:
        weights: Its arrays, which stay as they are.

    Attributes:
        kernel: W, `(inputs, gates * units)`, the upper part of `stacked`.
        recurrent_kernel: U, `(units, gates * units)`, the lower part.
        stacked: W on top of U, contiguous.
        bias: b, `(gates * units,)`.
    """

    gate_scales: ClassVar[tuple[float, ...]]
    """What the weights of each gate are multiplied by: 0.5 for a sigmoid, 1 for another."""

    state_arrays: ClassVar[int] = 1

    def __init__(self, weights: RecurrentWeights) -> None:
        inputs, self._units = len(weights.kernel), len(weights.recurrent_kernel)
        columns = np.repeat(np.array(self.gate_scales, np.float32), self._units)
        self.stacked = np.empty((inputs + self._units, len(columns)), np.float32)
        self.kernel, self.recurrent_kernel = self.stacked[:inputs], self.stacked[inputs:]
        np.multiply(weights.kernel, columns, out=self.kernel)
        np.multiply(weights.recurrent_kernel, columns, out=self.recurrent_kernel)
        self.bias: Array = self._input_bias(weights) * columns

    def _input_bias(self, weights: RecurrentWeights) -> Array:
        return weights.bias

    def initial_state(self, batch: int) -> LayerState:
        """The state before the first character: zeros, `(batch, units)` each."""
        return tuple(np.zeros((batch, self._units), np.float32) for _ in range(self.state_arrays))

    def project(self, inputs: Array) -> Array:
        """The part of the inputs, x W + b: `(..., inputs)` to `(..., gates * units)`."""
        projected: Array = inputs.dot(self.kernel)
        projected += self.bias
        return projected

    @abstractmethod
    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step from projected inputs, `(batch, gates * units)`; h is first in the state."""

    @abstractmethod
    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step from the inputs themselves, `(batch, inputs)`."""


class _OneProductCell(RecurrentCell):
    """A cell that depends on x W + h U + b alone, so that one product forms all of it."""

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step from projected inputs, `(batch, gates * units)`."""
        preactivations: Array = state[0].dot(self.recurrent_kernel)
        preactivations += projected
        return self._next_state(preactivations, state)

    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step from the inputs themselves, `(batch, inputs)`."""
        preactivations: Array = np.concatenate((inputs, state[0]), axis=1).dot(self.stacked)
        preactivations += self.bias
        return self._next_state(preactivations, state)

    @abstractmethod
    def _next_state(self, preactivations: Array, state: LayerState) -> LayerState:
        """The new state; `preactivations`, `(batch, gates * units)`, may be overwritten."""


class LSTM(_OneProductCell):
    """LSTM (Hochreiter & Schmidhuber, 1997) with a forget gate (Gers et al., 2000).

        i = sigmoid(x W_i + h U_i + b_i)        c' = f * c + i * tanh(x W_c + h U_c + b_c)
        f = sigmoid(x W_f + h U_f + b_f)        h' = o * tanh(c')
        o = sigmoid(x W_o + h U_o + b_o)

    The columns of W, U and b are in the order i, f, c, o.
    """

    gate_scales = (0.5, 0.5, 1, 0.5)
    state_arrays = 2

    def _next_state(self, preactivations: Array, state: LayerState) -> LayerState:
        gates, cell_state = preactivations, state[1]
        units = cell_state.shape[1]
        np.tanh(gates, out=gates)
        candidate = gates[:, 2 * units : 3 * units].copy()
        gates *= HALF
        gates += HALF
        cell_state = gates[:, units : 2 * units] * cell_state
        candidate *= gates[:, :units]
        cell_state += candidate
        output = np.tanh(cell_state)
        output *= gates[:, 3 * units :]
        return output, cell_state


class PeepholeLSTM(LSTM):
    """LSTM whose gates see the cell state (Gers & Schmidhuber, 2000).

        i = sigmoid(x W_i + h U_i + b_i + p_i * c)      c' = f * c + i * tanh(x W_c + h U_c + b_c)
        f = sigmoid(x W_f + h U_f + b_f + p_f * c)      h' = o * tanh(c')
        o = sigmoid(x W_o + h U_o + b_o + p_o * c')

    Attributes:
        peephole: p, `(3, units)` in the order i, f, o, halved.
    """

    def __init__(self, weights: RecurrentWeights) -> None:
        super().__init__(weights)
        assert weights.peephole is not None, "weights of this cell have peepholes"
        self.peephole = weights.peephole * HALF

    def _next_state(self, preactivations: Array, state: LayerState) -> LayerState:
        gates, before = preactivations, state[1]
        units = before.shape[1]
        # The new cell state and the new output first hold what their gates see.
        cell_state = before * self.peephole[0]
        gates[:, :units] += cell_state
        gates[:, units : 2 * units] += np.multiply(before, self.peephole[1], out=cell_state)
        candidate = np.tanh(gates[:, 2 * units : 3 * units])
        _activate(gates[:, : 2 * units])
        np.multiply(before, gates[:, units : 2 * units], out=cell_state)
        candidate *= gates[:, :units]
        cell_state += candidate
        output = cell_state * self.peephole[2]
        output += gates[:, 3 * units :]
        _activate(output)
        output *= np.tanh(cell_state, out=candidate)
        return output, cell_state


class GRU(RecurrentCell):
    """GRU (Cho et al., 2014), with the reset gate applied after the product, as in cuDNN.

        z = sigmoid(x W_z + h U_z + b_z)        g = tanh(x W_g + b_g + r * (h U_g + d_g))
        r = sigmoid(x W_r + h U_r + b_r)        h' = z * h + (1 - z) * g

    The columns of W, U and b are in the order z, r, g. The bias of a gate is the sum of Keras's two.

    Attributes:
        candidate_bias: d_g, `(units,)`.
    """

    gate_scales = (0.5, 0.5, 1)

    def __init__(self, weights: RecurrentWeights) -> None:
        super().__init__(weights)
        self.candidate_bias = weights.bias[1, 2 * self._units :]

    def _input_bias(self, weights: RecurrentWeights) -> Array:
        gates = 2 * len(weights.recurrent_kernel)
        bias, recurrent_bias = weights.bias
        return np.concatenate((bias[:gates] + recurrent_bias[:gates], bias[gates:]))

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step from projected inputs, `(batch, 3 * units)`."""
        (output,) = state
        units = output.shape[1]
        preactivations = output.dot(self.recurrent_kernel)
        gates = preactivations[:, : 2 * units]
        gates += projected[:, : 2 * units]
        _activate(gates)
        candidate = preactivations[:, 2 * units :]
        candidate += self.candidate_bias
        candidate *= gates[:, units:]
        candidate += projected[:, 2 * units :]
        np.tanh(candidate, out=candidate)
        output = output - candidate
        output *= gates[:, :units]
        output += candidate
        return (output,)

    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step from the inputs themselves; two products, as r stands between x W_g and h U_g."""
        return self.advance(self.project(inputs), state)


class SimpleRNN(_OneProductCell):
    """Simple recurrent network (Elman, 1990): h' = activation(x W + h U + b).

    Args:
        weights: Its arrays.
        rectified: Whether the activation is relu; else it is tanh.
    """

    gate_scales = (1,)

    def __init__(self, weights: RecurrentWeights, *, rectified: bool) -> None:
        super().__init__(weights)
        self._rectified = rectified

    def _next_state(self, preactivations: Array, state: LayerState) -> LayerState:
        del state  # The output is in the preactivations already, and there is no cell state.
        if self._rectified:
            return (np.maximum(preactivations, 0, out=preactivations),)
        return (np.tanh(preactivations, out=preactivations),)


def _activate(halved: Array) -> None:
    """Apply the sigmoid in place, to preactivations that are halved already."""
    np.tanh(halved, out=halved)
    halved *= HALF
    halved += HALF


def make_cell(weights: RecurrentWeights, architecture: Architecture) -> RecurrentCell:
    """Make one layer of a network of the given architecture from its arrays."""
    if architecture.cell == "lstm":
        return LSTM(weights)
    if architecture.cell == "peephole_lstm":
        return PeepholeLSTM(weights)
    if architecture.cell == "gru":
        return GRU(weights)
    return SimpleRNN(weights, rectified=architecture.activation == "relu")
