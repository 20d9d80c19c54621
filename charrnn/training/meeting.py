"""The workers of a run find one another, before TensorFlow takes over their ports.

The chief listens at its own address until all others have come. What they say there goes on for
the whole run over the same connections; the ports are free for TensorFlow by then.
"""

import contextlib
import errno
import socket
import time
from collections.abc import Callable, Iterator
from typing import Final

from charrnn.checkpoint.record import RunRecord
from charrnn.cluster import Cluster
from charrnn.errors import WorkersError
from charrnn.model.device import START_SECONDS
from charrnn.training.agreement import refuse_other_versions, versions
from charrnn.training.channel import Channel, Message, PeerGone
from charrnn.training.team import HELLO, WELCOME, Alone, Chief, Team

PATIENCE_SECONDS: Final = 300.0
"""How long workers wait for one another: time to start them by hand on several machines."""

_HELLO_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 0.3

Tell = Callable[[str], None]


@contextlib.contextmanager
def led(
    cluster: Cluster | None,
    tell: Tell,
    record: RunRecord | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Iterator[Team]:
    """The team that this process leads; the others are told when it is over, and why.

    Args:
        cluster: All workers, of which this is the chief; None trains alone.
        tell: Shows a sentence.
        record: The run that is resumed, where one is.
        patience: Seconds to wait for the others.

    Raises:
        WorkersError: Not all have come, or one of them does not fit, or left.
    """
    if cluster is None or cluster.is_alone:
        yield Alone()
        return
    chief = Chief(cluster, _wait_for_workers(cluster, tell, record is not None, patience))
    try:
        with chief.watched(lambda: "Start all of them again."):
            chief.order(WELCOME, record.to_json().encode() if record is not None else b"")
            tell(
                "All workers have come. If TensorFlow does not start on all of them within "
                f"{START_SECONDS} seconds, this ends."
            )
            yield chief
    except BaseException as error:
        chief.part(error)
        raise
    chief.part(None)


def join(
    cluster: Cluster, tell: Tell, *, resuming: bool, patience: float = PATIENCE_SECONDS
) -> tuple[Channel, RunRecord | None]:
    """Come to the chief.

    Args:
        cluster: All workers, of which this is not the chief.
        tell: Shows a sentence.
        resuming: Whether this worker was told to go on with a run.
        patience: Seconds to wait for the chief.

    Returns:
        The connection, and the run that is resumed, where one is.

    Raises:
        WorkersError: The chief was not found.
        PeerGone: The chief said why it does without this worker, or left.
    """
    _listener(cluster).close()  # TensorFlow would not say that another program has the port.
    channel = Channel(_connection(cluster, patience), cluster.name(0))
    tell(
        f"This is worker {cluster.index} of {len(cluster.addresses)}, counted from 0; "
        f"{cluster.name(0)} tells the rest."
    )
    try:
        channel.send(
            HELLO,
            index=cluster.index,
            addresses=cluster.addresses,
            versions=versions(),
            resuming=resuming,
        )
        record = channel.receive().payload.decode()
    except BaseException as error:
        channel.part(error)
        raise
    return channel, RunRecord.from_json(record) if record else None


def _wait_for_workers(
    cluster: Cluster, tell: Tell, resuming: bool, patience: float
) -> list[Channel]:
    """A connection to every other worker, in the order of their numbers."""
    until = time.monotonic() + patience
    channels: dict[int, Channel] = {}
    expected = range(1, len(cluster.addresses))
    try:
        with _listener(cluster) as listener:
            tell(f"Waiting for {_names(cluster, expected)}.")
            while missing := [index for index in expected if index not in channels]:
                _refuse_early_leavers(channels)
                if time.monotonic() > until:
                    raise WorkersError(
                        f"{_names(cluster, missing)} did not come within {patience:g} seconds. "
                        "Start the same command on all workers, each with its own "
                        "--worker-index, and see that they can reach "
                        f"{cluster.addresses[0]}."
                    )
                if (hello := _next_hello(listener)) is not None:
                    channel, message = hello
                    channels[_admitted(cluster, channel, message, resuming, missing)] = channel
    except BaseException as error:
        for channel in channels.values():
            channel.part(error)
        raise
    return [channels[index] for index in expected]


def _next_hello(listener: socket.socket) -> tuple[Channel, Message] | None:
    """The next worker that comes, if one does soon; a stranger is sent away."""
    listener.settimeout(_RETRY_SECONDS)
    try:
        connection, _ = listener.accept()
    except TimeoutError:
        return None
    channel = Channel(connection, "a worker")
    try:
        message = channel.receive(_HELLO_SECONDS)
    except (TimeoutError, PeerGone):
        channel.part(None)
        return None
    return channel, message


def _admitted(
    cluster: Cluster, channel: Channel, message: Message, resuming: bool, missing: list[int]
) -> int:
    """The number of a worker that has come; one that does not fit is refused."""
    values = message.values
    try:
        if tuple(values["addresses"]) != cluster.addresses:
            raise WorkersError(
                f"a worker knows other workers ({', '.join(values['addresses'])}) than the chief "
                f"({', '.join(cluster.addresses)}). Give all of them the same, in the same order."
            )
        index = int(values["index"])
        channel.peer = cluster.name(index)
        if index not in missing:
            raise WorkersError(
                f"there are two workers with the number {index}. Give each its own --worker-index."
            )
        refuse_other_versions(channel.peer, values["versions"], versions())
        if values["resuming"] != resuming:
            with_it, without = (
                ("the chief", channel.peer) if resuming else (channel.peer, "the chief")
            )
            raise WorkersError(
                f"{with_it} was started with --resume, and {without} was not. Start all of them "
                "with it, or none."
            )
    except WorkersError as error:
        channel.part(error)
        raise
    return index


def _refuse_early_leavers(channels: dict[int, Channel]) -> None:
    for channel in channels.values():
        try:
            channel.listen()
        except PeerGone as gone:
            raise WorkersError(
                f"{gone.peer} left before all had come. Start all of them again."
            ) from gone


def _listener(cluster: Cluster) -> socket.socket:
    """A socket that listens at the port of this worker, on all its interfaces."""
    both = socket.has_dualstack_ipv6()
    try:
        return socket.create_server(
            ("", cluster.port),
            family=socket.AF_INET6 if both else socket.AF_INET,
            dualstack_ipv6=both,
        )
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "another program uses it" if taken else f"{error.strerror}"
        raise WorkersError(
            f"{cluster.name(cluster.index)} cannot use its port {cluster.port}: {reason}. Give "
            "another port, to all workers."
        ) from error


def _connection(cluster: Cluster, patience: float) -> socket.socket:
    """A connection to the chief, as soon as it listens."""
    until = time.monotonic() + patience
    while True:
        try:
            connection = socket.create_connection(cluster.place(0), timeout=_HELLO_SECONDS)
        except OSError as error:
            if time.monotonic() > until:
                raise WorkersError(
                    f"{cluster.name(0)} did not answer for {patience:g} seconds ({error}). Start "
                    "it, and see that its address and port can be reached from here."
                ) from error
        else:
            # Where nobody listens, a connection to this same machine can meet itself.
            if connection.getsockname() != connection.getpeername():
                connection.settimeout(None)
                return connection
            connection.close()
        time.sleep(_RETRY_SECONDS)


def _names(cluster: Cluster, indices: "Iterator[int] | range | list[int]") -> str:
    return ", ".join(cluster.name(index) for index in indices)
