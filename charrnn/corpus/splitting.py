"""Splitting a corpus for training and validation, and encoding the splits."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.layout import Spans, neighbours
from charrnn.corpus.loading import Corpus
from charrnn.corpus.store import StoredRows, as_array, blocks, pieces
from charrnn.corpus.vocabulary import END_OF_POEM, Ids, Vocabulary
from charrnn.errors import CorpusError
from charrnn.wording import counted

_FINEST_FRACTION: Final = 1000

_MOST_VALIDATION: Final = 1 / 2
_MOST_OF_FRACTION: Final = 3 / 2
"""Validation gets at most half of the text or 3/2 of the fraction, whichever is more."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The training split and the validation split of a corpus, `(poems, 2)` spans of its text."""

    training: Spans
    validation: Spans


def split_corpus(corpus: Corpus, fraction: float, window: int) -> Split:
    """Split a corpus.

    The validation split of continuous text is its end: with fraction 0.1, the training split is the
    first `int(0.9 * n)` characters, as in nanoGPT. A poem belongs to the validation split if its
    MD5 hash modulo d is below n, where n/d is the fraction. So equal poems stay together, and a
    poem stays in its split when the corpus changes. If one split of a small corpus is too short,
    some poems change splits, always the same ones. The fraction is above 0 and at most 0.5.

    Raises:
        CorpusError: A split cannot have one window and the character after it.
    """
    needed = window + 1
    if corpus.layout == "text":
        length = len(corpus.text)
        border = int((1 - fraction) * length)
        split = Split(np.array([[0, border]], np.int64), np.array([[border, length]], np.int64))
    else:
        split = _split_poems(corpus, Fraction(fraction).limit_denominator(_FINEST_FRACTION), needed)
    if min(_length(corpus, split.training), _length(corpus, split.validation)) < needed:
        raise CorpusError(_too_short(corpus, fraction, window))
    return split


def poems_at(corpus: Corpus, spans: Spans) -> Iterator[str]:
    """The poems of a split, in order."""
    for group in neighbours(spans):
        begin = int(group[0, 0])
        text = corpus.text[begin : int(group[-1, 1])]
        for start, stop in (group - begin).tolist():
            yield text[start:stop]


def encode_split(corpus: Corpus, spans: Spans, vocabulary: Vocabulary) -> Ids:
    """Encode a split, with an end-of-poem id before the first poem and after each poem.

    Continuous text gets no end-of-poem ids. Raises CorpusError if the disk is full.

    Returns:
        `(length,)` ids in the smallest unsigned type.
    """
    ids = StoredRows(vocabulary.id_type)
    if corpus.layout != "text":
        ids.append(np.array([END_OF_POEM], vocabulary.id_type))
    for group in neighbours(spans):
        start, stop = int(group[0, 0]), int(group[-1, 1])
        if len(group) > 1:
            ids.append(_encoded(corpus.text[start:stop], group - start, vocabulary))
            continue
        for piece in pieces(corpus.text, start, stop):
            ids.append(vocabulary.encode(piece))
        if corpus.layout != "text":
            ids.append(np.array([END_OF_POEM], vocabulary.id_type))
    return ids.finish()


def _encoded(
    text: str, poems: npt.NDArray[np.int64], vocabulary: Vocabulary
) -> npt.NDArray[np.unsignedinteger]:
    """The ids of the poems in a text, each with the end-of-poem id after it."""
    ids = np.append(vocabulary.encode(text), vocabulary.id_type(END_OF_POEM))
    # At least one character separates two poems; the end-of-poem id replaces it.
    ids[poems[:, 1]] = END_OF_POEM
    edges = np.zeros(len(ids) + 1, np.int8)
    edges[poems[:, 0]] += 1
    edges[poems[:, 1] + 1] -= 1
    return ids[edges.cumsum(dtype=np.int8)[:-1].view(np.bool_)]


def _length(corpus: Corpus, spans: Spans) -> int:
    """Number of ids of a split, end-of-poem ids included."""
    characters = sum(int((rows[:, 1] - rows[:, 0]).sum()) for rows in blocks(spans))
    return characters if corpus.layout == "text" else characters + len(spans) + 1


def _split_poems(corpus: Corpus, fraction: Fraction, needed: int) -> Split:
    split = _split_by(corpus, _validation_by_hash(corpus, fraction))
    most = max(_MOST_VALIDATION, _MOST_OF_FRACTION * float(fraction))
    lengths = _length(corpus, split.training), _length(corpus, split.validation)
    if min(lengths) >= needed and lengths[1] <= most * sum(lengths):
        return split
    validation_mask = np.concatenate(list(_validation_by_hash(corpus, fraction)))
    return _split_by(corpus, [_balanced(corpus, validation_mask, needed, most)])


