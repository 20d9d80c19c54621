"""Texts read for commands: a run's corpus again, other texts in its layout, downloads shown."""

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.record import RunRecord
from charrnn.cli.process import print_notes, tell
from charrnn.corpus.traditional_script import script_of
from charrnn.errors import CorpusError
from charrnn.input_files import STANDARD_INPUT
from charrnn.settings.configuration import CorpusConfig, Script
from charrnn.wording import size_in_words

if TYPE_CHECKING:
    from charrnn.corpus.download import DownloadProgress
    from charrnn.corpus.layout import Spans
    from charrnn.corpus.loading import Corpus


def corpus_again(checkpoint: Checkpoint) -> "Corpus":
    """Read the corpus of a run again; raises CorpusError if that fails, or if it has changed."""
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
        print_notes(corpus.notes)
        raise CorpusError(
            f"the corpus {record.corpus.name} has changed since {name} learned it, so its "
            "validation split is no longer known."
        )
    return corpus


def validation_part(checkpoint: Checkpoint) -> "tuple[Corpus, Spans]":
    """The corpus of a run and its validation split; raises CorpusError as `corpus_again` does."""
    from charrnn.corpus.splitting import split_corpus

    corpus, record = corpus_again(checkpoint), checkpoint.record
    split = split_corpus(
        corpus, record.corpus_config.validation_fraction, record.training.shortest_split
    )
    return corpus, split.validation


def read_alike(file: str, record: RunRecord, encoding: str | None) -> "Corpus":
    """Read a text in the layout and script of a run, with the labels it has; print the notes."""
    corpus = _read([file], record, encoding, alike=True)
    print_notes(corpus.notes)
    return corpus


def _read(
    sources: Sequence[str], record: RunRecord, encoding: str | None, *, alike: bool = False
) -> "Corpus":
    # The settled layout: it is neither chosen nor noted again.
    corpus_config = dataclasses.replace(
        record.corpus_config,
        layout=record.corpus.layout,
        stanzas=record.corpus.stanzas,
        encoding=encoding,
    )
    script = script_of(record.vocabulary) if alike else None
    return read_shown(sources, corpus_config, alike=alike, script=script)


def read_shown(
    sources: Sequence[str],
    config: CorpusConfig,
    *,
    alike: bool = False,
    script: Script | None = None,
) -> "Corpus":
    """Read a corpus as `read_corpus` does, and show its downloads."""
    from charrnn.corpus.loading import read_corpus

    with download_progress() as progress:
        return read_corpus(sources, config, progress=progress, alike=alike, script=script)


@contextmanager
def download_progress() -> Iterator["DownloadProgress"]:
    """Show downloads on standard error: a bar on a terminal, one line per file elsewhere."""
    if not sys.stderr.isatty():
        printed: set[str] = set()

        def announce(name: str, received: int, size: int | None) -> None:
            del received
            if name not in printed:
                printed.add(name)
                known = "" if size is None else f" ({size_in_words(size)})"
                tell(f"Fetching {name}{known}.")

        yield announce
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from charrnn.cli.console import safe_console

    text = TextColumn("{task.description}")
    columns = (text, BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bars = Progress(*columns, console=safe_console(stderr=True), transient=True)
    task = bars.add_task("", total=None)

    def draw(name: str, received: int, size: int | None) -> None:
        bars.start()  # Only now is there something to draw. A second start does nothing.
        bars.update(task, description=name, completed=received, total=size)

    try:
        yield draw
    finally:
        bars.stop()
