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
"""How the names of directories begin that hold files not finished yet."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it into place on success.

    Args:
        path: The file to create or replace. Its directory is made when it is missing.

    Yields:
        A path in the same directory, with the same suffix, that does not exist yet.

    Raises:
        OSError: The disk is full, or the place cannot be written; `path` is untouched then.
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
    """Hold a lock that one process can hold at a time; the system lets go of it when that ends.

    Args:
        path: The file that is locked, made when it is missing; it stays when the lock goes.

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
    """Create or replace a UTF-8 text file in one step; raises OSError as `replacing` does."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def try_to_keep(what: str, keep: Callable[[], None], noted: Callable[[str], None]) -> None:
    """Keep something that a network can do without; what hinders it is told, and that is all.

    Args:
        what: The beginning of the sentence that tells: "The n-gram filter is".
        keep: Makes and writes it.
        noted: Is told.
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
    """Force a file or a directory entry to the disk, where the system can."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
