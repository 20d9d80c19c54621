"""Trains several networks on one text for the same time, one after another, and tabulates them.

    python benchmarks/runs.py poems.txt --minutes 2 "units=128" "units=256 dropout=0.3" "cell=gru"

Each argument after the text is one run: settings of ModelConfig and TrainingConfig by name. The
table is Markdown; docs/benchmarks.md holds the ones that the defaults were chosen from.
"""

import os
import platform
import resource
import tempfile
from pathlib import Path
from typing import Any

import click

from charrnn.config import CorpusConfig, ModelConfig, TrainingConfig, settings_of

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def parse(words: str) -> dict[str, Any]:
    """Settings from words such as "cell=gru units=128"."""
    described = settings_of(ModelConfig) | settings_of(TrainingConfig)
    pairs = (word.split("=") for word in words.split())
    return {name: described[name].parse(value) for name, value in pairs}


def measure(corpus: str, minutes: float, layout: str, words: str) -> list[str]:
    """One run, as the cells of its row."""
    from charrnn.checkpoint import read_history, read_record
    from charrnn.training.run import train

    settings = parse(words)
    model = {name: settings[name] for name in settings if name in settings_of(ModelConfig)}
    training = {name: settings[name] for name in settings if name in settings_of(TrainingConfig)}
    with tempfile.TemporaryDirectory() as directory:
        outcome = train(
            corpus,
            name="run",
            checkpoints=directory,
            model=ModelConfig(**model),
            training=TrainingConfig(**{"minutes": minutes} | training),
            reading=CorpusConfig(layout=layout),  # type: ignore[arg-type]
        )
        record = read_record(Path(directory) / "run")
        last = read_history(Path(directory) / "run")[-1]
    sizes = record.architecture
    network = f"{sizes.cell} {sizes.layers} x {sizes.units}, dropout {sizes.dropout:g}"
    speed = outcome.steps * (record.training.batch_size or 0) * record.training.window
    return [
        words,
        f"{network}, batch {record.training.batch_size}",
        f"{outcome.epochs:.1f}",
        f"{speed / outcome.seconds:,.0f}",
        f"{last['training_loss']:.3f}",
        f"{outcome.validation_loss:.4f}",
    ]


@click.command()
@click.argument("corpus")
@click.argument("runs", nargs=-1, required=True)
@click.option("--minutes", default=2.0, help="Time for each run.")
@click.option("--layout", default="auto", help="How poems stand in the text.")
def main(corpus: str, runs: tuple[str, ...], minutes: float, layout: str) -> None:
    """Train RUNS on CORPUS and print a table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{corpus}, {minutes:g} minutes each, {cores} cores ({platform.machine()})\n")
    head = ["settings", "network", "readings", "characters/s", "training", "validation"]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head), flush=True)
    for words in runs:
        print("| " + " | ".join(measure(corpus, minutes, layout, words)) + " |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of all of them in one process: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
