from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.model.network import NO_MASKS, Masks, State, StatefulNetwork, build_network
from charrnn.settings.architecture import STATES, Architecture
from charrnn.settings.configuration import Cell, Output

CELLS: tuple[Cell, ...] = get_args(Cell)
OUTPUTS: tuple[Output, ...] = get_args(Output)


def architecture(
    cell: Cell = "lstm", layers: int = 2, dropout: float = 0.5, output: Output = "own"
) -> Architecture:
    return Architecture(
        cell=cell,
        vocabulary_size=11,
        embedding=5,
        layers=layers,
        units=7,
        dropout=dropout,
        activation="tanh",
        output=output,
    )


def ids(batch: int = 3, time: int = 10) -> tf.Tensor:
    return tf.constant(np.random.default_rng(0).integers(0, 11, (batch, time)), tf.int32)


def network_of(shape: Architecture, seed: int = 3) -> StatefulNetwork:
    """A network none of whose weights is zero."""
    model = build_network(shape)
    generator = np.random.default_rng(seed)
    model.set_weights([generator.normal(0, 0.5, weight.shape) for weight in model.weights])
    return StatefulNetwork(model, shape)


def halves(seed: int, *shape: int) -> np.ndarray:
    """A mask that leaves out about a half, and doubles the rest."""
    return 2 * np.random.default_rng(seed).integers(0, 2, shape).astype(np.float32)


def assert_same_state(one: State, other: State) -> None:
    for first, second in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


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


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_layers_called_with_state_are_the_keras_model(cell: Cell, output: Output) -> None:
    network = network_of(architecture(cell, output=output))
    logits, _ = network(ids(), network.zero_state(3))
    np.testing.assert_allclose(network.model(ids(), training=False), logits, atol=1e-5)


@pytest.mark.parametrize("output", OUTPUTS)
def test_logits_are_products_of_the_last_output(output: Output) -> None:
    network = network_of(architecture(output=output))
    embedding, *_, kernel, bias = network.model.get_weights()
    logits, state = network(ids(), network.zero_state(3))
    expected = state[-1][0] @ kernel + bias
    if output == "tied":
        assert kernel.shape == (7, 5)
        expected = expected @ embedding.T
    np.testing.assert_allclose(logits[:, -1], expected, atol=1e-5)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_parameters_are_what_the_architecture_says(cell: Cell, layers: int, output: Output) -> None:
    shape = architecture(cell, layers, output=output)
    network = build_network(shape)
    assert network.count_params() == shape.parameters
    counts = [layer.count_params() for layer in network.layers if layer.weights]
    assert counts == [layer.parameters for layer in shape.table() if layer.parameters]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell != "peephole_lstm"])
def test_a_saved_network_loads_with_plain_keras(cell: Cell, output: Output, tmp_path: Path) -> None:
    model = build_network(architecture(cell, output=output))
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
    network = network_of(architecture(layers=1))
    masks = Masks(outputs=[tf.zeros((3, 7))])
    dropped, after = network(ids(), network.zero_state(3), masks)
    bias = np.broadcast_to(network.model.get_layer("logits").bias.numpy(), dropped.shape)
    np.testing.assert_allclose(dropped, bias)
    # What a layer remembers is not left out, only what it hands on.
    assert_same_state(after, network(ids(), network.zero_state(3))[1])


def test_no_masks_leave_nothing_out() -> None:
    network = network_of(architecture())
    ones = Masks([tf.ones((3, 7))] * 2, [tf.ones((7, 28))] * 2, [tf.ones((3, 11))])
    logits, after = network(ids(), network.zero_state(3), ones)
    expected, after_expected = network(ids(), network.zero_state(3), NO_MASKS)
    np.testing.assert_allclose(logits, expected, atol=1e-6)
    assert_same_state(after, after_expected)


@pytest.mark.parametrize("cell", CELLS)
def test_a_mask_of_weights_is_a_network_with_other_weights(cell: Cell) -> None:
    network, thinned = network_of(architecture(cell)), network_of(architecture(cell))
    kernels = [layer.cell.recurrent_kernel for layer in thinned._recurrent]
    masks = [halves(number, *kernel.shape) for number, kernel in enumerate(kernels)]
    for kernel, mask in zip(kernels, masks, strict=True):
        kernel.assign(kernel.value * mask)
    before = network.model.get_weights()
    logits, after = network(
        ids(), network.zero_state(3), Masks(weights=[tf.constant(mask) for mask in masks])
    )
    expected, after_expected = thinned(ids(), thinned.zero_state(3))
    np.testing.assert_allclose(logits, expected, atol=1e-6)
    assert_same_state(after, after_expected)
    whole, _ = network(ids(), network.zero_state(3))
    assert np.abs(whole - logits).max() > 0.01
    for one, other in zip(network.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("cell", CELLS)
def test_only_weights_that_are_kept_learn(cell: Cell) -> None:
    network = network_of(architecture(cell))
    kernels = [layer.cell.recurrent_kernel.value for layer in network._recurrent]
    masks = [halves(number, *kernel.shape) for number, kernel in enumerate(kernels)]
    with tf.GradientTape() as tape:
        nats, _ = network.nats(
            ids(),
            ids()[:, ::-1],
            network.zero_state(3),
            Masks(weights=[tf.constant(mask) for mask in masks]),
        )
    for gradient, mask in zip(tape.gradient(nats, kernels), masks, strict=True):
        np.testing.assert_array_equal(gradient.numpy() != 0, mask != 0)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_mask_of_tokens_hides_them_from_its_row_alone(output: Output) -> None:
    """A row that does not see some tokens is one of a network that has no vectors for them."""
    network = network_of(architecture(output=output))
    mask = np.ones((3, 11), np.float32)
    hidden = {1: [2, 5], 2: [7]}
    for row, tokens in hidden.items():
        mask[row, tokens] = 0
        assert np.isin(ids().numpy()[row], tokens).any()
    logits, after = network(ids(), network.zero_state(3), Masks(tokens=[tf.constant(mask)]))
    for row in range(3):
        blind = network_of(architecture(output=output))
        vectors = blind.model.get_layer("embedding").embeddings
        vectors.assign(vectors.value * mask[row][:, None])
        expected, after_expected = blind(ids(), blind.zero_state(3))
        assert_same_state(
            [[tensor[row] for tensor in layer] for layer in after],
            [[tensor[row] for tensor in layer] for layer in after_expected],
        )
        # What is not seen can be foretold all the same.
        seen = mask[row] == 1 if output == "tied" else slice(None)
        np.testing.assert_allclose(
            logits[row].numpy()[:, seen], expected[row].numpy()[:, seen], atol=1e-5
        )
    assert np.all(logits.numpy() != 0)


def test_a_mask_of_tokens_scales_the_vectors_that_are_seen() -> None:
    network, doubled = network_of(architecture()), network_of(architecture())
    vectors = doubled.model.get_layer("embedding").embeddings
    vectors.assign(2 * vectors.value)
    masks = Masks(tokens=[tf.fill((3, 11), 2.0)])
    logits, _ = network(ids(), network.zero_state(3), masks)
    np.testing.assert_allclose(logits, doubled(ids(), doubled.zero_state(3))[0], atol=1e-6)


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
