"""`charrnn evaluate`: how well a network foresees a text."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint import Checkpoint, find_checkpoint
from charrnn.cli.learned_text import corpus_again, read_alike
from charrnn.cli.options import (
    checkpoint_argument,
    checkpoints_option,
    config_options,
    examples,
    json_option,
)
from charrnn.config import CorpusConfig
from charrnn.errors import CorpusError
from charrnn.naming import spoken_name
from charrnn.record import RunRecord

if TYPE_CHECKING:
    from charrnn.corpus.layout import Spans
    from charrnn.corpus.reading import Corpus
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
@config_options(CorpusConfig, only=("encoding",))
@checkpoints_option
@json_option
def evaluate(
    checkpoint: str | None,
    file: str | None,
    corpus_config: CorpusConfig,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Tell how well a network foresees a text, character by character.

    CHECKPOINT is a name or a path; without it, the newest network is asked. FILE is taken apart
    into poems as the network's own corpus was; - is standard input. Without it, the network is
    measured on the validation part of its corpus.
    """
    if file is None and corpus_config.encoding is not None:
        raise click.UsageError("--encoding is that of FILE: name a file to evaluate on.")
    from charrnn.generation.threads import use_idle_cores

    use_idle_cores()
    from charrnn.corpus.rows import blocks
    from charrnn.corpus.splitting import encode_part
    from charrnn.corpus.vocabulary import UNKNOWN
    from charrnn.generation.writer import TextGenerator

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    generator = TextGenerator.open(opened)
    corpus, spans = (
        _validation_part(opened)
        if file is None
        else _whole_file(file, opened.record, corpus_config.encoding)
    )
    ids = encode_part(corpus, spans, generator.vocabulary)
    if file is None:
        _tell_what_training_measured(ids)
    score = _score(generator, ids)
    unknown = sum(int((block == UNKNOWN).sum()) for block in blocks(ids))
    text = f"the validation part of {opened.record.corpus.name}" if file is None else file
    if as_json:
        _print_json(opened, text, score, unknown)
    else:
        _print_lines(opened, text, score, unknown)


def _validation_part(checkpoint: Checkpoint) -> "tuple[Corpus, Spans]":
    from charrnn.corpus.splitting import split_corpus

    try:
        corpus = corpus_again(checkpoint)
    except CorpusError as error:
        command = f"charrnn evaluate {spoken_name(checkpoint.directory)} FILE"
        raise CorpusError(f"{error} Name a text to evaluate on: {command}") from error
    record = checkpoint.record
    split = split_corpus(corpus, record.reading.validation_fraction, record.training.window)
    return corpus, split.validation


def _whole_file(file: str, record: RunRecord, encoding: str | None) -> "tuple[Corpus, Spans]":
    corpus = read_alike(file, record, encoding)
    return corpus, corpus.spans


def _tell_what_training_measured(ids: "Ids") -> None:
    """Explain a loss that is not the one that training told of the same network."""
    from charrnn.corpus.streams import MOST_MEASURED, EvaluationStreams

    streams = EvaluationStreams(ids, MOST_MEASURED)
    if streams.characters < len(ids) - 1:
        click.echo(
            f"All {len(ids):,} characters of the validation part are read; training measured the "
            f"same {streams.characters:,} of them each time, so its loss is a little different.",
            err=True,
        )


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
