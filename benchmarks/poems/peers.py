"""Networks of others that learn the same poems for the same time, and write.

Both continue a text, so poems are cut out of what they write as they stand in what they read: on a line
each in Chinese, with two blank lines between them in English.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.learning.text import Clock, Ids, Text
from charrnn.forms.core.form import LanguageName

Predict = Callable[[Ids], npt.NDArray[np.floating[Any]]]
"""From windows `(streams, context)` to the logits of the next character, `(streams, tokens)`."""

TEMPERATURE = 0.8
"""That of nanoGPT's own sample.py."""

STREAMS = 64
STRETCH = 2000
"""Characters that each stream writes before it begins anew."""

STRETCHES = 12
"""Stretches until whoever has not written enough gives up."""

BREAKS: dict[LanguageName, str] = {"chinese": "\n", "english": "\n\n\n"}


@dataclass(frozen=True, slots=True)
class Peer:
    """A trained network.

    Attributes:
        predict: What it computes.
        context: Characters that it reads.
    """

    predict: Predict
    context: int


def text_of(poems: Iterable[str], language: LanguageName) -> Text:
    """The poems as one text."""
    lines = ("".join(poem.split()) for poem in poems) if language == "chinese" else poems
    return Text.of(BREAKS[language].join(lines))


def nanogpt(text: Text, seconds: float) -> Peer:
    """The CPU recipe of nanoGPT; ModuleNotFoundError where PyTorch is not installed."""
    import torch

    from benchmarks.learning.gpt import RECIPES, trained

    recipe = RECIPES["nanoGPT, CPU recipe"]
    network, _ = trained(recipe, text, Clock(time.monotonic(), seconds), autocast=True)
    network.eval()

    @torch.no_grad()
    def predict(windows: Ids) -> Any:
        return network(torch.from_numpy(windows))[:, -1].numpy()

    return Peer(predict, recipe.context)


def keras_example(text: Text, seconds: float) -> Peer:
    """The character LSTM of Keras's example."""
    from benchmarks.learning.keras_lstm import CONTEXT, one_hot, trained

    model = trained(text, Clock(time.monotonic(), seconds))

    def predict(windows: Ids) -> Any:
        return np.log(model.predict_on_batch(one_hot(windows, text.tokens)) + 1e-30)

    return Peer(predict, CONTEXT)


PEERS: dict[str, Callable[[Text, float], Peer]] = {
    "nanoGPT, CPU recipe": nanogpt,
    "Keras's example": keras_example,
}


def poems_by(peer: Peer, text: Text, language: LanguageName, seed: int) -> Iterator[str]:
    """Poems that a peer writes; the first and the last of a stretch are no whole ones."""
    random = np.random.default_rng(seed)
    for _ in range(STRETCHES):
        for stretch in continued(peer, text, STRETCH, random):
            yield from filter(str.strip, stretch.split(BREAKS[language])[1:-1])


def continued(peer: Peer, text: Text, characters: int, random: np.random.Generator) -> list[str]:
    """What a peer writes after random places of the training text, in all streams at once."""
    starts = random.integers(len(text.training) - peer.context, size=STREAMS)
    ids = text.training[starts[:, None] + np.arange(peer.context)]
    written = np.empty((STREAMS, characters), np.int64)
    for place in range(characters):
        # The highest of logits with Gumbel noise is a draw from their softmax.
        noise = random.gumbel(size=(STREAMS, text.tokens))
        drawn = (peer.predict(ids) / TEMPERATURE + noise).argmax(-1)
        written[:, place] = drawn
        ids = np.concatenate([ids[:, 1:], drawn[:, None]], axis=1)
    return ["".join(text.alphabet[one] for one in row) for row in written.tolist()]
