"""Learning what the poems of a run teach, and keeping it beside the network."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

from charrnn.checkpoint import SOUNDS_FILE, WORDS_FILE, CheckpointWriter
from charrnn.corpus.indexing import poems_at, try_to_keep
from charrnn.corpus.layout import Spans
from charrnn.corpus.long_text import whole_lines
from charrnn.corpus.reading import Corpus
from charrnn.corpus.splitting import split_corpus
from charrnn.errors import FormError
from charrnn.files import write_text
from charrnn.forms.chinese.learned_sounds import LearnedSounds
from charrnn.forms.chinese.lines import is_han
from charrnn.forms.chinese.sound_learning import learn_sounds
from charrnn.forms.core.learned_tables import read_lesson
from charrnn.forms.english.learned_words import LearnedWords, learn_words
from charrnn.forms.english.words import is_latin
from charrnn.record import RunRecord

LONGEST_READ: Final = 50_000_000
"""Characters of the training part that are read at most, the first; some seconds' work."""


class _Kind(NamedTuple):
    """Something that poems teach.

    Attributes:
        file: Its file.
        name: What it is called where it is left out, and what for it is there.
        concerns: Whether a character is one that it is about.
        learn: Learns it; raises FormError where the texts do not teach it.
        read: Reads its file.
    """

    file: str
    name: str
    concerns: Callable[[str], bool]
    learn: Callable[[Iterable[str]], LearnedSounds | LearnedWords]
    read: Callable[[str, str], LearnedSounds | LearnedWords]


_KINDS: Final = (
    _Kind(
        SOUNDS_FILE,
        "The tones and rhymes that its poems teach, by which Chinese verse is written,",
        is_han,
        learn_sounds,
        LearnedSounds.from_json,
    ),
    _Kind(
        WORDS_FILE,
        "The words of the text, with which English verse is written,",
        is_latin,
        learn_words,
        LearnedWords.from_json,
    ),
)


def keep_lessons(
    writer: CheckpointWriter, corpus: Corpus, record: RunRecord, noted: Callable[[str], None]
) -> None:
    """Keep what the poems of a run that has ended teach, unless it is there already.

    Nothing depends on it: what keeps it from being made or written is told, and that is all.

    Args:
        writer: The directory, which is held.
        corpus: The text.
        record: The run.
        noted: Is told what is left out, and why.
    """
    for kind in _KINDS:
        try_to_keep(f"{kind.name} are", partial(_keep, kind, writer, corpus, record), noted)


def _keep(kind: _Kind, writer: CheckpointWriter, corpus: Corpus, record: RunRecord) -> None:
    path = writer.directory / kind.file
    try:
        if read_lesson(path, kind.read).corpus == corpus.digest:
            return
    except (FormError, OSError):
        pass  # Missing or of no use; it is made now.
    if not any(map(kind.concerns, record.vocabulary)):
        return
    try:
        lesson = kind.learn(_learned_texts(corpus, record))
    except FormError:
        return  # It is verse of another kind, or too little of it.
    write_text(path, dataclasses.replace(lesson, corpus=corpus.digest).to_json())


def _learned_texts(corpus: Corpus, record: RunRecord) -> Iterator[str]:
    """The poems of the training part, or of a continuous text some lines after some."""
    split = split_corpus(corpus, record.reading.validation_fraction, record.training.shortest_part)
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
