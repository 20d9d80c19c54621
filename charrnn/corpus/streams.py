"""Ids laid side by side: the text as streams that a network reads in parallel."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

EVALUATION_STREAMS: Final = 64
EVALUATION_WARM_UP: Final = 128
SHORTEST_EVALUATION_STREAM: Final = 512


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
    inputs = np.empty((streams, warm_up + length), ids.dtype)
    targets = np.empty_like(inputs)
    counted = np.zeros(inputs.shape, np.bool_)
    for stream in range(streams):
        begin = stream * length - warm_up
        start, stop = max(0, begin), min(begin + warm_up + length, predictions)
        for row, text in ((inputs[stream], ids[:-1]), (targets[stream], ids[1:])):
            row[: start - begin] = text[0]
            row[start - begin : stop - begin] = text[start:stop]
            row[stop - begin :] = text[-1]
        counted[stream, warm_up : stop - begin] = True
    return EvaluationStreams(inputs, targets, counted)
