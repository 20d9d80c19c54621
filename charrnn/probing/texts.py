"""Texts that a network is watched on, as the tokens that it reads."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from charrnn.checkpoint.record import RunRecord
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.engine import Ids
from charrnn.decoding.hypothesis import LINE_END
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.configuration import ResolvedLayout, SamplingConfig

_TOGETHER: Final = 16


def own_texts(writer: TextGenerator, characters: int, seed: int) -> list[str]:
    """Poems that a network writes at temperature 1, until they have so many characters.

    One text of that length where it has learned a continuous one.
    """
    plain = SamplingConfig(temperature=1.0, max_copy=0, seed=seed)
    if writer.layout == "text":
        return [writer.write("", dataclasses.replace(plain, length=characters)).text]
    texts: list[str] = []
    for first in itertools.count(seed, _TOGETHER):
        seeds = range(first, first + _TOGETHER)
        settings = [dataclasses.replace(plain, seed=one) for one in seeds]
        for poem in writer.write_many("", settings):
            texts.append(poem.text)
            if sum(map(len, texts)) >= characters:
                return texts
    raise AssertionError("seeds never end")


def as_tokens(record: RunRecord, texts: Iterable[str]) -> Ids:
    """The tokens of texts as a network reads them one after the other, without labels and titles.

    Args:
        record: What describes the network.
        texts: Poems, or continuous text in any pieces.

    Returns:
        `(time,)`, with what the network reads first.
    """
    vocabulary = Vocabulary.of_record(record.vocabulary, record.corpus)
    return np.fromiter(_tokens(vocabulary, record.corpus.layout, texts), np.int64)


def _tokens(vocabulary: Vocabulary, layout: ResolvedLayout, texts: Iterable[str]) -> Iterator[int]:
    if layout == "text":
        first = vocabulary.id_of(LINE_END)
        yield END_OF_POEM if first == UNKNOWN else first
        for text in texts:
            yield from vocabulary.encode(text)
        return
    header = (vocabulary.end_of_header,) if vocabulary.has_headers else ()
    for text in texts:
        yield from (END_OF_POEM, *header)
        yield from vocabulary.encode(text)
    yield END_OF_POEM
