"""The layer against its equations, worked out in NumPy in double precision."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.model.recurrent import PeepholeLSTM

UNITS, INPUTS = 3, 2


def layer(dtype: str = "float64", **arguments: object) -> PeepholeLSTM:
    """A layer with random weights, none of them zero."""
    made = PeepholeLSTM(UNITS, return_sequences=True, return_state=True, dtype=dtype, **arguments)
    made.build((None, None, INPUTS))
    generator = np.random.default_rng(1)
    made.set_weights([generator.normal(0, 1, weight.shape) for weight in made.weights])
    return made


def values(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).normal(0, 1, shape)


def sigmoid(sums: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-sums))


def by_hand(
    weights: list[np.ndarray], inputs: np.ndarray, h: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gers & Schmidhuber (2000), gate by gate."""
    kernel, recurrent_kernel, bias, (p_i, p_f, p_o) = weights
    outputs = []
    for x in inputs.swapaxes(0, 1):
        sums = x @ kernel + h @ recurrent_kernel + bias
        i = sigmoid(sums[:, :UNITS] + p_i * c)
        f = sigmoid(sums[:, UNITS : 2 * UNITS] + p_f * c)
        c = f * c + i * np.tanh(sums[:, 2 * UNITS : 3 * UNITS])
        o = sigmoid(sums[:, 3 * UNITS :] + p_o * c)
        h = o * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1), h, c


@pytest.mark.parametrize("time", [1, 9])
def test_the_layer_follows_its_equations(time: int) -> None:
    made = layer()
    inputs, h, c = values(4, time, INPUTS), values(4, UNITS), 2 * values(4, UNITS)
    found = made(tf.constant(inputs), initial_state=[tf.constant(h), tf.constant(c)])
    for tensor, expected in zip(found, by_hand(made.get_weights(), inputs, h, c), strict=True):
        np.testing.assert_allclose(tensor, expected, atol=1e-12)


def test_without_a_state_it_begins_from_zeros() -> None:
    made = layer()
    inputs, zeros = tf.constant(values(4, 5, INPUTS)), tf.zeros((4, UNITS), tf.float64)
    for found, expected in zip(made(inputs), made(inputs, initial_state=[zeros] * 2), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_it_begins_as_an_lstm_and_learns_its_peepholes_from_the_first_step() -> None:
    arguments = {
        "units": UNITS,
        "kernel_initializer": keras.initializers.GlorotUniform(seed=1),
        "recurrent_initializer": keras.initializers.Orthogonal(seed=2),
        "return_sequences": True,
    }
    made, plain = PeepholeLSTM(**arguments), keras.layers.LSTM(**arguments)
    inputs = tf.constant(values(4, 5, INPUTS), tf.float32)
    with tf.GradientTape() as tape:
        outputs = made(inputs)
    np.testing.assert_allclose(outputs, plain(inputs), atol=1e-6)
    for weight, expected in zip(made.get_weights(), plain.get_weights(), strict=False):
        np.testing.assert_array_equal(weight, expected)
    np.testing.assert_array_equal(made.cell.peephole, np.zeros((3, UNITS)))
    assert (np.abs(tape.gradient(outputs, made.cell.peephole.value)) > 1e-6).all()


def test_the_weights_stand_in_the_order_that_others_read_them_in() -> None:
    made = layer()
    assert made.units == UNITS
    assert [weight.name for weight in made.weights] == [
        "kernel",
        "recurrent_kernel",
        "bias",
        "peephole",
    ]
    assert [weight.shape for weight in made.weights] == [(2, 12), (3, 12), (12,), (3, 3)]
    for weight, own in zip(
        made.weights,
        (made.cell.kernel, made.cell.recurrent_kernel, made.cell.bias, made.cell.peephole),
        strict=True,
    ):
        assert weight is own


def saved(path: Path) -> keras.Model:
    inputs = keras.Input((None, INPUTS))
    hidden = layer(
        "float32",
        name="first",
        kernel_initializer=keras.initializers.GlorotUniform(seed=1),
        recurrent_initializer=keras.initializers.Orthogonal(seed=2),
    )(inputs)[0]
    hidden = PeepholeLSTM(5, return_sequences=True, name="second")(hidden)
    model = keras.Model(inputs, hidden)
    model.save(path)
    return model


def test_a_saved_layer_is_loaded_as_it_was(tmp_path: Path) -> None:
    model = saved(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for made, expected in zip(loaded.layers, model.layers, strict=True):
        assert type(made) is type(expected)
        assert made.get_config() == expected.get_config()
    inputs = tf.constant(values(4, 9, INPUTS), tf.float32)
    np.testing.assert_array_equal(loaded(inputs), model(inputs))


def test_the_file_tells_whose_layer_it_is_and_nothing_of_its_cell(tmp_path: Path) -> None:
    saved(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        description = json.loads(archive.read("config.json"))["config"]["layers"][1]
    assert description["registered_name"] == "charrnn>PeepholeLSTM"
    assert description["config"]["units"] == UNITS
    assert "cell" not in description["config"]


def test_another_program_opens_the_file_once_it_has_imported_the_module(tmp_path: Path) -> None:
    saved(tmp_path / "model.keras")
    program = (
        "import keras, charrnn.model.recurrent; "
        "print(*[layer.name for layer in keras.saving.load_model('model.keras').layers[1:]])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == ["first", "second"], result.stderr
