"""Measures the speed of training side by side, and prints Markdown.

python -m benchmarks.training
python -m benchmarks.training --sizes 2x512,1x512 --cells lstm --json slices.json
"""

import json
import shlex
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast, get_args

import click

from benchmarks import machine
from benchmarks.training import tables
from benchmarks.training.contestants import Family
from benchmarks.training.interleaving import measure
from benchmarks.training.results import Result
from benchmarks.training.workloads import CELLS, SIZES, WORKLOADS

METHOD = (
    "Each figure is the median of {repeats} slices of {seconds:g} seconds or more, one of each "
    "contestant in a round; each ratio is the median of the {repeats} ratios of slices of the same "
    "round. The slices of one contestant lay apart by {spread:.0%} of their median at most. Of "
    "variants the quickest counts. All are compared within one precision; bfloat16 is Keras's "
    "mixed_bfloat16 and PyTorch's autocast. Random text, no dropout, AdamW, gradients clipped by their norm "
    "in all; charrnn averages its weights besides, stock Keras carries no state. The product's rate "
    "is TensorFlow's, of the state product's shape; the arithmetic of a step "
    "is counted as three times that of its products forwards."
)


class Several(click.ParamType[tuple[str, ...]]):
    """Some of a few words, with commas between them."""

    name = "words"

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Any:
        """The words, once each is known."""
        chosen = value if isinstance(value, tuple) else tuple(value.split(","))
        for word in chosen:
            if word not in self.words:
                message = f"{word} is none of {', '.join(self.words)}."
                self.fail(message, parameter, context)
        return chosen

    def option(self) -> dict[str, Any]:
        """What `click.option` takes: all of them by default."""
        words = ",".join(self.words)
        return {"type": self, "default": words, "show_default": True, "metavar": "WORD,WORD"}


@click.command()
@click.option(
    "--sizes", **Several([size.name for size in SIZES]).option(), help="Sizes of networks."
)
@click.option("--cells", **Several(list(CELLS)).option(), help="Kinds of recurrent layers.")
@click.option("--contestants", **Several(get_args(Family)).option(), help="Who takes part.")
@click.option(
    "--repeats", type=click.IntRange(1), default=5, show_default=True, help="Slices of each."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=2.0,
    show_default=True,
    help="Length of a slice.",
)
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every slice to this file, after each network.",
)
def main(
    *,
    sizes: tuple[str, ...],
    cells: tuple[str, ...],
    contestants: tuple[str, ...],
    repeats: int,
    seconds: float,
    file: Path | None,
) -> None:
    """Train networks with charrnn, stock Keras and PyTorch in turn, and compare their speed.

    The GRU and the SimpleRNN are measured at 2x512 alone.
    """
    chosen = [work for work in WORKLOADS if work.size.name in sizes and work.cell in cells]
    if not chosen:
        raise click.UsageError("gru and simple_rnn are measured at 2x512 alone.")
    families = [cast("Family", family) for family in contestants]
    if "pytorch" in families and find_spec("torch") is None:
        click.echo(
            "torch is not installed, so PyTorch is left out; make benchmark installs it", err=True
        )
        families.remove("pytorch")
    results = []
    for workload in chosen:
        measured = measure(workload, families, repeats=repeats, seconds=seconds, tell=_tell)
        results.append(Result(workload, measured))
        if file is not None:
            _write(file, results)
    _report(results, repeats, seconds)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def _write(file: Path, results: Sequence[Result]) -> None:
    report = {"machine": machine.described(), "results": [result.to_json() for result in results]}
    file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _report(results: Sequence[Result], repeats: int, seconds: float) -> None:
    spread = max((result.spread() for result in results if result.contestants), default=0.0)
    command = shlex.join(["python", "-m", "benchmarks.training", *sys.argv[1:]])
    parts = (
        f"```\n{command}\n```",
        f"{machine.described()}.",
        METHOD.format(repeats=repeats, seconds=seconds, spread=spread),
        tables.ratios(results),
        "Characters a second, and the variant:",
        tables.rates(results),
        "GFLOP/s of the state product, of a large one (2,048 each way), and of charrnn's steps:",
        tables.products(results),
    )
    click.echo("\n\n".join(parts))


if __name__ == "__main__":
    main()
