"""The machine's limit: every core reads its part of as many bytes as the weights take, no more.

One "character" is one reading of all of them, by the quickest thing that NumPy does with an array.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.generation.contestants import Write
from benchmarks.generation.networks import network_named
from benchmarks.machine import available_cores


def open_writer(checkpoint: Path) -> Write:
    """Lay out as many bytes as the weights of a network take."""
    cores = available_cores()
    numbers = network_named(checkpoint.name).weights
    # Not zeros: those that were never written all lie in one page.
    parts = [np.ones(numbers // cores, np.uint32) for _ in range(cores)]
    pool = ThreadPoolExecutor(cores)

    def write(poems: int, characters: int) -> None:
        # The weights are read once for all poems that are written at once.
        del poems
        list(pool.map(_read, parts, [characters] * cores))

    return write


def _read(part: npt.NDArray[np.uint32], times: int) -> None:
    for _ in range(times):
        part.max()
