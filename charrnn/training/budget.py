"""How much of a text a run can read: told by its settings, or by the clock and the machine."""

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import tensorflow as tf

from charrnn.model.device import has_bfloat16
from charrnn.settings.configuration import Precision, TrainingConfig

OPERATIONS_OF_A_WEIGHT: Final = 6
"""For each character: forward, back to the inputs, back to the weights, a product and a sum each."""

PROBE_UNITS: Final = 512
PROBE_BATCH: Final = 32
PROBE_STEPS: Final = 8
PROBE_ROUNDS: Final = 60
"""The speed of a machine is measured with the products of some steps of such an LSTM, several
times. Each time is short, so that the shortest one escapes what else the machine does."""

SHARE_OF_PRODUCTS: Final[dict[Precision, float]] = {"float32": 1.1, "bfloat16": 0.65}
"""Rate of a whole training step, as a share of the rate of these products alone."""

OPERATIONS_ON_A_GPU: Final = 2e12
"""Operations in a second that a GPU does at these sizes; judged, not measured."""

OPERATIONS_UNMEASURED: Final = 1e11
"""Operations in a second that are expected of a CPU in runs too short to measure them."""

SMALLEST_BATCH: Final = 4
LARGEST_BATCH: Final = 32
STEPS_IN_AN_EPOCH: Final = 50

SHORTEST_COMPILED: Final = 0.25
"""Minutes of the shortest run by the clock that repays compiling the kernels."""

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
        pays = training.minutes >= SHORTEST_COMPILED
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


def measured_speed(cores: int, precision: Precision | None) -> float:
    """Operations that this machine does in a second of training; a measurement of half a second.

    Rounded to a power of two, so that other work on the machine does not choose the network.

    Args:
        cores: Cores that compute side by side; 0 on a GPU.
        precision: Of the products; None takes what the processor has.
    """
    if cores == 0:
        return OPERATIONS_ON_A_GPU
    precision = precision or ("bfloat16" if has_bfloat16() else "float32")
    speed = SHARE_OF_PRODUCTS[precision] * _product_rate(cores, tf.as_dtype(precision))
    return OPERATIONS_UNMEASURED * 2.0 ** round(math.log2(speed / OPERATIONS_UNMEASURED))


def _product_rate(cores: int, dtype: tf.DType) -> float:
    """Operations in a second of the products that an LSTM forms of its state."""
    width = 4 * PROBE_UNITS
    state = tf.zeros((PROBE_UNITS, PROBE_BATCH), dtype)
    shards = [tf.zeros((-(-width // cores), PROBE_UNITS), dtype) for _ in range(cores)]

    @tf.function(autograph=False)
    def products(state: tf.Tensor, shards: list[tf.Tensor]) -> tf.Tensor:
        for _ in range(PROBE_STEPS):
            state = tf.concat([tf.matmul(shard, state) for shard in shards], 0)[:PROBE_UNITS]
        return state

    products(state, shards)  # The first time traces.
    seconds = math.inf
    for _ in range(PROBE_ROUNDS):
        began = time.perf_counter()
        products(state, shards).numpy()
        seconds = min(seconds, time.perf_counter() - began)
    return 2 * width * PROBE_UNITS * PROBE_BATCH * PROBE_STEPS / seconds
