"""Ctrl-C and SIGTERM, turned into a question that the loop asks between steps."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Interruption:
    """Catches the first SIGINT or SIGTERM while it is entered; a second one ends the program.

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
            for number in (signal.SIGINT, signal.SIGTERM):
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
