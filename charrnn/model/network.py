"""The network as plain Keras layers, read with an explicit state."""

from typing import Final, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from charrnn.model.peephole import PeepholeLSTM
from charrnn.settings.architecture import STATES, Architecture
from charrnn.settings.configuration import Output

State = list[list[tf.Tensor]]
"""For each recurrent layer its tensors `(batch_size, units)`: h, and for an LSTM also c."""

LAST_LAYERS: Final[dict[Output, str]] = {"own": "logits", "tied": "projection"}
"""What the Dense layer is called that the output ends in, or leads through."""


class Masks(NamedTuple):
    """What a step leaves out: zeros, among numbers that make up for them.

    Attributes:
        outputs: For each recurrent layer what its output is multiplied by, `(batch_size, units)`.
        weights: For each recurrent layer what its recurrent kernel is multiplied by, of its shape.
        tokens: What the vectors of characters are multiplied by, `(batch_size,
            vocabulary_size)`.

    Empty where nothing is left out.
    """

    outputs: list[tf.Tensor] = []  # noqa: RUF012 (never changed)
    weights: list[tf.Tensor] = []  # noqa: RUF012
    tokens: list[tf.Tensor] = []  # noqa: RUF012


NO_MASKS: Final = Masks()


def build_network(architecture: Architecture, seed: int = 0) -> keras.Model:
    """Build the Keras model that a checkpoint holds.

    Args:
        architecture: Its sizes.
        seed: Decides the initial weights.

    Returns:
        A functional model from ids `(batch_size, time)` to logits `(batch_size, time,
        vocabulary_size)`: Embedding, recurrent layers with locked dropout (Gal & Ghahramani,
        2016: one mask for all steps), Dense; and where the output is tied, the Embedding again.
    """
    seeds = iter(np.random.SeedSequence(seed).generate_state(3 * architecture.layers + 2))

    def next_seed() -> int:
        return int(next(seeds))

    ids = keras.Input((None,), dtype="int32", name="ids")
    is_tied = architecture.output == "tied"
    embedding = (keras.layers.ReversibleEmbedding if is_tied else keras.layers.Embedding)(
        architecture.vocabulary_size,
        architecture.embedding,
        embeddings_initializer=keras.initializers.RandomNormal(0.0, 0.1, seed=next_seed()),
        name="embedding",
    )
    hidden = embedding(ids)
    for number in range(1, architecture.layers + 1):
        layer = _recurrent(architecture, f"recurrent_{number}", next_seed(), next_seed())
        hidden = layer(hidden)[0]
        hidden = keras.layers.Dropout(
            architecture.dropout,
            noise_shape=(None, 1, None),
            seed=next_seed(),
            name=f"dropout_{number}",
        )(hidden)
    last = keras.layers.Dense(
        architecture.embedding if is_tied else architecture.vocabulary_size,
        kernel_initializer=keras.initializers.GlorotUniform(seed=next_seed()),
        dtype="float32",
        name=LAST_LAYERS[architecture.output],
    )(hidden)
    logits = embedding(last, reverse=True) if is_tied else last
    return keras.Model(ids, logits, name="charrnn")


def _recurrent(
    architecture: Architecture, name: str, kernel_seed: int, recurrent_seed: int
) -> keras.layers.Layer:
    """One recurrent layer; its arguments keep the conditions of Keras's cuDNN kernels."""
    rectified = architecture.cell == "simple_rnn" and architecture.activation == "relu"
    arguments = {
        "units": architecture.units,
        "return_sequences": True,
        "return_state": True,
        "kernel_initializer": keras.initializers.GlorotUniform(seed=kernel_seed),
        # Rectified units keep their gradients from the identity (Le, Jaitly & Hinton, 2015).
        "recurrent_initializer": keras.initializers.Identity()
        if rectified
        else keras.initializers.Orthogonal(seed=recurrent_seed),
        "name": name,
    }
    if architecture.cell == "lstm":
        return keras.layers.LSTM(**arguments)
    if architecture.cell == "peephole_lstm":
        return PeepholeLSTM(**arguments)
    if architecture.cell == "gru":
        return keras.layers.GRU(reset_after=True, **arguments)
    return keras.layers.SimpleRNN(activation=architecture.activation, **arguments)


class StatefulNetwork:
    """The layers of a Keras model, called with a state that is passed in and handed back.

    Args:
        model: A model of `build_network`, or one loaded from a checkpoint.
        architecture: Its sizes.
    """

    def __init__(self, model: keras.Model, architecture: Architecture) -> None:
        self.model = model
        self.architecture = architecture
        self._embedding = model.get_layer("embedding")
        self._recurrent = [
            model.get_layer(f"recurrent_{number}") for number in range(1, architecture.layers + 1)
        ]
        self._last = model.get_layer(LAST_LAYERS[architecture.output])
        self._is_tied = architecture.output == "tied"

    def __call__(
        self, ids: tf.Tensor, state: State, masks: Masks = NO_MASKS
    ) -> tuple[tf.Tensor, State]:
        """Read on from a state.

        Args:
            ids: `(batch_size, time)` int32.
            state: Where the last call ended, or `zero_state`.
            masks: Dropout of this window.

        Returns:
            Logits `(batch_size, time, vocabulary_size)` float32, and the state after them.
        """
        hidden = self._embedding(ids)
        for mask in masks.tokens:
            hidden *= tf.gather(mask, ids, batch_dims=1)[:, :, None]
        after: State = []
        # Keras's layers read what stands here in the place of their variables.
        with keras.StatelessScope(self._thinned(masks)):
            for number, layer in enumerate(self._recurrent):
                hidden, *layer_state = layer(hidden, initial_state=state[number])
                after.append(layer_state)
                if masks.outputs:
                    hidden *= masks.outputs[number][:, None, :]
        last = self._last(hidden)
        return self._embedding(last, reverse=True) if self._is_tied else last, after

    def nats(
        self, ids: tf.Tensor, targets: tf.Tensor, state: State, masks: Masks = NO_MASKS
    ) -> tuple[tf.Tensor, State]:
        """The loss of every character, and the state after them.

        Args:
            ids: `(batch_size, time)` int32, what is read.
            targets: `(batch_size, time)` int32, what should be foretold.
            state: Where the last call ended, or `zero_state`.
            masks: Dropout of this window.

        Returns:
            Nats `(batch_size, time)` float32, and the state after the window.
        """
        logits, state = self(ids, state, masks)
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        return nats, state

    def _thinned(self, masks: Masks) -> list[tuple[keras.Variable, tf.Tensor]]:
        """The recurrent kernels without what masks leave out (Wan et al., 2013, DropConnect)."""
        kernels = [layer.cell.recurrent_kernel for layer in self._recurrent]
        return [
            (kernel, kernel.value * mask)
            for kernel, mask in zip(kernels, masks.weights, strict=False)
        ]

    def zero_state(self, batch_size: int) -> State:
        """The state before the first character."""
        tensors = STATES[self.architecture.cell]
        shape = (batch_size, self.architecture.units)
        return [[tf.zeros(shape) for _ in range(tensors)] for _ in range(self.architecture.layers)]
