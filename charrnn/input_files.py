"""Opening files that a user names.

A regular file is read, and so is a pipe that the shell has opened: /dev/stdin and `<(...)`. A named
pipe may never have a writer and a device may have no end, so both are refused.
"""

import contextlib
import errno
import io
import os
import re
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Final

STANDARD_INPUT: Final = "-"
"""What stands for standard input."""

LONGEST_INPUT: Final = 64 * 2**20
"""Most bytes of a file that is read whole: a form, a table, a lexicon, a prompt."""

_OPENED_BY_SHELL: Final = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/(\d+)")


def open_input(path: Path) -> BinaryIO:
    """Open a file for reading, without ever waiting for a writer.

    Raises:
        OSError: It cannot be opened, or it is a named pipe or a device; `strerror` says which.
    """
    number = opened_descriptor(path)
    if number is None:
        file = path.open("rb") if os.name == "nt" else _open_at_once(path)
    else:
        file = os.fdopen(os.dup(number), "rb")
    try:
        _require_an_end(file, path, is_stream=number is not None)
    except OSError:
        file.close()
        raise
    return file


def standard_input() -> BinaryIO:
    """The standard input of this process; raises OSError if it is closed or a device."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed", STANDARD_INPUT)
    with contextlib.suppress(io.UnsupportedOperation):  # In a test it may be in memory.
        _require_an_end(sys.stdin.buffer, Path(STANDARD_INPUT), is_stream=True)
    return sys.stdin.buffer


def read_input(path: Path) -> bytes:
    """The content of a file or of standard input; raises OSError like them, or if it is too long."""
    if str(path) == STANDARD_INPUT:
        content = standard_input().read(LONGEST_INPUT + 1)
    else:
        with open_input(path) as file:
            content = file.read(LONGEST_INPUT + 1)
    if len(content) > LONGEST_INPUT:
        reason = f"it is longer than {LONGEST_INPUT // 2**20} MiB"
        raise OSError(errno.EFBIG, reason, str(path))
    return content


def opened_descriptor(path: Path) -> int | None:
    """The number of a file descriptor that a path stands for, as `<(...)` does; else None."""
    found = _OPENED_BY_SHELL.fullmatch(str(path))
    return None if found is None else int(found[1] or 0)


def _require_an_end(file: BinaryIO, path: Path, *, is_stream: bool) -> None:
    """Refuse what may have no end or no writer; raises OSError.

    A stream may be a pipe, a socket or a terminal too.
    """
    mode = os.fstat(file.fileno()).st_mode
    if stat.S_ISREG(mode):
        return
    if not is_stream and stat.S_ISFIFO(mode):
        reason = "it is a named pipe; give - and its text on standard input"
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        if is_stream and file.isatty():
            return
        reason = "it is a device, not a file"
    elif is_stream:
        return
    else:
        reason = "it is not a file"
    raise OSError(errno.EINVAL, reason, str(path))


def _open_at_once(path: Path) -> BinaryIO:
    # A blocking open waits for a writer of a named pipe. Regular files do not know the flag.
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))
