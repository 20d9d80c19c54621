"""How many cores the matrix products may use; to be settled before NumPy is imported."""

import os
from typing import Final

VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""What NumPy's OpenBLAS reads, once, when it is loaded."""


def use_idle_cores() -> None:
    """Keep the products of NumPy to the cores that stand idle; a wish of the user's stands.

    OpenBLAS gives each core a part of every product and waits for all of them. A part whose core
    is at work elsewhere comes milliseconds late: beside a training run on two cores, two threads
    wrote 60 characters a second and one thread 1,800.
    """
    if not hasattr(os, "getloadavg") or any(name in os.environ for name in VARIABLES):
        return
    idle = (os.cpu_count() or 1) - os.getloadavg()[0]
    os.environ[VARIABLES[0]] = str(max(1, round(idle)))
