from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.architecture import STATES, Architecture
from charrnn.config import Cell
from charrnn.model.network import StatefulNetwork, build_network

CELLS: tuple[Cell, ...] = get_args(Cell)


def architecture(cell: Cell = "lstm", layers: int = 2, dropout: float = 0.5) -> Architecture:
    return Architecture(
        cell=cell,
        vocabulary_size=11,
        embedding=5,
        layers=layers,
        units=7,
        dropout=dropout,
        activation="tanh",
    )


def ids(batch: int = 3, time: int = 10) -> tf.Tensor:
    return tf.constant(np.random.default_rng(0).integers(0, 11, (batch, time)), tf.int32)


@pytest.mark.parametrize("cell", CELLS)
def test_reading_in_parts_with_carried_state_is_reading_at_once(cell: Cell) -> None:
    network = StatefulNetwork(build_network(architecture(cell)), architecture(cell))
    whole, end = network(ids(), network.zero_state(3))
    assert [len(layer) for layer in end] == [STATES[cell]] * 2
    first, middle = network(ids()[:, :4], network.zero_state(3))
    second, end_of_parts = network(ids()[:, 4:], middle)
    np.testing.assert_allclose(tf.concat([first, second], axis=1), whole, atol=1e-6)
    for one, other in zip(tf.nest.flatten(end), tf.nest.flatten(end_of_parts), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_the_layers_called_with_state_are_the_keras_model(cell: Cell) -> None:
    model = build_network(architecture(cell))
    network = StatefulNetwork(model, architecture(cell))
    logits, _ = network(ids(), network.zero_state(3))
    np.testing.assert_allclose(model(ids(), training=False), logits, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_parameters_are_what_the_architecture_says(cell: Cell, layers: int) -> None:
    shape = architecture(cell, layers)
    assert build_network(shape).count_params() == shape.parameters


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell != "peephole_lstm"])
def test_a_saved_network_loads_with_plain_keras(cell: Cell, tmp_path: Path) -> None:
    model = build_network(architecture(cell))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert {type(layer).__module__.split(".")[0] for layer in loaded.layers} == {"keras"}
    np.testing.assert_array_equal(loaded(ids(), training=False), model(ids(), training=False))


def test_the_seed_decides_the_weights() -> None:
    one, same, other = (build_network(architecture(), seed).get_weights() for seed in (1, 1, 2))
    for first, second in zip(one, same, strict=True):
        np.testing.assert_array_equal(first, second)
    assert any((first != second).any() for first, second in zip(one, other, strict=True))


def test_masks_multiply_the_output_of_their_layer() -> None:
    shape = architecture(layers=1)
    model = build_network(shape)
    network = StatefulNetwork(model, shape)
    dropped, _ = network(ids(), network.zero_state(3), [tf.zeros((3, 7))])
    bias = np.broadcast_to(model.get_layer("logits").bias.numpy(), dropped.shape)
    np.testing.assert_allclose(dropped, bias)


def test_gradients_flow_through_rectified_units() -> None:
    shape = Architecture(
        cell="simple_rnn",
        vocabulary_size=11,
        embedding=5,
        layers=1,
        units=7,
        dropout=0.0,
        activation="relu",
    )
    model = build_network(shape)
    recurrent = model.get_layer("recurrent_1")
    assert recurrent.activation is keras.activations.relu
    np.testing.assert_array_equal(recurrent.get_weights()[1], np.eye(7))
