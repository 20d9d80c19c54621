"""A process that holds one family of contestants for one workload, and measures when told to.

    python -m benchmarks.training.worker FAMILY WORKLOAD

It writes JSON, a line at a time: first its contestants, `[name, variant, precision]` each, then a
rate for each line `NUMBER SECONDS` that it reads. It ends when there is nothing more to read.
"""

import importlib
import json
import os
import sys
from typing import Final, cast

from benchmarks.training.contestants import Contestant, Family, FamilyModule
from benchmarks.training.workloads import workload_named
from charrnn.cli.process import quiet_startup

MODULES: Final[dict[Family, str]] = {
    "charrnn": "charrnn_step",
    "keras": "stock_keras",
    "pytorch": "pytorch",
    "product": "matrix_product",
}
WARM_UP_SECONDS = 0.5


def main(family: Family, workload: str) -> None:
    """Serve until standard input ends."""
    # What libraries print must not come between the lines of the conversation.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)

        def answer(value: object) -> None:
            print(json.dumps(value), file=answers, flush=True)

        contestants = _prepared(family, workload)
        answer([[entry.name, entry.variant, entry.precision] for entry in contestants])
        for line in sys.stdin:
            number, seconds = line.split()
            answer(contestants[int(number)].measure(float(seconds)))


def _prepared(family: Family, workload: str) -> list[Contestant]:
    """The contestants, each compiled and warm."""
    name = f"benchmarks.training.{MODULES[family]}"
    with quiet_startup():
        module = cast("FamilyModule", importlib.import_module(name))
    contestants = []
    for contestant in module.contestants(workload_named(workload)):
        contestant.measure(WARM_UP_SECONDS)
        contestants.append(contestant)
    return contestants


if __name__ == "__main__":
    main(cast("Family", sys.argv[1]), sys.argv[2])
