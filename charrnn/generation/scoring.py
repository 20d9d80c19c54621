"""How well a network foresees a text."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.streams import EvaluationStreams, Window
from charrnn.corpus.vocabulary import Ids
from charrnn.errors import CorpusError
from charrnn.generation.engine import Logits, StepModel
from charrnn.generation.filters import Mask, log_softmax

LARGEST_LOGITS: Final = 2 * 2**20
"""Logits held at once (8 MiB): the texts of a large vocabulary are read a few steps at a time."""

LONGEST_READING: Final = 32
"""Steps read at once, where the products are as fast as they get and memory stays small."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well a text was foreseen.

    Attributes:
        nats: Sum of the surprise of every character scored.
        characters: Their number.
        among: How well some of its characters were foreseen; None where none were asked about.
    """

    nats: float
    characters: int
    among: "Score | None" = None

    @property
    def nats_per_character(self) -> float:
        """Mean surprise in nats."""
        return self.nats / self.characters

    @property
    def bits_per_character(self) -> float:
        """Mean surprise in bits."""
        return self.nats_per_character / math.log(2)

    @property
    def perplexity(self) -> float:
        """Number of equally likely characters that would surprise as much."""
        try:
            return math.exp(self.nats_per_character)
        except OverflowError:
            return math.inf


def score(
    model: StepModel,
    ids: Ids,
    report: Callable[[int], None] | None = None,
    among: Mask | None = None,
) -> Score:
    """Score a text, read as training's own evaluation reads it.

    Args:
        model: The network.
        ids: `(length,)` the text; every symbol but the first is scored, poem breaks too.
        report: Called with the number of symbols scored since the last call.
        among: `(vocabulary_size,)`, true for symbols that are to be counted apart as well.

    Raises:
        CorpusError: There are fewer than two symbols.
    """
    if len(ids) < 2:
        raise CorpusError(
            f"the text is too short to be scored: it has {len(ids)} "
            f"character{'' if len(ids) == 1 else 's'}, and 2 are needed."
        )
    streams = EvaluationStreams(ids)
    steps = max(
        1, min(LONGEST_READING, LARGEST_LOGITS // (streams.streams * model.vocabulary_size))
    )
    state = model.initial_state(streams.streams)
    nats, apart, characters = 0.0, 0.0, 0
    for window in streams.windows(steps):
        logits, state = model.read(window.inputs, state)
        surprises = _surprises(logits, window)
        nats += surprises.sum(where=window.counted, dtype=np.float64)
        if among is not None:
            counted = window.counted & among[window.targets]
            apart += surprises.sum(where=counted, dtype=np.float64)
            characters += int(counted.sum())
        if report is not None:
            report(int(window.counted.sum()))
    part = Score(float(apart), characters) if characters else None
    return Score(float(nats), streams.characters, part)


def _surprises(logits: Logits, window: Window) -> npt.NDArray[np.float32]:
    """Nats of the symbols of a window, `(streams, steps)`."""
    targets = window.targets[:, :, None].astype(np.intp)
    surprises: npt.NDArray[np.float32] = -np.take_along_axis(log_softmax(logits), targets, axis=-1)[
        ..., 0
    ]
    return surprises
