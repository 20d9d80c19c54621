"""charrnn: its training step, fed by its streams, as `charrnn train` runs it."""

from collections.abc import Iterator

import numpy as np

from benchmarks.training.contestants import (
    CHARRNN_AUTO,
    CHARRNN_FLOAT32,
    Contestant,
    measured_rate,
)
from benchmarks.training.workloads import Workload
from charrnn.model.device import choose_device
from charrnn.settings.configuration import Precision, TrainingConfig
from charrnn.training.arithmetic import settle_arithmetic
from charrnn.training.batches import TrainingStreams
from charrnn.training.step import TrainingStep

RATE = 1e-3
READINGS_STEPS = 50
"""Steps in which the text is read once."""


def contestants(workload: Workload) -> Iterator[Contestant]:
    """Measure charrnn as it comes, and in float32."""
    choices: tuple[tuple[str, Precision | None], ...] = (
        (CHARRNN_AUTO, None),
        (CHARRNN_FLOAT32, "float32"),
    )
    for name, precision in choices:
        training = _Training(workload, precision)
        training.learn()
        yield Contestant(
            name=name,
            variant=training.route,
            precision=training.precision,
            measure=training.measure,
        )


class _Training:
    """A step, its streams, and where they stand."""

    def __init__(self, workload: Workload, precision: Precision | None) -> None:
        size = workload.size
        length = READINGS_STEPS * workload.step_characters
        device = choose_device("cpu")
        asked = TrainingConfig(
            batch_size=size.batch_size,
            window=size.window,
            learning_rate=RATE,
            precision=precision,
            minutes=1,
        )
        config = settle_arithmetic(
            asked,
            workload.architecture,
            training_characters=length,
            devices=1,
            cores=device.cores,
            noted=lambda _: None,
        )
        self.step = TrainingStep(workload.architecture, config, device.strategy)
        ids = np.random.default_rng(0).integers(size.vocabulary_size, size=length, dtype=np.uint16)
        self.streams = TrainingStreams(ids, size.batch_size, size.window, seed=0)
        self.state = self.step.zero_state()
        self.number = 0

    @property
    def precision(self) -> str:
        """The precision that was chosen."""
        return str(self.step.config.precision)

    @property
    def route(self) -> str:
        """The kernels that were chosen."""
        config = self.step.config
        return f"{self.precision}, {config.parts} parts of the {config.split}"

    def learn(self) -> float:
        """One step; its loss, which is there when all of it is done."""
        batch = self.streams.batch(self.number)
        if batch.begins:
            self.state = self.step.zero_state()
        result, self.state = self.step(batch, self.state, self.number, RATE)
        self.number += 1
        return result.loss

    def measure(self, seconds: float) -> float:
        """Characters a second."""
        return measured_rate(self.learn, self.step.step_characters, seconds)
