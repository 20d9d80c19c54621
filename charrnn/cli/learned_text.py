"""Texts read as the corpus of a run was, for commands that compare the two."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import RunRecord
from charrnn.cli.download_display import download_progress
from charrnn.errors import CorpusError

if TYPE_CHECKING:
    from charrnn.corpus.layout import Spans
    from charrnn.corpus.loading import Corpus


def corpus_again(checkpoint: Checkpoint) -> "Corpus":
    """Read a run's corpus again.

    Raises:
        CorpusError: That cannot be done, or it is not the text any more that the run has learned.
    """
    from charrnn.corpus.sources import STANDARD_INPUT

    record, name = checkpoint.record, checkpoint.directory.name
    sources = record.corpus.sources
    if not sources or STANDARD_INPUT in sources:
        raise CorpusError(
            f"the corpus of {name} was not read from a file, so it cannot be read again."
        )
    try:
        corpus = _read(sources, record, record.corpus_config.encoding)
    except CorpusError as error:
        raise CorpusError(f"the corpus of {name} cannot be read again: {error}") from error
    if corpus.digest != record.corpus.digest:
        _tell(corpus.notes)
        raise CorpusError(
            f"the corpus {record.corpus.name} has changed since {name} learned it, so its "
            "validation part is no longer known."
        )
    return corpus


def validation_part(checkpoint: Checkpoint) -> "tuple[Corpus, Spans]":
    """A run's corpus and its validation split; raises CorpusError as `corpus_again` does."""
    from charrnn.corpus.splitting import split_corpus

    corpus, record = corpus_again(checkpoint), checkpoint.record
    split = split_corpus(
        corpus, record.corpus_config.validation_fraction, record.training.shortest_part
    )
    return corpus, split.validation


def read_alike(file: str, record: RunRecord, encoding: str | None) -> "Corpus":
    """Read a text and take it apart as a run's corpus was; what is noticed is told.

    Raises:
        CorpusError: It cannot be read.
    """
    corpus = _read([file], record, encoding)
    _tell(corpus.notes)
    return corpus


def _read(sources: Sequence[str], record: RunRecord, encoding: str | None) -> "Corpus":
    from charrnn.corpus.loading import read_corpus

    # What was settled for the run is not chosen again, nor told again.
    reading = dataclasses.replace(
        record.corpus_config, layout=record.corpus.layout, encoding=encoding
    )
    with download_progress() as progress:
        return read_corpus(sources, reading, stanzas=record.corpus.stanzas, progress=progress)


def _tell(notes: Sequence[str]) -> None:
    for note in notes:
        click.echo(note, err=True)
