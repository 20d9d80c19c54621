"""Learning tables of sounds and words from the poems of a run, and saving them with it."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, cast

from charrnn.checkpoint.atomic_files import try_to_keep, write_text
from charrnn.checkpoint.directory import CheckpointWriter
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.loading import Corpus
from charrnn.corpus.splitting import poems_at, split_corpus
from charrnn.corpus.store import whole_lines
from charrnn.errors import FormError
from charrnn.forms.core.language import (
    Language,
    LearnedTable,
    all_languages,
    read_table,
    table_to_json,
)

LONGEST_READ: Final = 50_000_000
"""Most characters of the training split that are read, from its start; takes some seconds."""


def keep_learned_tables(
    writer: CheckpointWriter, corpus: Corpus, record: RunRecord, noted: Callable[[str], None]
) -> None:
    """Save the learned tables of each language, unless they are up to date.

    A failure is reported to `noted`, not raised: networks work without tables. The directory must
    be locked.
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
        pass  # Missing or unusable; it is made now.
    if not any(map(language.writes, record.vocabulary)):
        return
    try:
        table = language.learn_table(_learned_texts(corpus, record))
    except FormError:
        return  # Verse of another kind, or too little of it.
    named = dataclasses.replace(cast("Any", table), corpus=corpus.digest)
    write_text(path, table_to_json(cast("LearnedTable", named)))


def _learned_texts(corpus: Corpus, record: RunRecord) -> Iterator[str]:
    split = split_corpus(
        corpus, record.corpus_config.validation_fraction, record.training.shortest_split
    )
    if corpus.layout == "text":
        ((start, stop),) = split.training[:1].tolist()
        texts = whole_lines(corpus.text, start, min(stop, start + LONGEST_READ))
    else:
        texts = poems_at(corpus, split.training)
    read = 0
    for text in texts:
        yield text
        read += len(text)
        if read >= LONGEST_READ:
            return
