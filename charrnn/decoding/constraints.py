"""Hard rules on what is written, checked before each token: no repeated runs, no copying.

A constraint is an automaton over tokens. Its states are values, so a hypothesis carries them, and a
poem that steps back has its old ones again.
"""

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np

from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    Checkpoint,
    open_of_corpus,
    resumes,
)
from charrnn.checkpoint.lookup import spoken_name
from charrnn.corpus.ngram_filter import MULTIPLIER, N_OF_WORDS, WORD, NgramFilter
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.sampling import Mask
from charrnn.errors import ConfigurationError
from charrnn.settings.architecture import SPECIAL

LIMIT_OF_LETTERS: Final = 25
"""Default of `max_copy` where characters are letters.

99 % of held-out human poems share no longer run with the training text (docs/benchmarks.md, "What
people copy").
"""

LIMIT_OF_WORDS: Final = 7
"""The same where a character carries as much as a word, as in Chinese.

It is shorter than a line of seven with its mark. 97 % of held-out Tang poems share no longer run, and
nearly all others are another version of a poem in the training text.
"""

_SPACE: Final = " "


class Constraint(Protocol):
    """Says which tokens may come next; it reads the tokens of a prompt, but does not judge them."""

    def initial_state(self) -> Hashable:
        """The state before the first token of a poem."""

    def allowed_tokens(self, state: Hashable) -> Mask | None:
        """`(vocabulary,)`, true for the tokens that may come next; None allows every token."""

    def next_state(self, state: Hashable, token: int) -> Hashable:
        """The state after one more token; the end of a poem begins another poem."""


def states_after(constraints: Sequence[Constraint], tokens: Iterable[int]) -> tuple[Hashable, ...]:
    """The state of each constraint after the tokens of a text."""
    read = list(tokens)
    states = []
    for constraint in constraints:
        state = constraint.initial_state()
        for token in read:
            state = constraint.next_state(state, token)
        states.append(state)
    return tuple(states)


class RunState(NamedTuple):
    """The runs of a poem, and whether a mark or white space was written last."""

    runs: "SeenRuns"
    after_mark: bool = False


class NoRepeat:
    """Allows no run of `run` characters twice in a poem (Paulus et al., 2017, section 2.5).

    Marks and white space do not count: a run goes on behind them, and they are always allowed. But
    where no other character may follow, one mark is all that may. Runs may overlap: with three,
    "aaaa" holds "aaa" twice. The end of a poem is always allowed.
    """

    def __init__(self, run: int, vocabulary: Vocabulary) -> None:
        self.run = run
        self._counts = np.ones(vocabulary.size, np.bool_)
        self._counts[SPECIAL:] = [not is_mark(one) for one in vocabulary.characters]
        self._counts[END_OF_POEM] = False
        self._counted = int(self._counts.sum())

    @property
    def runs(self) -> int:
        """The number of different runs, and so about the length of the longest text."""
        return int((self._counted - 1) ** self.run)  # the unknown token is never written

    def initial_state(self) -> RunState:
        """No runs yet."""
        return RunState(SeenRuns(_Log(), 0, ()))

    def allowed_tokens(self, state: Hashable) -> Mask | None:
        """All tokens but those that would complete a run a second time."""
        assert isinstance(state, RunState)
        repeating = state.runs.following()
        if not repeating:
            return None
        mask = np.ones_like(self._counts)
        mask[repeating] = False
        if len(repeating) >= self._counted and state.after_mark and not mask[self._counts].any():
            mask[:] = False
            mask[END_OF_POEM] = True
        return mask

    def next_state(self, state: Hashable, token: int) -> RunState:
        """Add the run that the token completes."""
        assert isinstance(state, RunState)
        if token == END_OF_POEM:
            return self.initial_state()
        if not self._counts[token]:
            return RunState(state.runs, after_mark=True)
        return RunState(state.runs.followed_by(token, self.run - 1))


def is_mark(character: str) -> bool:
    """Whether a character is white space, punctuation or a control character."""
    return unicodedata.category(character)[0] in "ZPC"


class _Log:
    """The runs of a growing text: for each run without its last token, the tokens that followed."""

    def __init__(self, entries: Iterable[tuple[tuple[int, ...], int]] = ()) -> None:
        self.entries: list[tuple[tuple[int, ...], int]] = []
        self.following: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for beginning, token in entries:
            self.add(beginning, token)

    def add(self, beginning: tuple[int, ...], token: int) -> None:
        self.following.setdefault(beginning, []).append((len(self.entries), token))
        self.entries.append((beginning, token))


