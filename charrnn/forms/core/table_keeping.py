"""Learning tables from the poems of a run, and keeping them beside the network."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, cast

from charrnn.checkpoint.atomic_files import try_to_keep, write_text
from charrnn.checkpoint.directory import CheckpointWriter
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.layout import Spans
from charrnn.corpus.loading import Corpus
from charrnn.corpus.splitting import poems_at, split_corpus
from charrnn.corpus.store import whole_lines
from charrnn.errors import FormError
from charrnn.forms.core.language import Language, all_languages
from charrnn.forms.core.learned_tables import LearnedTable, read_table, table_to_json

LONGEST_READ: Final = 50_000_000
"""Characters of the training part that are read at most, the first; some seconds' work."""


def keep_learned_tables(
    writer: CheckpointWriter, corpus: Corpus, record: RunRecord, noted: Callable[[str], None]
) -> None:
    """Keep what the poems of a run teach, unless it is there already.

    Nothing depends on it: what keeps it from being made or written is told, and that is all.

    Args:
        writer: The directory, which is held.
        corpus: The text.
        record: The run.
        noted: Is told what is left out, and why.
    """
    for language in all_languages().values():
        keep = partial(_keep, language, writer, corpus, record)
        try_to_keep(f"{language.table_title} are", keep, noted)


def _keep(language: Language, writer: CheckpointWriter, corpus: Corpus, record: RunRecord) -> None:
    path = writer.directory / language.table_file
    try:
        if read_table(path, language.table_kind).corpus == corpus.digest:
            return
    except (FormError, OSError):
        pass  # Missing or of no use; it is made now.
    if not any(map(language.writes, record.vocabulary)):
        return
    try:
        table = language.learn_table(_learned_texts(corpus, record))
    except FormError:
        return  # It is verse of another kind, or too little of it.
    named = dataclasses.replace(cast("Any", table), corpus=corpus.digest)
    write_text(path, table_to_json(cast("LearnedTable", named)))


def _learned_texts(corpus: Corpus, record: RunRecord) -> Iterator[str]:
    """The poems of the training part, or of a continuous text some lines after some."""
    split = split_corpus(
        corpus, record.corpus_config.validation_fraction, record.training.shortest_part
    )
    read = 0
    for text in _texts(corpus, split.training):
        yield text
        read += len(text)
        if read >= LONGEST_READ:
            return


def _texts(corpus: Corpus, spans: Spans) -> Iterator[str]:
    if corpus.layout != "text":
        yield from poems_at(corpus, spans)
        return
    ((start, stop),) = spans[:1].tolist()
    yield from whole_lines(corpus.text, start, min(stop, start + LONGEST_READ))
