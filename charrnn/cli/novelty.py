"""`charrnn novelty`: how much of a text stands in what a network learned."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.directory import Checkpoint, CheckpointWriter, find_checkpoint, is_bundled
from charrnn.cli.learned_text import read_alike, validation_part
from charrnn.cli.options import checkpoints_option, config_options, examples, json_option
from charrnn.errors import CheckpointError, CorpusError
from charrnn.settings.configuration import LENGTH_OF_TEXT, CorpusConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from charrnn.corpus.layout import Spans
    from charrnn.corpus.loading import Corpus
    from charrnn.corpus.passages import PassageIndex
    from charrnn.generation.copying import Novelty

RUNS_TOLD = 5

MOST_KEPT_ASIDE = 500_000
"""Characters of the validation part that are compared at most, some seconds' work."""


@click.command(
    epilog=examples(
        ("charrnn novelty poems.txt", "what poems.txt shares with the newest network's text"),
        ("charrnn novelty - < poems.txt", "whatever comes in"),
        ("charrnn novelty poems.txt --checkpoint quatrains --json", "the same for programs"),
    ),
)
@click.argument("file")
@click.option(
    "--checkpoint",
    metavar="NAME",
    help="Name or path of the network whose text is compared.  [default: the newest]",
)
@config_options(CorpusConfig, only=("encoding",))
@checkpoints_option
@json_option
def novelty(
    file: str,
    checkpoint: str | None,
    corpus_config: CorpusConfig,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Tell how much of a text stands in the text that a network learned.

    FILE is taken apart into poems as the network's own corpus was; - is standard input. Its figures
    stand beside those of the poems kept aside in training, which people wrote and the network never
    saw, where the corpus can be read again. White space of any kind counts as one space.
    """
    from charrnn.cli.novelty_report import Report, print_json, print_lines
    from charrnn.generation.copying import measure, sensible_limit

    opened = Checkpoint.open(find_checkpoint(checkpoint, checkpoints))
    record = opened.record
    text = read_alike(file, record, corpus_config.encoding)
    part: tuple[Corpus, Spans] | None = None
    missing: str | None = None
    try:
        part = validation_part(opened)
    except CorpusError as error:
        missing = str(error)
    corpus = part[0] if part is not None else None
    index = _index(opened, corpus, missing)
    stretch = LENGTH_OF_TEXT if record.corpus.layout == "text" else None
    report = Report(
        file=file,
        checkpoint=opened,
        limit=sensible_limit(index),
        stretch=stretch,
        text=measure(index, _poems(text), stretch=stretch, most_runs=RUNS_TOLD),
        kept_aside=None if part is None else _kept_aside(index, *part, stretch),
        corpus=corpus,
    )
    if missing is not None:
        click.echo(f"There is nothing to compare with: {missing}", err=True)
    (print_json if as_json else print_lines)(report)


def _index(checkpoint: Checkpoint, corpus: "Corpus | None", missing: str | None) -> "PassageIndex":
    """The index of a checkpoint; an older one gets it now, where its corpus is at hand."""
    from charrnn.corpus.indexing import index_learned_part
    from charrnn.generation.copying import open_passages

    index = open_passages(checkpoint)
    if index is not None:
        return index
    if corpus is None:
        raise CheckpointError(
            f"{checkpoint.directory} has no index of the text it learned, and none can be made: "
            f"{missing}"
        )
    index = index_learned_part(corpus, checkpoint.record)
    if is_bundled(checkpoint.directory):
        return index  # What came with charrnn stays as it came.
    writer = CheckpointWriter(checkpoint.directory)
    try:
        with writer.held():
            index.write(checkpoint.passages_path)
    except (CheckpointError, OSError):
        return index  # A run is going on there, or nothing can be written: it was made for now.
    click.echo(f"The index of the text is now kept in {checkpoint.passages_path}.", err=True)
    return index


def _poems(corpus: "Corpus") -> "Iterator[str]":
    from charrnn.corpus.indexing import poems_at

    return poems_at(corpus, corpus.spans)


def _kept_aside(
    index: "PassageIndex", corpus: "Corpus", aside: "Spans", stretch: int | None
) -> "Novelty":
    """The figures of the validation part, or of some of a long one, evenly chosen."""
    from charrnn.corpus.indexing import poems_at
    from charrnn.corpus.store import as_array
    from charrnn.generation.copying import measure

    spans = as_array(aside)
    if stretch is not None:
        spans[:, 1] = spans[:, 1].clip(max=spans[0, 0] + MOST_KEPT_ASIDE)
    length = int((spans[:, 1] - spans[:, 0]).sum())
    spans = spans[:: max(1, -(-length // MOST_KEPT_ASIDE))]
    return measure(index, poems_at(corpus, spans), stretch=stretch)
