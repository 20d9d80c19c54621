"""Trains each contestant on tiny Shakespeare for the same time by the clock, and tabulates.

    python -m benchmarks.learning tinyshakespeare.txt --minutes 4

Each one runs in a process of its own, one after another, start-up included in its time; charrnn's
evaluations are too, the measurement at the end of the others is not. "whole" is
the loss of every character kept aside, in one pass from a zero state; "windows" that of random
windows from an empty context, as nanoGPT estimates it (256 characters, or the network's context).
PyTorch multiplies in bfloat16 (autocast), which is the quicker on such processors.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

CONTESTANTS = ("charrnn", "PyTorch LSTM", "nanoGPT, baby GPT", "nanoGPT, CPU recipe")


@click.command()
@click.argument("text", type=click.Path(exists=True, path_type=Path))
@click.option("--minutes", default=4.0, show_default=True, help="Time for each.")
@click.option("--only", multiple=True, type=click.Choice(CONTESTANTS), help="Leave out the others.")
@click.option("--keep", type=click.Path(path_type=Path), help="Directory for charrnn's run.")
def main(text: Path, minutes: float, only: tuple[str, ...], keep: Path | None) -> None:
    """Train all on TEXT, and print a table in Markdown."""
    print(f"| {minutes:g} minutes | readings | whole | windows |\n|---|---|---|---|", flush=True)
    recipe: dict[str, Any] = {}
    for name in only or CONTESTANTS:
        result = _measured(name, text, minutes, recipe, keep)
        recipe = result.pop("recipe", recipe)
        losses = (f"{result[key]:.4f}" if key in result else "" for key in ("whole", "windows"))
        title = result.get("title", name)
        print(f"| {title} | {result['readings']:.1f} | {' | '.join(losses)} |", flush=True)


def _measured(
    name: str, text: Path, minutes: float, recipe: dict[str, Any], keep: Path | None
) -> dict[str, Any]:
    """What a process of its own came to."""
    task = {
        "name": name,
        "text": str(text),
        "minutes": minutes,
        "recipe": recipe,
        "keep": str(keep) if keep else None,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.learning.worker"],
        input=json.dumps(task),
        stdout=subprocess.PIPE,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        encoding="utf-8",
        check=True,
    )
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
