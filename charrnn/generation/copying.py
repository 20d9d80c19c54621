"""Keeping a poem from reciting the text that was learned, and measuring how much a text does."""

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.checkpoint.directory import Checkpoint
from charrnn.corpus.passages import Occurrence, PassageIndex, Run, normalised
from charrnn.corpus.vocabulary import SPECIAL, Vocabulary
from charrnn.errors import CheckpointError, ConfigurationError, CorpusError
from charrnn.generation.filters import Mask
from charrnn.settings.configuration import Layout

SHORTEST_SHARED: Final = 2
LONGEST_SHARED: Final = 8
"""Characters of the n-grams whose shares are told."""

_SHARED: Final = range(SHORTEST_SHARED, LONGEST_SHARED + 1)
_TRIED: Final = 20

LIMIT_OF_LETTERS: Final = 25
"""Longest run that a poem may share with the text learned, where characters are letters.

Of held-out human poems 99 % share no longer one (docs/benchmarks.md, "What people copy").
"""

LIMIT_OF_WORDS: Final = 7
"""The same where a character tells as much as a word does, as in Chinese.

It is short of a line of seven with its mark. Of held-out Tang poems 97 % share no longer run, and
nearly all others are another reading of a poem that was learned.
"""

BITS_OF_A_WORD: Final = 7.0
"""Entropy of a character above which it counts as a word: English has 4.5 bits, Chinese 9.5."""


def open_passages(checkpoint: Checkpoint) -> PassageIndex | None:
    """The index of the text that a network learned; None when it has none.

    Raises:
        CheckpointError: It is damaged, of another format, or that of another text.
    """
    path = checkpoint.passages_path
    try:
        index = PassageIndex.open(path)
    except FileNotFoundError:
        return None
    except (CheckpointError, OSError) as error:
        reason = str(error) if isinstance(error, CheckpointError) else f"{path}: {error.strerror}."
    else:
        if index.corpus == checkpoint.record.corpus.digest:
            return index
        reason = f"{path} is not that of the text which was learned."
    raise CheckpointError(
        f"the index of the text learned cannot be used: {reason} Remove it and make it anew (charrnn "
        "novelty does), or write without it (--max-copy 0)."
    )


def copy_guards(
    passages: Sequence[PassageIndex],
    vocabulary: Vocabulary,
    layout: Layout,
    max_copy: int | None,
) -> "list[CopyGuard]":
    """What keeps a poem from copying.

    Args:
        passages: The texts that were learned, as far as they were indexed.
        vocabulary: What the network writes.
        layout: How poems stood in those texts.
        max_copy: The setting. None takes `sensible_limit` for poems, and nothing for continuous
            text; 0 lets any run be copied.

    Raises:
        ConfigurationError: A limit was asked for that cannot be kept.
    """
    if max_copy == 0 or (max_copy is None and layout == "text"):
        return []
    if max_copy is not None and not passages:
        raise ConfigurationError(
            f"max-copy {max_copy} needs the index of the text learned. It is made where training "
            "comes to its end, and left behind when a network is packed, so that those that came "
            "with charrnn have none. For a network of your own, make it with charrnn novelty, if "
            "the corpus is at hand; or leave --max-copy out."
        )
    for index in passages:
        if max_copy is not None and max_copy > index.longest_run:
            raise ConfigurationError(
                f"max-copy is {index.longest_run} at most, as longer runs are not indexed. "
                f"Received: {max_copy}."
            )
    return [
        CopyGuard(index, vocabulary, sensible_limit(index) if max_copy is None else max_copy)
        for index in passages
    ]


def sensible_limit(index: PassageIndex) -> int:
    """The longest run that a poem should share with a text: about what people's poems do."""
    return LIMIT_OF_WORDS if index.entropy() > BITS_OF_A_WORD else LIMIT_OF_LETTERS


class CopyGuard:
    """Lets no run of more than so many characters stand in the text learned.

    White space of any kind and length is one space; no run reaches from one poem into another. The
    poem break is never forbidden. See `charrnn.generation.constraint.Constraint`.

    Args:
        index: The text learned.
        vocabulary: What the network writes.
        longest: Characters that may stand there; from 1 to `index.longest_run`.
    """

    def __init__(self, index: PassageIndex, vocabulary: Vocabulary, longest: int) -> None:
        self._index = index
        self._longest = longest
        self._size = vocabulary.size
        self._symbols = [0] * SPECIAL + [index.symbol_of(one) for one in vocabulary.characters]
        self._ids: dict[int, list[int]] = {}
        for id_, symbol in enumerate(self._symbols):
            self._ids.setdefault(symbol, []).append(id_)

    def initial_state(self) -> Run:
        """Nothing is written."""
        return self._index.empty

    def allowed_tokens(self, state: Hashable) -> Mask | None:
        """All but the few characters that would make a run too long."""
        assert isinstance(state, Run)
        if state.length < self._longest:
            return None
        mask = np.ones(self._size, np.bool_)
        for symbol in self._index.followers(state).tolist():
            mask[self._ids.get(symbol, [])] = False
        return mask

    def next_state(self, state: Hashable, symbol: int) -> Run:
        """The longest run that the poem ends with; those of a prompt may be too long."""
        assert isinstance(state, Run)
        return self._index.after(state, self._symbols[symbol], self._longest)


