"""The network in TensorFlow against the one in NumPy, which is tested against Keras."""

import numpy as np
import pytest

from charrnn.generation.engine import NumpyEngine, StepModel
from charrnn.generation.weights import NetworkWeights
from charrnn.model import step_network
from charrnn.model.step_model import TensorFlowEngine
from tests.generation.networks import architecture, keras_network

CELLS = [
    ("lstm", "tanh"),
    ("gru", "tanh"),
    ("simple_rnn", "tanh"),
    ("simple_rnn", "relu"),
    ("peephole_lstm", "tanh"),
]


def engines(
    cell: str, activation: str, layers: int = 2, output: str = "own"
) -> tuple[StepModel, StepModel]:
    sizes = architecture(cell=cell, activation=activation, layers=layers, units=24, output=output)
    arrays = keras_network(sizes, seed=layers).get_weights()
    weights = NetworkWeights.from_keras(arrays, sizes)
    return TensorFlowEngine(weights, sizes), NumpyEngine(weights, sizes)


@pytest.mark.parametrize(
    ("largest_table", "output"),
    [(0, "own"), (2**25, "own"), (2**25, "tied")],
    ids=["product", "table", "tied"],
)
@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_steps_and_readings_are_those_of_numpy(
    cell: str,
    activation: str,
    largest_table: int,
    output: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(step_network, "LARGEST_TABLE", largest_table)
    network, expected = engines(cell, activation, output=output)
    assert network.vocabulary_size == expected.vocabulary_size
    ids = np.random.default_rng(1).integers(0, 13, (3, 120))
    state, expected_state = network.initial_state(3), expected.initial_state(3)
    for start, stop in ((0, 50), (50, 90)):
        logits, state = network.read(ids[:, start:stop], state)
        expected_logits, expected_state = expected.read(ids[:, start:stop], expected_state)
        np.testing.assert_allclose(logits, expected_logits, atol=1e-5, rtol=0)
    for position in range(90, 120):
        logits, state = network.step(ids[:, position], state)
        expected_logits, expected_state = expected.step(ids[:, position], expected_state)
        np.testing.assert_allclose(logits, expected_logits, atol=1e-5, rtol=0)
        assert logits.dtype == np.float32
    for layer, expected_layer in zip(state, expected_state, strict=True):
        for array, expected_array in zip(layer, expected_layer, strict=True):
            assert isinstance(array, np.ndarray)
            np.testing.assert_allclose(array, expected_array, atol=1e-5, rtol=1e-5)


def test_a_state_is_a_value_whose_rows_can_be_taken() -> None:
    network, _ = engines("lstm", "tanh", layers=1)
    logits, kept = network.read(np.array([[2, 3], [4, 5]]), network.initial_state(2))
    copies = [array.copy() for layer in kept for array in layer]
    network.step(np.array([7, 8]), kept)
    for array, copy in zip((a for layer in kept for a in layer), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    second = tuple(tuple(array[[1]] for array in layer) for layer in kept)
    both, _ = network.step(np.array([7, 8]), kept)
    alone, _ = network.step(np.array([8]), second)
    np.testing.assert_allclose(alone[0], both[1], atol=1e-6)
    assert logits.shape == (2, 2, 13)
