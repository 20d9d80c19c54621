"""Measuring side by side: a short slice of each contestant, then one more of each, and so on.

Each family lives in a process of its own and sleeps while others are measured, so that neither
the threads nor the memory of one library stands in the way of another, and whatever else the
machine does meets all of them alike.
"""

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from benchmarks.training.contestants import Family
from benchmarks.training.workloads import Workload
from charrnn.settings.configuration import Precision

PAUSE_SECONDS = 0.3
"""Between slices: threads of OpenMP spin for up to 0.2 seconds after their last work."""

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What one contestant reached.

    Attributes:
        name: What a table calls it.
        variant: What sets it apart from others of its name.
        precision: Of its matrix products.
        rates: Of each slice: characters, or floating-point operations, a second.
    """

    name: str
    variant: str
    precision: Precision
    rates: list[float] = field(default_factory=list)


class WorkerEndedError(Exception):
    """A worker ended before its time; what it printed tells why."""


class Worker:
    """A process that holds one family, as the one who talks to it sees it."""

    def __init__(self, family: Family, workload: Workload) -> None:
        self.family = family
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.training.worker", family, workload.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ENVIRONMENT,
            start_new_session=True,  # Ctrl+C is for the one who started it, who ends it.
            encoding="utf-8",
        )
        self.contestants: list[Measured] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()

    def prepare(self) -> None:
        """Wait until its contestants are compiled and warm."""
        self.contestants = [Measured(*entry) for entry in self._answer()]

    def measure(self, number: int, seconds: float) -> None:
        """One slice of a contestant."""
        with contextlib.suppress(BrokenPipeError):  # The answer will be missing.
            print(number, seconds, file=self._process.stdin, flush=True)
        self.contestants[number].rates.append(self._answer())

    def _answer(self) -> Any:
        assert self._process.stdout is not None, "it was opened as a pipe"
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise WorkerEndedError(f"{self.family} ended with exit code {code}")
        return json.loads(line)


def measure(
    workload: Workload,
    families: Sequence[Family],
    *,
    repeats: int,
    seconds: float,
    tell: Callable[[str], None],
) -> list[Measured]:
    """Measure families side by side.

    Args:
        workload: What they train.
        families: Who takes part; one that fails is told of and left out.
        repeats: Slices of each contestant.
        seconds: Length of a slice.
        tell: Is told how it goes.

    Returns:
        The contestants that were measured as often as they should.
    """
    with contextlib.ExitStack() as stack:
        workers = []
        # One after another, because Keras's measures itself to choose its steps per execution.
        for family in families:
            tell(f"{workload.title}: preparing {family}")
            worker = stack.enter_context(Worker(family, workload))
            with _left_out_if_it_ends(worker, tell):
                worker.prepare()
                workers.append(worker)
        for number in range(repeats):
            tell(f"{workload.title}: round {number + 1} of {repeats}")
            _measure_round(workers, number, seconds, tell)
        return [
            contestant
            for worker in workers
            for contestant in worker.contestants
            if len(contestant.rates) == repeats
        ]


def _measure_round(
    workers: Sequence[Worker], number: int, seconds: float, tell: Callable[[str], None]
) -> None:
    """One slice of every contestant, in an order of this round's own.

    A processor is quicker after a rest and slower after heavy work, so nobody should always come
    after the same one.
    """
    slices = [(worker, entrant) for worker in workers for entrant in range(len(worker.contestants))]
    random.Random(number).shuffle(slices)
    for worker, entrant in slices:
        if worker.contestants:
            time.sleep(PAUSE_SECONDS)
            with _left_out_if_it_ends(worker, tell):
                worker.measure(entrant, seconds)


@contextlib.contextmanager
def _left_out_if_it_ends(worker: Worker, tell: Callable[[str], None]) -> Iterator[None]:
    try:
        yield
    except WorkerEndedError as error:
        tell(f"{error}, and is left out; what it printed stands above")
        worker.contestants.clear()
