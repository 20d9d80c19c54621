"""Reading the files of a checkpoint, which may come from a stranger: regular files, of limited size."""

import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

from charrnn.errors import CheckpointError

LARGEST_TEXT: Final = 16 * 2**20
"""Most bytes of a text file such as `charrnn.json`; charrnn writes a few million at most."""


def open_regular(path: Path) -> BufferedReader:
    """Open a file, or the file that a link leads to, for reading.

    Raises:
        CheckpointError: It is a directory, a device or a pipe, which may wait or never end.
        OSError: It is missing or cannot be opened.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise _irregular(path)
    # Windows has no such flag. It opens a pipe that took the file's place just now without waiting.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise _irregular(path)
    return file


def read_regular(path: Path, most: int = LARGEST_TEXT) -> bytes:
    """The content of a file of limited size.

    Raises:
        CheckpointError: It is not a regular file, or has more than `most` bytes.
        OSError: It is missing or cannot be read.
    """
    with open_regular(path) as file:
        check_size(file, path, most)
        return file.read(most)


def check_size(file: BufferedReader, path: Path, most: int) -> int:
    """The size of an open file in bytes; raises CheckpointError if it is more than `most`."""
    size = os.fstat(file.fileno()).st_size
    if size > most:
        raise CheckpointError(
            f"{path} has {size:,} bytes, where at most {most:,} were expected. "
            "Copy the checkpoint again from where it came."
        )
    return size


_BINARY: Final = getattr(os, "O_BINARY", 0)
"""Windows translates line ends without it."""


def _irregular(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path} is not a regular file but a directory, a device or a pipe, and is not read. "
        "Copy the checkpoint again from where it came."
    )
