"""Small networks with random weights, of every cell."""

import numpy as np
import pytest

from charrnn.decoding.weights import Array
from charrnn.settings.architecture import GATES, PEEPHOLES, Architecture
from charrnn.settings.configuration import Activation, Cell, Output

TOKENS = 7

KINDS: list[tuple[Cell, Activation, int, Output]] = [
    ("simple_rnn", "tanh", 1, "own"),
    ("simple_rnn", "relu", 2, "own"),
    ("gru", "tanh", 2, "own"),
    ("lstm", "tanh", 1, "own"),
    ("lstm", "tanh", 2, "tied"),
    ("peephole_lstm", "tanh", 2, "own"),
]

every_kind = pytest.mark.parametrize(("cell", "activation", "layers", "output"), KINDS)


def architecture_of(
    cell: Cell, activation: Activation, layers: int, output: Output
) -> Architecture:
    return Architecture(
        cell=cell,
        vocabulary_size=TOKENS,
        embedding=5,
        layers=layers,
        units=6,
        dropout=0.0,
        activation=activation,
        output=output,
    )


def random_arrays(architecture: Architecture, seed: int = 0) -> list[Array]:
    """Weights as `get_weights` of such a network orders them."""
    generator = np.random.default_rng(seed)
    units, columns = architecture.units, GATES[architecture.cell] * architecture.units
    shapes: list[tuple[int, ...]] = [(TOKENS, architecture.embedding)]
    inputs = architecture.embedding
    for _ in range(architecture.layers):
        bias = (2, columns) if architecture.cell == "gru" else (columns,)
        shapes += [(inputs, columns), (units, columns), bias]
        if PEEPHOLES[architecture.cell]:
            shapes.append((3, units))
        inputs = units
    last = TOKENS if architecture.output == "own" else architecture.embedding
    shapes += [(units, last), (last,)]
    return [(0.5 * generator.normal(size=shape)).astype(np.float32) for shape in shapes]