def _validation_by_hash(corpus: Corpus, fraction: Fraction) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of the poems whose hash belongs to the validation split, some poems at a time."""
    for digests in _digests(corpus):
        yield _remainders(digests, fraction.denominator) < fraction.numerator


def _split_by(corpus: Corpus, validation_masks: Iterable[npt.NDArray[np.bool_]]) -> Split:
    """Split the poems by masks, some poems at a time."""
    training, validation = StoredRows(np.int64, (2,)), StoredRows(np.int64, (2,))
    first = 0
    for mask in validation_masks:
        rows = corpus.spans[first : first + len(mask)]
        training.append(rows[~mask])
        validation.append(rows[mask])
        first += len(mask)
    return Split(training.finish(), validation.finish())


def _digests(corpus: Corpus) -> Iterator[npt.NDArray[np.bytes_]]:
    """`(poems,)` MD5 hashes of 16 bytes, some poems at a time."""
    for group in neighbours(corpus.spans):
        start, stop = int(group[0, 0]), int(group[-1, 1])
        if len(group) > 1:
            text = corpus.text[start:stop]
            hashes = [
                hashlib.md5(text[begin:end].encode(), usedforsecurity=False).digest()
                for begin, end in (group - start).tolist()
            ]
        else:
            whole = hashlib.md5(usedforsecurity=False)
            for piece in pieces(corpus.text, start, stop):
                whole.update(piece.encode())
            hashes = [whole.digest()]
        yield np.frombuffer(b"".join(hashes), "S16")


def _remainders(digests: npt.NDArray[np.bytes_], divisor: int) -> npt.NDArray[np.uint64]:
    """Hashes of 128 bits modulo a divisor, computed 32 bits at a time."""
    remainders = np.zeros(len(digests), np.uint64)
    for digit in digests.view(">u4").reshape(-1, 4).T:
        remainders = (remainders * 2**32 + digit) % divisor
    return remainders


def _balanced(
    corpus: Corpus, validation_mask: npt.NDArray[np.bool_], needed: int, most: float
) -> npt.NDArray[np.bool_]:
    """Move poems, with all their copies, until both splits are long enough.

    First, poems of the highest hashes move to training while training is too short or validation
    has more than the share `most`. Then poems of the lowest hashes move to validation while
    validation is too short: never one that training needs, preferably one with at most half of the
    training split. This succeeds if two different poems are each long enough, because one of them
    can move.
    """
    # The order of digests is the same for bytes and numbers.
    digests = np.concatenate(list(_digests(corpus)))
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    spans = as_array(corpus.spans)
    sizes = np.bincount(group, spans[:, 1] - spans[:, 0] + 1).astype(np.int64)
    in_validation = validation_mask[first]
    training, validation = int(sizes[~in_validation].sum()), int(sizes[in_validation].sum())
    for poem in np.flatnonzero(in_validation)[::-1].tolist():
        if training + 1 >= needed and validation <= most * (training + validation):
            break
        in_validation[poem] = False
        training, validation = training + int(sizes[poem]), validation - int(sizes[poem])
    while validation + 1 < needed:
        free = np.flatnonzero(~in_validation & (training - sizes + 1 >= needed))
        if not free.size:
            break
        small = free[sizes[free] * 2 <= training]
        poem = int((small if small.size else free)[0])
        in_validation[poem] = True
        training, validation = training - int(sizes[poem]), validation + int(sizes[poem])
    return in_validation[group]


def _too_short(corpus: Corpus, fraction: float, window: int) -> str:
    needed = window + 1
    length = len(corpus.text)
    if corpus.layout == "text" and length >= 2 * needed:
        short = length - int((1 - fraction) * length)
        return (
            f"{corpus.name} is too short for a validation fraction of {fraction:g}, which has "
            f"{counted(short, 'character')}: {needed:,} are needed for a window of {window}. Give "
            f"--validation-fraction at least {math.ceil(1000 * needed / length) / 1000:g}, add "
            "text, or choose a smaller --window."
        )
    if corpus.layout == "text":
        return (
            f"{corpus.name} is too short: it has {counted(length, 'character')}, and at least "
            f"{2 * needed:,} are needed for a window of {window} in training and one in "
            "validation. Add text, or choose a smaller --window."
        )
    return (
        f"{corpus.name} is too short: it has "
        f"{counted(corpus.poems, 'poem')} with {counted(length, 'character')}, and at least two "
        f"different poems and about {2 * needed:,} characters are needed for a window of {window} "
        "in training and one in validation. Add poems, choose a smaller --window, or read it as "
        "one text with --layout text."
    )
