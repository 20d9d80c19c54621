"""A network that reads a header, labels and a title, before each poem, seen as one that does not."""

from collections.abc import Sequence

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.engine import Ids, Logits, State, StepModel


class HeadedModel:
    """A `StepModel` of text alone: where a poem begins, it reads the header by itself.

    The header is read after each end-of-poem token, so that writing, scoring and forms meet no
    token but those of text. Its predictions leave out the tokens of headers.

    Args:
        model: The network.
        vocabulary: Its tokens, those of headers among them.
        header: Ids of labels and of a title, without the end of the header.

    Attributes:
        model: The network.
        vocabulary: Its tokens.
    """

    def __init__(
        self, model: StepModel, vocabulary: Vocabulary, header: Sequence[int] = ()
    ) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self._header = np.array([*header, vocabulary.end_of_header])

    @property
    def vocabulary_size(self) -> int:
        """Tokens of text."""
        return self.vocabulary.end_of_header

    def initial_state(self, batch: int) -> State:
        """The state before the first token of `batch` texts."""
        return self.model.initial_state(batch)

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one token of each text, and the header where a poem begins; see `StepModel.step`."""
        logits, state = self.model.step(ids, state)
        begins = np.flatnonzero(ids == END_OF_POEM)
        if begins.size:
            logits, state = self._after_header(begins, logits, state)
        return np.ascontiguousarray(logits[:, : self.vocabulary_size]), state

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several tokens of each text, and headers; see `StepModel.read`."""
        parts = []
        ends = np.flatnonzero((ids == END_OF_POEM).any(axis=0)) + 1
        for piece in np.split(ids, ends[ends < ids.shape[1]], axis=1):
            logits, state = self.model.read(piece, state)
            begins = np.flatnonzero(piece[:, -1] == END_OF_POEM)
            if begins.size:
                last, state = self._after_header(begins, logits[:, -1], state)
                logits = np.concatenate([logits[:, :-1], last[:, None]], axis=1)
            parts.append(logits[:, :, : self.vocabulary_size])
        return np.concatenate(parts, axis=1), state

    def _after_header(self, rows: Ids, logits: Logits, state: State) -> tuple[Logits, State]:
        """Predictions `(batch, tokens)` and state, where some rows have also read the header."""
        own = tuple(tuple(array[rows] for array in layer) for layer in state)
        header = np.broadcast_to(self._header, (len(rows), len(self._header)))
        read, after = self.model.read(header, own)
        if len(rows) == len(logits):
            return read[:, -1], after
        logits = logits.copy()
        logits[rows] = read[:, -1]
        mixed = []
        for whole, some in zip(state, after, strict=True):
            arrays = tuple(array.copy() for array in whole)
            for array, part in zip(arrays, some, strict=True):
                array[rows] = part
            mixed.append(arrays)
        return logits, tuple(mixed)
