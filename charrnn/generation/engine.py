"""A network that reads a symbol and says what may come next, one step at a time."""

from pathlib import Path
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from charrnn.architecture import Architecture
from charrnn.generation.recurrence import LayerState, RecurrentLayer, recurrent_layer
from charrnn.generation.weights import Array, NetworkWeights, read_weights

Ids = npt.NDArray[np.integer]
Logits = npt.NDArray[np.float32]

State = tuple[LayerState, ...]
"""What a network remembers: a tuple of arrays `(batch, units)` for each recurrent layer.

It is a value. Nothing changes it, so to rewind or to branch is to keep the old one.
"""

LARGEST_TABLE: Final = 4 * 2**20
"""Numbers (16 MiB) up to which the first layer's product is worked out for every symbol.

A step then looks a row up instead of multiplying. Two layers of 512 units reach it at 2,048
symbols; a large alphabet would pay in memory for what it saves in time.
"""


class StepModel(Protocol):
    """What writing needs of a network."""

    @property
    def vocabulary_size(self) -> int:
        """Symbols it reads and predicts."""

    def initial_state(self, batch: int) -> State:
        """The state before the first symbol, for `batch` texts side by side."""

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one symbol of each text.

        Args:
            ids: `(batch,)`.
            state: Where the texts stand.

        Returns:
            Logits `(batch, vocabulary_size)` float32 for the symbol after, and the new state.
        """

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several symbols of each text; the same as `step` after `step`, but faster.

        Args:
            ids: `(batch, time)`, at least one in time.
            state: Where the texts stand.

        Returns:
            Logits `(batch, time, vocabulary_size)` float32, those after each symbol, and the
            state after the last. The caller keeps `time` short enough for them to fit in memory.
        """


class NumpyEngine:
    """The network of a checkpoint as equations in NumPy, float32 throughout.

    Args:
        weights: Its arrays.
        architecture: Its sizes.
    """

    def __init__(self, weights: NetworkWeights, architecture: Architecture) -> None:
        self._layers = [recurrent_layer(layer, architecture) for layer in weights.recurrent]
        self._logits_kernel = weights.logits_kernel
        self._logits_bias = weights.logits_bias
        gates = weights.recurrent[0].kernel.shape[1]
        self._tabulated = architecture.vocabulary_size * gates <= LARGEST_TABLE
        self._table = (
            self._layers[0].project(weights.embedding) if self._tabulated else weights.embedding
        )

    @classmethod
    def open(cls, path: Path, architecture: Architecture) -> Self:
        """Read a network from `model.keras`; raises CheckpointError when it does not fit."""
        return cls(read_weights(path, architecture), architecture)

    @property
    def vocabulary_size(self) -> int:
        """Symbols it reads and predicts."""
        return len(self._logits_bias)

    def initial_state(self, batch: int) -> State:
        """The state before the first symbol: zeros."""
        return tuple(layer.initial_state(batch) for layer in self._layers)

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one symbol of each text; see `StepModel.step`."""
        first, *others = self._layers
        layer_state = first.advance(self._first_projection(ids), state[0])
        after = [layer_state]
        for layer, before in zip(others, state[1:], strict=True):
            layer_state = layer.advance(layer.project(layer_state[0]), before)
            after.append(layer_state)
        return self._logits(layer_state[0]), tuple(after)

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several symbols of each text; see `StepModel.read`.

        The inputs of a layer are multiplied in one product for all steps, layer after layer.
        """
        batch, time = ids.shape
        first, *others = self._layers
        # Time goes first inside, so that what one step needs lies together.
        projected = self._first_projection(ids.T.ravel())
        outputs, layer_state = _read_layer(first, projected, state[0])
        after = [layer_state]
        for layer, before in zip(others, state[1:], strict=True):
            outputs, layer_state = _read_layer(layer, layer.project(outputs), before)
            after.append(layer_state)
        logits = self._logits(outputs).reshape(time, batch, self.vocabulary_size)
        return logits.swapaxes(0, 1), tuple(after)

    def _first_projection(self, ids: Ids) -> Array:
        """What symbols add to the sums of the first layer: `(n,)` to `(n, gates * units)`."""
        rows = self._table[ids]
        return rows if self._tabulated else self._layers[0].project(rows)

    def _logits(self, outputs: Array) -> Logits:
        logits: Logits = outputs @ self._logits_kernel
        logits += self._logits_bias
        return logits


def _read_layer(
    layer: RecurrentLayer, projected: Array, state: LayerState
) -> tuple[Array, LayerState]:
    """Advance one layer over `(time * batch, gates * units)`, all texts of one step together.

    Returns:
        Its outputs `(time * batch, units)`, and the state after the last step.
    """
    batch, units = state[0].shape
    outputs = np.empty((len(projected), units), np.float32)
    for start in range(0, len(projected), batch):
        rows = slice(start, start + batch)
        state = layer.advance(projected[rows], state)
        outputs[rows] = state[0]
    return outputs, state
