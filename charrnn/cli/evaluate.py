"""`charrnn evaluate`: how well a network foresees a text."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint import Checkpoint, find_checkpoint
from charrnn.cli.options import checkpoint_argument, checkpoints_option, examples, json_option
from charrnn.errors import CorpusError
from charrnn.record import RunRecord

if TYPE_CHECKING:
    from charrnn.corpus.reading import Corpus
    from charrnn.corpus.splitting import Spans
    from charrnn.corpus.vocabulary import Ids
    from charrnn.generation.scoring import Score
    from charrnn.generation.writer import TextGenerator


@click.command(
    epilog=examples(
        ("charrnn evaluate quatrains", "on the part of its corpus kept aside"),
        ("charrnn evaluate quatrains poems.txt", "on a text of your own"),
        ("charrnn evaluate quatrains --json", "the same for programs"),
    ),
)
@checkpoint_argument
@click.argument("file", required=False)
@checkpoints_option
@json_option
def evaluate(checkpoint: str | None, file: str | None, checkpoints: Path, as_json: bool) -> None:
    """Tell how well a network foresees a text, character by character.

    CHECKPOINT is a name or a path; without it, the newest network is asked. FILE is read as the
    network's own corpus was; - is standard input. Without it, the network is measured on the
    validation part of its corpus.
    """
    from charrnn.generation.threads import use_idle_cores

    use_idle_cores()
    from charrnn.corpus.splitting import encode_part
    from charrnn.corpus.vocabulary import UNKNOWN
    from charrnn.generation.writer import TextGenerator

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    generator = TextGenerator.open(opened)
    corpus, spans = _validation_part(opened) if file is None else _whole_file(file, opened.record)
    ids = encode_part(corpus, spans, generator.vocabulary)
    score = _score(generator, ids)
    unknown = int((ids == UNKNOWN).sum())
    text = f"the validation part of {corpus.name}" if file is None else file
    if as_json:
        _print_json(opened, text, score, unknown)
    else:
        _print_lines(opened, text, score, unknown)


def _validation_part(checkpoint: Checkpoint) -> "tuple[Corpus, Spans]":
    """Read a run's corpus again; it must be the text that the run has learned."""
    from charrnn.corpus.reading import read_corpus
    from charrnn.corpus.sources import STANDARD_INPUT
    from charrnn.corpus.splitting import split_corpus
    from charrnn.corpus.streams import natural_window

    record = checkpoint.record
    instead = f"Name a text to evaluate on: charrnn evaluate {checkpoint.directory.name} FILE"
    if not record.corpus.sources or STANDARD_INPUT in record.corpus.sources:
        raise CorpusError(
            f"the corpus of {checkpoint.directory.name} was not read from a file, so it cannot "
            f"be read again. {instead}"
        )
    try:
        corpus = read_corpus(record.corpus.sources, record.reading)
    except CorpusError as error:
        raise CorpusError(
            f"the corpus of {checkpoint.directory.name} cannot be read again: {error} {instead}"
        ) from error
    if corpus.digest != record.corpus.digest:
        raise CorpusError(
            f"{', '.join(record.corpus.sources)} has changed since {checkpoint.directory.name} "
            "learned it, so its validation part is no longer known. Put the old text back, or "
            f"name a text to evaluate on: charrnn evaluate {checkpoint.directory.name} FILE"
        )
    window = record.training.window or natural_window(corpus)
    split = split_corpus(corpus, record.reading.validation_fraction, window)
    return corpus, split.validation


def _whole_file(file: str, record: RunRecord) -> "tuple[Corpus, Spans]":
    """Read a text in the layout of a run's corpus."""
    import numpy as np

    from charrnn.corpus.reading import read_corpus

    reading = dataclasses.replace(record.reading, layout=record.corpus.layout, encoding=None)
    corpus = read_corpus([file], reading)
    for note in corpus.notes:
        click.echo(note, err=True)
    return corpus, np.stack((corpus.starts, corpus.stops), axis=1)


def _score(generator: "TextGenerator", ids: "Ids") -> "Score":
    """Score a text, with a bar on stderr when that is a terminal."""
    from charrnn.generation.scoring import score

    with click.progressbar(
        length=len(ids) - 1, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        return score(generator.model, ids, bar.update)


def _print_lines(checkpoint: Checkpoint, text: str, score: "Score", unknown: int) -> None:
    click.echo(f"{checkpoint.directory.name} on {text}")
    for name, value in (
        ("nats per character", f"{score.nats_per_character:.4f}"),
        ("bits per character", f"{score.bits_per_character:.4f}"),
        ("perplexity", f"{score.perplexity:.3f}"),
        ("characters scored", f"{score.characters:,}"),
        ("unknown to the network", f"{unknown:,}"),
    ):
        click.echo(f"  {name:24}{value:>12}")


def _print_json(checkpoint: Checkpoint, text: str, score: "Score", unknown: int) -> None:
    document = {
        "checkpoint": str(checkpoint.directory),
        "model": checkpoint.model.sha256,
        "text": text,
        "nats_per_character": score.nats_per_character,
        "bits_per_character": score.bits_per_character,
        "perplexity": score.perplexity,
        "characters": score.characters,
        "unknown_characters": unknown,
    }
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))
