"""Trains several networks on one text for the same time, one after another, and tabulates them.

    python benchmarks/runs.py poems.txt --minutes 2 "units=128" "units=256 dropout=0.3" "cell=gru"

Each argument after the text is one run: settings of ModelConfig and TrainingConfig by name ("" for
the defaults). Every network then writes poems, and two columns tell what share of them have as
many lines as most poems of the text, and what share of their words (or, in Chinese, of their pairs
of characters) the text holds. The table is Markdown.
"""

import os
import platform
import re
import resource
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import click

from charrnn.settings.configuration import (
    CorpusConfig,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
)
from charrnn.settings.setting import settings_of

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
HAN_PAIR = re.compile(r"(?=([\u4e00-\u9fff]{2}))")
COLUMNS = ("settings", "network", "readings", "characters/s", "training", "validation")


class Habits(NamedTuple):
    """What the poems of a text have in common: words, and the usual count of lines."""

    words: set[str]
    lines: int


def words_in(text: str) -> list[str]:
    """Words, or pairs of Han characters."""
    return HAN_PAIR.findall(text) or [word.lower() for word in WORD.findall(text)]


def lines_in(poem: str) -> int:
    """Lines of a poem; of one that stands on a single line, its clauses."""
    poem = poem.strip()
    return poem.count("\n") + 1 if "\n" in poem else len(re.findall(r"[，。？！；]", poem))


def parse(words: str) -> dict[str, Any]:
    """Settings from words such as "cell=gru units=128"."""
    described = settings_of(ModelConfig) | settings_of(TrainingConfig)
    pairs = (word.split("=") for word in words.split())
    return {name: described[name].parse(value) for name, value in pairs}


def measure(corpus: Any, minutes: float, words: str, habits: Habits, poems: int) -> list[str]:
    """One run, as the cells of its row."""
    from charrnn.checkpoint.directory import read_record
    from charrnn.checkpoint.history import read_history
    from charrnn.decoding.writer import TextGenerator
    from charrnn.training.run import train

    settings = {"minutes": minutes} | parse(words)
    model = {name: settings[name] for name in settings if name in settings_of(ModelConfig)}
    training = {name: settings[name] for name in settings if name in settings_of(TrainingConfig)}
    with tempfile.TemporaryDirectory() as directory:
        outcome = train(
            corpus,
            name="run",
            checkpoints=directory,
            model=ModelConfig(**model),
            training=TrainingConfig(**training),
        )
        run = Path(directory) / "run"
        record, history = read_record(run), read_history(run)
        writer = TextGenerator.open(run)
        written = [writer.write(config=SamplingConfig(seed=seed)).text for seed in range(poems)]
    settled, sizes = record.training, record.architecture
    network = f"{sizes.cell} {sizes.layers} x {sizes.units}, dropout {sizes.dropout:g}"
    read = outcome.steps * (settled.batch_size or 0) * (settled.window or 0)
    found = [word for poem in written for word in words_in(poem)]
    shape = sum(lines_in(poem) == habits.lines for poem in written) / max(1, len(written))
    known = sum(word in habits.words for word in found) / max(1, len(found))
    return [
        words or "defaults",
        f"{network}, {settled.batch_size} x {settled.window}",
        f"{outcome.epochs:.1f}",
        f"{read / outcome.seconds:,.0f}",
        f"{history[-1]['training_loss']:.3f}",
        f"{outcome.validation_loss:.4f}",
        *([f"{shape:.0%}", f"{known:.0%}"] if poems else []),
    ]


@click.command()
@click.argument("source")
@click.argument("runs", nargs=-1, required=True)
@click.option("--minutes", default=2.0, help="Time for each run.")
@click.option("--layout", default="auto", help="How poems stand in the text.")
@click.option("--poems", default=50, help="Poems that each network writes.")
def main(source: str, runs: tuple[str, ...], minutes: float, layout: str, poems: int) -> None:
    """Train RUNS on SOURCE and print a table."""
    from charrnn.corpus.loading import read_corpus

    corpus = read_corpus([source], CorpusConfig(layout=layout))  # type: ignore[arg-type]
    counts = Counter(lines_in(corpus.poem(number)) for number in range(corpus.poems))
    habits = Habits(set(words_in(corpus.text[:])), counts.most_common(1)[0][0])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{corpus.name}, {minutes:g} minutes each, {cores} cores ({platform.machine()})\n")
    columns = [*COLUMNS, *([f"{habits.lines} lines", "known words"] if poems else [])]
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns), flush=True)
    for words in runs:
        row = measure(corpus, minutes, words, habits, poems)
        print("| " + " | ".join(row) + " |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of all of them in one process: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
