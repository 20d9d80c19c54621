import numpy as np

from charrnn.decoding.engine import NumpyEngine
from charrnn.decoding.weights import NetworkWeights
from charrnn.probing.trace import ReferenceNetwork
from charrnn.settings.configuration import Activation, Cell, Output
from tests.probing.networks import TOKENS, architecture_of, every_kind, random_arrays

IDS = np.random.default_rng(1).integers(0, TOKENS, 30)


@every_kind
def test_it_predicts_what_the_engine_predicts(
    cell: Cell, activation: Activation, layers: int, output: Output
) -> None:
    architecture = architecture_of(cell, activation, layers, output)
    weights = NetworkWeights.from_keras(random_arrays(architecture), architecture)
    engine = NumpyEngine(weights, architecture)
    logits, state = engine.read(IDS[None], engine.initial_state(1))
    trace = ReferenceNetwork(weights, architecture).read(IDS)
    np.testing.assert_allclose(trace.logits, logits[0], atol=1e-5)
    for layer, arrays in zip(trace.layers, state, strict=True):
        np.testing.assert_allclose(layer.hidden[-1], arrays[0][0], atol=1e-5)
        if len(arrays) > 1:
            assert layer.cell is not None
            np.testing.assert_allclose(layer.cell[-1], arrays[1][0], atol=1e-5)
        assert all(gate.shape == (30, 6) for gate in layer.gates.values())
        assert not layer.hidden[0].any()


def test_the_gates_of_an_lstm_make_its_state() -> None:
    architecture = architecture_of("lstm", "tanh", 1, "own")
    weights = NetworkWeights.from_keras(random_arrays(architecture), architecture)
    (layer,) = ReferenceNetwork(weights, architecture).read(IDS).layers
    assert layer.cell is not None
    gates = layer.gates
    assert list(gates) == ["input", "forget", "candidate", "output"]
    cell = gates["forget"] * layer.cell[:-1] + gates["input"] * gates["candidate"]
    np.testing.assert_allclose(layer.cell[1:], cell, atol=1e-6)
    np.testing.assert_allclose(layer.hidden[1:], gates["output"] * np.tanh(cell), atol=1e-6)