class SeenRuns:
    """The runs of a text. It is a value, but texts with a common beginning share a log.

    Entries beyond `length` belong to longer texts and are ignored. A text that branches off copies
    its part of the log, so going on takes constant time. `end` holds the last tokens of the text,
    one fewer than a run has.
    """

    __slots__ = ("_end", "_length", "_log")

    def __init__(self, log: _Log, length: int, end: tuple[int, ...]) -> None:
        self._log = log
        self._length = length
        self._end = end

    def following(self) -> list[int]:
        """Tokens that would complete a run seen before."""
        known = self._log.following.get(self._end, ())
        return [token for place, token in known if place < self._length]

    def followed_by(self, token: int, before: int) -> "SeenRuns":
        """The runs after one more token; a run has `before` tokens before its last."""
        end = (*self._end, token)
        if len(self._end) < before:
            return SeenRuns(self._log, self._length, end)
        log = self._log
        if len(log.entries) > self._length:
            log = _Log(log.entries[: self._length])
        log.add(self._end, token)
        return SeenRuns(log, self._length + 1, end[1:])


class CopyState(NamedTuple):
    """The last n - 1 characters of a poem (white space folded), their hash, and its hits.

    `hits` counts the n-grams in a row, up to the last one of the poem, that are in the training
    text. It stops at the limit.
    """

    end: str
    hash: int
    hits: int


class CopyGuard:
    """Allows no run of more than `longest` characters that is in the training text.

    A run of M + 1 characters has M - n + 2 n-grams. After M - n + 1 of them in a row, every character
    is forbidden that would complete one more. White space of any kind and length is one space. No run
    reaches from one poem into another. The end of a poem is always allowed. It is a `Constraint`.
    `longest` is M, at least n.
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
        """All tokens but the few that would make a run too long."""
        assert isinstance(state, CopyState)
        if state.hits < self._most_hits:
            return None
        first = np.uint64(state.hash * MULTIPLIER & WORD)
        copies = self._filter.holds_each(self._points + first)  # (vocabulary - SPECIAL,)
        if state.end.endswith(_SPACE):
            copies &= ~self._blank
        return np.concatenate((np.ones(SPECIAL, np.bool_), ~copies))

    def next_state(self, state: Hashable, token: int) -> CopyState:
        """The state after one more character; a prompt may exceed the limit."""
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


def copy_guards(
    ngram_filters: Sequence[NgramFilter], vocabulary: Vocabulary, max_copy: int | None
) -> list[CopyGuard]:
    """The constraints that keep a poem from copying; `max_copy` None takes `usual_limit`.

    Raises:
        ConfigurationError: A limit was asked for that cannot be kept.
    """
    if max_copy == 0:
        return []
    if max_copy is not None and not ngram_filters:
        raise ConfigurationError(
            f"max-copy {max_copy} needs the n-gram filter of the training text, and the checkpoint has "
            "none. Make it with charrnn novelty, if you have the corpus, or leave out --max-copy."
        )
    n = max((known.n for known in ngram_filters), default=0)
    if max_copy is not None and max_copy < n:
        raise ConfigurationError(
            f"max-copy must be at least {n} here, because the filter holds runs of {n} characters, "
            f"or 0 to allow any copy. Received: {max_copy}."
        )
    return [
        CopyGuard(known, vocabulary, usual_limit(known.n) if max_copy is None else max_copy)
        for known in ngram_filters
    ]


def usual_limit(n: int) -> int:
    """The default of `max_copy` for a training text known by n-grams."""
    return max(n, LIMIT_OF_WORDS if n <= N_OF_WORDS else LIMIT_OF_LETTERS)


def open_ngram_filter(checkpoint: Checkpoint) -> NgramFilter | None:
    """The n-gram filter of a checkpoint, if it has one; raises CheckpointError if it is unfit."""
    return open_of_corpus(
        checkpoint,
        NGRAM_FILTER_FILE,
        NgramFilter.open,
        "the n-gram filter of the training text",
        "Remove it and make it again (charrnn novelty does), or write without it (--max-copy 0).",
    )


def lost_filter_note(checkpoint: Checkpoint) -> str | None:
    """A sentence about a network that should have an n-gram filter and has none; else None."""
    directory, text_files = checkpoint.directory, checkpoint.record.text_files
    made = text_files.get(NGRAM_FILTER_FILE, "never") is None
    if not made or (directory / NGRAM_FILTER_FILE).exists():
        return None
    name = spoken_name(directory)
    return (
        f"{name} lacks its {NGRAM_FILTER_FILE}, so nothing keeps it from copying the text that it "
        "learned. "
        + (
            f"This makes it again: charrnn train --resume --name {name}"
            if resumes(directory)
            else "Copy the network again from where it came."
        )
    )


def refuse_endless(length: int, constraints: Iterable[Constraint]) -> None:
    """Refuse a continuous text that is longer than it can be without a repeated run."""
    for constraint in constraints:
        if isinstance(constraint, NoRepeat) and constraint.runs < length:
            raise ConfigurationError(
                f"no-repeat-ngram-size {constraint.run} allows about {constraint.runs:,} characters "
                f"with this model's alphabet, and a text of {length:,} was asked for. Choose longer "
                "runs, or a smaller length."
            )
