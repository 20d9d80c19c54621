"""charrnn: its training step, fed by its streams, as `charrnn train` runs it."""

from collections.abc import Iterator

import numpy as np

from benchmarks.training.contestants import CHARRNN, Contestant, measured_rate
from benchmarks.training.workloads import Workload
from charrnn.model.device import choose_device, has_bfloat16
from charrnn.model.kernel_network import KernelNetwork
from charrnn.settings.configuration import Precision, TrainingConfig
from charrnn.training.data import TrainingStreams
from charrnn.training.step import TrainingStep

RATE = 1e-3
READINGS_STEPS = 50
"""Steps in which the text is read once."""


def contestants(workload: Workload) -> Iterator[Contestant]:
    """Measure charrnn in the precisions that the processor has."""
    precisions: list[Precision] = ["bfloat16", "float32"] if has_bfloat16() else ["float32"]
    for precision in precisions:
        training = _Training(workload, precision)
        training.learn()
        yield Contestant(CHARRNN, training.variant, precision, training.measure)


class _Training:
    """A step, its streams, and where they stand."""

    def __init__(self, workload: Workload, precision: Precision) -> None:
        size = workload.size
        length = READINGS_STEPS * workload.step_characters
        device = choose_device("cpu")
        config = TrainingConfig(
            batch_size=size.batch_size,
            window=size.window,
            learning_rate=RATE,
            precision=precision,
        )
        self.step = TrainingStep(workload.architecture, config, device.strategy, device.cores)
        ids = np.random.default_rng(0).integers(size.vocabulary_size, size=length, dtype=np.uint16)
        self.streams = TrainingStreams(ids, size.batch_size, size.window, seed=0)
        self.state = self.step.zero_state()
        self.number = 0

    @property
    def variant(self) -> str:
        """What the cores share."""
        assert isinstance(self.step.network, KernelNetwork), "a CPU trains with the kernels"
        config = self.step.network.config
        return f"{config.shards} shards of the {config.shard_axis}"

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
