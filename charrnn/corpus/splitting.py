"""Which part of a corpus is learned, which is kept aside to measure with, and their ids."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.reading import Corpus
from charrnn.corpus.vocabulary import BREAK, Ids, Vocabulary
from charrnn.errors import CorpusError

Spans = npt.NDArray[np.int64]

_FINEST_FRACTION: Final = 1000
_GROUP: Final = 256


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
        The two parts. Validation gets further poems, those of the lowest hash first, when it
        would be too short.

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
    for group in _groups(spans):
        poems = "\n".join(corpus.text[start:stop] for start, stop in group)
        ids[position : position + len(poems)] = vocabulary.encode(poems)
        position += len(poems) + 1
    lengths = spans[:, 1] - spans[:, 0]
    ids[np.cumsum(lengths + 1)] = BREAK
    return ids


def _groups(spans: Spans) -> Iterator[list[list[int]]]:
    """Spans as numbers of Python, a few at a time: all of them at once would fill memory."""
    for first in range(0, len(spans), _GROUP):
        yield spans[first : first + _GROUP].tolist()


def _length(corpus: Corpus, spans: Spans) -> int:
    """Ids of a part, its poem breaks counted."""
    characters = int((spans[:, 1] - spans[:, 0]).sum())
    return characters if corpus.layout == "text" else characters + len(spans) + 1


def _divided_text(length: int, fraction: float) -> Split:
    border = int((1 - fraction) * length)
    return Split(np.array([[0, border]], np.int64), np.array([[border, length]], np.int64))


def _divided_poems(corpus: Corpus, fraction: Fraction, needed: int) -> Split:
    spans = np.stack((corpus.starts, corpus.stops), axis=1)
    hashes = [_hash(corpus.text[start:stop]) for group in _groups(spans) for start, stop in group]
    aside = np.array(
        [value % fraction.denominator < fraction.numerator for value in hashes], np.bool_
    )
    missing = needed - _length(corpus, spans[aside])
    if missing > 0:
        waiting = sorted(
            (value, number) for number, value in enumerate(hashes) if not aside[number]
        )
        for rank, (value, number) in enumerate(waiting):
            # Poems of equal hash are equal: all copies of the last one taken go with it.
            if missing <= 0 and value != waiting[rank - 1][0]:
                break
            aside[number] = True
            missing -= int(spans[number, 1] - spans[number, 0]) + 1
    return Split(spans[~aside], spans[aside])


def _hash(poem: str) -> int:
    return int.from_bytes(hashlib.md5(poem.encode(), usedforsecurity=False).digest(), "big")


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
