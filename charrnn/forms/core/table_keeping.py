"""Learning tables of sounds and words from the poems of a run, and saving them with it."""

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from charrnn.checkpoint.atomic_files import write_text
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.loading import Corpus
from charrnn.corpus.splitting import poems_at, split_corpus
from charrnn.corpus.store import whole_lines
from charrnn.corpus.text_files import TextFile
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


def learned_table_files() -> tuple[TextFile, ...]:
    """The learned tables of all languages, as files beside a network."""
    return tuple(
        TextFile(
            name=language.table_file,
            title=f"{language.table_title} are",
            corpus_of=partial(_corpus_of, language),
            make=partial(_make, language),
        )
        for language in all_languages().values()
    )


def _corpus_of(language: Language, path: Path) -> str:
    return read_table(path, language.table_kind).corpus


def _make(language: Language, corpus: Corpus, record: RunRecord, path: Path) -> None:
    if not any(map(language.writes, record.vocabulary)):
        raise FormError(f"the text has no {language.letters}.")
    table = language.learn_table(_learned_texts(corpus, record))
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
