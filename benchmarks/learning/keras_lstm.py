"""The character LSTM of Keras's own example, "Character-level text generation with LSTM".

Its sizes and settings (keras.io/examples/generative/lstm_text_generation): windows of 40 one-hot
characters at every third place, an LSTM of 128 units, softmax, RMSprop at 0.01, batches of 128. Its
length in epochs gives way to the clock. Capitals and line ends stay, which the example takes away.
"""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from benchmarks.learning.text import Clock, Ids, Text

CONTEXT = 40
STEP = 3
UNITS = 128
BATCH = 128
RATE = 0.01


def one_hot(ids: Ids, tokens: int) -> npt.NDArray[np.float32]:
    """Rows of zeros with a one, `(batch, time, tokens)`."""
    rows = np.zeros((*ids.shape, tokens), np.float32)
    np.put_along_axis(rows, ids[..., None], 1, axis=-1)
    return rows


def trained(text: Text, clock: Clock) -> Any:
    """A Keras model that has learned until the time was up."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((CONTEXT, text.tokens)),
            keras.layers.LSTM(UNITS),
            keras.layers.Dense(text.tokens, activation="softmax"),
        ]
    )
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.RMSprop(learning_rate=RATE),
    )
    random = np.random.default_rng(0)
    order = np.zeros(0, np.int64)
    while clock.progress() < 1:
        if len(order) < BATCH:
            order = random.permutation(np.arange(0, len(text.training) - CONTEXT, STEP))
        starts, order = order[:BATCH], order[BATCH:]
        windows = text.training[starts[:, None] + np.arange(CONTEXT + 1)]
        model.train_on_batch(one_hot(windows[:, :-1], text.tokens), windows[:, -1])
    return model
