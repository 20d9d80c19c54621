import numpy as np
import pytest

from charrnn.decoding import engine
from charrnn.decoding.engine import NumpyEngine
from tests.decoding.networks import architecture, keras_network

CELLS = [
    ("lstm", "tanh"),
    ("gru", "tanh"),
    ("simple_rnn", "tanh"),
    ("simple_rnn", "relu"),
    ("peephole_lstm", "tanh"),
]
CHARACTERS = 200


@pytest.fixture(
    scope="module",
    params=[
        *((*cell, layers, "own") for cell in CELLS for layers in (1, 2, 3)),
        *((*cell, 2, "tied") for cell in CELLS),
    ],
    ids=lambda param: "-".join(map(str, param)),
)
def case(request, tmp_path_factory):
    """A saved Keras network, a text, and the logits that Keras itself gives."""
    cell, activation, layers, output = request.param
    sizes = architecture(cell=cell, activation=activation, layers=layers, units=24, output=output)
    model = keras_network(sizes, seed=layers)
    path = tmp_path_factory.mktemp("engine") / "model.keras"
    model.save(path)
    ids = np.random.default_rng(1).integers(0, sizes.vocabulary_size, (3, CHARACTERS))
    return path, sizes, ids, np.asarray(model(ids.astype(np.int32)))


@pytest.mark.parametrize("texts", [1, 3])
@pytest.mark.parametrize("largest_table", [0, engine.LARGEST_TABLE], ids=["product", "table"])
def test_step_after_step_gives_the_logits_of_keras(case, monkeypatch, largest_table, texts):
    path, sizes, ids, expected = case
    ids, expected = ids[:texts], expected[:texts]
    monkeypatch.setattr(engine, "LARGEST_TABLE", largest_table)
    network = NumpyEngine.open(path, sizes)
    state = network.initial_state(len(ids))
    for position in range(CHARACTERS):
        logits, state = network.step(ids[:, position], state)
        np.testing.assert_allclose(logits, expected[:, position], atol=1e-5, rtol=0)
        assert logits.dtype == np.float32


@pytest.mark.parametrize("largest_table", [0, engine.LARGEST_TABLE], ids=["product", "table"])
def test_reading_at_once_gives_the_logits_of_keras(case, monkeypatch, largest_table):
    path, sizes, ids, expected = case
    monkeypatch.setattr(engine, "LARGEST_TABLE", largest_table)
    network = NumpyEngine.open(path, sizes)
    first, state = network.read(ids[:, :70], network.initial_state(len(ids)))
    second, _ = network.read(ids[:, 70:], state)
    found = np.concatenate((first, second), axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)


def test_a_state_that_was_kept_can_be_gone_on_from_again(case):
    path, sizes, ids, expected = case
    network = NumpyEngine.open(path, sizes)
    _, kept = network.read(ids[:1, :50], network.initial_state(1))
    copies = [array.copy() for layer in kept for array in layer]
    network.step(ids[:1, 7], kept)
    network.read(ids[:1, 9:30], kept)
    for array, copy in zip((a for layer in kept for a in layer), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    logits, _ = network.step(ids[:1, 50], kept)
    np.testing.assert_allclose(logits, expected[:1, 50], atol=1e-5, rtol=0)


def test_of_a_large_alphabet_the_tokens_met_last_are_remembered(case, monkeypatch):
    path, sizes, ids, expected = case
    monkeypatch.setattr(engine, "LARGEST_TABLE", 0)
    monkeypatch.setattr(engine, "MOST_REMEMBERED", 2)
    network = NumpyEngine.open(path, sizes)
    state = network.initial_state(1)
    for position in range(40):
        logits, state = network.step(ids[:1, position], state)
        np.testing.assert_allclose(logits, expected[:1, position], atol=1e-5, rtol=0)
