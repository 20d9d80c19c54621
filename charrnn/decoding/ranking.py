"""Which of several drafts is the best.

The score of a draft is

    mean log p  -  REPETITION * share repeated  -  COPYING * share copied

in nats for each character. The mean log-probability is the network's own judgement; it is a mean,
since a sum would prefer short poems. But a network finds likely what it has just written, and what
it learned by heart, so by that judgement alone the best of many drafts is the one that repeats
itself or recites. A character inside such a run costs the network next to nothing, where another
one costs it about a nat or two: a network that has learned verse for minutes is at 1.2 to 1.5. That
gain is taken back.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.corpus.ngram_filter import NgramFilter, folded

REPETITION: Final = 1.5
"""Nats taken off for each character of a run that stood earlier in the poem."""

COPYING: Final = 1.5
"""Nats taken off for each character of a run that stands in the text learned."""

BITS_OF_RUN: Final = 48
"""Bits of a repeated run, were its characters drawn alike from the alphabet.

It is 8 characters of an alphabet of 64 and 4 of one of 4,096, where a couple of words come again.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How good a draft is.

    Attributes:
        log_probability: The network's, in nats, the mean over the characters written; None where
            none was.
        repeated: Share of the characters that belong to a run which stood earlier in the poem.
        copied: Share of the characters that belong to an n-gram which stands in the text learned:
            shorter runs are the language's, much longer ones are not written unless they are asked
            for.
    """

    log_probability: float | None
    repeated: float
    copied: float

    @property
    def total(self) -> float:
        """The score, in nats for each character; -inf for a draft without any."""
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
) -> Score:
    """Judge a draft.

    Args:
        prompt: What stood before it; it is not judged, but what repeats it is.
        text: What was written.
        log_probabilities: In nats, one for each character of it.
        tokens: Size of the vocabulary.
        ngram_filters: Those of the texts learned; none where they are not known.
    """
    if not log_probabilities:
        return Score(log_probability=None, repeated=0.0, copied=0.0)
    run = run_length(tokens)
    return Score(
        log_probability=math.fsum(log_probabilities) / len(log_probabilities),
        repeated=repeated_share(prompt, text, run),
        copied=max((copied_share(prompt, text, known) for known in ngram_filters), default=0.0),
    )


def run_length(tokens: int) -> int:
    """Characters of a run that is long enough to be noticed when it comes again."""
    return math.ceil(BITS_OF_RUN / math.log2(max(2, tokens)))


def repeated_share(prompt: str, text: str, run: int) -> float:
    """Share of the characters of a text in runs that stood in it, or in its prompt, before."""
    whole = prompt + text
    seen: set[str] = set()
    ends = []
    for end in range(run, len(whole) + 1):
        passage = whole[end - run : end]
        if passage in seen:
            ends.append((end, run))
        seen.add(passage)
    return _share(ends, len(prompt), len(whole))


def copied_share(prompt: str, text: str, known: NgramFilter) -> float:
    """Share of the characters of a text in n-grams, begun in the prompt or not, of what was learned."""
    before, whole = len(folded(prompt)), folded(prompt + text)
    hits = known.hits(whole)
    if not hits.any() or len(whole) == before:
        return 0.0
    covered = np.convolve(hits, np.ones(known.n)) > 0  # (len(whole),)
    return float(covered[before:].mean())


def _share(runs: Sequence[tuple[int, int]], start: int, stop: int) -> float:
    """Share of the places from start to stop that lie in some runs, given by end and length.

    Neither ends nor beginnings go back from one run to the next.
    """
    covered = 0
    beyond = start
    for end, length in runs:
        covered += max(0, end - max(beyond, end - length))
        beyond = max(beyond, end)
    return covered / max(1, stop - start)
