"""A process in which one contestant writes.

    python -m benchmarks.generation.worker MODULE CHECKPOINT CHARACTERS SECONDS

It prints a line when the first character is written, and then the rest as JSON: its peak memory
until then in megabytes, and its rates, characters a second, by the number of poems at once.
"""

import importlib
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import cast

from benchmarks.generation.contestants import POEMS_AT_ONCE, WriterModule
from charrnn.cli.process import quiet_startup


def main(module: str, checkpoint: Path, characters: int, seconds: float) -> None:
    """Write, and tell how it went."""
    # What libraries print must not come between the lines of the answer.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        with quiet_startup():
            name = f"benchmarks.generation.{module}"
            write = cast("WriterModule", importlib.import_module(name)).open_writer(checkpoint)
            write(1, 1)
        print(file=answers, flush=True)
        write(1, characters)
        from benchmarks.machine import peak_megabytes

        peak = peak_megabytes()
        from benchmarks.training.contestants import measured_rate

        rates = {
            poems: measured_rate(partial(write, poems, characters), poems * characters, seconds)
            for poems in POEMS_AT_ONCE
        }
        print(json.dumps({"peak": peak, "rates": rates}), file=answers)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
