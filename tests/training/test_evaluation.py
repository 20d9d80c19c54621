import keras
import numpy as np
import pytest

from charrnn.architecture import Architecture
from charrnn.corpus import streams
from charrnn.model.network import StatefulNetwork, build_network
from charrnn.training import evaluation
from charrnn.training.evaluation import Evaluator

ARCHITECTURE = Architecture(
    cell="gru", vocabulary_size=9, embedding=4, layers=2, units=8, dropout=0.5, activation="tanh"
)


def keras_loss(model: keras.Model, ids: np.ndarray) -> float:
    logits = model(ids[None, :-1].astype(np.int32), training=False)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return float(loss(ids[None, 1:].astype(np.int32), logits))


def text(length: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 9, length).astype(np.uint8)


@pytest.mark.parametrize("window", [1, 7, 1000])
def test_a_short_text_is_measured_as_keras_measures_it(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "LONGEST_WINDOW", window)
    model = build_network(ARCHITECTURE)
    ids = text(200)
    loss = Evaluator(ids, 9).loss(StatefulNetwork(model, ARCHITECTURE))
    assert loss == pytest.approx(keras_loss(model, ids), abs=1e-5)


def test_parallel_streams_measure_nearly_what_one_pass_measures() -> None:
    model = build_network(ARCHITECTURE)
    ids = text(4 * streams.SHORTEST_EVALUATION_STREAM)
    evaluator = Evaluator(ids, 9)
    loss = evaluator.loss(StatefulNetwork(model, ARCHITECTURE))
    assert loss == pytest.approx(keras_loss(model, ids), abs=1e-4)


def test_a_network_is_measured_as_it_stands_now() -> None:
    model = build_network(ARCHITECTURE)
    network = StatefulNetwork(model, ARCHITECTURE)
    evaluator = Evaluator(text(100), 9)
    before = evaluator.loss(network)
    model.get_layer("logits").bias.assign(np.arange(9.0))
    assert evaluator.loss(network) != pytest.approx(before, abs=1e-3)
