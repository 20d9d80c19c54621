"""The signals that end a program: noted from its first moment on, and never lost.

Python raises an exception for a signal wherever the program happens to be. Where that is a weak
reference's callback, as in an import, Python drops the exception; then the signal is sent again.
"""

import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SIGHUP: Final[int | None] = getattr(signal, "SIGHUP", None)
"""The terminal was closed; None on Windows."""

ENDING: Final = tuple(
    number for number in (signal.SIGINT, SIGHUP, signal.SIGTERM) if number is not None
)
"""The signals that end a program, the most urgent one last."""

_noted: int | None = None

_in_hook = False
"""Whether Python is telling of a dropped exception, and would drop another one too."""


def note_signals() -> None:
    """End the program without a traceback when a signal comes; ignored signals stay ignored."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    sys.unraisablehook = _send_again


def forget() -> None:
    """Forget a signal that was dealt with."""
    global _noted  # noqa: PLW0603 (a process has one set of signals)
    _noted = None


def came() -> bool:
    """Whether a signal came since `forget`."""
    return _noted is not None


def heed() -> None:
    """Act on a signal that came since `forget`, and that other people's code may have swallowed."""
    if _noted is not None:
        _raise(_noted)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    global _noted  # noqa: PLW0603
    _noted = number
    if not _in_hook:
        _raise(number)


def _raise(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _send_again(dropped: "UnraisableHookArgs") -> None:
    if _noted is None or not issubclass(dropped.exc_type, KeyboardInterrupt | SystemExit):
        sys.__unraisablehook__(dropped)
        return
    global _in_hook  # noqa: PLW0603
    _in_hook = True
    threading.Thread(target=_send, args=(_noted,), daemon=True).start()
    _in_hook = False  # The last statement: nothing can come between it and the return.


def _send(number: int) -> None:
    while _in_hook:
        time.sleep(0.001)
    if hasattr(signal, "pthread_kill"):  # It also wakes a main thread that waits.
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)
