"""How many characters a run can train on: given by its settings, or by the time and the machine."""

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
"""Operations for each weight and character: a multiplication and an addition, in the forward pass, for
the gradient of the inputs and for that of the weights."""

PROBE_UNITS: Final = 512
PROBE_BATCH: Final = 32
PROBE_STEPS: Final = 8
PROBE_ROUNDS: Final = 60
"""The machine is timed on the matrix products of a few steps of such an LSTM, many times over. The
shortest time is the one that other processes disturbed least."""

SHARE_OF_PRODUCTS: Final[dict[Precision, float]] = {"float32": 1.1, "bfloat16": 0.65}
"""Speed of a whole training step divided by the speed of these products."""

OPERATIONS_ON_A_GPU: Final = 2e12
"""Operations a second of a GPU at these sizes; an estimate, not a measurement."""

OPERATIONS_UNMEASURED: Final = 1e11
"""Operations a second assumed for a CPU in a run too short to measure it."""

SMALLEST_BATCH: Final = 4
LARGEST_BATCH: Final = 32
STEPS_IN_AN_EPOCH: Final = 50

SHORTEST_COMPILED: Final = 0.25
"""Minutes of the shortest run by the clock that repays compiling the kernels."""


class Budget(Protocol):
    """What a run may read."""

    def affords(self, parameters: int) -> float:
        """Characters that a network of so many weights reads."""


@dataclass(frozen=True, slots=True)
class Characters:
    """A fixed number of characters."""

    count: float

    def affords(self, parameters: int) -> float:
        """The count."""
        del parameters
        return self.count


@dataclass(frozen=True, slots=True)
class ByClock:
    """A budget of time: a larger network reads less.

    Attributes:
        seconds: The time of training.
        speed: Measures the operations a second of the machine; called only when needed.
    """

    seconds: float
    speed: Callable[[], float]

    def affords(self, parameters: int) -> float:
        """What the time is enough for."""
        return self.seconds * self.speed() / (OPERATIONS_OF_A_WEIGHT * parameters)


def budget_of(
    training: TrainingConfig, training_characters: int, speed: Callable[[], float]
) -> Budget:
    """What a run may read, for settings that may be open.

    Args:
        training: What the user asked for.
        training_characters: Length of the training split.
        speed: Measures the operations that the machine does in a second.
    """
    if training.minutes is not None:
        pays = training.minutes >= SHORTEST_COMPILED
        return ByClock(60 * training.minutes, functools.cache(speed) if pays else _usual_speed)
    if training.steps is not None:
        window = training.shortest_split
        batch_size = training.batch_size or usual_batch(training_characters, window)
        return Characters(float(training.steps * batch_size * window))
    epochs = training.epochs or usual_epochs(training_characters)
    return Characters(epochs * training_characters)


def _usual_speed() -> float:
    return OPERATIONS_UNMEASURED


def usual_batch(training_characters: int, window: int) -> int:
    """The default batch size: small for a short text, so that an epoch has enough steps."""
    most = training_characters // window
    return min(LARGEST_BATCH, max(SMALLEST_BATCH, most // STEPS_IN_AN_EPOCH), most)


def usual_epochs(training_characters: int) -> int:
    """The default number of epochs: many for a short text, few for a long one."""
    return max(2, min(40, round(20 * math.sqrt(200_000 / training_characters))))


def measured_speed(cores: int, precision: Precision | None) -> float:
    """Operations that this machine does in a second of training; a measurement of half a second.

    Rounded to a power of two, so that other work on the machine does not choose the network.

    Args:
        cores: Cores that compute in parallel; 0 on a GPU.
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
