"""Which part of a corpus is learned, which is kept aside to measure with, and their ids."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.layout import Positions
from charrnn.corpus.reading import Corpus
from charrnn.corpus.vocabulary import BREAK, Ids, Vocabulary
from charrnn.errors import CorpusError

Spans = npt.NDArray[np.int64]

_FINEST_FRACTION: Final = 1000
_GROUP: Final = 256

_MOST_ASIDE: Final = 1 / 2
_MOST_OF_FRACTION: Final = 3 / 2
"""Validation takes at most half of all, or where more is asked for, half as much again."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A corpus in two parts.

    Attributes:
        training: `(spans, 2)` start and stop in the text of each poem to learn.
        validation: `(spans, 2)` start and stop of each poem kept aside.
    """

    training: Spans
    validation: Spans


def split_corpus(corpus: Corpus, fraction: float, window: int) -> Split:
    """Divide a corpus.

    Continuous text gives its last characters to validation: with fraction 0.1 the training part
    is the first `int(0.9 * n)` characters, as nanoGPT has it. Of poems, those go to validation
    whose MD5 hash, as a number, leaves a remainder below n when divided by d, where n/d is the
    fraction. So a poem falls on the same side wherever it stands, and equal poems stay together.

    Args:
        corpus: What to divide.
        fraction: Part to keep aside, above 0 and at most 0.5.
        window: Characters that a network reads in one step.

    Returns:
        The two parts. Where poems are few, their hashes may leave too little to learn or to
        measure with; some then change sides, the same ones whenever that text is divided.

    Raises:
        CorpusError: Training or validation cannot hold one window and the character after it.
    """
    needed = window + 1
    if corpus.layout == "text":
        split = _divided_text(len(corpus.text), fraction)
    else:
        split = _divided_poems(
            corpus, Fraction(fraction).limit_denominator(_FINEST_FRACTION), needed
        )
    if min(_length(corpus, split.training), _length(corpus, split.validation)) < needed:
        raise CorpusError(_too_short(corpus, fraction, window))
    return split


def encode_part(corpus: Corpus, spans: Spans, vocabulary: Vocabulary) -> Ids:
    """Encode one part of a corpus.

    Args:
        corpus: The corpus.
        spans: `(spans, 2)` start and stop of each poem of the part.
        vocabulary: What the network knows.

    Returns:
        `(length,)` ids in the smallest unsigned type. Continuous text stands as it is; poems
        stand between poem breaks, with one before the first and one after the last.
    """
    if corpus.layout == "text":
        start, stop = spans[0].tolist()
        return vocabulary.encode(corpus.text, start, stop)
    ids = np.full(_length(corpus, spans), BREAK, vocabulary.id_type)
    position = 1
    for poems in _groups(corpus, spans[:, 0], spans[:, 1]):
        encoded = vocabulary.encode("\n".join(poems))
        encoded[np.cumsum([len(poem) + 1 for poem in poems[:-1]], dtype=np.int64) - 1] = BREAK
        ids[position : position + len(encoded)] = encoded
        position += len(encoded) + 1
    return ids


def _groups(corpus: Corpus, starts: Positions, stops: Positions) -> Iterator[list[str]]:
    """Poems, a few at a time: all of them at once would fill memory."""
    for first in range(0, len(starts), _GROUP):
        group = slice(first, first + _GROUP)
        spans = zip(starts[group].tolist(), stops[group].tolist(), strict=True)
        yield [corpus.text[start:stop] for start, stop in spans]


def _length(corpus: Corpus, spans: Spans) -> int:
    """Ids of a part, its poem breaks counted."""
    characters = int(spans[:, 1].sum() - spans[:, 0].sum())
    return characters if corpus.layout == "text" else characters + len(spans) + 1


def _divided_text(length: int, fraction: float) -> Split:
    border = int((1 - fraction) * length)
    return Split(np.array([[0, border]], np.int64), np.array([[border, length]], np.int64))


def _divided_poems(corpus: Corpus, fraction: Fraction, needed: int) -> Split:
    hashes = (int.from_bytes(digest, "big") for digest in _digests(corpus))
    aside = np.fromiter(
        (value % fraction.denominator < fraction.numerator for value in hashes),
        np.bool_,
        corpus.poems,
    )
    most = max(_MOST_ASIDE, _MOST_OF_FRACTION * float(fraction))
    training, validation = _spans(corpus, ~aside), _spans(corpus, aside)
    lengths = _length(corpus, training), _length(corpus, validation)
    if min(lengths) >= needed and lengths[1] <= most * sum(lengths):
        return Split(training, validation)
    aside = _balanced(corpus, aside, needed, most)
    return Split(_spans(corpus, ~aside), _spans(corpus, aside))


def _spans(corpus: Corpus, chosen: npt.NDArray[np.bool_]) -> Spans:
    spans = np.empty((np.count_nonzero(chosen), 2), np.int64)
    spans[:, 0] = corpus.starts[chosen]
    spans[:, 1] = corpus.stops[chosen]
    return spans


def _digests(corpus: Corpus) -> Iterator[bytes]:
    for poems in _groups(corpus, corpus.starts, corpus.stops):
        for poem in poems:
            yield hashlib.md5(poem.encode(), usedforsecurity=False).digest()


def _balanced(
    corpus: Corpus, aside: npt.NDArray[np.bool_], needed: int, most: float
) -> npt.NDArray[np.bool_]:
    """Move poems, with all their copies, until both parts are long enough.

    Those of the highest hash go back to training while that is too short, or validation takes
    more than the part `most` of all. Then those of the lowest hash go to validation while that is
    too short; first those that take at most half of the training part, never one that training
    needs. Where two different poems are each long enough, both parts are in the end: while
    validation is too short, both poems are in training, and one of them can go.
    """
    # Sorted as bytes, digests are sorted as numbers.
    digests = np.fromiter(_digests(corpus), "S16", corpus.poems)
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    sizes = np.bincount(group, corpus.stops - corpus.starts + 1).astype(np.int64)
    kept_aside = aside[first]
    training, validation = int(sizes[~kept_aside].sum()), int(sizes[kept_aside].sum())
    for poem in np.flatnonzero(kept_aside)[::-1].tolist():
        if training + 1 >= needed and validation <= most * (training + validation):
            break
        kept_aside[poem] = False
        training, validation = training + int(sizes[poem]), validation - int(sizes[poem])
    while validation + 1 < needed:
        free = np.flatnonzero(~kept_aside & (training - sizes + 1 >= needed))
        if not free.size:
            break
        small = free[sizes[free] * 2 <= training]
        poem = int((small if small.size else free)[0])
        kept_aside[poem] = True
        training, validation = training - int(sizes[poem]), validation + int(sizes[poem])
    return kept_aside[group]


def _too_short(corpus: Corpus, fraction: float, window: int) -> str:
    needed = window + 1
    length = len(corpus.text)
    if corpus.layout == "text":
        least = math.ceil(needed / min(fraction, 1 - fraction))
        return (
            f"{corpus.name} is too short: it has {length:,} characters, and {least:,} are needed "
            f"for a window of {window} in training and one in validation. Add text, or take a "
            "smaller --window."
        )
    return (
        f"{corpus.name} is too short: it has {corpus.poems:,} "
        f"poem{'s' if corpus.poems > 1 else ''} with {length:,} characters, and at least two "
        f"different poems and about {2 * needed:,} characters are needed for a window of {window} "
        "in training and one in validation. Add poems, take a smaller --window, or read it as "
        "one text with --layout text."
    )
