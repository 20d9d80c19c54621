"""Measures what long texts cost: seconds to read, characters a second of training, peak memory.

    python benchmarks/memory.py 1 10 100 1000 --units 128 --units 512
    python benchmarks/memory.py 300 --layout lines

The texts are made for the occasion, in a directory that is removed afterwards: lines of the bundled
corpora in random order, English for the layouts text and blocks, Chinese for lines. Each text is
read in one process and learned in others, so that a peak is that of one thing alone. The tables
are Markdown. A step costs the same at every size, so a few of them are enough; about a million
characters are kept aside, since measuring the loss on a tenth of a long text takes longer than that.
"""

import multiprocessing
import os
import platform
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from charrnn.settings.configuration import (
    CorpusConfig,
    ModelConfig,
    Precision,
    ResolvedLayout,
    TrainingConfig,
)
from charrnn.training.observer import Progress, TrainingObserver

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ASIDE = 1_000_000
POEMS_WRITTEN_TOGETHER = 20_000
READING = ("MB", "characters", "read, s", "divide and encode, s", "peak, MB")
LEARNING = ("MB", "units", "first step, s", "characters/s", "peak, MB")


class FirstStep(TrainingObserver):
    """Notes when the first step was done, and how fast the others are."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.rate = 0.0
        self._began = time.monotonic()

    def stepped(self, progress: Progress) -> None:
        """Note the time of the first step, and the rate of this one."""
        self.seconds = self.seconds or time.monotonic() - self._began
        self.rate = progress.characters_per_second


def peak_megabytes() -> float:
    """The most memory this process has held so far."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def reading(path: Path, layout: ResolvedLayout, fraction: float) -> tuple[float, ...]:
    """Characters, seconds to read, seconds to divide and encode, and peak memory of both."""
    from charrnn.corpus.loading import read_corpus
    from charrnn.corpus.splitting import encode_split, split_corpus
    from charrnn.corpus.vocabulary import Vocabulary

    began = time.monotonic()
    corpus = read_corpus([str(path)], CorpusConfig(layout=layout))
    read = time.monotonic()
    vocabulary = Vocabulary.of_text(corpus.text)
    split = split_corpus(corpus, fraction, TrainingConfig().shortest_split)
    encode_split(corpus, split.training, vocabulary)
    encode_split(corpus, split.validation, vocabulary)
    encoded = time.monotonic()
    return len(corpus.text), read - began, encoded - read, peak_megabytes()


def learning(
    path: Path, reading: CorpusConfig, model: ModelConfig, training: TrainingConfig
) -> tuple[float, ...]:
    """Seconds to the first step, characters a second afterwards, and peak memory."""
    observer = FirstStep()
    from charrnn.training.run import train

    train(
        path,
        checkpoints=path.parent / "checkpoints",
        model=model,
        training=training,
        corpus_config=reading,
        overwrite=True,
        observer=observer,
    )
    return observer.seconds, observer.rate, peak_megabytes()


def alone(measure: Callable[..., tuple[float, ...]], *arguments: Any) -> tuple[float, ...]:
    """What a measurement gives in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def poems(layout: ResolvedLayout, generator: random.Random) -> Iterator[str]:
    """Poems without end, of lines or half lines of a bundled corpus."""
    from charrnn.corpus.loading import read_corpus

    corpus = read_corpus(["jueju" if layout == "lines" else "quatrains"])
    text = corpus.text[:]
    if layout == "lines":
        halves = [half for half in text.replace("。", "。\n").split("\n") if half]
        while True:
            yield "".join(generator.choices(halves, k=2)) + "\n"
    lines = [line for line in text.split("\n") if line]
    gap = "\n\n" if layout == "blocks" else "\n"
    while True:
        yield "\n".join(generator.choices(lines, k=4)) + gap


def write_text(path: Path, megabytes: float, layout: ResolvedLayout) -> None:
    """Make a text of a given size; the same one at every run."""
    source = poems(layout, random.Random(0))
    left = round(megabytes * 1e6)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        while left > 0:
            some = [next(source) for _ in range(POEMS_WRITTEN_TOGETHER)]
            while left > 0 and some:
                poem = some.pop()
                left -= len(poem.encode())
                file.write(poem)


@click.command()
@click.argument("megabytes", nargs=-1, type=click.FloatRange(min=0.1))
@click.option("--layout", default="text", type=click.Choice(get_args(ResolvedLayout)))
@click.option("--units", default=[128], multiple=True, help="Units of a network, each in turn.")
@click.option("--steps", default=60, help="Steps to train.")
@click.option("--precision", default="float32", type=click.Choice(get_args(Precision)))
@click.option("--directory", type=click.Path(path_type=Path), help="Where the texts are made.")
def main(
    megabytes: tuple[float, ...],
    *,
    layout: ResolvedLayout,
    units: tuple[int, ...],
    steps: int,
    precision: Precision,
    directory: Path | None,
) -> None:
    """Measure texts of so many MEGABYTES (1, 10, 100 and 1000 by default)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"layout {layout}, {steps} steps, {precision}, {cores} cores ({platform.machine()})")
    training = TrainingConfig(steps=steps, batch_size=32, evaluate_every=steps, precision=precision)
    learned = []
    print_row(READING, head=True)
    for size in megabytes or (1, 10, 100, 1000):
        with tempfile.TemporaryDirectory(dir=directory) as place:
            path = Path(place) / "long.txt"
            write_text(path, size, layout)
            fraction = min(0.1, ASIDE / 1e6 / size)
            characters, read, encoded, peak = alone(reading, path, layout, fraction)
            print_row(
                (f"{size:g}", f"{characters:,}", f"{read:.2f}", f"{encoded:.2f}", f"{peak:,.0f}")
            )
            for one in units:
                division = CorpusConfig(layout=layout, validation_fraction=fraction)
                first, rate, peak = alone(
                    learning, path, division, ModelConfig(units=one), training
                )
                learned.append(
                    (f"{size:g}", f"{one:,}", f"{first:.1f}", f"{rate:,.0f}", f"{peak:,.0f}")
                )
    print_row(LEARNING, head=True)
    for row in learned:
        print_row(row)


def print_row(cells: Sequence[str], *, head: bool = False) -> None:
    """Print a row of a Markdown table, or the two lines at its head."""
    if head:
        print()
    print("| " + " | ".join(cells) + " |", flush=True)
    if head:
        print("|" + "---:|" * len(cells), flush=True)


if __name__ == "__main__":
    main()