@dataclass(frozen=True, slots=True)
class CopiedRun:
    """A run of a text that stands in the text learned, and is no longer there.

    Attributes:
        text: Its characters, white space as `normalised` has it.
        poem: Which poem of the text it is in, counted from 1.
        occurrences: Where it stands in the text learned.
    """

    text: str
    poem: int
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True)
class Novelty:
    """How much of a text stands in the text learned.

    Attributes:
        characters: Characters measured, white space as `normalised` has it.
        longest: Length of the longest copied run of each poem, or of each stretch of one text.
        shares: For n from `SHORTEST_SHARED` to `LONGEST_SHARED`, the share of its n-grams that
            stand there; None where it has none.
        runs: The longest copied runs, the longest first.
    """

    characters: int
    longest: tuple[int, ...]
    shares: dict[int, float | None]
    runs: tuple[CopiedRun, ...]

    def longest_in(self, share: float) -> int:
        """The length that the longest copied run has at most, in so large a share of the poems."""
        rank = math.ceil(share * len(self.longest)) - 1
        return sorted(self.longest)[max(0, rank)]

    def share_over(self, limit: int) -> float:
        """The share of the poems whose longest copied run is longer."""
        return sum(length > limit for length in self.longest) / len(self.longest)


def measure(
    index: PassageIndex, poems: Iterable[str], *, stretch: int | None = None, most_runs: int = 0
) -> Novelty:
    """Compare a text with the text learned.

    Args:
        index: The text learned.
        poems: The poems of the text; blank ones are left out. Runs do not cross them.
        stretch: Characters that count as a poem, where a text goes on and on; None counts poems.
        most_runs: How many of the longest copied runs are to be told.

    Raises:
        CorpusError: There is no poem.
    """
    longest: list[int] = []
    shared: Counter[int] = Counter()
    grams: Counter[int] = Counter()
    runs: list[tuple[int, int, str]] = []
    characters = 0
    for number, poem in enumerate(poems, 1):
        text = normalised(poem)
        if not text:
            continue
        lengths = [passage.length for passage in index.passages_at_ends(text)]
        longest += _longest_of_stretches(lengths, stretch or len(text))
        characters += len(text)
        for n in _SHARED:
            shared[n] += sum(length >= n for length in lengths)
            grams[n] += max(0, len(text) - n + 1)
        if most_runs:
            runs += ((len(run), -number, run) for run in _longest_runs(text, lengths, most_runs))
            runs = heapq.nlargest(most_runs, runs)
    if not longest:
        raise CorpusError("there is no poem to be measured.")
    return Novelty(
        characters,
        tuple(longest),
        {n: shared[n] / grams[n] if grams[n] else None for n in _SHARED},
        tuple(CopiedRun(run, -number, tuple(index.where(run))) for _, number, run in runs),
    )


def _longest_of_stretches(lengths: Sequence[int], stretch: int) -> Iterator[int]:
    """The longest run of each stretch, as if nothing stood before it."""
    for start in range(0, len(lengths), stretch):
        own = lengths[start : start + stretch]
        yield max(min(length, place) for place, length in enumerate(own, 1))


def _longest_runs(text: str, lengths: Sequence[int], most: int) -> Iterator[str]:
    """Runs that do not go on, nor overlap one that is longer; the longest first."""
    following = itertools.chain(lengths[1:], [0])
    last = [
        (length, -end)
        for end, (length, after) in enumerate(zip(lengths, following, strict=True), 1)
        if after <= length > 0
    ]
    taken: list[tuple[int, int]] = []
    for length, negative_end in heapq.nlargest(_TRIED * most, last):
        start, stop = -negative_end - length, -negative_end
        if all(stop <= other_start or other_stop <= start for other_start, other_stop in taken):
            taken.append((start, stop))
            yield text[start:stop]
        if len(taken) == most:
            return
