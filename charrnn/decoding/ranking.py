"""Scores the drafts of a poem.

The score, in nats per character, is

    mean log p  -  REPETITION * share repeated  -  COPYING * share copied

The mean log-probability is the network's own judgement; a sum would favour short poems. But a network
gives a high probability to what it has just written and to what it memorised, so that judgement alone
prefers drafts that repeat or recite. A character of such a run costs next to nothing, where another
one costs one to two nats: a network that has learned verse for minutes is at 1.2 to 1.5. The
penalties take that gain back.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.corpus.ngram_filter import NgramFilter, folded

REPETITION: Final = 1.5
"""Nats for each character of a run that occurred earlier in the poem."""

COPYING: Final = 1.5
"""Nats for each character of a run that is in the training text."""

BITS_OF_RUN: Final = 48
"""Bits of a repeated run, if its characters were drawn uniformly from the vocabulary.

That is 8 characters of an alphabet of 64, and 4 of one of 4,096.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class HypothesisScore:
    """The score of a draft.

    Attributes:
        log_probability: The mean over the characters written, in nats; None if there are none.
        repeated: Share of the characters in runs that occurred earlier in the poem.
        copied: Share of the characters in n-grams of the training text.
    """

    log_probability: float | None
    repeated: float
    copied: float

    @property
    def total(self) -> float:
        """The score, in nats per character; -inf for an empty draft."""
        if self.log_probability is None:
            return -math.inf
        return self.log_probability - REPETITION * self.repeated - COPYING * self.copied


def score(
    prompt: str,
    text: str,
    log_probabilities: Sequence[float],
    *,
    tokens: int,
    ngram_filters: Sequence[NgramFilter] = (),
) -> HypothesisScore:
    """Score a draft.

    Args:
        prompt: The text before it. It is not scored, but repeating it counts.
        text: What was written.
        log_probabilities: In nats, one for each character of `text`.
        tokens: Size of the vocabulary.
        ngram_filters: Those of the training texts, if they are known.
    """
    if not log_probabilities:
        return HypothesisScore(log_probability=None, repeated=0.0, copied=0.0)
    return HypothesisScore(
        log_probability=math.fsum(log_probabilities) / len(log_probabilities),
        repeated=repeated_share(prompt, text, run_length(tokens)),
        copied=max((copied_share(prompt, text, known) for known in ngram_filters), default=0.0),
    )


def run_length(tokens: int) -> int:
    """Characters of a run that is long enough to count as repeated."""
    return math.ceil(BITS_OF_RUN / math.log2(max(2, tokens)))


def repeated_share(prompt: str, text: str, run: int) -> float:
    """Share of the characters of a text in runs that occurred before, in it or in its prompt."""
    whole = prompt + text
    seen: set[str] = set()
    covered = np.zeros(len(whole), np.bool_)
    for start in range(len(whole) - run + 1):
        passage = whole[start : start + run]
        if passage in seen:
            covered[start : start + run] = True
        seen.add(passage)
    return float(covered[len(prompt) :].mean()) if text else 0.0


def copied_share(prompt: str, text: str, known: NgramFilter) -> float:
    """Share of the characters of a text in n-grams of the training text; they may begin before it."""
    before, whole = len(folded(prompt)), folded(prompt + text)
    hits = known.hits(whole)
    if not hits.any() or len(whole) == before:
        return 0.0
    covered = np.convolve(hits, np.ones(known.n)) > 0  # (len(whole),)
    return float(covered[before:].mean())
