"""A network that reads a token and predicts the next one, in NumPy, one step at a time.

One tanh computes all gates at once, because sigmoid(x) = (1 + tanh(x / 2)) / 2. The weights of
sigmoid gates are halved beforehand, which is exact in binary.

One step reads every weight once, so memory sets the pace: two layers of 512 units have 12 MB.
Therefore the weights of a layer are contiguous, and one product of its inputs and its last output
reads them in order.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from charrnn.decoding.weights import Array, NetworkWeights, RecurrentWeights
from charrnn.settings.architecture import GATES, Architecture

Ids = npt.NDArray[np.integer]
Logits = npt.NDArray[np.float32]

LayerState = tuple[Array, ...]
"""Arrays `(batch, units)` float32: the output h, and for an LSTM also the cell state c."""

State = tuple[LayerState, ...]
"""The state of each recurrent layer. It is a value: nothing changes it, so it can be kept."""

LARGEST_TABLE: Final = 2**20
"""Size in numbers (4 MiB) up to which the first layer's product is computed for every token.

Then a step looks up a row instead of multiplying. Layers of 512 units reach the limit at 512 tokens.
A poem uses a small part of a larger vocabulary, so there rows are computed when they are needed.
"""

MOST_REMEMBERED: Final = 1024
"""Tokens of a large vocabulary whose rows are cached: 8 MiB with 512 units."""

HALF: Final = np.array(0.5, np.float32)


class StepModel(Protocol):
    """What decoding needs of a network."""

    @property
    def vocabulary_size(self) -> int:
        """Tokens that it reads and predicts."""

    def initial_state(self, batch: int) -> State:
        """The state before the first token of `batch` texts."""

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one token of each text, `(batch,)`.

        Returns:
            Logits `(batch, vocabulary_size)` float32 of the next token, and the new state.
        """

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read `(batch, time)` tokens, at least one of each text; faster than repeated `step`.

        Returns:
            Logits `(batch, time, vocabulary_size)` float32 after each token, and the last state. The
            caller keeps `time` short enough for the logits to fit in memory.
        """


class RecurrentCell:
    """One recurrent layer, with a copy of its weights. The state is a value: a new one is returned.

    Attributes:
        kernel: W, `(inputs, gates * units)`, the upper part of `stacked`.
        recurrent_kernel: U, `(units, gates * units)`, the lower part.
        stacked: W on top of U, contiguous.
        bias: b, `(gates * units,)`.
    """

    gate_scales: ClassVar[tuple[float, ...]]
    """Factor on the weights of each gate: 0.5 for a sigmoid, 1 otherwise."""

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
        """Zeros, `(batch, units)` each."""
        return tuple(np.zeros((batch, self._units), np.float32) for _ in range(self.state_arrays))

    def project(self, inputs: Array) -> Array:
        """X W + b: `(..., inputs)` to `(..., gates * units)`."""
        projected: Array = inputs.dot(self.kernel)
        projected += self.bias
        return projected

    def advance(self, projected: Array, state: LayerState) -> LayerState:
        """One step from projected inputs, `(batch, gates * units)`; h is first in the state."""
        preactivations: Array = state[0].dot(self.recurrent_kernel)
        preactivations += projected
        return self._next_state(preactivations, state)

    def step(self, inputs: Array, state: LayerState) -> LayerState:
        """One step from inputs, `(batch, inputs)`."""
        preactivations: Array = np.concatenate((inputs, state[0]), axis=1).dot(self.stacked)
        preactivations += self.bias
        return self._next_state(preactivations, state)

    def _next_state(self, preactivations: Array, state: LayerState) -> LayerState:
        """The state after x W + h U + b, `(batch, gates * units)`, which may be overwritten."""
        raise NotImplementedError


class LSTM(RecurrentCell):
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
        # The arrays of the new cell state and output first hold the peephole terms.
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
        """One step from inputs; two products, because r stands between x W_g and h U_g."""
        return self.advance(self.project(inputs), state)


class SimpleRNN(RecurrentCell):
    """Simple RNN (Elman, 1990): h' = activation(x W + h U + b), with tanh or, `rectified`, relu."""

    gate_scales = (1,)

    def __init__(self, weights: RecurrentWeights, *, rectified: bool) -> None:
        super().__init__(weights)
        self._rectified = rectified

    def _next_state(self, preactivations: Array, state: LayerState) -> LayerState:
        del state  # It is part of the preactivations.
        if self._rectified:
            return (np.maximum(preactivations, 0, out=preactivations),)
        return (np.tanh(preactivations, out=preactivations),)


