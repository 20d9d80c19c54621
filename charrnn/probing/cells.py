"""Reference implementations of the cells: one step with all its gates, and its gradient.

Unlike `charrnn.decoding.engine`, which computes the same numbers as fast as it can, this is the
equations as they are written in textbooks, on the arrays as Keras stores them.
"""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np

from charrnn.decoding.engine import HALF
from charrnn.decoding.weights import Array, RecurrentWeights
from charrnn.settings.architecture import Architecture

Gates = Mapping[str, Array]
"""Activations of a step by their names, `(..., units)` each."""


class CellState(NamedTuple):
    """The output h and, for an LSTM, the cell state c, `(..., units)` each."""

    hidden: Array
    cell: Array | None


class Gradient(NamedTuple):
    """Gradients of what went into a step: its inputs `(..., inputs)`, and the state before it."""

    inputs: Array
    before: CellState


class ReferenceCell:
    """A recurrent layer whose gates can be seen.

    Attributes:
        gate_names: The names of the gates, in the order of Keras's columns.
        has_cell_state: Whether it has a cell state c.
    """

    gate_names: ClassVar[tuple[str, ...]] = ()
    has_cell_state: ClassVar[bool] = False

    def __init__(self, weights: RecurrentWeights) -> None:
        self._kernel = weights.kernel
        self._recurrent_kernel = weights.recurrent_kernel
        self._bias = weights.bias
        self._units = len(weights.recurrent_kernel)

    def initial_state(self) -> CellState:
        """Zeros, `(units,)` each."""
        zeros = np.zeros(self._units, np.float32)
        return CellState(zeros, zeros.copy() if self.has_cell_state else None)

    def step(self, inputs: Array, before: CellState) -> tuple[Gates, CellState]:
        """One step from inputs `(..., inputs)`."""
        raise NotImplementedError

    def backward(
        self, gates: Gates, before: CellState, after: CellState, gradient: CellState
    ) -> Gradient:
        """The gradients of a step from that of the state after it.

        Args:
            gates: What `step` returned.
            before: The state before the step.
            after: The state after it.
            gradient: The gradient of that state.
        """
        raise NotImplementedError

    def _parts(self, columns: Array) -> list[Array]:
        """The blocks of `units` columns of `(..., gates * units)`."""
        return np.split(columns, columns.shape[-1] // self._units, axis=-1)

    def _of_inputs(self, preactivations: Array) -> Array:
        product: Array = preactivations @ self._kernel.T
        return product

    def _of_hidden(self, preactivations: Array) -> Array:
        product: Array = preactivations @ self._recurrent_kernel.T
        return product


class ReferenceSimpleRNN(ReferenceCell):
    """h' = activation(x W + h U + b); see `charrnn.decoding.engine.SimpleRNN`."""

    def __init__(self, weights: RecurrentWeights, *, rectified: bool) -> None:
        super().__init__(weights)
        self._rectified = rectified

    def step(self, inputs: Array, before: CellState) -> tuple[Gates, CellState]:
        """One step; there are no gates."""
        summed = inputs @ self._kernel + before.hidden @ self._recurrent_kernel + self._bias
        return {}, CellState(np.maximum(summed, 0) if self._rectified else np.tanh(summed), None)

    def backward(
        self, gates: Gates, before: CellState, after: CellState, gradient: CellState
    ) -> Gradient:
        """See `ReferenceCell.backward`."""
        del gates, before
        slope = after.hidden > 0 if self._rectified else 1 - after.hidden**2
        summed = gradient.hidden * slope
        return Gradient(self._of_inputs(summed), CellState(self._of_hidden(summed), None))


class ReferenceLSTM(ReferenceCell):
    """LSTM, with or without peepholes; its equations are in `charrnn.decoding.engine`."""

    gate_names = ("input", "forget", "candidate", "output")
    has_cell_state = True

    def __init__(self, weights: RecurrentWeights) -> None:
        super().__init__(weights)
        none = np.zeros((3, self._units), np.float32)
        self._peephole = none if weights.peephole is None else weights.peephole

    def step(self, inputs: Array, before: CellState) -> tuple[Gates, CellState]:
        """One step."""
        assert before.cell is not None
        to_input, to_forget, to_output = self._peephole
        summed = inputs @ self._kernel + before.hidden @ self._recurrent_kernel + self._bias
        i, f, g, o = self._parts(summed)
        i = _sigmoid(i + to_input * before.cell)
        f = _sigmoid(f + to_forget * before.cell)
        g = np.tanh(g)
        cell = f * before.cell + i * g
        o = _sigmoid(o + to_output * cell)
        gates = dict(zip(self.gate_names, (i, f, g, o), strict=True))
        return gates, CellState(o * np.tanh(cell), cell)

    def backward(
        self, gates: Gates, before: CellState, after: CellState, gradient: CellState
    ) -> Gradient:
        """See `ReferenceCell.backward`."""
        assert before.cell is not None
        assert after.cell is not None
        assert gradient.cell is not None
        i, f, g, o = (gates[name] for name in self.gate_names)
        to_input, to_forget, to_output = self._peephole
        squashed = np.tanh(after.cell)
        output = gradient.hidden * squashed * o * (1 - o)
        cell = gradient.cell + gradient.hidden * o * (1 - squashed**2) + output * to_output
        of_input = cell * g * i * (1 - i)
        forget = cell * before.cell * f * (1 - f)
        candidate = cell * i * (1 - g**2)
        summed = np.concatenate((of_input, forget, candidate, output), axis=-1)
        carried = cell * f + of_input * to_input + forget * to_forget
        return Gradient(self._of_inputs(summed), CellState(self._of_hidden(summed), carried))


class ReferenceGRU(ReferenceCell):
    """GRU with the reset gate after the product; its equations are in `charrnn.decoding.engine`.

    `recurrent_candidate` is h U_g + d_g, which the reset gate multiplies.
    """

    gate_names = ("update", "reset", "candidate", "recurrent_candidate")

    def step(self, inputs: Array, before: CellState) -> tuple[Gates, CellState]:
        """One step."""
        bias, recurrent_bias = self._bias
        z, r, g = self._parts(inputs @ self._kernel + bias)
        to_z, to_r, m = self._parts(before.hidden @ self._recurrent_kernel + recurrent_bias)
        z, r = _sigmoid(z + to_z), _sigmoid(r + to_r)
        g = np.tanh(g + r * m)
        gates = dict(zip(self.gate_names, (z, r, g, m), strict=True))
        return gates, CellState(z * before.hidden + (1 - z) * g, None)

    def backward(
        self, gates: Gates, before: CellState, after: CellState, gradient: CellState
    ) -> Gradient:
        """See `ReferenceCell.backward`."""
        del after
        z, r, g, m = (gates[name] for name in self.gate_names)
        update = gradient.hidden * (before.hidden - g) * z * (1 - z)
        candidate = gradient.hidden * (1 - z) * (1 - g**2)
        reset = candidate * m * r * (1 - r)
        inputs = self._of_inputs(np.concatenate((update, reset, candidate), axis=-1))
        hidden = self._of_hidden(np.concatenate((update, reset, candidate * r), axis=-1))
        return Gradient(inputs, CellState(hidden + gradient.hidden * z, None))


def reference_cell(weights: RecurrentWeights, architecture: Architecture) -> ReferenceCell:
    """The cell of one layer of a network."""
    if architecture.cell in {"lstm", "peephole_lstm"}:
        return ReferenceLSTM(weights)
    if architecture.cell == "gru":
        return ReferenceGRU(weights)
    return ReferenceSimpleRNN(weights, rectified=architecture.activation == "relu")


def _sigmoid(values: Array) -> Array:
    halves: Array = np.tanh(values * HALF) * HALF
    return halves + HALF
