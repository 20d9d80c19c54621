"""`model.predict` on the last characters, as in the examples of keras.io and in textgenrnn.

The network has no state between calls: each character is predicted from a window of those before
it, which is read from its beginning every time.
"""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from benchmarks.generation.contestants import TEMPERATURE, WINDOW, Write


def open_writer(checkpoint: Path) -> Write:
    """Load the network of a checkpoint."""
    model = predicting_model(checkpoint)
    generator = np.random.default_rng(0)

    def write(poems: int, characters: int) -> list[list[int]]:
        windows = np.zeros((poems, WINDOW), np.int32)
        written: list[list[int]] = [[] for _ in range(poems)]
        for _ in range(characters):
            probabilities = model.predict(windows, verbose=0)
            drawn = sample(probabilities, generator)
            windows = np.concatenate((windows[:, 1:], drawn[:, None]), axis=1)
            for text, token in zip(written, drawn.tolist(), strict=True):
                text.append(token)
        return written

    return write


def predicting_model(checkpoint: Path) -> keras.Model:
    """From windows `(batch, WINDOW)` to probabilities `(batch, vocabulary)` of what follows."""
    trained = keras.saving.load_model(checkpoint / "model.keras")
    embedding, *recurrent, logits = [layer for layer in trained.layers if layer.weights]
    ids = keras.Input((WINDOW,), dtype="int32")
    hidden = embedding(ids)
    for number, layer in enumerate(recurrent, 1):
        last = number == len(recurrent)
        plain = keras.layers.LSTM(layer.units, return_sequences=not last)
        hidden = plain(hidden)
        plain.set_weights(layer.get_weights())
    return keras.Model(ids, keras.layers.Softmax()(logits(hidden)))


def sample(
    probabilities: npt.NDArray[np.float32], generator: np.random.Generator
) -> npt.NDArray[np.int32]:
    """Draw a token of each row, `(batch, vocabulary)` to `(batch,)`."""
    with np.errstate(divide="ignore"):
        scaled = np.exp(np.log(probabilities.astype(np.float64)) / TEMPERATURE)
    cumulative = (scaled / scaled.sum(axis=1, keepdims=True)).cumsum(axis=1)
    drawn = (cumulative < generator.random((len(scaled), 1))).sum(axis=1)
    # Rounding may leave the last sum below 1.
    tokens: npt.NDArray[np.int32] = np.minimum(drawn, scaled.shape[1] - 1).astype(np.int32)
    return tokens
