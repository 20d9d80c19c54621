"""A connection between two workers, and the messages that go over it.

A message is a header, a JSON object, and maybe bytes. What it says is the business of
`charrnn.training.team` and `charrnn.training.follower`. Nothing is ever unpickled.
"""

import contextlib
import json
import selectors
import socket
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from charrnn.errors import CharrnnError, TrainingInterrupted

_MAGIC: Final = b"charrnn1"
_HEADER: Final = struct.Struct("!8sQQ")
_LONGEST_TEXT: Final = 1 << 26

_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""A machine that lost its power is noticed after 25 seconds of silence."""

FAREWELL: Final = "farewell"
FOREIGN: Final = "it does not speak as charrnn does."


@dataclass(frozen=True, slots=True)
class Message:
    """What one worker tells another.

    Attributes:
        kind: What it is about.
        values: Its details, as JSON has them.
        payload: Bytes that are no text.
    """

    kind: str
    values: dict[str, Any]
    payload: bytes


class PeerGone(Exception):  # noqa: N818 (it may have left in good order)
    """The other worker is no longer there.

    Args:
        peer: What it is called.
        reason: What it said when it left; None when it said nothing.
        exit_code: What its command ended with.
        signal_number: The signal that ended the run, where one did.
    """

    def __init__(
        self,
        peer: str,
        reason: str | None = None,
        exit_code: int = 1,
        signal_number: int | None = None,
    ) -> None:
        super().__init__(f"{peer}: {reason or 'stopped answering'}")
        self.peer = peer
        self.reason = reason
        self.exit_code = exit_code
        self.signal_number = signal_number


class Channel:
    """Sends messages to one other worker, and receives its messages in their order.

    Args:
        connection: A connected socket.
        peer: What the other worker is called.
    """

    def __init__(self, connection: socket.socket, peer: str) -> None:
        self.peer = peer
        self._socket = connection
        self._heard: deque[Message] = deque()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            if hasattr(socket, name):  # macOS and Windows lack some of them.
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def send(self, kind: str, payload: bytes = b"", **values: Any) -> None:
        """Tell something; raises PeerGone when nobody listens."""
        text = json.dumps([kind, values]).encode()
        try:
            self._socket.sendall(_HEADER.pack(_MAGIC, len(text), len(payload)) + text)
            self._socket.sendall(payload)
        except OSError as error:
            self.listen()  # It may have said why.
            raise PeerGone(self.peer) from error

    def receive(self, timeout: float | None = None) -> Message:
        """The next message.

        Args:
            timeout: Seconds to wait for each part of it; None waits as long as it takes.

        Raises:
            PeerGone: The other worker left.
            TimeoutError: Nothing came in time.
        """
        if not self._heard:
            self._hear(timeout)
        return self._heard.popleft()

    def listen(self, timeout: float = 0) -> None:
        """Hear what has come, and what comes within some seconds, and keep it for later.

        Raises:
            PeerGone: The other worker left.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            while selector.select(timeout):
                self._hear(None)
                timeout = 0

    def has_heard(self) -> bool:
        """Whether something has come that was not received yet; raises PeerGone."""
        self.listen()
        return bool(self._heard)

    def heard(self) -> Iterator[Message]:
        """What has come until now."""
        self.listen()
        while self._heard:
            yield self._heard.popleft()

    def _hear(self, timeout: float | None) -> None:
        """Take in one message."""
        self._socket.settimeout(timeout)
        try:
            magic, text_bytes, payload_bytes = _HEADER.unpack(self._read(_HEADER.size))
            if magic != _MAGIC or text_bytes > _LONGEST_TEXT:
                raise PeerGone(self.peer, FOREIGN)
            kind, values = json.loads(self._read(text_bytes))
            message = Message(kind, values, bytes(self._read(payload_bytes)))
        except TimeoutError:
            raise
        except OSError as error:
            raise PeerGone(self.peer) from error
        except (ValueError, TypeError) as error:
            raise PeerGone(self.peer, FOREIGN) from error
        finally:
            self._socket.settimeout(None)
        if message.kind == FAREWELL:
            raise PeerGone(self.peer, **message.values)
        self._heard.append(message)

    def part(self, error: BaseException | None) -> None:
        """Say why this worker leaves, as far as anyone listens, and leave."""
        if error is not None and not isinstance(error, PeerGone):
            reason = str(error) if isinstance(error, CharrnnError) else _spelled(error)
            with contextlib.suppress(PeerGone):
                self.send(
                    FAREWELL,
                    reason=reason,
                    exit_code=getattr(error, "exit_code", 1),
                    signal_number=error.signal_number
                    if isinstance(error, TrainingInterrupted)
                    else None,
                )
        self._socket.close()

    def _read(self, size: int) -> bytearray:
        """So many bytes; raises ConnectionError when there will be no more."""
        read = bytearray(size)
        view = memoryview(read)
        while view:
            count = self._socket.recv_into(view)
            if count == 0:
                raise ConnectionResetError("the other side closed the connection")
            view = view[count:]
        return read


def _spelled(error: BaseException) -> str:
    """An error that is no sentence, in words."""
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted."
    return f"it failed ({type(error).__name__}: {error})."
