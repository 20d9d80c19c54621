"""The corpus doctor: what a corpus is made of, and what may be wrong with it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.config import CorpusConfig, TrainingConfig
from charrnn.corpus.blemishes import Blemish, find_blemishes
from charrnn.corpus.layout import ResolvedLayout
from charrnn.corpus.reading import Corpus
from charrnn.corpus.rows import blocks
from charrnn.corpus.splitting import Split, split_corpus
from charrnn.corpus.vocabulary import Vocabulary, character_counts
from charrnn.errors import CorpusError

_RAREST_SHOWN: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was found out about a corpus.

    Attributes:
        name: What the corpus is called.
        sources: Where it was read from.
        encoding: The encoding or encodings it was read in.
        layout: How its poems stand in it.
        poems: Number of poems; 1 for continuous text.
        characters: Length of the text.
        distinct_characters: Different characters in it.
        seen_once: How many of them occur only once.
        vocabulary_size: Ids that a network would learn by default.
        rarest: The rarest characters with their occurrences, the rarest first.
        training_poems: Poems that would be learned; None when it is too short.
        validation_poems: Poems that would be kept aside; None when it is too short.
        validation_characters: Characters that would be kept aside; None when it is too short.
        too_short: Why it cannot be learned as it is; None when it can.
        notes: What was detected or chosen while reading.
        blemishes: What may be wrong with it.
    """

    name: str
    sources: tuple[str, ...]
    encoding: str
    layout: ResolvedLayout
    poems: int
    characters: int
    distinct_characters: int
    seen_once: int
    vocabulary_size: int
    rarest: tuple[tuple[str, int], ...]
    training_poems: int | None
    validation_poems: int | None
    validation_characters: int | None
    too_short: str | None
    notes: tuple[str, ...]
    blemishes: tuple[Blemish, ...]


def check_corpus(corpus: Corpus, config: CorpusConfig | None = None) -> Report:
    """Examine a corpus.

    Args:
        corpus: The corpus.
        config: Its fraction for validation and least count are those of a training run.

    Returns:
        The findings; a corpus without blemishes has none.
    """
    config = config or CorpusConfig()
    counts = character_counts(corpus.text)
    points = np.flatnonzero(counts)
    rarest = points[np.argsort(counts[points], kind="stable")][:_RAREST_SHOWN]
    split, too_short = _split(corpus, config)
    return Report(
        name=corpus.name,
        sources=corpus.sources,
        encoding=corpus.encoding,
        layout=corpus.layout,
        poems=corpus.poems,
        characters=len(corpus.text),
        distinct_characters=len(points),
        seen_once=int(np.count_nonzero(counts == 1)),
        vocabulary_size=Vocabulary.of_text(corpus.text, config.min_count).size,
        rarest=tuple((chr(point), int(counts[point])) for point in rarest.tolist()),
        training_poems=None if split is None else len(split.training),
        validation_poems=None if split is None else len(split.validation),
        validation_characters=None
        if split is None
        else sum(int((rows[:, 1] - rows[:, 0]).sum()) for rows in blocks(split.validation)),
        too_short=too_short,
        notes=corpus.notes,
        blemishes=tuple(find_blemishes(corpus, split)),
    )


def _split(corpus: Corpus, config: CorpusConfig) -> tuple[Split | None, str | None]:
    try:
        return split_corpus(
            corpus, config.validation_fraction, TrainingConfig().shortest_part
        ), None
    except CorpusError as error:
        return None, str(error)
