"""Writing so that a kill or a loss of power leaves the old content or the new, never a mixture.

What is written is forced to the disk before it takes its name, and the name before anything else is
written. So each instant leaves what was written up to then, and nothing of what comes later.
"""

import contextlib
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".writing-charrnn-"
"""Prefix of directories that hold what is being written."""

LOCK_FILE: Final = ".lock"
"""Held in a directory by the process that writes there."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write a file or a directory to, and rename it to `path` on success.

    The temporary path is on the same disk and has the same file name. The directory of `path` is
    made if it is missing, and what killed processes left there is removed.

    Raises:
        OSError: It cannot be written. `path` is unchanged then.
    """
    make_directory(path.parent)
    sweep(path.parent)
    with contextlib.ExitStack() as stack:
        temporary = _own_directory(path.parent, stack) / path.name
        yield temporary
        for written in (*temporary.rglob("*"), temporary):
            sync(written)
        temporary.replace(path)
        sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Create or replace a UTF-8 text file in one step; raises OSError like `replacing`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def make_directory(path: Path) -> None:
    """Make a directory, and those above it, unless it is there; raises OSError."""
    if path.is_dir():
        return
    make_directory(path.parent)
    try:
        path.mkdir(exist_ok=True)
    except FileExistsError:  # A file, or a link to nothing.
        reason = os.strerror(errno.ENOTDIR)
        raise NotADirectoryError(errno.ENOTDIR, reason, str(path)) from None
    sync(path.parent)


def sweep(directory: Path) -> None:
    """Remove what killed processes left unfinished in a directory; living ones hold a lock."""
    for unfinished in directory.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(OSError):
            with locked(unfinished / LOCK_FILE):
                shutil.rmtree(unfinished, ignore_errors=True)
            shutil.rmtree(unfinished)  # Windows keeps a file that is open.


def _own_directory(parent: Path, stack: contextlib.ExitStack) -> Path:
    """A new directory that is locked, and is removed with the stack."""
    while True:
        made = tempfile.TemporaryDirectory(
            prefix=UNFINISHED, dir=parent, ignore_cleanup_errors=True
        )
        lock = Path(stack.enter_context(made)) / LOCK_FILE
        try:
            stack.enter_context(locked(lock))
        except BlockingIOError:
            continue  # Another process took it for one that was left.
        except OSError:
            return lock.parent  # The disk knows no locks, so no process sweeps there.
        if lock.exists():
            return lock.parent


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file, made if missing; released when the process ends.

    Raises:
        BlockingIOError: Another process holds the lock.
        OSError: The file cannot be made.
    """
    make_directory(path.parent)
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


def sync(path: Path) -> None:
    """Force a file, or the names in a directory, to the disk, if the system can."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
