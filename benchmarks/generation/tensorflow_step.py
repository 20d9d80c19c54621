"""A `tf.function` that reads a character, draws the next one and hands the state on."""

from pathlib import Path

import keras
import tensorflow as tf

from benchmarks.generation.contestants import TEMPERATURE, Write

State = list[list[tf.Tensor]]


def open_writer(checkpoint: Path, *, jit_compile: bool = False) -> Write:
    """Load the network of a checkpoint."""
    network = StepNetwork(checkpoint)

    @tf.function(jit_compile=jit_compile)  # type: ignore[untyped-decorator]
    def step(ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        logits, state = network(ids, state)
        drawn = tf.random.categorical(logits / TEMPERATURE, 1, dtype=tf.int32)
        return drawn[:, 0], state

    def write(poems: int, characters: int) -> list[list[int]]:
        ids, state = tf.zeros(poems, tf.int32), network.initial_state(poems)
        written: list[list[int]] = [[] for _ in range(poems)]
        for _ in range(characters):
            ids, state = step(ids, state)
            for text, token in zip(written, ids.numpy().tolist(), strict=True):
                text.append(token)
        return written

    return write


class StepNetwork:
    """The cells of a trained network, one step at a time."""

    def __init__(self, checkpoint: Path) -> None:
        model = keras.saving.load_model(checkpoint / "model.keras")
        layers = [layer for layer in model.layers if layer.weights]
        self.embedding, *self.recurrent, self.logits = layers

    def initial_state(self, batch: int) -> State:
        """Zeros."""
        return [
            [tf.zeros((batch, layer.units)), tf.zeros((batch, layer.units))]
            for layer in self.recurrent
        ]

    def __call__(self, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """From ids `(batch,)` to logits `(batch, vocabulary)`, and the new state."""
        hidden, after = self.embedding(ids), []
        for layer, before in zip(self.recurrent, state, strict=True):
            hidden, layer_state = layer.cell(hidden, before)
            after.append(layer_state)
        return self.logits(hidden), after
