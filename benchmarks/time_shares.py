"""Runs `charrnn train` and tabulates where its time went.

python -m benchmarks.time_shares --minutes 2
python -m benchmarks.time_shares --minutes 2 poems.txt --cell gru

What follows the minutes is handed to `charrnn train`; it learns the bundled quatrains otherwise.
The parts are timed where they begin and end, each without those inside it. The table is Markdown.
"""

import functools
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from benchmarks import machine
from charrnn.cli import main as charrnn
from charrnn.cli.process import quiet_startup

WANTED = 0.85
"""Share of the whole time that should be spent in training steps."""

STARTING = "starting Python and importing"
STEP = "training step"
FIRST_STEP = "first step, compiled"
BETWEEN = "everything between"

_READ_AT = time.perf_counter()


class Stopwatch:
    """Tells what time was spent in which part; what is in no part is between them.

    Args:
        passed: Seconds that have passed already, all of them spent in starting.
    """

    def __init__(self, passed: float) -> None:
        self.seconds = defaultdict[str, float](float, {STARTING: passed})
        self.after_first_step = defaultdict[str, float](float)
        self._parts = [STARTING]
        self._turned = time.perf_counter()
        self._thread = threading.get_ident()

    def __call__(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time counts as that of a part; other threads cost no time."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            if threading.get_ident() != self._thread:
                return function(*arguments, **named)
            first = part == STEP and not self.seconds[FIRST_STEP]
            self._turn()
            self._parts.append(FIRST_STEP if first else part)
            try:
                return function(*arguments, **named)
            finally:
                self._turn()
                self._parts.pop()
                if first:
                    self.after_first_step.clear()

        return timed

    def started(self) -> None:
        """Imports are done."""
        self._turn()
        self._parts = [BETWEEN]

    def stop(self) -> None:
        """The program is over."""
        self._turn()

    def _turn(self) -> None:
        """Book the time since the last turn."""
        now = time.perf_counter()
        for seconds in (self.seconds, self.after_first_step):
            seconds[self._parts[-1]] += now - self._turned
        self._turned = now


def seconds_since_start() -> float:
    """Age of this process, where Linux tells it; elsewhere that of this module."""
    try:
        # Field 22 of proc(5), counted after the name in brackets: ticks since the machine started.
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError):
        return time.perf_counter() - _READ_AT


def watch(stopwatch: Stopwatch) -> None:
    """Import what trains, and time its parts."""
    from charrnn.checkpoint.directory import CheckpointWriter
    from charrnn.cli.training_display import LiveDisplay, PlainDisplay
    from charrnn.corpus import loading
    from charrnn.training import run, trainer  # noqa: F401 (imported here, to be counted)
    from charrnn.training.callbacks import CallbackDriver
    from charrnn.training.data import TrainingStreams, TrainingText
    from charrnn.training.evaluation import Evaluator
    from charrnn.training.step import TrainingStep

    shown = ("started", "stepped", "evaluated", "finished", "close")
    parts: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
        ("reading the text", loading, ("read_corpus",)),
        ("encoding the text", TrainingText, ("__init__",)),
        ("building the network", TrainingStep, ("__init__",)),
        (STEP, TrainingStep, ("__call__",)),
        ("cutting batches", TrainingStreams, ("batch",)),
        ("evaluating", Evaluator, ("nats",)),
        ("writing samples", trainer.Trainer, ("_written_sample",)),
        ("saving", CheckpointWriter, ("write_model", "write_record")),
        ("saving", trainer, ("save_state", "append_history")),
        ("saving", TrainingStep, ("arrays",)),
        ("Keras callbacks", CallbackDriver, ("begin_batch", "end_batch", "evaluated")),
        ("display", LiveDisplay, shown),
        ("display", PlainDisplay, shown),
    )
    for part, owner, names in parts:
        for name in names:
            setattr(owner, name, stopwatch(part, getattr(owner, name)))


def table(stopwatch: Stopwatch) -> str:
    """Parts, the longest first, with their shares of the time."""
    columns = (stopwatch.seconds, stopwatch.after_first_step)
    totals = [sum(column.values()) for column in columns]
    lines = ["| part | seconds | of all | after the first step |", "| --- | --- | --- | --- |"]
    for part in sorted(stopwatch.seconds, key=stopwatch.seconds.__getitem__, reverse=True):
        shares = [column[part] / total for column, total in zip(columns, totals, strict=True)]
        lines.append(
            f"| {part} | {stopwatch.seconds[part]:.2f} | {shares[0]:.1%} | {shares[1]:.1%} |"
        )
    lines.append(f"| all | {totals[0]:.2f} | 100.0% | {totals[1]:.2f} seconds |")
    return "\n".join(lines)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--minutes", default=2.0, show_default=True, help="Budget of the run.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def main(minutes: float, arguments: tuple[str, ...]) -> None:
    """Train with `charrnn train ARGUMENTS`, and print where the time went."""
    stopwatch = Stopwatch(seconds_since_start())
    with quiet_startup():
        watch(stopwatch)
    stopwatch.started()
    with tempfile.TemporaryDirectory() as checkpoints:
        budget = ["--minutes", f"{minutes:g}", "--checkpoints", checkpoints]
        charrnn(["train", *arguments, *budget], standalone_mode=False)
        stopwatch.stop()
    share = stopwatch.seconds[STEP] / sum(stopwatch.seconds.values())
    click.echo(f"{machine.described()}.\n\n{table(stopwatch)}\n")
    click.echo(f"In training steps: {share:.1%} of the time (wanted: {WANTED:.0%}).")


if __name__ == "__main__":
    main()
