"""Writing files so that a crash leaves either the old content or the new, never a mixture."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from charrnn.errors import CorpusError

UNFINISHED: Final = ".writing-"
"""Prefix of directories that hold unfinished files."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename it to `path` on success.

    The temporary path is on the same disk and has the same file name. The directory of `path` is
    made if it is missing.

    Raises:
        OSError: The file cannot be written. `path` is unchanged then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=path.parent) as directory:
        temporary = Path(directory) / path.name
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, which the system releases when the process ends.

    Args:
        path: The lock file, made if it is missing and kept afterwards.

    Raises:
        BlockingIOError: Another process holds the lock.
        OSError: The file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except PermissionError as error:
                raise BlockingIOError(*error.args) from error
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def write_text(path: Path, text: str) -> None:
    """Create or replace a UTF-8 text file in one step; raises OSError like `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def try_to_keep(what: str, keep: Callable[[], None], noted: Callable[[str], None]) -> None:
    """Write an optional file; a failure becomes a note, not an error.

    Args:
        what: Beginning of the note: "The n-gram filter is".
        keep: Makes and writes the file.
        noted: Receives the note.
    """
    try:
        keep()
    except KeyboardInterrupt:
        reason = "it was interrupted."
    except CorpusError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.strerror or error}."
    except MemoryError:
        reason = "it does not fit in memory."
    else:
        return
    noted(f"{what} left out: {reason}")


def _flush(path: Path) -> None:
    """Force a file or a directory entry to the disk, if the system can."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
