"""Those who train one network together, as the one of them sees it who decides.

The chief decides all that a clock, a signal or a callback has a say in, and tells the others before
each step what to do (`charrnn.training.follower`). So all of them take the same decisions, and
whoever looks for the reason of one finds it in `Trainer` alone. The gradients go another way, from
TensorFlow to TensorFlow.
"""

import contextlib
import io
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.cluster import Cluster
from charrnn.errors import WorkersError
from charrnn.training.agreement import Facts, refuse_other_facts
from charrnn.training.channel import Channel, Message, PeerGone

HELLO: Final = "hello"
WELCOME: Final = "welcome"
FACTS: Final = "facts"
AGREED: Final = "agreed"
RUN: Final = "run"
STATE: Final = "state"
LEARN: Final = "learn"
EVALUATE: Final = "evaluate"
GIVE_UP: Final = "give up"
SAVE: Final = "save"
FINISHED: Final = "finished"
ANSWER: Final = "answer"
SIGNAL: Final = "signal"
"""What messages are about, in the order of a run."""

GRACE_SECONDS: Final = 20.0
"""How long to look for the worker that is gone, when TensorFlow says that one is."""

_ENDS_OF_OTHERS: Final = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnknownError,
)
"""What TensorFlow raises here when another worker is gone."""

_TASK: Final = re.compile(r"/task:(\d+)")

_HEARTBEAT: Final = "CoordinationService/Heartbeat"
"""The call, to the chief, whose failure is all that TensorFlow says of a chief that is frozen."""

Arrays = dict[str, npt.NDArray[Any]]


class Team(Protocol):
    """The chief and those who follow.

    Attributes:
        workers: How many they are, the chief included.
        signal: Number of a signal that another worker received, or None.
        scope: What to add to a command that all workers must be given.
    """

    workers: int
    signal: int | None
    scope: str

    def agree(self, facts: Facts) -> None:
        """Refuse others that would train something else than this one."""

    def order(self, kind: str, payload: bytes = b"", **values: Any) -> None:
        """Tell the others what is done now."""

    def total(self, value: float) -> float:
        """A number, with those added that the others answer."""

    def give_up(self) -> None:
        """Tell the others to give up the evaluation that they were told to make."""

    def gathered(self, arrays: Arrays) -> Arrays:
        """Arrays, with the rows below them that the others answer."""

    def watched(self, advice: Callable[[], str]) -> contextlib.AbstractContextManager[None]:
        """Turn the end of another worker into a sentence, and advice what to do now."""


class Alone:
    """A team of one."""

    workers = 1
    signal: int | None = None
    scope = ""

    def agree(self, facts: Facts) -> None:
        """Nobody is there to differ."""

    def order(self, kind: str, payload: bytes = b"", **values: Any) -> None:
        """Nobody is there to be told."""

    def total(self, value: float) -> float:
        """The number."""
        return value

    def give_up(self) -> None:
        """Nobody is there to be told."""

    def gathered(self, arrays: Arrays) -> Arrays:
        """The arrays."""
        return arrays

    def watched(self, advice: Callable[[], str]) -> contextlib.AbstractContextManager[None]:
        """Nobody can be lost."""
        del advice
        return contextlib.nullcontext()


class Chief:
    """A team of several, led from here.

    Args:
        cluster: Who they are.
        channels: To each of the others, in the order of their numbers.
    """

    scope = " on every worker"

    def __init__(self, cluster: Cluster, channels: Sequence[Channel]) -> None:
        self.workers = len(cluster.addresses)
        self._cluster = cluster
        self.signal: int | None = None
        self._channels = channels

    def agree(self, facts: Facts) -> None:
        """Refuse others that would train something else; raises WorkersError."""
        for index, message in enumerate(self.answers(FACTS), start=1):
            refuse_other_facts(self._cluster.name(index), message.values, facts)
        self.order(AGREED)

    def order(self, kind: str, payload: bytes = b"", **values: Any) -> None:
        """Tell the others what is done now; first hear what they have to say."""
        for channel in self._channels:
            for message in channel.heard():
                self._note(message)
        for channel in self._channels:
            channel.send(kind, payload, **values)

    def answers(self, kind: str = ANSWER) -> Iterator[Message]:
        """What each of the others answers, in the order of their numbers."""
        for channel in self._channels:
            while (message := channel.receive()).kind != kind:
                self._note(message)
            yield message

    def total(self, value: float) -> float:
        """A number, with those added that the others answer."""
        return value + sum(float(message.values["value"]) for message in self.answers())

    def give_up(self) -> None:
        """Tell the others to give up the evaluation, and hear out what each answers all the same.

        Unlike `order` this does not listen first: an answer may have come, and must not get lost.
        """
        for channel in self._channels:
            channel.send(GIVE_UP)
        self.total(0.0)

    def gathered(self, arrays: Arrays) -> Arrays:
        """Arrays, with the rows below them that the others answer."""
        parts = [arrays, *(unpacked(message.payload) for message in self.answers())]
        return {name: np.concatenate([part[name] for part in parts]) for name in arrays}

    def part(self, error: BaseException | None) -> None:
        """Tell the others that it is over, and why."""
        for channel in self._channels:
            channel.part(error)

    @contextlib.contextmanager
    def watched(self, advice: Callable[[], str]) -> Iterator[None]:
        """Turn the end of another worker into a WorkersError, with advice what to do now."""
        try:
            with lost_workers_noticed(self._cluster, self._channels):
                yield
        except PeerGone as gone:
            what = f"ended the run: {gone.reason}" if gone.reason else "stopped answering."
            raise WorkersError(f"{gone.peer} {what} {advice()}", gone.exit_code) from gone

    def _note(self, message: Message) -> None:
        if message.kind == SIGNAL:
            self.signal = message.values["number"]


@contextlib.contextmanager
def lost_workers_noticed(cluster: Cluster, channels: Sequence[Channel]) -> Iterator[None]:
    """Turn what TensorFlow raises when another worker is gone into PeerGone."""
    try:
        yield
    except _ENDS_OF_OTHERS as error:
        until = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < until:
            for channel in channels:
                channel.listen(0.2)
        # A machine that is frozen says nothing, and TensorFlow alone misses its heartbeat.
        lost = [int(task) for task in _TASK.findall(str(error)) if int(task) != cluster.index]
        if _HEARTBEAT in str(error) and not cluster.is_chief:
            lost.append(0)
        if not lost:
            raise
        raise PeerGone(cluster.name(lost[-1])) from error


def packed(arrays: Arrays) -> bytes:
    """Named arrays as bytes."""
    file, stored = io.BytesIO(), dict[str, Any](arrays)
    np.savez(file, **stored)
    return file.getvalue()


def unpacked(payload: bytes) -> Arrays:
    """What `packed` made bytes of."""
    with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
