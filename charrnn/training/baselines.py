"""Losses that need no network, to compare with."""

import lzma
import math

import numpy as np
import numpy.typing as npt

from charrnn.corpus.store import Text, blocks
from charrnn.corpus.vocabulary import Ids

LONGEST_COMPRESSED = 8_000_000
"""Most characters that are compressed: xz takes a second for each million."""


def unigram_entropy(
    training: Ids,
    validation: Ids,
    vocabulary_size: int,
) -> float:
    """Nats per character of predicting every character by its frequency.

    Args:
        training: `(length,)` ids that are counted, with add-one smoothing.
        validation: `(length,)` ids that are predicted.
        vocabulary_size: Number of tokens.
    """
    counts = _counts(training, vocabulary_size) + 1
    guessed = _counts(validation, vocabulary_size) / len(validation)
    return float(-(guessed * np.log(counts / counts.sum())).sum())


def _counts(ids: Ids, vocabulary_size: int) -> npt.NDArray[np.int64]:
    """`(vocabulary_size,)` occurrences of every token."""
    counts = np.zeros(vocabulary_size, np.int64)
    # np.bincount copies to 8 bytes a number, so it gets one block at a time.
    for block in blocks(ids):
        counts += np.bincount(block, minlength=vocabulary_size)
    return counts


def xz_entropy(text: Text) -> float:
    """Nats per character of a text, or of its beginning, compressed by `xz -9` in one piece."""
    read = text[:LONGEST_COMPRESSED]
    compressed = lzma.compress(read.encode("utf-8", "surrogatepass"), preset=9)
    return len(compressed) * 8 * math.log(2) / max(1, len(read))
