"""Training on several machines: all workers run the same loop (single program, multiple data).

What only one of them knows (the clock of worker 0, a signal that one has received) is summed together
with the gradients of a step or the loss of an evaluation. So all take the same decision at the same
step. Worker 0 writes. `tf.distribute.MultiWorkerMirroredStrategy` is the only connection.
"""

import contextlib
import hashlib
import json
import platform
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Self

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.checkpoint.lookup import spoken_name
from charrnn.cluster import Cluster
from charrnn.errors import WorkersError
from charrnn.signals import ENDING, SIGHUP

REPORT: Final = 2 + len(ENDING)
"""Numbers in a report: seconds, whether a callback stops the run, one for each signal."""

NOT_AUTHENTICATED: Final = (
    "TensorFlow's connections between workers authenticate nobody and listen on every network "
    "interface: use a trusted network, a firewall or a tunnel."
)

Report = npt.NDArray[np.float32]
Array = npt.NDArray[Any]


class Workers:
    """The processes that train one network together. This class is one process that trains alone.

    Attributes:
        count: Number of workers.
        index: Number of this worker; worker 0 writes.
        stop_signal: The signal that one of them has received; None before.
        stopped: Whether a callback of one of them has asked for the end.
    """

    count = 1
    index = 0

    def __init__(self) -> None:
        self.stop_signal: int | None = None
        self.stopped = False

    def clock(self) -> float:
        """Seconds on the clock that decides for all workers, since any fixed instant."""
        return time.monotonic()

    def report(self, received: int | None, stopped: bool) -> Report:
        """What this worker tells the others: `(REPORT,)` float32, to be summed over all.

        Args:
            received: The signal that it has received, or None.
            stopped: Whether a callback has asked for the end.
        """
        self.stop_signal, self.stopped = received, stopped
        return np.zeros(REPORT, np.float32)

    def heard(self, total: Report) -> None:
        """Take on the sum of all reports."""

    def total(self, array: Array) -> Array:
        """The sum over all workers of an array, which has the same shape and dtype on all."""
        return array

    def share(self, content: bytes) -> bytes:
        """The bytes that worker 0 passes; those of the others are ignored."""
        return content

    def wait(self) -> None:
        """Wait until all workers are here, and set the common clock."""


class SeveralWorkers(Workers):
    """Several processes, connected by a MultiWorkerMirroredStrategy."""

    def __init__(self, strategy: tf.distribute.Strategy, cluster: Cluster) -> None:
        super().__init__()
        self.count = len(cluster.addresses)
        self.index = cluster.index
        self._strategy = strategy
        self._began = time.monotonic()
        self._seconds = 0.0

    def clock(self) -> float:
        """The clock of worker 0 at the last report."""
        return self._seconds

    def report(self, received: int | None, stopped: bool) -> Report:
        """The time on worker 0, whether a callback stops the run, and a count for each signal."""
        signals = [float(received == number) for number in ENDING]
        return np.array([self._own_seconds(), float(stopped), *signals], np.float32)

    def heard(self, total: Report) -> None:
        """Take on the sum of all reports."""
        self._seconds, stopped, *signals = map(float, total)
        self.stopped = stopped > 0
        received = [number for number, count in zip(ENDING, signals, strict=True) if count]
        # The last one, SIGTERM, is the most urgent.
        self.stop_signal = received[-1] if received else None

    def total(self, array: Array) -> Array:
        """The sum over all workers; one device of each contributes its array."""
        local = len(self._strategy.extended.worker_devices)
        contributed = self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                np.zeros_like(array) if context.replica_id_in_sync_group % local else array
            )
        )
        summed = self._strategy.reduce(tf.distribute.ReduceOp.SUM, contributed, axis=None)
        total: Array = summed.numpy()
        return total

    def share(self, content: bytes) -> bytes:
        """Worker 0's bytes, as the sum of its numbers and of the others' zeros."""
        length = int(self.total(np.array([len(content) * (self.index == 0)], np.int64))[0])
        if not length:
            return b""
        numbers = np.zeros(-(-length // 4), np.int32)
        if self.index == 0:
            numbers[:] = np.frombuffer(content.ljust(4 * len(numbers), b"\0"), np.int32)
        return self.total(numbers).tobytes()[:length]

    def wait(self) -> None:
        """Wait until all workers are here, and set the clock by worker 0."""
        self._seconds = float(self.total(np.array([self._own_seconds()]))[0])

    def _own_seconds(self) -> float:
        return time.monotonic() - self._began if self.index == 0 else 0.0


class Interruption:
    """Catches the first signal of `ENDING` while it is entered; a second one ends the program.

    Under `nohup`, SIGHUP stays ignored.

    Attributes:
        received: Number of the signal that came, or None.
    """

    received: int | None = None

    def came(self) -> bool:
        """Whether a signal was received."""
        return self.received is not None

    def __enter__(self) -> Self:
        self._former: dict[int, Any] = {}
        # Python delivers signals to the main thread alone, and lets it alone set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                if number == SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue
                self._former[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        self._former = {}


def versions() -> dict[str, str]:
    """Versions of charrnn, Python and the packages that matter."""
    return {
        "charrnn": metadata.version("charrnn"),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def check_agreement(workers: Workers, facts: Mapping[str, Any]) -> None:
    """Make sure that all workers train the same.

    Args:
        workers: The workers.
        facts: What must be the same on all of them, by the words for it: "the text".

    Raises:
        WorkersError: Something differs. All workers raise it.
    """
    prints = np.array([_fingerprint(value) for value in facts.values()], np.int64)
    differ = workers.total(prints) != workers.count * prints
    if differ.any():
        names = [name for name, differs in zip(facts, differ, strict=True) if differs]
        raise WorkersError(
            f"the workers differ in {' and '.join(names)}. Start all of them with the same command "
            "but for --worker-index, on the same text, with the same versions."
        )


def _fingerprint(value: Any) -> int:
    """Four bytes of the SHA-256 of a value's JSON, as a number from which sums do not overflow."""
    text = json.dumps(value, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


@contextlib.contextmanager
def lost_workers_told(cluster: Cluster | None, directory: Path) -> Iterator[None]:
    """Turn what TensorFlow raises when another worker is gone into a WorkersError.

    Args:
        cluster: The workers; alone, an error is an error.
        directory: The checkpoint of the run.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if cluster is None or cluster.is_alone:
            raise
        raise WorkersError(
            f"another worker ended or cannot be reached (TensorFlow: {_reason(error)}). What was "
            f"saved last, if anything, is in {directory}. {how_to_resume(directory, several=True)}"
        ) from error


def _reason(error: tf.errors.OpError) -> str:
    """What TensorFlow says: the first line of the last paragraph, below the traceback of a graph."""
    line: str = error.message.strip().rpartition("\n\n")[2].partition("\n")[0]
    return line.rpartition("}} ")[2].strip().rstrip(".:")  # Names of nodes stand in {{}}.


def how_to_resume(directory: Path, *, several: bool) -> str:
    """The command that goes on with the run in a directory."""
    everywhere = " on every worker" if several else ""
    return f"Go on{everywhere} with: charrnn train --resume --name {spoken_name(directory)}"
