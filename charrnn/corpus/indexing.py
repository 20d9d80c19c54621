"""Keeping the index of a text beside the network that learned it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from charrnn.checkpoint.directory import PASSAGES_FILE, CheckpointWriter
from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.layout import Spans, neighbours
from charrnn.corpus.loading import Corpus
from charrnn.corpus.passage_building import refuse_long
from charrnn.corpus.passages import PassageIndex
from charrnn.corpus.splitting import split_corpus
from charrnn.corpus.store import as_array, blocks
from charrnn.errors import CheckpointError, CorpusError

_USED_FOR: Final = "which --max-copy and charrnn novelty need"


def index_learned_part(corpus: Corpus, record: RunRecord) -> PassageIndex:
    """Index the training part of a corpus.

    Args:
        corpus: The corpus.
        record: The run that learned it.

    Raises:
        CorpusError: It is too long, or too short to be divided.
    """
    split = split_corpus(
        corpus, record.corpus_config.validation_fraction, record.training.shortest_part
    )
    refuse_long(sum(int((rows[:, 1] - rows[:, 0]).sum()) for rows in blocks(split.training)))
    learned = as_array(split.training)
    numbers = np.searchsorted(as_array(corpus.spans)[:, 0], learned[:, 0]) + 1
    return PassageIndex.build(
        poems_at(corpus, learned), numbers=numbers.tolist(), corpus=corpus.digest
    )


def poems_at(corpus: Corpus, spans: Spans) -> Iterator[str]:
    """The poems of one part of a corpus, in order."""
    for group in neighbours(spans):
        begin = int(group[0, 0])
        text = corpus.text[begin : int(group[-1, 1])]
        for start, stop in (group - begin).tolist():
            yield text[start:stop]


def keep_passages(
    writer: CheckpointWriter, corpus: Corpus, record: RunRecord, noted: Callable[[str], None]
) -> None:
    """Index the text of a run that has ended, unless its index is there already.

    Nothing depends on it: what keeps it from being made or written is told, and that is all.

    Args:
        writer: The directory, which is held.
        corpus: The text.
        record: The run.
        noted: Is told when there will be no index.
    """
    path = writer.directory / PASSAGES_FILE

    def keep() -> None:
        if not _holds_index_of(corpus, path):
            index_learned_part(corpus, record).write(path)

    try_to_keep(f"The index of the text, {_USED_FOR}, is", keep, noted)


def try_to_keep(what: str, keep: Callable[[], None], noted: Callable[[str], None]) -> None:
    """Keep something that a network can do without; what hinders it is told, and that is all.

    Args:
        what: The beginning of the sentence that tells: "The index is".
        keep: Makes and writes it.
        noted: Is told.
    """
    try:
        keep()
    except KeyboardInterrupt:
        reason = "it was interrupted."
    except CorpusError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.strerror or error}."
    except MemoryError:
        reason = "it does not fit in memory."
    else:
        return
    noted(f"{what} left out: {reason} The network is saved.")


def _holds_index_of(corpus: Corpus, path: Path) -> bool:
    try:
        return PassageIndex.open(path).corpus == corpus.digest
    except (CheckpointError, OSError):
        return False
