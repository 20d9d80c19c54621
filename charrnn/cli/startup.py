"""Loading TensorFlow without the messages that its libraries print as they start."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


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
