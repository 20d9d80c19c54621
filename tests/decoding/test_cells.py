"""One unit, one input: the equations by hand."""

import math
from typing import get_args

import numpy as np
import pytest

from charrnn.decoding.engine import make_cell
from charrnn.decoding.weights import RecurrentWeights
from charrnn.settings.architecture import GATES, PEEPHOLES
from charrnn.settings.configuration import Cell
from tests.decoding.networks import architecture, arrays_of

X, H, C = 0.7, -0.4, 0.9


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def one_step(cell: str, weights: RecurrentWeights, *state: float, **sizes: str) -> list[float]:
    layer = make_cell(weights, architecture(cell=cell, units=1, **sizes))
    before = tuple(np.array([[value]], np.float32) for value in state)
    kept = [array.copy() for array in before]
    after = layer.advance(layer.project(np.array([[X]], np.float32)), before)
    for array, copy in zip(before, kept, strict=True):
        np.testing.assert_array_equal(array, copy)
    return [float(array[0, 0]) for array in after]


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_an_lstm_follows_its_equations():
    w, u, b = (0.1, -0.2, 0.3, 0.4), (-0.5, 0.6, 0.7, -0.8), (0.05, 1.0, -0.15, 0.25)
    weights = RecurrentWeights(row(*w), row(*u), row(*b)[0])
    i, f, g, o = (X * w[gate] + H * u[gate] + b[gate] for gate in range(4))
    c = sigmoid(f) * C + sigmoid(i) * math.tanh(g)
    assert one_step("lstm", weights, H, C) == pytest.approx(
        [sigmoid(o) * math.tanh(c), c], abs=1e-6
    )


def test_the_gates_of_a_peephole_lstm_see_the_memory_and_the_last_one_the_new_memory():
    w, u, b = (0.1, -0.2, 0.3, 0.4), (-0.5, 0.6, 0.7, -0.8), (0.05, 1.0, -0.15, 0.25)
    p = (0.9, -0.7, 1.1)
    weights = RecurrentWeights(row(*w), row(*u), row(*b)[0], row(*p).T)
    i, f, g, o = (X * w[gate] + H * u[gate] + b[gate] for gate in range(4))
    c = sigmoid(f + p[1] * C) * C + sigmoid(i + p[0] * C) * math.tanh(g)
    assert one_step("peephole_lstm", weights, H, C) == pytest.approx(
        [sigmoid(o + p[2] * c) * math.tanh(c), c], abs=1e-6
    )


def test_without_peepholes_it_is_an_lstm():
    generator = np.random.default_rng(0)
    arrays = [generator.normal(0, 1, shape).astype(np.float32) for shape in ((3, 8), (2, 8), 8)]
    inputs = generator.normal(0, 1, (5, 3)).astype(np.float32)
    state = tuple(generator.normal(0, 1, (5, 2)).astype(np.float32) for _ in range(2))
    results = []
    for cell, peephole in (("lstm", None), ("peephole_lstm", np.zeros((3, 2), np.float32))):
        layer = make_cell(RecurrentWeights(*arrays, peephole), architecture(cell=cell))
        results.append(layer.advance(layer.project(inputs), state))
    np.testing.assert_allclose(*results, atol=1e-6)


def test_a_gru_resets_after_the_product_with_a_bias_of_its_own():
    w, u = (0.1, -0.2, 0.3), (-0.5, 0.6, 0.7)
    b, d = (0.05, -0.1, 0.15), (0.2, 0.25, -0.3)
    weights = RecurrentWeights(row(*w), row(*u), np.array([b, d], np.float32))
    z = sigmoid(X * w[0] + b[0] + H * u[0] + d[0])
    r = sigmoid(X * w[1] + b[1] + H * u[1] + d[1])
    g = math.tanh(X * w[2] + b[2] + r * (H * u[2] + d[2]))
    assert one_step("gru", weights, H) == pytest.approx([z * H + (1 - z) * g], abs=1e-6)


@pytest.mark.parametrize(
    ("activation", "bias", "expected"),
    [
        ("tanh", 0.05, math.tanh(X * 0.1 + H * -0.5 + 0.05)),
        ("relu", 0.05, X * 0.1 + H * -0.5 + 0.05),
        ("relu", -2.0, 0.0),
    ],
)
def test_a_simple_layer_has_the_activation_asked_for(activation, bias, expected):
    weights = RecurrentWeights(row(0.1), row(-0.5), row(bias)[0])
    found = one_step("simple_rnn", weights, H, activation=activation)
    assert found == pytest.approx([expected], abs=1e-6)


@pytest.mark.parametrize("cell", get_args(Cell))
def test_the_arrays_that_a_layer_is_made_of_stay_as_they_were(cell):
    sums = GATES[cell] * 2
    weights = RecurrentWeights(
        np.ones((3, sums), np.float32),
        np.ones((2, sums), np.float32),
        np.ones((2, sums) if cell == "gru" else sums, np.float32),
        np.ones((PEEPHOLES[cell], 2), np.float32) if PEEPHOLES[cell] else None,
    )
    layer = make_cell(weights, architecture(cell=cell, units=2))
    layer.advance(layer.project(np.ones((1, 3), np.float32)), layer.initial_state(1))
    for array in arrays_of(weights):
        assert (array == 1).all()
