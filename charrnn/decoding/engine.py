"""A network that reads a token and says what may come next, one step at a time."""

from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from charrnn.decoding.cells import LayerState, RecurrentCell, make_cell
from charrnn.decoding.weights import Array, NetworkWeights
from charrnn.settings.architecture import GATES, Architecture

Ids = npt.NDArray[np.integer]
Logits = npt.NDArray[np.float32]

State = tuple[LayerState, ...]
"""What a network remembers: a tuple of arrays `(batch, units)` for each recurrent layer.

It is a value. Nothing changes it, so to rewind or to branch is to keep the old one.
"""

LARGEST_TABLE: Final = 2**20
"""Numbers (4 MiB) up to which the first layer's product is worked out for every token.

A step then looks a row up instead of multiplying. Layers of 512 units reach it at 512 tokens. Of
a larger alphabet a poem uses a small part, and rows are worked out as they are met.
"""

MOST_REMEMBERED: Final = 1024
"""Tokens of a large alphabet whose rows are kept, those met last: 8 MiB with 512 units."""


class StepModel(Protocol):
    """What writing needs of a network."""

    @property
    def vocabulary_size(self) -> int:
        """Tokens it reads and predicts."""

    def initial_state(self, batch: int) -> State:
        """The state before the first token, for `batch` texts side by side."""

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one token of each text.

        Args:
            ids: `(batch,)`.
            state: Where the texts stand.

        Returns:
            Logits `(batch, vocabulary_size)` float32 for the token after, and the new state.
        """

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several tokens of each text; the same as `step` after `step`, but faster.

        Args:
            ids: `(batch, time)`, at least one in time.
            state: Where the texts stand.

        Returns:
            Logits `(batch, time, vocabulary_size)` float32, those after each token, and the
            state after the last. The caller keeps `time` short enough for them to fit in memory.
        """


class NumpyEngine:
    """The network of a checkpoint as equations in NumPy, float32 throughout.

    Args:
        weights: Its arrays.
        architecture: Its sizes.
    """

    def __init__(self, weights: NetworkWeights, architecture: Architecture) -> None:
        self._layers = [make_cell(layer, architecture) for layer in weights.recurrent]
        self._projection = weights.projection
        self._logits_kernel = weights.logits_kernel
        self._logits_bias = weights.logits_bias
        columns = GATES[architecture.cell] * architecture.units
        self._tabulated = architecture.vocabulary_size * columns <= LARGEST_TABLE
        embedding = weights.embedding
        self._table = self._layers[0].project(embedding) if self._tabulated else embedding
        self._row_of = lru_cache(MOST_REMEMBERED)(self._first_projection_of)

    @classmethod
    def open(cls, path: Path, architecture: Architecture) -> Self:
        """Read a network from `model.keras`; raises CheckpointError when it does not fit."""
        with NetworkWeights.open(path, architecture) as weights:
            return cls(weights, architecture)

    @property
    def vocabulary_size(self) -> int:
        """Tokens it reads and predicts."""
        return len(self._logits_bias)

    def initial_state(self, batch: int) -> State:
        """The state before the first token: zeros."""
        return tuple(layer.initial_state(batch) for layer in self._layers)

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one token of each text; see `StepModel.step`."""
        first, *others = self._layers
        if self._tabulated:
            layer_state = first.advance(self._table[ids], state[0])
        elif len(ids) == 1:
            layer_state = first.advance(self._row_of(int(ids[0])), state[0])
        else:
            layer_state = first.step(self._table[ids], state[0])
        after = [layer_state]
        for layer, before in zip(others, state[1:], strict=True):
            layer_state = layer.step(layer_state[0], before)
            after.append(layer_state)
        return self._logits(layer_state[0]), tuple(after)

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several tokens of each text; see `StepModel.read`.

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
        """What tokens add to the sums of the first layer: `(n,)` to `(n, gates * units)`."""
        rows = self._table[ids]
        return rows if self._tabulated else self._layers[0].project(rows)

    def _first_projection_of(self, token: int) -> Array:
        """That of one token, `(1, gates * units)`."""
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
