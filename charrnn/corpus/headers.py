"""Poems with headers: the labels and the title that a network reads before the text of each.

A poem is read as its labels, the characters of its title, the end of the header, its text, and the
end of the poem. In training, each label and the title is left out of a share of the readings, so
that the network learns to write without them (as conditional dropout in classifier-free guidance: Ho
& Salimans, 2022, section 3.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.record import LabelRecord
from charrnn.corpus.layout import Spans
from charrnn.corpus.loading import Corpus
from charrnn.corpus.poem_fields import OTHER
from charrnn.corpus.store import as_array
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary

Tokens = npt.NDArray[np.unsignedinteger]

ALWAYS: Final = -1
"""The part of tokens that are never left out."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadedPoems:
    """Encoded poems with headers.

    Attributes:
        ids: `(length,)` ids, poem after poem, without the end-of-poem id before the first.
        parts: `(length,)` int8, for each id the part of the header that is left out as a whole: a
            field of labels, or the title, which comes after them; `ALWAYS` for all others.
        lengths: `(poems,)` number of ids of each poem, its end included.
        fields: Number of parts.
    """

    ids: Tokens
    parts: npt.NDArray[np.int8]
    lengths: npt.NDArray[np.int64]
    fields: int

    @classmethod
    def of(cls, corpus: Corpus, spans: Spans, vocabulary: Vocabulary) -> "HeadedPoems":
        """Encode the poems at some spans of a corpus whose labels or titles are learned.

        Labels are those of the vocabulary by name; one that it lacks is its `OTHER` of that field.
        """
        fields = corpus.fields
        assert fields is not None, "a corpus whose labels or titles are learned"
        rows = as_array(spans)
        numbers = np.searchsorted(as_array(corpus.spans)[:, 0], rows[:, 0])
        title = fields.of_poems.shape[1]
        ids_of_labels = _ids_of(fields.labels, vocabulary)
        ids, parts, lengths = [], [], []
        end_of_header, end = [
            np.array([one], vocabulary.id_type) for one in (vocabulary.end_of_header, END_OF_POEM)
        ]
        for number, (start, stop) in zip(numbers.tolist(), rows.tolist(), strict=True):
            own = ids_of_labels[fields.of_poems[number]]
            columns = np.flatnonzero(own)
            labels = own[columns].astype(vocabulary.id_type)
            name = vocabulary.encode(fields.titles[number] if fields.titles else "")
            poem = [labels, name, end_of_header, vocabulary.encode(corpus.text[start:stop]), end]
            ids += poem
            header = np.concatenate([columns, np.full(len(name), title)])
            length = sum(map(len, poem))
            parts += [header, np.full(length - len(header), ALWAYS)]
            lengths.append(length)
        return cls(
            np.concatenate(ids),
            np.concatenate(parts).astype(np.int8),
            np.array(lengths, np.int64),
            title + 1,
        )

    def read(self, left_out: npt.NDArray[np.bool_], order: npt.NDArray[np.intp]) -> Tokens:
        """The poems in an order, without some parts of their headers.

        Args:
            left_out: `(poems, fields)`, true for parts that are left out.
            order: `(poems,)` a permutation.

        Returns:
            `(length,)` ids, with the end-of-poem id before the first poem.
        """
        poem = np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths)
        kept = self.parts == ALWAYS
        header = np.flatnonzero(~kept)
        kept[header] = ~left_out[poem[header], self.parts[header]]
        lengths = np.bincount(poem[kept], minlength=len(self.lengths))
        starts = np.concatenate([[0], lengths.cumsum()[:-1]])
        ids = self.ids[kept]
        ordered = np.repeat(starts[order] - _before(lengths[order]), lengths[order])
        ordered += np.arange(len(ids))
        return np.append(self.ids.dtype.type(END_OF_POEM), ids[ordered])

    def whole(self) -> Tokens:
        """All of it, in order."""
        nothing = np.zeros((len(self.lengths), self.fields), np.bool_)
        return self.read(nothing, np.arange(len(self.lengths)))

    def text_alone(self) -> Tokens:
        """The poems in order, with empty headers."""
        everything = np.ones((len(self.lengths), self.fields), np.bool_)
        return self.read(everything, np.arange(len(self.lengths)))


def _ids_of(labels: Sequence[LabelRecord], vocabulary: Vocabulary) -> npt.NDArray[np.int64]:
    """`(labels + 1,)` the id of each label, 0 where there is none, as for the last: no label."""
    known = {
        (label.field, label.value): id_
        for id_, label in enumerate(vocabulary.labels, vocabulary.first_label)
    }
    ids = [
        known.get((label.field, label.value), known.get((label.field, OTHER), 0))
        for label in labels
    ]
    return np.array([*ids, 0], np.int64)


def _before(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where each of some pieces begins that stand one after the other."""
    starts: npt.NDArray[np.int64] = lengths.cumsum() - lengths
    return starts


def is_text(ids: Tokens, vocabulary: Vocabulary) -> npt.NDArray[np.bool_]:
    """Which ids of poems with headers are text, or the end of a poem: those that are measured.

    Args:
        ids: `(length,)` ids that begin with the end of a poem.
        vocabulary: Their tokens.
    """
    after_end = np.append(False, ids[:-1] == END_OF_POEM)
    after_header = np.append(False, ids[:-1] == vocabulary.end_of_header)
    changes = np.where(after_end, -1, 0) + np.where(after_header, 1, 0)
    inside: npt.NDArray[np.bool_] = (1 + changes.cumsum()) > 0
    return inside


class ShuffledPoems:
    """The text of each epoch: the poems in a new order, with parts of their headers left out.

    Args:
        poems: The poems.
        label_dropout: Share of the readings in which each part of a header is left out.
        seed: Decides, with the number of the epoch, about orders and parts.

    Attributes:
        poems: The poems.
        length: Mean number of ids of an epoch.
    """

    def __init__(self, poems: HeadedPoems, label_dropout: float, seed: int) -> None:
        self.poems = poems
        self._label_dropout = label_dropout
        self._seed = seed
        optional = int(np.count_nonzero(poems.parts != ALWAYS))
        self.length = len(poems.ids) + 1 - round(label_dropout * optional)
        self._last: tuple[int, Tokens] | None = None

    @property
    def dtype(self) -> np.dtype[np.unsignedinteger]:
        """Type of the ids."""
        return self.poems.ids.dtype

    def epoch(self, number: int) -> Tokens:
        """The ids that epoch `number` reads."""
        if self._last is None or self._last[0] != number:
            generator = np.random.default_rng((self._seed, number, *_SHUFFLE))
            poems = len(self.poems.lengths)
            order = generator.permutation(poems)
            left_out = generator.random((poems, self.poems.fields)) < self._label_dropout
            self._last = number, self.poems.read(left_out, order)
        return self._last[1]


_SHUFFLE: Final[Sequence[int]] = tuple(b"poems")
"""Sets these random numbers apart from others of a seed."""
