"""A text as nanoGPT divides tiny Shakespeare, and the two protocols its losses are told by."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.protocols import random_windows

Ids = npt.NDArray[np.int64]

WINDOW_BATCHES = 50
WINDOW_BATCH = 64


@dataclass(frozen=True, slots=True)
class Text:
    """A text of few characters, divided.

    Attributes:
        training: `(length,)` ids of the first nine tenths.
        validation: `(length,)` ids of the rest.
        alphabet: The distinct characters, in the order of their ids.
    """

    training: Ids
    validation: Ids
    alphabet: str

    @property
    def tokens(self) -> int:
        """Distinct characters."""
        return len(self.alphabet)

    @classmethod
    def read(cls, path: Path) -> "Text":
        """Read and divide a file."""
        return cls.of(path.read_text(encoding="utf-8"))

    @classmethod
    def of(cls, text: str) -> "Text":
        """Divide a text."""
        alphabet = "".join(sorted(set(text)))
        numbers = {character: number for number, character in enumerate(alphabet)}
        ids = np.array([numbers[character] for character in text], np.int64)
        border = int(0.9 * len(ids))
        return cls(ids[:border], ids[border:], alphabet)


def validation_windows(ids: Ids, length: int) -> Iterator[Any]:
    """The windows that estimate a loss as nanoGPT does, the same for whoever asks."""
    random = np.random.default_rng(0)
    for _ in range(WINDOW_BATCHES):
        yield random_windows(ids, WINDOW_BATCH, length, random)


class Clock:
    """A run that ends when its time is up, and how far it has come.

    Args:
        began: When the time began to count, on `time.monotonic`.
        seconds: How long it is.
    """

    def __init__(self, began: float, seconds: float) -> None:
        self._deadline = began + seconds
        self._first: float | None = None

    def progress(self) -> float:
        """Share of the run that is behind, from 0 to 1 and above."""
        now = time.monotonic()
        if self._first is None:
            self._first = now
        return (now - self._first) / max(1e-9, self._deadline - self._first)


def half_cosine(progress: float, highest: float, lowest: float) -> float:
    """A rate that falls as a half cosine."""
    return float(lowest + (highest - lowest) * (1 + np.cos(np.pi * min(1.0, progress))) / 2)
