"""Reading the files of a checkpoint, which may come from a stranger: regular files, of limited size."""

import os
import shutil
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

from charrnn.errors import CheckpointError
from charrnn.settings.from_json import LARGEST_DOCUMENT

LARGEST_FILE: Final = 2**28
"""Most bytes of any file beside a network; the largest n-gram filter has two thirds of them."""

_BINARY: Final = getattr(os, "O_BINARY", 0)
"""Windows translates line ends without it."""

_WITHOUT_WAITING: Final = getattr(os, "O_NONBLOCK", 0)


def open_regular(path: Path, most: int | None = None) -> BufferedReader:
    """Open a file, or the file that a link leads to, for reading.

    Raises:
        CheckpointError: It is a directory, a device or a pipe, which may wait or never end; or it
            has more than `most` bytes.
        OSError: It is missing or cannot be opened.
    """
    _check(path, path.stat(), most)
    # Something else may have taken its place since then.
    descriptor = os.open(path, os.O_RDONLY | _WITHOUT_WAITING | _BINARY)
    file = os.fdopen(descriptor, "rb")
    try:
        _check(path, os.fstat(descriptor), most)
    except CheckpointError:
        file.close()
        raise
    return file


def read_regular(path: Path, most: int = LARGEST_DOCUMENT) -> bytes:
    """The content of a file; raises errors like `open_regular`."""
    with open_regular(path, most) as file:
        return file.read(most)


def copy_regular(source: Path, target: Path) -> None:
    """Copy a file of at most `LARGEST_FILE` bytes; raises errors like `open_regular`."""
    with open_regular(source, LARGEST_FILE) as file, target.open("wb") as copy:
        shutil.copyfileobj(file, copy)


def _check(path: Path, status: os.stat_result, most: int | None) -> None:
    remedy = "Copy the checkpoint again from where it came."
    if not stat.S_ISREG(status.st_mode):
        raise CheckpointError(
            f"{path} is not a regular file but a directory, a device or a pipe, and is not read. "
            f"{remedy}"
        )
    if most is not None and status.st_size > most:
        raise CheckpointError(
            f"{path} has {status.st_size:,} bytes, where at most {most:,} were expected. {remedy}"
        )
