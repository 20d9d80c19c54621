"""Measures the speed of writing side by side, and prints Markdown.

python -m benchmarks.generation
python -m benchmarks.generation --network 2x512 --repeats 5 --json rounds.json
"""

import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click

from benchmarks import machine
from benchmarks.generation import tables
from benchmarks.generation.contestants import CONTESTANTS, WINDOW
from benchmarks.generation.networks import NETWORKS, network_named
from benchmarks.generation.rounds import FIRST_POEM, made_checkpoint, measure
from benchmarks.generation.tables import Result

METHOD = (
    "Each figure is the median over rounds, {repeats} here; in a round each contestant starts once, in a "
    "process of its own, and writes for {seconds:g} seconds one poem after the other and for as "
    "long 64 at once. All have the same weights, in float32, and draw each character at the same "
    "temperature; the draw, the way to Python and, of charrnn, the whole poem with its "
    "probabilities are in the time. `model.predict` reads a window of {window} characters for each "
    "one; the others hand a state on. charrnn's start is that of `charrnn generate`, of the others "
    "that of a script that does no more than write. Peak memory is that of writing one poem."
)

MEMORY_METHOD = (
    "What must be read from memory for each character, how often in a second the cores can do that "
    "and no more, and the share of it that one poem at a time comes to:"
)


@click.command()
@click.option(
    "--network",
    "names",
    multiple=True,
    type=click.Choice([network.name for network in NETWORKS]),
    help="A network that writes; may be given several times. All by default.",
)
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True, help="Rounds.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=1.5,
    show_default=True,
    help="How long each contestant writes in a round, twice.",
)
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every figure to this file, after each network.",
)
def main(*, names: tuple[str, ...], repeats: int, seconds: float, file: Path | None) -> None:
    """Write with charrnn, Keras, TensorFlow and PyTorch in turn, and compare."""
    contestants = list(CONTESTANTS)
    if find_spec("torch") is None:
        _tell("torch is not installed, so PyTorch is left out; make benchmark installs it")
        contestants = [entry for entry in contestants if not entry.module.startswith("pytorch")]
    results: list[Result] = []
    for network in [network_named(name) for name in names] or NETWORKS:
        with tempfile.TemporaryDirectory() as directory:
            checkpoint = made_checkpoint(network, Path(directory))
            measured = measure(
                network, contestants, checkpoint, repeats=repeats, seconds=seconds, tell=_tell
            )
        results.append(Result(network, measured))
        if file is not None:
            _write(file, results)
    _report(results, repeats, seconds)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def _write(file: Path, results: Sequence[Result]) -> None:
    report = {"machine": machine.described(), "results": [result.to_json() for result in results]}
    file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _report(results: Sequence[Result], repeats: int, seconds: float) -> None:
    command = shlex.join(["python", "-m", "benchmarks.generation", *sys.argv[1:]])
    parts = (
        f"```\n{command}\n```",
        f"{machine.described()}.",
        METHOD.format(repeats=repeats, seconds=seconds, window=WINDOW),
        "Characters a second:",
        tables.rates(results),
        f"The first character, and the memory of a poem of {FIRST_POEM} characters:",
        tables.starts(results),
        MEMORY_METHOD,
        tables.memory(results),
    )
    click.echo("\n\n".join(parts))


if __name__ == "__main__":
    main()
