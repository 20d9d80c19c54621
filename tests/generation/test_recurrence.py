"""One unit, one input: the equations by hand."""

import math

import numpy as np
import pytest

from charrnn.generation.recurrence import recurrent_layer
from charrnn.generation.weights import RecurrentWeights
from tests.generation.networks import architecture

X, H, C = 0.7, -0.4, 0.9


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def one_step(cell: str, weights: RecurrentWeights, *state: float, **sizes: str) -> list[float]:
    layer = recurrent_layer(weights, architecture(cell=cell, units=1, **sizes))
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


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple_rnn"])
def test_the_arrays_that_a_layer_is_made_of_stay_as_they_were(cell):
    gates = {"lstm": 4, "gru": 3, "simple_rnn": 1}[cell]
    bias = np.ones((2, gates * 2) if cell == "gru" else gates * 2, np.float32)
    weights = RecurrentWeights(
        np.ones((3, gates * 2), np.float32), np.ones((2, gates * 2), np.float32), bias
    )
    layer = recurrent_layer(weights, architecture(cell=cell, units=2))
    layer.advance(layer.project(np.ones((1, 3), np.float32)), layer.initial_state(1))
    for array in (weights.kernel, weights.recurrent_kernel, weights.bias):
        assert (array == 1).all()
