"""How much of a text a run can read: told by its settings, or by the clock and the machine."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import TrainingConfig
from charrnn.training.arithmetic import SHORTEST_MEASURED, quickest

OPERATIONS_OF_A_WEIGHT: Final = 6
"""For each character: forward, back to the inputs, back to the weights, a product and a sum each."""

PROBE: Final = Architecture(
    cell="lstm",
    vocabulary_size=65,
    embedding=64,
    layers=1,
    units=512,
    dropout=0.0,
    activation="tanh",
)
"""What the speed of a machine is measured with, a layer of it in batches of `PROBE_BATCH`."""

PROBE_BATCH: Final = 32
PROBE_WINDOW: Final = 64

SHARE_OF_LAYERS: Final = 0.75
"""What recurrent layers take of the time of a step, the rest being output, loss and optimizer."""

OPERATIONS_ON_A_GPU: Final = 2e12
"""Operations in a second that a GPU does at these sizes; judged, not measured."""

OPERATIONS_UNMEASURED: Final = 1e11
"""Operations in a second that are expected of a CPU in runs too short to measure them."""

SMALLEST_BATCH: Final = 4
LARGEST_BATCH: Final = 32
STEPS_IN_AN_EPOCH: Final = 50

STARTING_SECONDS: Final = 8.0
"""What a run by the clock needs before its first step and after its last."""


class Budget(Protocol):
    """What a run may read."""

    def affords(self, parameters: int) -> float:
        """Characters that a network of so many weights reads."""


@dataclass(frozen=True, slots=True)
class Characters:
    """A budget that the settings tell: so many characters, whatever the network."""

    count: float

    def affords(self, parameters: int) -> float:
        """The count."""
        del parameters
        return self.count


@dataclass(frozen=True, slots=True)
class ByClock:
    """A budget of time: the larger a network, the less it reads.

    Attributes:
        seconds: The time, what comes before and after training included.
        speed: Operations that the machine does in a second; asked only where that is needed.
    """

    seconds: float
    speed: Callable[[], float]

    def affords(self, parameters: int) -> float:
        """What the time is enough for."""
        training = max(1.0, self.seconds - STARTING_SECONDS)
        return training * self.speed() / (OPERATIONS_OF_A_WEIGHT * parameters)


def budget_of(
    training: TrainingConfig, training_characters: int, speed: Callable[[], float]
) -> Budget:
    """What a run may read, for settings that may be open.

    Args:
        training: What is asked for.
        training_characters: Length of the training part.
        speed: Measures the operations that the machine does in a second.
    """
    if training.minutes is not None:
        pays = training.minutes >= SHORTEST_MEASURED
        return ByClock(60 * training.minutes, functools.cache(speed) if pays else _usual_speed)
    if training.steps is not None:
        window = training.shortest_part
        batch_size = training.batch_size or usual_batch(training_characters, window)
        return Characters(float(training.steps * batch_size * window))
    epochs = training.epochs or usual_epochs(training_characters)
    return Characters(epochs * training_characters)


def _usual_speed() -> float:
    return OPERATIONS_UNMEASURED


def usual_batch(training_characters: int, window: int) -> int:
    """Streams where nobody says how many: few of a short text, or an epoch is a handful of steps."""
    most = training_characters // window
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, most // STEPS_IN_AN_EPOCH), most)


def usual_epochs(training_characters: int) -> int:
    """Readings of a text where nobody says how many: many of a short one, few of a long one."""
    return max(2, min(40, round(20 * math.sqrt(200_000 / training_characters))))


def measured_speed(cores: int) -> float:
    """Operations that this machine does in a second of training; measured once, and remembered.

    Args:
        cores: Cores that compute side by side; 0 on a GPU.
    """
    if cores == 0:
        return OPERATIONS_ON_A_GPU
    config = TrainingConfig(window=PROBE_WINDOW)
    timing = quickest(config, PROBE, PROBE_BATCH, cores).timing
    weights = 4 * PROBE.units * (PROBE.embedding + PROBE.units)
    operations = OPERATIONS_OF_A_WEIGHT * weights * PROBE_BATCH * PROBE_WINDOW
    return SHARE_OF_LAYERS * operations / timing.seconds
