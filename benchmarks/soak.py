"""Writes many poems and searches the text that was learned for every run of theirs.

    python benchmarks/soak.py quatrains --poems 10000
    python benchmarks/soak.py jueju --poems 10000 --max-copy 5

The promise of --max-copy is kept by an n-gram filter. Here it is checked without one: the training
part is read again, its white space made one space, and each run of one character more than allowed is looked
for in it as Python looks for one text in another. Any that is found is printed, and the exit code
is 1. Without --max-copy the limit is the one that poems of the network have by default.
"""

import dataclasses
import sys
import time
from pathlib import Path

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.ngram_filter import folded
from charrnn.corpus.splitting import poems_at, split_corpus
from charrnn.decoding.constraints import usual_limit
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.configuration import SamplingConfig, seed_after

POEM_BREAK = "\n"
"""Stands between poems where they are searched; it is in none of them."""


@click.command()
@click.argument("checkpoint")
@click.option("--poems", default=10_000, help="How many to write.")
@click.option("--max-copy", type=click.IntRange(min=1), help="Longest run that may be copied.")
@click.option("--temperature", default=0.5, help="Low ones recite most.")
@click.option("--seed", default=0, help="Seed of the first poem.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
def main(
    *,
    checkpoint: str,
    poems: int,
    max_copy: int | None,
    temperature: float,
    seed: int,
    checkpoints: Path,
) -> None:
    """Write poems with CHECKPOINT and look for copies by brute force."""
    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    generator = TextGenerator.open(opened)
    (known,) = generator.ngram_filters
    limit = usual_limit(known.n) if max_copy is None else max_copy
    learned = learned_text(opened)
    settings = SamplingConfig(temperature=temperature, max_copy=limit)
    began = time.monotonic()
    written = copies = longest = characters = 0
    for poem in generator.write_many("", asked(settings, seed, poems)):
        text = folded(poem.text)
        written += 1
        characters += len(text)
        longest = max(longest, longest_copied(text, learned, longest))
        for run in copied_runs(text, learned, limit + 1):
            copies += 1
            click.echo(f"seed {poem.seed}: {run!r} is copied")
        if written % 1_000 == 0:
            click.echo(f"{written:,} poems, {time.monotonic() - began:,.0f} s", err=True)
    click.echo(
        f"{written:,} poems, {characters:,} characters, {time.monotonic() - began:,.0f} s: "
        f"{copies} runs of more than {limit} characters; the longest copied run has {longest}"
    )
    sys.exit(copies > 0)


def asked(settings: SamplingConfig, seed: int, poems: int) -> list[SamplingConfig]:
    """The settings of each poem."""
    return [dataclasses.replace(settings, seed=seed_after(seed, number)) for number in range(poems)]


def learned_text(checkpoint: Checkpoint) -> str:
    """The training split of a network's corpus, read again."""
    record = checkpoint.record
    corpus = read_corpus(record.corpus.sources, record.corpus_config, stanzas=record.corpus.stanzas)
    if corpus.digest != record.corpus.digest:
        raise click.ClickException("the corpus has changed since it was learned.")
    split = split_corpus(
        corpus, record.corpus_config.validation_fraction, record.training.shortest_split
    )
    return POEM_BREAK.join(map(folded, poems_at(corpus, split.training)))


def copied_runs(text: str, learned: str, length: int) -> list[str]:
    """The runs of exactly so many characters that stand in what was learned."""
    runs = (text[start : start + length] for start in range(len(text) - length + 1))
    return [run for run in runs if run in learned]


def longest_copied(text: str, learned: str, known: int) -> int:
    """The length of the longest copied run, where it is above a length known already."""
    length = known
    while copied_runs(text, learned, length + 1):
        length += 1
    return length


if __name__ == "__main__":
    main()
