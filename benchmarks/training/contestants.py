"""What the families of contestants have in common: their names, their form, their stopwatch."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.training.workloads import Workload
from charrnn.settings.configuration import Precision

Family = Literal["charrnn", "keras", "pytorch", "product"]

CHARRNN: Final = "charrnn"
KERAS: Final = "stock Keras"
PYTORCH: Final = "PyTorch"
STATE_PRODUCT: Final = "state product"
LARGE_PRODUCT: Final = "large product"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One thing that is measured, compiled and warm.

    Attributes:
        name: What a table calls it; the best variant of one name and precision counts.
        variant: What sets it apart from others of its name and precision.
        precision: Of its matrix products; all are compared within one precision.
        measure: From seconds to a rate: characters, or floating-point operations, a second.
    """

    name: str
    variant: str
    precision: Precision
    measure: Callable[[float], float]


class FamilyModule(Protocol):
    """A module that knows one family."""

    def contestants(self, workload: Workload) -> Iterator[Contestant]:
        """Build them, one after another."""


def measured_rate(step: Callable[[], object], amount: int, seconds: float) -> float:
    """How much is done in a second.

    Args:
        step: Does `amount` of work, and returns when it is done. The first call is not counted:
            it brings back what others have driven from the caches.
        amount: Work of one step.
        seconds: Steps are done until so much time has passed.
    """
    step()
    steps, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        step()
        steps += 1
    return steps * amount / passed


def random_windows(
    workload: Workload, count: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Inputs and targets of some steps, each `(count, batch_size, window)`."""
    size = workload.size
    shape = (count, size.batch_size, size.window + 1)
    ids = np.random.default_rng(0).integers(size.vocabulary_size, size=shape, dtype=np.int32)
    return ids[..., :-1], ids[..., 1:]
