"""Memory of the tests of training."""

import gc
import itertools

_teardowns = itertools.count(1)


def pytest_runtest_teardown() -> None:
    # Compiled functions of TensorFlow are in reference cycles; together they take a gigabyte.
    if next(_teardowns) % 5 == 0:
        gc.collect()
