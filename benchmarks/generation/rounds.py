"""Measuring side by side: in every round each contestant writes once, in a new process.

So a start is always a start from nothing, and whatever else the machine does meets all alike.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.generation.contestants import CHARRNN, MEMORY, Contestant
from benchmarks.generation.networks import Network
from benchmarks.machine import available_cores, megabytes

FIRST_POEM: Final = 200
"""Characters of the poem that charrnn's command is started for."""

ENVIRONMENT: Final = {
    "CUDA_VISIBLE_DEVICES": "",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # What charrnn settles by how busy the machine is would depend on who came before it.
    "OPENBLAS_NUM_THREADS": str(available_cores()),
}


class ContestantEndedError(Exception):
    """A process ended before its time; what it printed tells why."""


@dataclass(frozen=True, slots=True)
class Start:
    """From nothing to the first character.

    Attributes:
        seconds: Until the first character was there, Python's own start included.
        megabytes: The most memory that was held while one poem was written.
    """

    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one contestant reached.

    Attributes:
        name: What a table calls it.
        starts: Of each round; none of the memory, which is no writer.
        rates: Characters a second of each round, by the number of poems written at once.
    """

    name: str
    starts: list[Start] = field(default_factory=list)
    rates: dict[int, list[float]] = field(default_factory=dict)

    def rate(self, poems: int) -> float | None:
        """The median rate."""
        return statistics.median(self.rates[poems]) if self.rates.get(poems) else None

    def start(self) -> Start | None:
        """The median of each."""
        if not self.starts:
            return None
        return Start(
            statistics.median(start.seconds for start in self.starts),
            statistics.median(start.megabytes for start in self.starts),
        )


def made_checkpoint(network: Network, directory: Path) -> Path:
    """Make a checkpoint in a process of its own, which alone needs TensorFlow."""
    command = [sys.executable, "-m", "benchmarks.generation.networks", network.name, str(directory)]
    subprocess.run(
        command,
        env=os.environ | ENVIRONMENT,
        check=True,
        stdout=sys.stderr,
        stdin=subprocess.DEVNULL,
    )
    return directory / network.name


def measure(
    network: Network,
    contestants: Sequence[Contestant],
    checkpoint: Path,
    *,
    repeats: int,
    seconds: float,
    tell: Callable[[str], None],
) -> list[Measured]:
    """Measure contestants side by side.

    Args:
        network: What writes.
        contestants: Who takes part; one that fails is told of and left out.
        checkpoint: Its checkpoint.
        repeats: Rounds.
        seconds: How long each writes one poem after the other, and again many at once.
        tell: Is told how it goes.
    """
    measured = {contestant: Measured(contestant.name) for contestant in contestants}
    for number in range(repeats):
        tell(f"{network.title}: round {number + 1} of {repeats}")
        # A processor is quicker after a rest, so nobody should always come after the same one.
        for contestant in random.Random(number).sample(list(measured), len(measured)):
            try:
                add_round(measured[contestant], contestant, checkpoint, seconds)
            except ContestantEndedError as error:
                tell(f"{error}, and is left out; what it printed stands above")
                del measured[contestant]
    return list(measured.values())


def add_round(measured: Measured, contestant: Contestant, checkpoint: Path, seconds: float) -> None:
    """Let a contestant write once more."""
    arguments = [contestant.module, str(checkpoint), str(contestant.characters), str(seconds)]
    start, rest = _run(contestant.name, ["-m", "benchmarks.generation.worker", *arguments])
    answer = json.loads(rest)
    for poems, rate in answer["rates"].items():
        measured.rates.setdefault(int(poems), []).append(rate)
    if contestant.name == CHARRNN:
        length = ("--length", str(FIRST_POEM))
        command, _ = _run(CHARRNN, ["-m", "charrnn", "generate", str(checkpoint), *length])
        measured.starts.append(command)
    elif contestant.name != MEMORY:
        measured.starts.append(Start(start.seconds, answer["peak"]))


def _run(name: str, arguments: Sequence[str]) -> tuple[Start, bytes]:
    """Run Python; how it started, and what it wrote after its first byte."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=os.environ | ENVIRONMENT,
    )
    with process:
        assert process.stdout is not None, "it was opened as a pipe"
        first = os.read(process.stdout.fileno(), 1)
        seconds = time.perf_counter() - began
        rest = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not first:
        raise ContestantEndedError(f"{name} ended with exit code {process.returncode}")
    return Start(seconds, megabytes(usage)), rest
