from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.corpus import evaluation_streams as streams
from charrnn.model.kernel_config import KernelConfig
from charrnn.model.kernel_network import KernelNetwork
from charrnn.model.network import StatefulNetwork, build_network
from charrnn.settings.architecture import Architecture
from charrnn.training import evaluation
from charrnn.training.evaluation import EvaluationStopped, Evaluator

ARCHITECTURE = Architecture(
    cell="gru", vocabulary_size=9, embedding=4, layers=2, units=8, dropout=0.5, activation="tanh"
)


def loss_of(evaluator: Evaluator, network: StatefulNetwork) -> float:
    """Nats per character."""
    return evaluator.nats(network) / evaluator.characters


def keras_loss(model: keras.Model, ids: np.ndarray) -> float:
    # Compiled: layer by layer, step by step it takes twenty times as long.
    logits = tf.function(model)(ids[None, :-1].astype(np.int32), training=False)
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
    loss = loss_of(Evaluator(ids, 9), StatefulNetwork(model, ARCHITECTURE))
    assert loss == pytest.approx(keras_loss(model, ids), abs=1e-5)


def test_the_kernels_measure_what_keras_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "LONGEST_WINDOW", 32)
    model, ids = build_network(ARCHITECTURE), text(200)
    network = KernelNetwork(model, ARCHITECTURE, KernelConfig(tf.float32, 2))
    assert loss_of(Evaluator(ids, 9), network) == pytest.approx(keras_loss(model, ids), abs=1e-5)


def test_parallel_streams_measure_nearly_what_one_pass_measures() -> None:
    model = build_network(ARCHITECTURE)
    ids = text(4 * streams.SHORTEST_EVALUATION_STREAM)
    evaluator = Evaluator(ids, 9)
    loss = loss_of(evaluator, StatefulNetwork(model, ARCHITECTURE))
    assert loss == pytest.approx(keras_loss(model, ids), abs=1e-4)


def test_a_network_is_measured_as_it_stands_now() -> None:
    model = build_network(ARCHITECTURE)
    network = StatefulNetwork(model, ARCHITECTURE)
    evaluator = Evaluator(text(100), 9)
    before = loss_of(evaluator, network)
    model.get_layer("logits").bias.assign(np.arange(9.0))
    assert loss_of(evaluator, network) != pytest.approx(before, abs=1e-3)


@pytest.fixture
def few_are_measured(monkeypatch: pytest.MonkeyPatch) -> int:
    """At most 400 characters are measured, in windows of at most 50."""
    monkeypatch.setattr(evaluation, "MOST_MEASURED", 400)
    monkeypatch.setattr(evaluation, "LONGEST_WINDOW", 50)
    return 400


def test_of_a_long_text_the_same_characters_are_measured_every_time(few_are_measured: int) -> None:
    network = StatefulNetwork(build_network(ARCHITECTURE), ARCHITECTURE)
    ids = text(4 * streams.SHORTEST_EVALUATION_STREAM + 1)
    evaluator = Evaluator(ids, 9)
    assert (evaluator.characters, evaluator.whole) == (few_are_measured, False)
    assert evaluator.characters_read == 4 * (100 + streams.EVALUATION_WARM_UP)
    loss = loss_of(evaluator, network)
    assert loss_of(evaluator, network) == loss_of(Evaluator(ids, 9), network) == loss
    unread, read = ids.copy(), ids.copy()
    unread[101 : 512 - streams.EVALUATION_WARM_UP] = 0
    read[512 + 100] = (read[512 + 100] + 1) % 9
    assert loss_of(Evaluator(unread, 9), network) == loss
    assert loss_of(Evaluator(read, 9), network) != loss


@pytest.mark.usefixtures("few_are_measured")
def test_a_short_text_is_measured_whole() -> None:
    evaluator = Evaluator(text(401), 9)
    assert (evaluator.characters, evaluator.characters_read, evaluator.whole) == (400, 400, True)


@pytest.mark.usefixtures("few_are_measured")
def test_shares_of_a_long_text_add_up() -> None:
    network = StatefulNetwork(build_network(ARCHITECTURE), ARCHITECTURE)
    ids = text(4 * streams.SHORTEST_EVALUATION_STREAM + 1)
    shares = [Evaluator(ids, 9, (index, 3)).nats(network) for index in range(3)]
    assert Evaluator(ids, 9).nats(network) == pytest.approx(sum(shares), rel=1e-5)


@pytest.mark.usefixtures("few_are_measured")
def test_an_evaluation_is_given_up_after_any_window() -> None:
    network = StatefulNetwork(build_network(ARCHITECTURE), ARCHITECTURE)
    answers = iter([False, False, True])
    with pytest.raises(EvaluationStopped):
        Evaluator(text(401), 9).nats(network, stopped=lambda: next(answers))
    assert next(answers, None) is None


def test_a_network_is_compiled_once_for_all_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "LONGEST_WINDOW", 64)
    lengths: set[int] = set()
    network = StatefulNetwork(build_network(ARCHITECTURE), ARCHITECTURE)
    measure = network.nats

    def measured(inputs: tf.Tensor, *others: Any) -> Any:
        lengths.add(inputs.shape[1])
        return measure(inputs, *others)

    monkeypatch.setattr(network, "nats", measured)
    loss_of(Evaluator(text(200), 9), network)
    assert lengths == {50}


@pytest.mark.usefixtures("few_are_measured")
def test_the_quick_loss_is_the_loss_of_what_was_read() -> None:
    network = StatefulNetwork(build_network(ARCHITECTURE), ARCHITECTURE)
    ids = text(401)
    evaluator = Evaluator(ids, 9)
    first = Evaluator(ids[:51], 9)
    assert evaluator.quick_loss(network, seconds=0) == pytest.approx(
        loss_of(first, network), abs=1e-6
    )
    assert evaluator.quick_loss(network, seconds=1e9) == pytest.approx(loss_of(evaluator, network))
