"""The standard streams of a command: text that is safe for a terminal, and no surprising failures.

All output passes here. Whatever a command prints, only printable characters, tabs and line ends
reach the terminal. What draws with escape sequences (Rich, progress bars, the prompt) writes to
`unguarded` streams instead, and shows foreign text with `printable` only.
"""

import codecs
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO, cast

from charrnn.wording import printable

KEPT: Final = "\n\t"
"""The control characters that poems are made of."""

_REPLACE: Final = "charrnn.replace"
"""Name of the error handler of `codecs` for characters that an encoding lacks."""

_replaced = False


class Channel:
    """A standard stream. Standard error never fails; a failure of standard output names it."""

    def __init__(self, stream: TextIO, *, fails: bool) -> None:
        self._stream = stream
        self._fails = fails

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # Click would write around this.
            raise AttributeError(name)
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text as it is."""
        with self._failures():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what waits."""
        with self._failures():
            self._stream.flush()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if self._fails:
                error.filename = "standard output"
                raise


class Guarded(Channel):
    """A channel for text of any origin."""

    def __init__(self, stream: TextIO, *, fails: bool) -> None:
        super().__init__(stream, fails=fails)
        self.unguarded = Channel(stream, fails=fails)

    def write(self, text: str) -> int:
        """Write a text, with its unprintable characters spelled out."""
        return super().write(printable(text, KEPT))


def unguarded(*, stderr: bool = False) -> TextIO:
    """Standard output or standard error for those who draw with escape sequences."""
    stream = sys.stderr if stderr else sys.stdout
    return cast("TextIO", stream.unguarded) if isinstance(stream, Guarded) else stream


@contextlib.contextmanager
def guarded_streams() -> Iterator[None]:
    """Guard standard output and standard error inside; tell of characters that were replaced.

    A closed standard input is empty, a closed standard error takes everything, and a closed
    standard output fails when something is written. None of the three is left to a file that is
    opened later.
    """
    global _replaced  # noqa: PLW0603 (error handlers have no object of their own)
    _replaced = False
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = sys.stdin or _nowhere("r", os.O_RDONLY)
    output = sys.stdout or _nowhere("w", os.O_RDONLY)  # What is written fails.
    messages = sys.stderr or _nowhere("w", os.O_WRONLY)
    errors = output.errors
    _on_missing_character(output, _REPLACE)
    sys.stdout = cast("TextIO", Guarded(output, fails=True))
    sys.stderr = cast("TextIO", Guarded(messages, fails=False))
    try:
        yield
    finally:
        for stream in (output, messages):
            try:
                stream.flush()
            except OSError:
                _silence(stream)
        if _replaced:
            sys.stderr.write(
                f"Note: standard output is in {output.encoding}, which lacks characters of this text; "
                "a ? stands for each. PYTHONIOENCODING=utf-8 in the environment changes that.\n"
            )
            sys.stderr.flush()
        _on_missing_character(output, errors)
        sys.stdin, sys.stdout, sys.stderr = before


def _nowhere(mode: str, flags: int) -> TextIO:
    """A stream without a source or a reader; its descriptor stays open."""
    descriptor = os.open(os.devnull, flags)
    stream = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
    return cast("TextIO", stream)


def encodable(text: str) -> bool:
    """Whether standard output has all characters of a text."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _on_missing_character(stream: TextIO, errors: str | None) -> None:
    with contextlib.suppress(AttributeError, OSError):  # Not every stream has an encoding.
        cast("Any", stream).reconfigure(errors=errors)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    global _replaced  # noqa: PLW0603
    _replaced = True
    return "?" * (error.end - error.start), error.end


codecs.register_error(_REPLACE, _replace)


def _silence(stream: TextIO) -> None:
    """Let a stream that failed go nowhere, so that Python does not fail again at its exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
