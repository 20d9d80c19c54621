"""What is settled before NumPy and TensorFlow are loaded: how many cores, and which messages."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Final

THREAD_VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""What NumPy's OpenBLAS reads, once, when it is loaded."""


def use_idle_cores() -> None:
    """Keep NumPy's matrix products to the cores that are idle, unless the user set a number.

    OpenBLAS gives each core a part of every product and waits for all of them. A part whose core
    is busy comes milliseconds late: beside a training run on two cores, two threads wrote 60
    characters a second and one thread 1,800.
    """
    if not hasattr(os, "getloadavg") or any(name in os.environ for name in THREAD_VARIABLES):
        return
    idle = (os.cpu_count() or 1) - os.getloadavg()[0]
    os.environ[THREAD_VARIABLES[0]] = str(max(1, round(idle)))


@contextlib.contextmanager
def quiet_startup() -> Iterator[None]:
    """Keep back what C++ libraries write to standard error, and show it only if loading fails.

    They write to the file descriptor, below Python, before any setting of theirs is read.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        descriptor = sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        yield  # Standard error is no file here, as in a test or a notebook.
        return
    sys.stderr.flush()
    kept = os.dup(descriptor)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), descriptor)
        try:
            yield
        except BaseException:
            messages.seek(0)
            os.write(kept, messages.read())
            raise
        finally:
            os.dup2(kept, descriptor)
            os.close(kept)
