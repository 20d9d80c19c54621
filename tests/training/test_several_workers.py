"""Runs of two processes on this machine, which train one network through the whole command."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from charrnn.checkpoint.directory import read_history
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training import run
from tests.training.ports import free_cluster
from tests.training.runs import save_random_run

ROOT = Path(__file__).parents[2]
WORDS = "the moon is a boat on the quiet lake and I am its only sail\n"
SETTINGS = [
    *("--layout", "text", "--units", "8", "--embedding", "4", "--dropout", "0.2"),
    *("--batch-size", "4", "--window", "8", "--learning-rate", "0.01"),
    *("--steps", "60", "--evaluate-every", "20"),
]
HERE = "This is worker 1 of 2, counted from 0; the chief at localhost:PORT tells the rest.\n"

CHARRNN = """
import os
import sys
from charrnn.training.channel import Channel

heard, number = sys.argv[1], int(sys.argv[2])
receive = Channel.receive

def receive_and_die(channel, timeout=None):
    message = receive(channel, timeout)
    if heard == f"{message.kind} {message.values.get('step')}":
        os.kill(os.getpid(), number)
    return message

Channel.receive = receive_and_die
from charrnn.cli import main
main(sys.argv[3:])
"""
"""The command line, in a process that sends itself a signal when the chief tells it something."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process left; ports are written as PORT."""

    code: int
    output: str
    errors: str


def together(
    place: Path, *arguments: str, second: str = "", told: str = "nothing", number: int = 0
) -> list[Ended]:
    """The chief and worker 1, started with one command, but for what the second one has more.

    Worker 1 sends itself a signal when it is told something.
    """
    for _ in range(3):
        cluster = free_cluster()
        workers = ("--workers", ",".join(cluster.addresses), "--worker-index")
        chief = start(place, "nothing", 0, *arguments, *workers, "0")
        worker = start(place, told, number, *arguments, *second.split(), *workers, "1")
        ended = [wait_for(process, cluster.addresses) for process in (chief, worker)]
        if not any("another program uses it" in process.errors for process in ended):
            break
    return ended


def start(place: Path, told: str, number: int, *arguments: str) -> subprocess.Popen[str]:
    directory = place / arguments[-1]
    directory.mkdir(exist_ok=True)
    command = [sys.executable, "-c", CHARRNN, told, str(number), "train", *arguments]
    return subprocess.Popen(
        command,
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], addresses: tuple[str, ...]) -> Ended:
    with process:
        try:
            output, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    for address in addresses:
        errors = errors.replace(address, "localhost:PORT")
    return Ended(process.returncode, output, errors)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a text is, and each worker has a directory of its own."""
    (tmp_path / "moon.txt").write_text(WORDS * 30)
    return tmp_path


def train_alone(place: Path, steps: int = 60, origin: Path | None = None) -> Path:
    """The checkpoint of the same run in this process."""
    return run.train(
        place / "moon.txt",
        checkpoints=place / "alone",
        model=ModelConfig(units=8, embedding=4, dropout=0.2),
        training=TrainingConfig(
            batch_size=4, window=8, learning_rate=0.01, steps=steps, evaluate_every=20
        ),
        reading=CorpusConfig(layout="text"),
        origin=origin,
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
    chief, worker = together(place, text, *SETTINGS, told="learn 25", number=signal.SIGKILL)
    assert (chief.code, worker.code) == (1, -signal.SIGKILL)
    assert chief.errors.splitlines(keepends=True)[-1] == (
        "Error: worker 1 at localhost:PORT stopped answering. All that was learned until step 20 "
        f"is kept in checkpoints/moon. {go_on}"
    )
    assert worker.errors == HERE

    # Whichever worker is interrupted, all are; and the text is where the chief's run found it.
    chief, worker = together(place, "--resume", told="learn 45", number=signal.SIGINT)
    assert (chief.code, worker.code) == (130, 130)
    stopped = chief.errors.splitlines(keepends=True)[-2:]
    assert stopped[0].startswith("Stopped after step 4")
    assert stopped[1] == go_on
    assert worker.errors == HERE + "".join(stopped)

    directory, alone = place / "0" / "checkpoints" / "moon", train_alone(place)
    shutil.copytree(directory, place / "stopped")
    chief, worker = together(place, "--resume", "--json")
    assert (chief.code, worker.code) == (0, 0)
    assert chief.output.startswith("{")
    assert (worker.output, worker.errors) == ("", HERE)
    assert_same_curve(directory, alone)
    assert list((place / "1").iterdir()) == []

    # One worker goes on alone with what two have begun.
    assert run.resume(place / "stopped").steps == 60
    assert_same_curve(place / "stopped", alone)


def test_two_workers_that_begin_with_a_network_learn_what_one_learns(place: Path) -> None:
    origin = place / "tang"
    save_random_run(origin, "abcdefgh", units=8, embedding=4)
    steps = ("--steps", "20", "--from", str(origin))
    chief, worker = together(place, str(place / "moon.txt"), *SETTINGS, *steps, "--json")
    assert (chief.code, worker.code, worker.errors) == (0, 0, HERE)
    assert "begins with what tang has learned, which knows 5 of the 19" in chief.errors
    assert_same_curve(
        place / "0" / "checkpoints" / "moon", train_alone(place, steps=20, origin=origin)
    )


def test_workers_with_other_settings_are_refused_and_nothing_is_written(place: Path) -> None:
    text = str(place / "moon.txt")
    chief, worker = together(place, text, *SETTINGS, second="--units 9")
    sentence = (
        "worker 1 at localhost:PORT was started with units 9, and the chief with units 8. "
        "Start all of them with the same settings.\n"
    )
    assert (chief.code, worker.code) == (1, 1)
    assert chief.errors.endswith(f"\nError: {sentence}")
    assert worker.errors == f"{HERE}Error: the chief at localhost:PORT ended the run: {sentence}"
    assert [path.name for path in place.rglob("*")] == ["moon.txt", "0", "1"]


TOO_LONG = """
import time
from charrnn.model.device import _ended_after
with _ended_after(0.2):
    time.sleep(60)
"""


def test_a_start_that_takes_too_long_ends_without_a_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TOO_LONG], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    assert "Timeout" not in ended.stderr
