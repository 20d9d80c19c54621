"""The directory that texts are kept in, and what is said when it cannot take one."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from charrnn.cache import CACHE_VARIABLE, cache_root
from charrnn.errors import CorpusError


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
