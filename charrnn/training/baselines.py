"""Losses that need no network, to tell how much a network has learned."""

import lzma
import math

import numpy as np
import numpy.typing as npt

LONGEST_COMPRESSED = 8_000_000
"""Characters compressed at most: xz takes a second for each million."""


def unigram_entropy(
    training: npt.NDArray[np.unsignedinteger],
    validation: npt.NDArray[np.unsignedinteger],
    vocabulary_size: int,
) -> float:
    """Nats per character of guessing by how often each character occurs.

    Args:
        training: `(length,)` ids that are counted; every symbol counts once more (Laplace).
        validation: `(length,)` ids that are guessed.
        vocabulary_size: Number of symbols.
    """
    counts = np.bincount(training, minlength=vocabulary_size) + 1
    guessed = np.bincount(validation, minlength=vocabulary_size) / len(validation)
    return float(-(guessed * np.log(counts / counts.sum())).sum())


def xz_entropy(text: str) -> float:
    """Nats per character of the text compressed by `xz -9`, the whole of it at once."""
    read = text[:LONGEST_COMPRESSED]
    compressed = lzma.compress(read.encode("utf-8", "surrogatepass"), preset=9)
    return len(compressed) * 8 * math.log(2) / max(1, len(read))
