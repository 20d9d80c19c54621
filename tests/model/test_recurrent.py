from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.model import recurrent

PAIRS = [
    (recurrent.LSTM, keras.layers.LSTM),
    (recurrent.GRU, keras.layers.GRU),
    (recurrent.SimpleRNN, keras.layers.SimpleRNN),
]

SEQUENCES = tf.constant(np.random.default_rng(0).normal(size=(4, 12, 6)).astype(np.float32))


def twins(pair: tuple[type, type], **options: Any) -> tuple[Any, Any]:
    """A layer of ours and one of Keras's, with the same weights."""
    ours, theirs = (kind(9, **options) for kind in pair)
    ours(SEQUENCES)
    theirs(SEQUENCES)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


@pytest.mark.parametrize("pair", PAIRS)
def test_a_layer_reads_as_keras_does(pair: tuple[type, type]) -> None:
    ours, theirs = twins(pair, return_sequences=True, return_state=True)
    assert isinstance(ours, pair[1])
    for found, expected in zip(ours(SEQUENCES), theirs(SEQUENCES), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_layer_goes_on_from_a_state(pair: tuple[type, type]) -> None:
    ours, theirs = twins(pair)
    states = 2 if pair[1] is keras.layers.LSTM else 1
    before = [tf.fill((4, 9), 0.3 + number) for number in range(states)]
    np.testing.assert_allclose(
        ours(SEQUENCES, initial_state=before), theirs(SEQUENCES, initial_state=before), atol=1e-6
    )


@pytest.mark.parametrize(
    "options",
    [{"activation": "sigmoid"}, {"go_backwards": True}, {"use_bias": False}, {"dropout": 0.5}],
)
def test_what_the_kernels_cannot_do_keras_does(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        pytest.fail("the kernels were asked")

    monkeypatch.setattr(recurrent, "read_window", never)
    ours, theirs = twins(PAIRS[0], **options)
    np.testing.assert_allclose(ours(SEQUENCES), theirs(SEQUENCES), atol=1e-6)


def test_the_kernels_are_asked_where_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    read = recurrent.read_window
    monkeypatch.setattr(
        recurrent, "read_window", lambda *given: (asked.append(given[1]), read(*given))[1]
    )
    recurrent.LSTM(9, dtype_of_products="bfloat16")(SEQUENCES)
    assert [one.dtype for one in asked] == [tf.bfloat16]


def test_a_model_fits_saves_and_loads(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.layers.Embedding(11, 6),
            recurrent.LSTM(9, return_sequences=True),
            keras.layers.Dense(11),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ids = np.random.default_rng(0).integers(0, 11, (8, 13))
    losses = model.fit(ids[:, :-1], ids[:, 1:], batch_size=4, epochs=2, verbose=0).history["loss"]
    assert losses[1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.layers[1].dtype_of_products == "float32"
    np.testing.assert_array_equal(again(ids), model(ids))


def test_the_weights_file_is_that_of_the_stock_layer(tmp_path: Path) -> None:
    models = [
        keras.Sequential([keras.Input((12, 6)), kind(9)]) for kind in (PAIRS[0][0], PAIRS[0][1])
    ]
    models[0].save_weights(tmp_path / "some.weights.h5")
    models[1].load_weights(tmp_path / "some.weights.h5")
    np.testing.assert_allclose(models[0](SEQUENCES), models[1](SEQUENCES), atol=1e-6)


def test_an_activation_of_ones_own_and_a_bare_state_are_taken() -> None:
    ours, theirs = twins(PAIRS[1], activation=keras.layers.LeakyReLU())
    np.testing.assert_allclose(ours(SEQUENCES), theirs(SEQUENCES), atol=1e-6)
    ours, theirs = twins(PAIRS[1])
    before = tf.fill((4, 9), 0.5)
    np.testing.assert_allclose(
        ours(SEQUENCES, initial_state=before), theirs(SEQUENCES, initial_state=before), atol=1e-6
    )
