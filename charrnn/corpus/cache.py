"""The directory for what can be had again: downloads, long texts in reading."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from charrnn.errors import CorpusError

CACHE_VARIABLE: Final = "CHARRNN_CACHE"
"""Environment variable that moves the cache directory."""


def cache_root() -> Path:
    """The cache directory of this user; `CHARRNN_CACHE` moves it."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("charrnn"))


def cache_directory() -> Path:
    """Where downloaded corpora are kept, and long texts while they are read."""
    return cache_root() / "corpora"


@contextlib.contextmanager
def disk_errors(directory: Path, what: str = "the download") -> Iterator[None]:
    """Tell in a sentence why a directory cannot take something; raises CorpusError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CorpusError(
                f"the disk is full: {directory} cannot take {what}. Make room there, or "
                f"set {CACHE_VARIABLE} to a directory on another disk."
            ) from error
        raise CorpusError(
            f"{directory} cannot be written ({error.strerror}). "
            f"Set {CACHE_VARIABLE} to a directory of your own."
        ) from error
