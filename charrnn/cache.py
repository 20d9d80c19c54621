"""The directory for what can be had again: downloads, long texts in reading, measurements."""

import os
from pathlib import Path
from typing import Final

CACHE_VARIABLE: Final = "CHARRNN_CACHE"
"""Environment variable that moves the cache directory."""


def cache_root() -> Path:
    """The cache directory of this user; `CHARRNN_CACHE` moves it."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("charrnn"))
