"""Corpora and n-gram filters of texts that stand in memory."""

import dataclasses
import io
from collections.abc import Iterable

from charrnn.corpus.loading import Corpus, read_corpus
from charrnn.corpus.ngram_filter import NgramFilter, folded
from charrnn.settings.configuration import CorpusConfig


def corpus_from_text(text: str, config: CorpusConfig | None = None, name: str = "text") -> Corpus:
    """A corpus of a text; it has no sources, so that a run on it is resumed by giving it again."""
    config = dataclasses.replace(config or CorpusConfig(), encoding="utf-8")
    corpus = read_corpus(["-"], config, standard_input=io.BytesIO(text.encode()))
    return dataclasses.replace(corpus, name=name, sources=())


def filter_of(poems: Iterable[str], n: int = 3, corpus: str = "0" * 64) -> NgramFilter:
    """The n-gram filter of some poems, so wide that it hardly ever errs."""
    return NgramFilter.build(["\n".join(map(folded, poems))], n, most=10_000, corpus=corpus)
