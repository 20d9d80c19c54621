"""Networks whose predictions are tables, so that what is made of them can be worked out by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.configuration import Layout


class TableModel:
    """Predicts by the last token alone, and remembers what it has read.

    Its state is one layer of one array `(batch, 1)`: the tokens read, as digits.

    Args:
        table: `(vocabulary, vocabulary)` logits after each token.
    """

    def __init__(self, table: np.ndarray) -> None:
        self.table = table.astype(np.float32)

    @property
    def vocabulary_size(self) -> int:
        return len(self.table)

    def initial_state(self, batch: int) -> tuple[tuple[np.ndarray, ...], ...]:
        return ((np.zeros((batch, 1)),),)

    def step(self, ids, state):
        return self.table[ids], ((state[0][0] * 10 + np.asarray(ids)[:, None],),)

    def read(self, ids, state):
        for column in ids.T:
            state = self.step(column, state)[1]
        return self.table[ids], state


def table_generator(
    predictions: Mapping[str, float],
    layout: Layout = "blocks",
    poems_by_lines: Sequence[int] = (),
    *,
    ends: float = 0.0,
    unknown: float = 0.0,
    ngram_filters: Sequence[Any] = (),
) -> TextGenerator:
    """A writer that predicts alike after every token.

    Args:
        predictions: The probability of each character of its alphabet; any scale.
        layout: The layout it learned.
        poems_by_lines: How many poems had 1, 2, 3 ... lines.
        ends: The probability of the poem break.
        unknown: The probability of the unknown token.
        ngram_filters: What stands for the filters of the texts it learned.
    """
    vocabulary = Vocabulary(tuple(sorted(predictions)))
    row = [ends, unknown, *(predictions[character] for character in vocabulary.characters)]
    logits = np.log(np.maximum(row, 1e-30))
    model = TableModel(np.tile(logits, (len(row), 1)))
    return TextGenerator(
        model,
        vocabulary,
        layout,
        poems_by_lines=poems_by_lines,
        open_ngram_filters=lambda: ngram_filters,
    )


def probabilities(generator: TextGenerator, prompt: str = "") -> dict[str, float]:
    """What comes next after a prompt: each character, "end" and "unknown", none below 1e-9."""
    logits = generator.begin(prompt).logits.astype(np.float64)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    names = ("end", "unknown", *generator.vocabulary.characters)
    assert END_OF_POEM == 0
    return {name: float(share) for name, share in zip(names, shares, strict=True) if share > 1e-9}
