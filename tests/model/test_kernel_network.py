"""The network of the kernels against the network of Keras's layers."""

from typing import Any, Final

import numpy as np
import pytest
import tensorflow as tf

from charrnn.model.cells import CELLS
from charrnn.model.kernel_config import KernelConfig
from charrnn.model.kernel_network import KernelNetwork
from charrnn.model.network import Masks, State, StatefulNetwork, build_network
from charrnn.settings.architecture import GATES, STATES, Architecture
from charrnn.settings.configuration import Activation, Cell, Output

BATCH: Final = 3
TIME: Final = 5
UNITS: Final = 4

SHARDS: Final = 2


def architecture(
    cell: Cell, activation: Activation, layers: int, output: Output = "own"
) -> Architecture:
    return Architecture(
        cell=cell,
        vocabulary_size=11,
        embedding=5,
        layers=layers,
        units=UNITS,
        dropout=0.5,
        activation=activation,
        output=output,
    )


def networks(
    cell: Cell,
    activation: Activation = "tanh",
    layers: int = 2,
    *,
    dtype: tf.DType = tf.float32,
    shard_axis: Any = "units",
    output: Output = "own",
) -> tuple[StatefulNetwork, KernelNetwork]:
    """Both networks on the same weights, none of which is zero."""
    shape = architecture(cell, activation, layers, output)
    model = build_network(shape)
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(0, 0.3, weight.shape) for weight in model.weights])
    config = KernelConfig(dtype, SHARDS, shard_axis)
    return StatefulNetwork(model, shape), KernelNetwork(model, shape, config)


def ids(seed: int, time: int = TIME) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).integers(0, 11, (BATCH, time)), tf.int32)


def random(seed: int, *shape: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).normal(0, 0.5, shape), tf.float32)


def state_of(network: StatefulNetwork) -> State:
    tensors = STATES[network.architecture.cell]
    return [
        [random(10 * layer + tensor, BATCH, UNITS) for tensor in range(tensors)]
        for layer in range(network.architecture.layers)
    ]


def masks_of(network: StatefulNetwork) -> Masks:
    """What leaves out a half of everything."""
    generator = np.random.default_rng(1)

    def halves(*shape: int) -> tf.Tensor:
        return tf.constant(2.0 * generator.integers(0, 2, shape), tf.float32)

    sizes = network.architecture
    columns = GATES[sizes.cell] * UNITS
    return Masks(
        [halves(BATCH, UNITS) for _ in range(sizes.layers)],
        [halves(UNITS, columns) for _ in range(sizes.layers)],
        [halves(BATCH, sizes.vocabulary_size)],
    )


def learned(network: StatefulNetwork) -> dict[str, Any]:
    """Nats and state after a window with dropout, and the gradients of a sum of both."""
    variables = [variable.value for variable in network.model.trainable_variables]
    masks = masks_of(network)

    @tf.function(autograph=False)
    def learn(inputs: tf.Tensor, targets: tf.Tensor, state: State) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(state)
            nats, after = network.nats(inputs, targets, state, masks)
            loss = tf.reduce_sum(nats * random(2, BATCH, TIME))
            loss += sum(tf.reduce_sum(tensor**3) for tensor in tf.nest.flatten(after))
        sources = [*variables, *tf.nest.flatten(state)]
        gradients = [tf.convert_to_tensor(one) for one in tape.gradient(loss, sources)]
        return nats, tf.nest.flatten(after), gradients

    nats, after, gradients = learn(ids(3), ids(4), state_of(network))
    names = [variable.path for variable in network.model.trainable_variables]
    names += [f"state {number}" for number in range(len(after))]
    return {
        "nats": nats,
        **{f"after {number}": tensor for number, tensor in enumerate(after)},
        **{f"d {name}": gradient for name, gradient in zip(names, gradients, strict=True)},
    }


@pytest.mark.parametrize(
    ("cell", "activation", "layers", "shard_axis", "output"),
    [
        *((*kind, 2, "units", "own") for kind in CELLS),
        ("lstm", "tanh", 1, "units", "tied"),
        ("lstm", "tanh", 1, "batch", "own"),
        ("lstm", "tanh", 1, "batch", "tied"),
        ("gru", "tanh", 3, "batch", "tied"),
        ("peephole_lstm", "tanh", 1, "batch", "tied"),
        ("simple_rnn", "relu", 2, "batch", "tied"),
    ],
)
def test_a_window_is_learned_as_keras_layers_learn_it(
    cell: Cell, activation: Activation, layers: int, shard_axis: Any, output: Output
) -> None:
    plain, fused = networks(cell, activation, layers, shard_axis=shard_axis, output=output)
    expected, found = learned(plain), learned(fused)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert np.abs(array).max() > 0, name
        difference = np.abs(found[name] - array).max()
        assert difference <= 1e-4 * np.abs(array).max(), name


@pytest.mark.parametrize(("cell", "activation"), list(CELLS))
def test_two_windows_are_one_long_one(cell: Cell, activation: Activation) -> None:
    _, fused = networks(cell, activation)
    whole, end = fused.nats(ids(3), ids(4), fused.zero_state(BATCH))
    first, middle = fused.nats(ids(3)[:, :2], ids(4)[:, :2], fused.zero_state(BATCH))
    second, end_of_parts = fused.nats(ids(3)[:, 2:], ids(4)[:, 2:], middle)
    np.testing.assert_allclose(tf.concat([first, second], 1), whole, atol=1e-5)
    for one, other in zip(tf.nest.flatten(end_of_parts), tf.nest.flatten(end), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("output", ["own", "tied"])
@pytest.mark.parametrize("shard_axis", ["units", "batch"])
def test_nats_are_those_of_the_logits_and_one_character_is_a_window(
    shard_axis: Any, output: Output
) -> None:
    plain, fused = networks("lstm", shard_axis=shard_axis, output=output)
    state = state_of(fused)
    for time in (TIME, 1):
        logits, _ = plain(ids(3, time), state)
        nats, _ = fused.nats(ids(3, time), ids(4, time), state)
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        wanted = np.take_along_axis(probabilities, ids(4, time).numpy()[..., None], -1)[..., 0]
        np.testing.assert_allclose(nats, -np.log(wanted), atol=1e-5)


@pytest.mark.parametrize("output", ["own", "tied"])
def test_products_of_bfloat16_hand_on_full_precision(output: Output) -> None:
    _, exact = networks("lstm", output=output)
    _, rough = networks("lstm", dtype=tf.bfloat16, output=output)
    expected, found = learned(exact), learned(rough)
    assert {tensor.dtype for tensor in found.values()} == {tf.float32}
    np.testing.assert_allclose(found["nats"], expected["nats"], rtol=0.02)
    for name, array in expected.items():
        assert np.linalg.norm(found[name] - array) <= 0.02 * np.linalg.norm(array), name
    assert np.abs(found["nats"] - expected["nats"]).max() > 0
