"""Reading the text of a run, for someone who watches."""

from collections.abc import Sequence
from pathlib import Path

from charrnn.corpus.loading import Corpus, read_corpus
from charrnn.settings.configuration import CorpusConfig
from charrnn.training.observer import TrainingObserver

CorpusSource = str | Path | Corpus | Sequence[str | Path]
"""A path, several, a directory, a name of the catalogue, or a corpus already read."""


def read_text(
    source: CorpusSource,
    reading: CorpusConfig,
    observer: TrainingObserver,
    stanzas: bool | None = None,
) -> Corpus:
    """Read a text that has not been read yet, and tell what was noticed.

    Args:
        source: Where it is.
        reading: How to read it.
        observer: Whom to tell.
        stanzas: Whether single blank lines separate stanzas; None detects it.

    Raises:
        CorpusError: It cannot be read.
    """
    if isinstance(source, Corpus):
        return source
    sources = [source] if isinstance(source, str | Path) else source
    corpus = read_corpus([str(source) for source in sources], reading, stanzas=stanzas)
    for note in corpus.notes:
        observer.noted(note)
    return corpus
