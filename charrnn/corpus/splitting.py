"""The training split and the validation split of a corpus, and their ids."""

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
"""Validation takes at most half of all, or where more is asked for, half as much again."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A corpus in two parts.

    Attributes:
        training: `(spans, 2)` start and stop in the text of each poem to learn.
        validation: `(spans, 2)` start and stop of each poem to validate with.
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
        fraction: Part for validation, above 0 and at most 0.5.
        window: Characters that a network reads in one step.

    Returns:
        The two parts. Where poems are few, their hashes may leave too little to learn or to
        measure with; some then change sides, the same ones whenever that text is divided.

    Raises:
        CorpusError: Training or validation cannot hold one window and the character after it.
    """
    needed = window + 1
    if corpus.layout == "text":
        split = _split_text(len(corpus.text), fraction)
    else:
        split = _split_poems(corpus, Fraction(fraction).limit_denominator(_FINEST_FRACTION), needed)
    if min(_length(corpus, split.training), _length(corpus, split.validation)) < needed:
        raise CorpusError(_too_short(corpus, fraction, window))
    return split


def poems_at(corpus: Corpus, spans: Spans) -> Iterator[str]:
    """The poems of one part of a corpus, in order."""
    for group in neighbours(spans):
        begin = int(group[0, 0])
        text = corpus.text[begin : int(group[-1, 1])]
        for start, stop in (group - begin).tolist():
            yield text[start:stop]


def encode_part(corpus: Corpus, spans: Spans, vocabulary: Vocabulary) -> Ids:
    """Encode one part of a corpus.

    Args:
        corpus: The corpus.
        spans: `(spans, 2)` start and stop of each poem of the part.
        vocabulary: What the network knows.

    Returns:
        `(length,)` ids in the smallest unsigned type. Continuous text stands as it is; poems
        stand between end-of-poem ids, with one before the first and one after the last.

    Raises:
        CorpusError: The disk has no room for the ids of a long text.
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
    """The ids of poems that stand in a text, each with the end of poem after it."""
    ids = np.append(vocabulary.encode(text), vocabulary.id_type(END_OF_POEM))
    # Something stands between two poems, and the end-of-poem id takes its place.
    ids[poems[:, 1]] = END_OF_POEM
    edges = np.zeros(len(ids) + 1, np.int8)
    edges[poems[:, 0]] += 1
    edges[poems[:, 1] + 1] -= 1
    return ids[edges.cumsum(dtype=np.int8)[:-1].view(np.bool_)]


def _length(corpus: Corpus, spans: Spans) -> int:
    """Ids of a part, those of the ends of poems counted."""
    characters = sum(int((rows[:, 1] - rows[:, 0]).sum()) for rows in blocks(spans))
    return characters if corpus.layout == "text" else characters + len(spans) + 1


def _split_text(length: int, fraction: float) -> Split:
    border = int((1 - fraction) * length)
    return Split(np.array([[0, border]], np.int64), np.array([[border, length]], np.int64))


def _split_poems(corpus: Corpus, fraction: Fraction, needed: int) -> Split:
    split = _split_by(corpus, _validation_by_hash(corpus, fraction))
    most = max(_MOST_VALIDATION, _MOST_OF_FRACTION * float(fraction))
    lengths = _length(corpus, split.training), _length(corpus, split.validation)
    if min(lengths) >= needed and lengths[1] <= most * sum(lengths):
        return split
    validation_mask = np.concatenate(list(_validation_by_hash(corpus, fraction)))
    return _split_by(corpus, [_balanced(corpus, validation_mask, needed, most)])


def _validation_by_hash(corpus: Corpus, fraction: Fraction) -> Iterator[npt.NDArray[np.bool_]]:
    """Whether each poem belongs to validation by its hash, for some poems after some."""
    for digests in _digests(corpus):
        yield _remainders(digests, fraction.denominator) < fraction.numerator


def _split_by(corpus: Corpus, validation_mask: Iterable[npt.NDArray[np.bool_]]) -> Split:
    """The poems in two parts, by whether each belongs to validation, for some after some."""
    training, validation = StoredRows(np.int64, (2,)), StoredRows(np.int64, (2,))
    first = 0
    for some in validation_mask:
        rows = corpus.spans[first : first + len(some)]
        training.append(rows[~some])
        validation.append(rows[some])
        first += len(some)
    return Split(training.finish(), validation.finish())


def _digests(corpus: Corpus) -> Iterator[npt.NDArray[np.bytes_]]:
    """The MD5 hashes of all poems in order, `(poems,)` of 16 bytes each, some after some."""
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
    """What hashes, each a number of 128 bits, leave when divided, computed 32 bits at a time."""
    remainders = np.zeros(len(digests), np.uint64)
    for digit in digests.view(">u4").reshape(-1, 4).T:
        remainders = (remainders * 2**32 + digit) % divisor
    return remainders


def _balanced(
    corpus: Corpus, validation_mask: npt.NDArray[np.bool_], needed: int, most: float
) -> npt.NDArray[np.bool_]:
    """Move poems, with all their copies, until both parts are long enough.

    Those of the highest hash go back to training while that is too short, or validation takes
    more than the part `most` of all. Then those of the lowest hash go to validation while that is
    too short; first those that take at most half of the training part, never one that training
    needs. Where two different poems are each long enough, both parts are in the end: while
    validation is too short, both poems are in training, and one of them can go.
    """
    # Sorted as bytes, digests are sorted as numbers.
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
    if corpus.layout == "text":
        least = math.ceil(needed / min(fraction, 1 - fraction))
        return (
            f"{corpus.name} is too short: it has {length:,} characters, and {least:,} are needed "
            f"for a window of {window} in training and one in validation. Add text, or take a "
            "smaller --window."
        )
    return (
        f"{corpus.name} is too short: it has "
        f"{counted(corpus.poems, 'poem')} with {length:,} characters, and at least two "
        f"different poems and about {2 * needed:,} characters are needed for a window of {window} "
        "in training and one in validation. Add poems, take a smaller --window, or read it as "
        "one text with --layout text."
    )
