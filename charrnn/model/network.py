"""The network of plain Keras layers, called with an explicit state."""

from typing import Final, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from charrnn.model.recurrent import PeepholeLSTM
from charrnn.settings.architecture import STATES, Architecture
from charrnn.settings.configuration import Output

State = list[list[tf.Tensor]]
"""Tensors `(batch_size, units)` of each recurrent layer: h, and for an LSTM also c."""

LAST_LAYERS: Final[dict[Output, str]] = {"own": "logits", "tied": "projection"}
"""Name of the Dense layer."""


class Masks(NamedTuple):
    """Factors for dropout: 0 for dropped values, above 1 for the others. Empty without dropout.

    Attributes:
        outputs: For the output of each recurrent layer, `(batch_size, units)`.
        weights: For the recurrent kernel of each layer, in its shape.
        tokens: For the embedding vectors, `(batch_size, vocabulary_size)`; at most one.
    """

    outputs: list[tf.Tensor] = []  # noqa: RUF012 (never changed)
    weights: list[tf.Tensor] = []  # noqa: RUF012
    tokens: list[tf.Tensor] = []  # noqa: RUF012


NO_MASKS: Final = Masks()


def build_network(architecture: Architecture, seed: int = 0) -> keras.Model:
    """Build the Keras model of a checkpoint.

    Args:
        architecture: The sizes.
        seed: Seed of the initial weights.

    Returns:
        A functional model from ids `(batch_size, time)` to logits `(batch_size, time,
        vocabulary_size)`: Embedding, recurrent layers with locked dropout (one mask for all steps,
        Gal & Ghahramani, 2016), Dense, and the Embedding again for a tied output.
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
    """One recurrent layer, with arguments that allow Keras to use cuDNN."""
    rectified = architecture.cell == "simple_rnn" and architecture.activation == "relu"
    arguments = {
        "units": architecture.units,
        "return_sequences": True,
        "return_state": True,
        "kernel_initializer": keras.initializers.GlorotUniform(seed=kernel_seed),
        # The identity keeps the gradients of rectified units (Le, Jaitly & Hinton, 2015).
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
    """The layers of a Keras model, called with an explicit state.

    Args:
        model: A model of `build_network`, or one loaded from a checkpoint.
        architecture: The sizes.
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
        """Read a window.

        Args:
            ids: `(batch_size, time)` int32.
            state: State of the last call, or `zero_state`.
            masks: Dropout masks.

        Returns:
            Logits `(batch_size, time, vocabulary_size)` float32, and the new state.
        """
        hidden = self._embedding(ids)
        for mask in masks.tokens:
            hidden *= tf.gather(mask, ids, batch_dims=1)[:, :, None]
        after: State = []
        # In this scope, the layers use the masked kernels instead of their variables.
        with keras.StatelessScope(self._masked_kernels(masks)):
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
        """The loss of each target.

        Args:
            ids: `(batch_size, time)` int32 ids to read.
            targets: `(batch_size, time)` int32 ids to predict.
            state: State of the last call, or `zero_state`.
            masks: Dropout masks.

        Returns:
            Nats `(batch_size, time)` float32, and the new state.
        """
        logits, state = self(ids, state, masks)
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        return nats, state

    def _masked_kernels(self, masks: Masks) -> list[tuple[keras.Variable, tf.Tensor]]:
        """The recurrent kernels with dropped weights (DropConnect, Wan et al., 2013)."""
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
