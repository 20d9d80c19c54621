"""How far back a prediction depends on what was read: gradients by distance.

The gradient of the log-probability of the character that came is followed back in time (Werbos, 1990,
Backpropagation through time) to what was read, and to the states on the way. Where its norm falls
fast, what was read long ago has no say: gradients vanish (Bengio et al., 1994).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.decoding.engine import Ids
from charrnn.decoding.sampling import log_softmax
from charrnn.decoding.weights import Array
from charrnn.probing.cells import CellState
from charrnn.probing.trace import ReferenceNetwork, Trace

Norms = npt.NDArray[np.float64]

FARTHEST: Final = 200
"""Characters that gradients are followed back."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Norms of the gradients of predictions, by distance.

    A prediction follows the character at distance 1. A state counts as given: its gradient is that of
    h with c and the other layers unchanged, and the other way round.

    Attributes:
        inputs: `(predictions, distances)`, of the embedding vector of each character before.
        hidden: The same of the output h after it, of all layers together.
        cell: The same of the cell state c; None for cells that have none.
    """

    inputs: Norms
    hidden: Norms
    cell: Norms | None


def reach(
    network: ReferenceNetwork, trace: Trace, places: Sequence[int], distances: int = FARTHEST
) -> Reach:
    """Follow the gradients of some predictions back.

    Args:
        network: The network.
        trace: What it read.
        places: The tokens whose predictions are followed, each with `distances` tokens before it.
        distances: How far.

    Raises:
        ValueError: There are fewer tokens before a place.
    """
    if min(places) < distances or max(places) >= len(trace.ids):
        raise ValueError(f"each place needs {distances} tokens before it, and a token.")
    times = np.array(places) - 1  # the step after which the token is predicted
    above = _of_outputs(network, trace, times)
    gradients = [_nothing(layer.state(times)) for layer in trace.layers]
    inputs, hidden, cell = list[Norms](), list[Norms](), list[Norms]()
    for _ in range(distances):
        gradients[-1] = _plus(gradients[-1], above)
        hidden.append(_norm([one.hidden for one in gradients]))
        cells = [one.cell for one in gradients if one.cell is not None]
        cell += [_norm(cells)] if cells else []
        for number in reversed(range(len(network.cells))):
            layer = trace.layers[number]
            gates = {name: values[times] for name, values in layer.gates.items()}
            found = network.cells[number].backward(
                gates, layer.state(times), layer.state(times + 1), gradients[number]
            )
            gradients[number] = found.before
            if number:
                gradients[number - 1] = _plus(gradients[number - 1], found.inputs)
        inputs.append(_norm([found.inputs]))
        above = np.zeros_like(above)
        times -= 1
    return Reach(
        np.stack(inputs, axis=1),
        np.stack(hidden, axis=1),
        np.stack(cell, axis=1) if cell else None,
    )


def _of_outputs(network: ReferenceNetwork, trace: Trace, times: Ids) -> Array:
    """The gradient of the log-probability of the next token by the last layer's output."""
    logits = -np.exp(log_softmax(trace.logits[times]))
    logits[np.arange(len(times)), trace.ids[times + 1]] += 1
    outputs = logits @ network.weights.logits_kernel.T
    if network.weights.projection is not None:
        outputs = outputs @ network.weights.projection[0].T
    return outputs.astype(np.float32)


def _nothing(state: CellState) -> CellState:
    cell = None if state.cell is None else np.zeros_like(state.cell)
    return CellState(np.zeros_like(state.hidden), cell)


def _plus(gradient: CellState, hidden: Array) -> CellState:
    return CellState(gradient.hidden + hidden, gradient.cell)


def _norm(parts: Sequence[Array]) -> Norms:
    """`(predictions,)` Euclidean norm over the parts together."""
    squares = sum(np.square(part.astype(np.float64)).sum(axis=-1) for part in parts)
    norms: Norms = np.sqrt(squares)
    return norms
