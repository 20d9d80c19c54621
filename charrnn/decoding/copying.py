"""Keeping a poem from reciting the text that was learned."""

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

import numpy as np

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.ngram_filter import MULTIPLIER, N_OF_WORDS, WORD, NgramFilter
from charrnn.corpus.vocabulary import SPECIAL, Vocabulary
from charrnn.decoding.filters import Mask
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.configuration import Layout

LIMIT_OF_LETTERS: Final = 25
"""Longest run that a poem may share with the text learned, where characters are letters.

Of held-out human poems 99 % share no longer one (docs/benchmarks.md, "What people copy").
"""

LIMIT_OF_WORDS: Final = 7
"""The same where a character tells as much as a word does, as in Chinese.

It is short of a line of seven with its mark. Of held-out Tang poems 97 % share no longer run, and
nearly all others are another reading of a poem that was learned.
"""

_SPACE: Final = " "


def open_ngram_filter(checkpoint: Checkpoint) -> NgramFilter | None:
    """The n-gram filter of the text that a network learned; None when it has none.

    Raises:
        CheckpointError: It is damaged, of another version, or that of another text.
    """
    path = checkpoint.ngram_filter_path
    try:
        opened = NgramFilter.open(path)
    except FileNotFoundError:
        return None
    except CheckpointError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{path}: {error.strerror}."
    else:
        if opened.corpus == checkpoint.record.corpus.digest:
            return opened
        reason = f"{path} is not that of the text which was learned."
    raise CheckpointError(
        f"the n-gram filter of the text learned cannot be used: {reason} Remove it and make it anew "
        "(charrnn novelty does), or write without it (--max-copy 0)."
    )


def copy_guards(
    ngram_filters: Sequence[NgramFilter],
    vocabulary: Vocabulary,
    layout: Layout,
    max_copy: int | None,
) -> "list[CopyGuard]":
    """What keeps a poem from copying.

    Args:
        ngram_filters: Those of the texts that were learned, as far as they were kept.
        vocabulary: What the network writes.
        layout: How poems stood in those texts.
        max_copy: The setting. None takes `sensible_limit` for poems, and nothing for continuous
            text; 0 lets any run be copied.

    Raises:
        ConfigurationError: A limit was asked for that cannot be kept.
    """
    if max_copy == 0 or (max_copy is None and layout == "text"):
        return []
    if max_copy is not None and not ngram_filters:
        raise ConfigurationError(
            f"max-copy {max_copy} needs the n-gram filter of the text learned, which is made where "
            "training comes to its end. Make it now with charrnn novelty, if the corpus is at hand; "
            "or leave --max-copy out."
        )
    n = max((known.n for known in ngram_filters), default=0)
    if max_copy is not None and max_copy < n:
        raise ConfigurationError(
            f"max-copy is at least {n} here, as the text learned is known by its runs of {n} "
            f"characters, or 0 to let any be copied. Received: {max_copy}."
        )
    return [
        CopyGuard(known, vocabulary, sensible_limit(known.n) if max_copy is None else max_copy)
        for known in ngram_filters
    ]


def sensible_limit(n: int) -> int:
    """The longest run that a poem should share with a text known by n-grams, as people's do."""
    return max(n, LIMIT_OF_WORDS if n <= N_OF_WORDS else LIMIT_OF_LETTERS)


class CopyState(NamedTuple):
    """The end of a poem. A value, and hashable.

    Attributes:
        end: Its last n - 1 characters, white space folded, or all of a shorter one.
        hash: Of these characters.
        hits: How many n-grams in a row stand in the text learned, the last one of the poem among
            them; not counted beyond the limit.
    """

    end: str
    hash: int
    hits: int


class CopyGuard:
    """Lets no run of more than so many characters stand in the text learned.

    A run of M + 1 characters has M - n + 2 n-grams. Where all but the last one stand in the text,
    characters are forbidden that make that one stand there too. White space of any kind and length
    is one space; no run reaches from one poem into another. The end of a poem is never forbidden.
    See `charrnn.decoding.constraint.Constraint`.

    Args:
        ngram_filter: The text learned.
        vocabulary: What the network writes.
        longest: Characters that may stand there, M; at least n.
    """

    def __init__(self, ngram_filter: NgramFilter, vocabulary: Vocabulary, longest: int) -> None:
        self._filter = ngram_filter
        self._before = ngram_filter.n - 1
        self._first_weight = pow(MULTIPLIER, self._before, 1 << 64)
        self._most_hits = longest - self._before
        self._characters = [None] * SPECIAL + [
            _SPACE if one.isspace() else one for one in vocabulary.characters
        ]
        folded = self._characters[SPECIAL:]
        self._points = np.array([ord(one or _SPACE) for one in folded], np.uint64)
        self._blank = np.array([one == _SPACE for one in folded], np.bool_)

    def initial_state(self) -> CopyState:
        """Nothing is written."""
        return CopyState("", 0, 0)

    def allowed_tokens(self, state: Hashable) -> Mask | None:
        """All but the few characters that would make a run too long."""
        assert isinstance(state, CopyState)
        if state.hits < self._most_hits:
            return None
        first = np.uint64(state.hash * MULTIPLIER & WORD)
        copies = self._filter.holds_each(self._points + first)  # (vocabulary - special,)
        if state.end.endswith(_SPACE):
            copies &= ~self._blank
        return np.concatenate((np.ones(SPECIAL, np.bool_), ~copies))

    def next_state(self, state: Hashable, token: int) -> CopyState:
        """The state after one more character; a prompt may have gone beyond the limit."""
        assert isinstance(state, CopyState)
        character = self._characters[token]
        if character is None:
            return self.initial_state()
        end, prefix, hits = state
        if character == _SPACE and end.endswith(_SPACE):
            return state
        whole = (prefix * MULTIPLIER + ord(character)) & WORD
        if len(end) < self._before:
            return CopyState(end + character, whole, 0)
        hits = min(hits + 1, self._most_hits) if self._filter.holds(whole) else 0
        return CopyState(
            end[1:] + character, (whole - ord(end[0]) * self._first_weight) & WORD, hits
        )
