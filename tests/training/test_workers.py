"""Runs of two processes on this machine, which train one network through the whole command."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from charrnn.checkpoint.history import read_history
from charrnn.errors import WorkersError
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training import run, workers
from charrnn.training.workers import NOT_AUTHENTICATED, check_agreement
from tests.training.runs import save_random_run

ROOT = Path(__file__).parents[2]
WORDS = "the moon is a boat on the quiet lake and I am its only sail\n"
SETTINGS = [
    *("--layout", "text", "--units", "8", "--embedding", "4", "--dropout", "0.2"),
    *("--batch-size", "4", "--window", "8", "--learning-rate", "0.01"),
    *("--steps", "60", "--evaluate-every", "20"),
]

CHARRNN = """
import os
import sys
from charrnn.training.step import TrainingStep

last, number = map(int, sys.argv[1:3])
step_alone = TrainingStep.__call__

def step_and_signal(self, batch, state, step, *arguments):
    if step == last:
        os.kill(os.getpid(), number)
    return step_alone(self, batch, state, step, *arguments)

TrainingStep.__call__ = step_and_signal
from charrnn.cli import main
main(sys.argv[3:])
"""
"""The command line, in a process that sends itself a signal at some step."""

NEVER = -1


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process left."""

    code: int
    output: str
    errors: str


def together(
    place: Path, *arguments: str, second: str = "", step: int = NEVER, number: int = 0
) -> list[Ended]:
    """Workers 0 and 1, started with one command, but for what the second one has more.

    Worker 1 sends itself a signal at a step.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("", 0))) for _ in range(2)]
        addresses = ",".join(f"localhost:{each.getsockname()[1]}" for each in sockets)
    workers = ("--workers", addresses, "--worker-index")
    processes = [
        start(place / "0", NEVER, 0, *arguments, *workers, "0"),
        start(place / "1", step, number, *arguments, *second.split(), *workers, "1"),
    ]
    return [wait_for(process) for process in processes]


def start(directory: Path, step: int, number: int, *arguments: str) -> subprocess.Popen[str]:
    directory.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", CHARRNN, str(step), str(number), "train", *arguments],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str]) -> Ended:
    with process:
        try:
            output, errors = process.communicate(timeout=300)
        finally:
            process.kill()
    return Ended(process.returncode, output, errors)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a text is, and each worker has a directory of its own."""
    (tmp_path / "moon.txt").write_text(WORDS * 30)
    return tmp_path


def train_alone(place: Path, steps: int = 60, warm_start: Path | None = None) -> Path:
    """The checkpoint of the same run in this process."""
    return run.train(
        place / "moon.txt",
        checkpoints=place / "alone",
        model=ModelConfig(units=8, embedding=4, dropout=0.2),
        training=TrainingConfig(
            batch_size=4, window=8, learning_rate=0.01, steps=steps, evaluate_every=20
        ),
        corpus_config=CorpusConfig(layout="text"),
        warm_start=warm_start,
    ).directory


def assert_same_curve(one: Path, other: Path) -> None:
    names = ("step", "training_loss", "validation_loss", "gradient_norm", "learning_rate")
    for first, second in zip(read_history(one), read_history(other), strict=True):
        for name in names:
            assert first[name] == pytest.approx(second[name], abs=1e-4), name


def test_two_workers_that_are_killed_and_stopped_and_resumed_learn_what_one_learns(
    place: Path,
) -> None:
    text = str(place / "moon.txt")
    go_on = "Go on on every worker with: charrnn train --resume --name moon\n"
    first, second = together(place, text, *SETTINGS, step=25, number=signal.SIGKILL)
    assert (first.code, second.code) == (1, -signal.SIGKILL)
    assert NOT_AUTHENTICATED in first.errors
    assert NOT_AUTHENTICATED in second.errors
    error = first.errors.splitlines(keepends=True)[-1]
    assert error.startswith("Error: another worker ended or cannot be reached (TensorFlow: ")
    assert error.endswith(f"if anything, is in checkpoints/moon. {go_on}")

    # They compare what they have before they go on.
    (place / "other.txt").write_text(WORDS * 20)
    for worker in together(place, "--resume", second=str(place / "other.txt")):
        assert worker.code == 1
        assert worker.errors.splitlines()[-1].startswith("Error: the workers differ in the text.")

    # Whichever worker is interrupted, all are; and the text is where the first one's run found it.
    first, second = together(place, "--resume", step=45, number=signal.SIGTERM)
    assert (first.code, second.code) == (143, 143)
    for worker in (first, second):
        stopped = worker.errors.splitlines(keepends=True)[-2:]
        assert stopped == [
            "Stopped after step 47 of 60; everything is saved in checkpoints/moon.\n",
            go_on,
        ]

    directory, alone = place / "0" / "checkpoints" / "moon", train_alone(place)
    shutil.copytree(directory, place / "stopped")
    first, second = together(place, "--resume", "--json")
    assert (first.code, second.code) == (0, 0)
    assert first.output.startswith("{")
    assert second.output == ""
    assert_same_curve(directory, alone)
    assert list((place / "1").iterdir()) == []

    # One worker goes on alone with what two have begun.
    assert run.resume(place / "stopped").steps == 60
    assert_same_curve(place / "stopped", alone)


def test_two_workers_that_begin_with_a_network_learn_what_one_learns(place: Path) -> None:
    tang = place / "tang"
    save_random_run(tang, "abcdefgh", units=8, embedding=4)
    steps = ("--steps", "20", "--from", str(tang))
    first, second = together(place, str(place / "moon.txt"), *SETTINGS, *steps)
    assert (first.code, second.code) == (0, 0)
    assert "begins with what tang has learned, which knows 5 of the 19" in first.errors
    assert_same_curve(
        place / "0" / "checkpoints" / "moon", train_alone(place, steps=20, warm_start=tang)
    )


def test_workers_of_which_one_resumes_are_refused_and_nothing_is_written(place: Path) -> None:
    for worker in together(place, str(place / "moon.txt"), *SETTINGS, second="--resume"):
        assert worker.code == 1
        assert worker.errors.splitlines()[-1] == (
            "Error: the workers differ in whether they resume a run. Start all of them with the "
            "same command but for --worker-index, on the same text, with the same versions."
        )
    assert [path.name for path in place.rglob("*")] == ["moon.txt", "0", "1"]


class Two(workers.Workers):
    """Two workers, the other of which has facts of its own."""

    count = 2

    def __init__(self, facts: dict[str, object]) -> None:
        super().__init__()
        self._prints = np.array([workers._fingerprint(value) for value in facts.values()])

    def total(self, array: np.ndarray) -> np.ndarray:
        return array + self._prints


def test_what_workers_differ_in_is_named() -> None:
    facts = {"the text": "moon", "the settings": {"units": 8}}
    check_agreement(Two(facts), facts)
    with pytest.raises(WorkersError, match=r"the workers differ in the settings\. Start all"):
        check_agreement(Two(facts | {"the settings": {"units": 9}}), facts)
    with pytest.raises(WorkersError, match="differ in the text and the settings"):
        check_agreement(Two({"the text": "sun", "the settings": {}}), facts)
