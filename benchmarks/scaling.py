"""How far several machines would scale: measured here on loopback, then worked out on paper.

python -m benchmarks.scaling --rate 1x512=18000 --rate 2x512=12000

Two processes of this machine add up gradients as `charrnn train --workers` does. From what that
takes, and from the rate of one machine in characters a second, comes a table for 1 to 8 machines
and three networks. docs/scaling.md explains the formula. The tables are Markdown.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import click

from benchmarks import machine
from charrnn.cli.startup import quiet_startup
from charrnn.cluster import Cluster
from charrnn.settings.architecture import Architecture

WORKERS: Final = (1, 2, 4, 8)
LINKS: Final = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 1e10 / 8, "100 Gbit/s": 1e11 / 8}
ROUNDS: Final = 60
WARM_UP: Final = 10
SMALL: Final = 1_000
"""Numbers in an array whose size costs nothing."""

VOCABULARY: Final = 65


@dataclass(frozen=True, slots=True)
class Run:
    """A network and its batches.

    Attributes:
        layers: LSTM layers of 512 units.
        batch_size: Streams of one machine.
        window: Characters read from each in a step.
    """

    layers: int
    batch_size: int
    window: int

    @property
    def gradient_bytes(self) -> int:
        """What every worker has to hand over in every step."""
        return (
            4
            * Architecture(
                cell="lstm",
                vocabulary_size=VOCABULARY,
                embedding=64,
                layers=self.layers,
                units=512,
                dropout=0.0,
                activation="tanh",
            ).parameters
        )

    @property
    def characters(self) -> int:
        """What one machine reads in a step."""
        return self.batch_size * self.window


RUNS: Final = {"1x512": Run(1, 32, 64), "2x512": Run(2, 128, 100)}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What it costs to add up arrays over a ring of machines.

    Attributes:
        hop: Seconds for each message on its way round, however small.
        byte: Seconds that the processors take for each byte.
    """

    hop: float
    byte: float

    def seconds(self, workers: int, size: int, arrays: int, link: float) -> float:
        """Of one step.

        Args:
            workers: Machines in the ring.
            size: Bytes of all arrays together.
            arrays: How many arrays they are; each goes round for itself.
            link: Bytes a second of the network.
        """
        hops = 2 * (workers - 1)
        return hops * (arrays * self.hop + size / workers * (self.byte + 1 / link))


def fitted(small_seconds: float, large_seconds: float, large_size: int) -> Exchange:
    """The costs behind what two workers took for a small array and a large one."""
    return Exchange(small_seconds / 2, (large_seconds - small_seconds) / large_size)


def rate_of(workers: int, run: Run, rate: float, exchange_seconds: float, grows: bool) -> float:
    """Characters a second of several machines.

    Args:
        workers: How many machines.
        run: The network and its batches.
        rate: Of one machine.
        exchange_seconds: What adding up the gradients takes in a step.
        grows: Whether each machine reads as many streams as one would alone, so that the batch
            grows; otherwise they share the streams of one.
    """
    characters = run.characters * (workers if grows else 1)
    return characters / (characters / workers / rate + exchange_seconds)


def scaling_table(rates: dict[str, float], exchange: Exchange, arrays: int) -> list[str]:
    """Rates of several machines, as Markdown."""
    head = ("network", "link", "workers", "exchange", "batch grows", "same batch")
    rows = [f"| {' | '.join(head)} |", "|---|---|--:|--:|--:|--:|"]
    for name, rate in rates.items():
        run = RUNS[name]
        for link, speed in LINKS.items():
            for workers in WORKERS:
                seconds = exchange.seconds(workers, run.gradient_bytes, arrays, speed)
                cells = [
                    f"{rate_of(workers, run, rate, seconds, grows) / rate:.2f} x"
                    for grows in (True, False)
                ]
                first = f"{name} | {link} | {workers} | {1000 * seconds:.0f} ms"
                rows.append(f"| {first} | {' | '.join(cells)} |")
    return rows


def measure(cluster: Cluster) -> None:
    """Add up arrays with another process; worker 0 prints the median seconds of each size."""
    with quiet_startup():
        import tensorflow as tf

        from charrnn.model.device import choose_device

        strategy = choose_device("cpu").strategy_in(cluster)
    for size in (SMALL, *(run.gradient_bytes // 4 for run in RUNS.values())):
        array = tf.ones(size)

        @tf.function
        def add_up(array: tf.Tensor) -> tf.Tensor:
            parts = strategy.run(lambda array: 2 * array, args=(array,))
            return strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None)[:1]

        seconds = []
        for _ in range(WARM_UP + ROUNDS):
            began = time.perf_counter()
            add_up(array).numpy()
            seconds.append(time.perf_counter() - began)
        if cluster.index == 0:
            print(statistics.median(seconds[WARM_UP:]), flush=True)


def measured() -> list[float]:
    """Median seconds of the small array and of the gradients of each of `RUNS`."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("", 0))) for _ in range(2)]
        addresses = ",".join(f"localhost:{each.getsockname()[1]}" for each in sockets)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scaling", "--worker", addresses, str(index)],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for index in (0, 1)
    ]
    first, _ = [process.communicate()[0] for process in processes]
    return [float(line) for line in first.split()]


def _rates(given: tuple[str, ...]) -> dict[str, float]:
    """What `--rate` was given; raises UsageError for anything else."""
    rates = {}
    for word in given:
        name, _, rate = word.partition("=")
        if name not in RUNS or not rate.isdigit():
            raise click.UsageError(f"--rate is of the form {next(iter(RUNS))}=18000, not {word}.")
        rates[name] = float(rate)
    return rates


@click.command()
@click.option("--rate", multiple=True, metavar="NETWORK=N", help="Characters a second of one.")
@click.option("--arrays", default=1, show_default=True, help="Arrays that a step adds up.")
@click.option("--worker", nargs=2, type=(str, int), hidden=True)
def main(rate: tuple[str, ...], arrays: int, worker: tuple[str, int] | None) -> None:
    """Measure what adding up gradients costs, and work out how far several machines scale."""
    if worker is not None:
        measure(Cluster(tuple(worker[0].split(",")), worker[1]))
        return
    rates = _rates(rate)
    small, *large = measured()
    print(f"{machine.described()}\n")
    print("| gradients of | bytes | two processes, loopback |\n|---|--:|--:|")
    print(f"| (one small array) | {4 * SMALL:,} | {1000 * small:.1f} ms |")
    for (name, run), seconds in zip(RUNS.items(), large, strict=True):
        print(f"| {name} | {run.gradient_bytes:,} | {1000 * seconds:.1f} ms |")
    exchange = fitted(small, large[-1], list(RUNS.values())[-1].gradient_bytes)
    print(f"\nhop {1e3 * exchange.hop:.2f} ms, byte {1e9 * exchange.byte:.2f} ns\n")
    print("\n".join(scaling_table(rates, exchange, arrays)))


if __name__ == "__main__":
    main()