def _activate(halved: Array) -> None:
    """Apply the sigmoid in place to preactivations that are halved already."""
    np.tanh(halved, out=halved)
    halved *= HALF
    halved += HALF


def make_cell(weights: RecurrentWeights, architecture: Architecture) -> RecurrentCell:
    """Make one layer of a network of the given architecture."""
    if architecture.cell == "lstm":
        return LSTM(weights)
    if architecture.cell == "peephole_lstm":
        return PeepholeLSTM(weights)
    if architecture.cell == "gru":
        return GRU(weights)
    return SimpleRNN(weights, rectified=architecture.activation == "relu")


class NumpyEngine:
    """The network of a checkpoint, float32 throughout; a `StepModel`."""

    def __init__(self, weights: NetworkWeights, architecture: Architecture) -> None:
        self._layers = [make_cell(layer, architecture) for layer in weights.recurrent]
        self._projection = weights.projection
        self._logits_kernel = weights.logits_kernel
        self._logits_bias = weights.logits_bias
        columns = GATES[architecture.cell] * architecture.units
        self._is_tabulated = architecture.vocabulary_size * columns <= LARGEST_TABLE
        embedding = weights.embedding
        # (vocabulary, gates * units), or the embedding itself
        self._table = self._layers[0].project(embedding) if self._is_tabulated else embedding
        self._cached_row = lru_cache(MOST_REMEMBERED)(self._row)

    @classmethod
    def open(cls, path: Path, architecture: Architecture) -> Self:
        """Read a network from `model.keras`; raises CheckpointError when it does not fit."""
        with NetworkWeights.open(path, architecture) as weights:
            return cls(weights, architecture)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: all but the rows that are remembered."""
        return vars(self) | {"_cached_row": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take on what was pickled."""
        vars(self).update(state)
        self._cached_row = lru_cache(MOST_REMEMBERED)(self._row)

    @property
    def vocabulary_size(self) -> int:
        """Tokens that it reads and predicts."""
        return len(self._logits_bias)

    def initial_state(self, batch: int) -> State:
        """Zeros."""
        return tuple(layer.initial_state(batch) for layer in self._layers)

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one token of each text; see `StepModel.step`."""
        first, *others = self._layers
        if self._is_tabulated:
            layer_state = first.advance(self._table[ids], state[0])
        elif len(ids) == 1:
            layer_state = first.advance(self._cached_row(int(ids[0])), state[0])
        else:
            layer_state = first.step(self._table[ids], state[0])
        after = [layer_state]
        for layer, before in zip(others, state[1:], strict=True):
            layer_state = layer.step(layer_state[0], before)
            after.append(layer_state)
        return self._logits(layer_state[0]), tuple(after)

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several tokens of each text; see `StepModel.read`.

        One product projects the inputs of a layer for all steps, layer after layer.
        """
        batch, time = ids.shape
        first, *others = self._layers
        # Time comes first here, so that one step's rows are contiguous.
        projected = self._first_projection(ids.T.ravel())
        outputs, layer_state = _read_layer(first, projected, state[0])
        after = [layer_state]
        for layer, before in zip(others, state[1:], strict=True):
            outputs, layer_state = _read_layer(layer, layer.project(outputs), before)
            after.append(layer_state)
        logits = self._logits(outputs).reshape(time, batch, self.vocabulary_size)
        return logits.swapaxes(0, 1), tuple(after)

    def _first_projection(self, ids: Ids) -> Array:
        """Projected inputs of the first layer: `(n,)` to `(n, gates * units)`."""
        rows = self._table[ids]
        return rows if self._is_tabulated else self._layers[0].project(rows)

    def _row(self, token: int) -> Array:
        return self._first_projection(np.array([token]))

    def _logits(self, outputs: Array) -> Logits:
        if self._projection is not None:
            kernel, bias = self._projection
            outputs = outputs.dot(kernel)
            outputs += bias
        logits: Logits = outputs.dot(self._logits_kernel)
        logits += self._logits_bias
        return logits


def _read_layer(
    layer: RecurrentCell, projected: Array, state: LayerState
) -> tuple[Array, LayerState]:
    """Advance one layer over `(time * batch, gates * units)`; outputs, and the last state."""
    batch, units = state[0].shape
    outputs = np.empty((len(projected), units), np.float32)
    for start in range(0, len(projected), batch):
        rows = slice(start, start + batch)
        state = layer.advance(projected[rows], state)
        outputs[rows] = state[0]
    return outputs, state
