"""Every gate and state of a network while it reads a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from charrnn.checkpoint.directory import Checkpoint
from charrnn.decoding.engine import Ids, Logits
from charrnn.decoding.weights import Array, NetworkWeights
from charrnn.probing.cells import CellState, Gates, reference_cell
from charrnn.settings.architecture import Architecture


@dataclass(frozen=True, slots=True, eq=False)
class LayerTrace:
    """What a recurrent layer did at each step.

    Attributes:
        gates: Activations by the names of the gates, `(time, units)` each.
        hidden: h before the first step and after each, `(time + 1, units)`.
        cell: The same of the cell state c; None for cells that have none.
    """

    gates: Gates
    hidden: Array
    cell: Array | None

    def state(self, steps: "int | Ids") -> CellState:
        """The state after so many steps, or after several numbers of them."""
        return CellState(self.hidden[steps], None if self.cell is None else self.cell[steps])


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A text as a network read it.

    Attributes:
        ids: The tokens, `(time,)`.
        layers: One trace for each recurrent layer, the one next to the embedding first.
        logits: Its predictions after each token, `(time, vocabulary_size)`.
    """

    ids: Ids
    layers: Sequence[LayerTrace]
    logits: Logits


class ReferenceNetwork:
    """A network in the reference implementation, whose every number can be seen.

    Attributes:
        architecture: Its sizes.
        cells: Its recurrent layers.
        weights: Its other weights.
    """

    def __init__(self, weights: NetworkWeights, architecture: Architecture) -> None:
        self.architecture = architecture
        self.cells = [reference_cell(layer, architecture) for layer in weights.recurrent]
        self.weights = weights

    @classmethod
    def open(cls, checkpoint: Checkpoint) -> Self:
        """Open the network of a checkpoint; raises CheckpointError where it is damaged."""
        architecture = checkpoint.record.architecture
        with NetworkWeights.open(checkpoint.model_path, architecture) as weights:
            return cls(weights, architecture)

    def read(self, ids: Ids) -> Trace:
        """Read a text of at least one token, `(time,)`, from the state of zeros."""
        inputs = self.weights.embedding[ids]
        layers = []
        for cell in self.cells:
            state = cell.initial_state()
            states, gates = [state], list[Gates]()
            for row in inputs:
                activations, state = cell.step(row, state)
                gates.append(activations)
                states.append(state)
            hidden = np.stack([one.hidden for one in states])
            cells = [one.cell for one in states if one.cell is not None]
            named = {name: np.stack([one[name] for one in gates]) for name in cell.gate_names}
            layers.append(LayerTrace(named, hidden, np.stack(cells) if cells else None))
            inputs = hidden[1:]
        return Trace(ids, layers, self._logits(inputs))

    def _logits(self, outputs: Array) -> Logits:
        if self.weights.projection is not None:
            kernel, bias = self.weights.projection
            outputs = outputs @ kernel + bias
        logits: Logits = outputs @ self.weights.logits_kernel + self.weights.logits_bias
        return logits
