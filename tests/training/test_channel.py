import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from charrnn.errors import CheckpointError, ConfigurationError, TrainingInterrupted
from charrnn.training.channel import Channel, PeerGone


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    """Both ends of a connection: the worker's and the chief's."""
    with socket.create_server(("localhost", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    with near, far:
        # Each end knows the other one's name.
        yield Channel(near, "the chief at a:1"), Channel(far, "worker 1 at b:2")


def test_messages_arrive_in_their_order_and_whole(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    payload = bytes(range(256)) * 40_000  # More than a socket holds: it comes in pieces.
    sending = threading.Thread(target=near.send, args=("state", payload))
    sending.start()
    message = far.receive()
    sending.join()
    near.send("learn", step=7, rate=0.1 + 0.2)
    assert (message.kind, message.payload) == ("state", payload)
    assert far.receive().values == {"step": 7, "rate": 0.1 + 0.2}


def test_what_was_heard_in_passing_is_not_forgotten(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    near.send("one")
    near.send("two")
    far.listen(timeout=1)
    assert [message.kind for message in far.heard()] == ["one", "two"]
    near.send("three")
    far.listen(timeout=1)
    near.send("four")
    assert [far.receive().kind, far.receive().kind] == ["three", "four"]
    assert list(far.heard()) == []


def test_nothing_in_time_is_no_message(ends: tuple[Channel, Channel]) -> None:
    with pytest.raises(TimeoutError):
        ends[1].receive(timeout=0.01)


@pytest.mark.parametrize(
    ("error", "reason", "code", "number"),
    [
        (CheckpointError("it is full."), "it is full.", 1, None),
        (ConfigurationError("too large."), "too large.", 2, None),
        (TrainingInterrupted("saved.", 15), "saved.", 143, 15),
        (ZeroDivisionError("by zero"), "it failed (ZeroDivisionError: by zero).", 1, None),
        (KeyboardInterrupt(), "it was interrupted.", 1, None),
    ],
)
def test_a_farewell_says_why(
    ends: tuple[Channel, Channel], error: BaseException, reason: str, code: int, number: int | None
) -> None:
    near, far = ends
    near.part(error)
    with pytest.raises(PeerGone) as gone:
        far.receive()
    assert gone.value.peer == "worker 1 at b:2"
    assert (gone.value.reason, gone.value.exit_code) == (reason, code)
    assert gone.value.signal_number == number


def test_who_ends_without_a_word_stopped_answering(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    near.part(None)
    with pytest.raises(PeerGone, match="worker 1 at b:2: stopped answering") as gone:
        far.listen(timeout=1)
    assert gone.value.reason is None


def send_without_end(channel: Channel) -> None:
    while True:
        channel.send("answer", bytes(100_000))


def test_the_last_words_are_heard_by_someone_who_speaks(ends: tuple[Channel, Channel]) -> None:
    near, far = ends
    near.part(CheckpointError("it is full."))
    with pytest.raises(PeerGone, match="it is full"):
        send_without_end(far)


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        struct.pack("!8sQQ", b"charrnn1", 2**40, 0),
        struct.pack("!8sQQ", b"charrnn1", 4, 0) + b"\xff\xfe[]",
        struct.pack("!8sQQ", b"charrnn1", 4, 0) + b"null",
    ],
)
def test_another_program_is_not_listened_to(words: bytes) -> None:
    with socket.create_server(("localhost", 0)) as server:
        stranger = socket.create_connection(server.getsockname())
        connection, _ = server.accept()
    with stranger, connection:
        stranger.sendall(words)
        with pytest.raises(PeerGone, match="does not speak as charrnn does"):
            Channel(connection, "a worker").receive(timeout=1)
