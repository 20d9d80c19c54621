"""Ids laid side by side: the text as streams that a network reads in parallel."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.reading import Corpus

SHORTEST_WINDOW: Final = 64
LONGEST_WINDOW: Final = 192

EVALUATION_STREAMS: Final = 64
EVALUATION_WARM_UP: Final = 128
SHORTEST_EVALUATION_STREAM: Final = 512


def natural_window(corpus: Corpus) -> int:
    """Characters that each stream should read in one step of training.

    The error of a step reaches back to where its window began. Three poems of four fit into the
    window, within limits, so that what rhymes and how many lines there are can be learned.
    """
    if corpus.layout == "text":
        return SHORTEST_WINDOW
    most = float(np.quantile(corpus.stops - corpus.starts, 0.75))
    return min(LONGEST_WINDOW, max(SHORTEST_WINDOW, 16 * math.ceil(most / 16)))


@dataclass(frozen=True, slots=True)
class EvaluationStreams:
    """A text laid out so that every character but the first is predicted once.

    Attributes:
        inputs: `(streams, length)` ids read.
        targets: `(streams, length)` ids to predict.
        counted: `(streams, length)` bool; false where a stream warms up or is padded.
    """

    inputs: npt.NDArray[np.unsignedinteger]
    targets: npt.NDArray[np.unsignedinteger]
    counted: npt.NDArray[np.bool_]


def evaluation_streams(ids: npt.NDArray[np.unsignedinteger]) -> EvaluationStreams:
    """Lay out a text for a stateful evaluation that does not take all day.

    One pass from a zero state over the whole text would read one character at a time. Here the
    text is cut into streams of equal length, and each first reads, uncounted, the characters
    before its cut, so that its state there is nearly what the one long pass would have carried.

    Args:
        ids: `(length,)` ids of the text, at least two.

    Returns:
        Up to `EVALUATION_STREAMS` streams, fewer where they would be short.
    """
    predictions = len(ids) - 1
    streams = max(1, min(EVALUATION_STREAMS, predictions // SHORTEST_EVALUATION_STREAM))
    length = -(-predictions // streams)
    warm_up = EVALUATION_WARM_UP if streams > 1 else 0
    positions = (
        np.arange(streams)[:, None] * length + np.arange(-warm_up, length)[None, :]
    )  # (streams, warm_up + length)
    owned = np.arange(-warm_up, length) >= 0
    inside = (positions >= 0) & (positions < predictions)
    positions = positions.clip(0, predictions - 1)
    return EvaluationStreams(ids[positions], ids[positions + 1], inside & owned)
