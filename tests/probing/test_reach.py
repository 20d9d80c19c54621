"""The gradients that are followed back are those that TensorFlow finds."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.decoding.weights import NetworkWeights
from charrnn.model.network import build_network
from charrnn.probing.reach import reach
from charrnn.probing.trace import ReferenceNetwork
from charrnn.settings.configuration import Activation, Cell, Output
from tests.probing.networks import TOKENS, architecture_of, every_kind, random_arrays

IDS = np.random.default_rng(2).integers(0, TOKENS, 40)
PLACES = (25, 31, 39)
DISTANCES = 20


def log_probability(
    model: keras.Model, embedded: tf.Tensor, states: list[list[tf.Tensor]], target: int
) -> tf.Tensor:
    """Of a token after the embedding vectors `(1, time, embedding)`, from a state."""
    recurrent = [layer for layer in model.layers if layer.name.startswith("recurrent")]
    outputs = embedded
    for layer, state in zip(recurrent, states, strict=True):
        outputs = layer(outputs, initial_state=state)[0]
    logits = model.layers[-1](outputs) if model.layers[-1].name == "logits" else None
    if logits is None:
        projected = model.get_layer("projection")(outputs)
        logits = model.get_layer("embedding")(projected, reverse=True)
    return tf.nn.log_softmax(logits[0, -1])[target]


@every_kind
def test_gradients_are_those_of_tensorflow(
    cell: Cell, activation: Activation, layers: int, output: Output
) -> None:
    architecture = architecture_of(cell, activation, layers, output)
    arrays = random_arrays(architecture)
    model = build_network(architecture)
    model.set_weights(arrays)
    network = ReferenceNetwork(NetworkWeights.from_keras(arrays, architecture), architecture)
    trace = network.read(IDS)
    found = reach(network, trace, PLACES, DISTANCES)
    for row, place in enumerate(PLACES):
        for distance in (2, 5, DISTANCES):
            after = place - distance + 1  # tokens read before the state
            states = [
                [tf.constant(one[None]) for one in layer.state(after) if one is not None]
                for layer in trace.layers
            ]
            embedded = tf.constant(arrays[0][IDS[None, after:place]])
            with tf.GradientTape() as tape:
                tape.watch([embedded, states])
                value = log_probability(model, embedded, states, int(IDS[place]))
            of_inputs, of_states = tape.gradient(value, [embedded, states])
            hidden = tf.linalg.global_norm([one[0] for one in of_states])
            np.testing.assert_allclose(found.hidden[row, distance - 1], hidden, atol=1e-4)
            inputs = np.linalg.norm(of_inputs[0].numpy(), axis=-1)[::-1]
            np.testing.assert_allclose(found.inputs[row, : distance - 1], inputs, atol=1e-4)
            if found.cell is None:
                assert all(len(one) == 1 for one in of_states)
            else:
                cells = tf.linalg.global_norm([one[1] for one in of_states])
                np.testing.assert_allclose(found.cell[row, distance - 1], cells, atol=1e-4)


@pytest.mark.parametrize("places", [[DISTANCES - 1], [40]])
def test_what_is_too_near_the_beginning_is_refused(places: list[int]) -> None:
    architecture = architecture_of("lstm", "tanh", 1, "own")
    weights = NetworkWeights.from_keras(random_arrays(architecture), architecture)
    network = ReferenceNetwork(weights, architecture)
    with pytest.raises(ValueError, match="each place needs 20 tokens before it"):
        reach(network, network.read(IDS), places, DISTANCES)
