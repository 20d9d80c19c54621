"""Several networks that write one poem together, each with a say."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.generation.engine import Logits
from charrnn.generation.filters import Mask, log_softmax
from charrnn.generation.joint import IMPLAUSIBLE, JointModel, Reader, common_layout
from charrnn.generation.writer import TextGenerator
from charrnn.typecheck import is_finite

POEMS_COUNTED: Final = 1_000_000
"""Poems among which the counts of lines of several corpora are shared out."""


def mix(log_probabilities: Sequence[Logits], weights: Sequence[float], known: Mask) -> Logits:
    """The log-linear mixture: log p = the sum of weight * log p_i, renormalised.

    A symbol is likely where no network objects (Hinton, 2002, Training products of experts by
    minimizing contrastive divergence, equation 1, with weights).

    Args:
        log_probabilities: `(..., vocabulary)` of each network.
        weights: One for each network.
        known: `(vocabulary,)`, true for symbols that every network knows. The others are as good
            as never written.

    Returns:
        Log-probabilities, `(..., vocabulary)` float32.
    """
    mixed = np.where(known, np.float32(0), IMPLAUSIBLE)
    for weight, own in zip(weights, log_probabilities, strict=True):
        mixed = mixed + np.float32(weight) * own
    return log_softmax(mixed)


def blended(
    generators: Sequence[TextGenerator], weights: Sequence[float], *, reads_only: bool = False
) -> TextGenerator:
    """A writer for several networks, which agree on each character.

    It reads the characters that any of them knows, and writes those that all of them know. What
    any of them learned is a text that it may be kept from copying.

    Args:
        generators: A writer for each network.
        weights: How much say each has, at least 0; they count as shares of their sum. One of
            weight 0 has no part in it.
        reads_only: Whether it is to foresee a text and not to write one: nothing is ruled out then,
            and what a network does not know is as likely to it as an unknown character.

    Raises:
        ConfigurationError: The weights are no shares, the networks learned texts of different
            layouts, or they share no characters.
    """
    if len(weights) != len(generators) or not all(
        is_finite(weight) and weight >= 0 for weight in weights
    ):
        raise ConfigurationError(
            "a blend needs a weight at least 0 for each network. "
            f"Received: {', '.join(map(str, weights))} for {len(generators)}."
        )
    if not any(weights):
        raise ConfigurationError("a blend needs a weight above 0.")
    heard = [one for one, weight in zip(generators, weights, strict=True) if weight]
    shares = [weight / max(weights) for weight in weights if weight]
    shares = [share / sum(shares) for share in shares]
    layout = common_layout(heard)
    alphabets = [set(one.vocabulary.characters) for one in heard]
    if not "".join(set.intersection(*alphabets)).strip():
        raise ConfigurationError(
            "these networks have no characters in common to write with. Blend ones that learned "
            "texts of one script."
        )
    vocabulary = Vocabulary(tuple(sorted(set.union(*alphabets))))
    readers = [Reader.of(one, vocabulary) for one in heard]
    known = np.logical_and.reduce([reader.known | reads_only for reader in readers])
    return TextGenerator(
        JointModel(readers, partial(mix, weights=shares, known=known)),
        vocabulary,
        layout,
        stanzas=heard[int(np.argmax(shares))].stanzas,
        poems_by_lines=_shared_counts([one.poems_by_lines for one in heard], shares),
        checkpoints=[
            checkpoint
            for _, one in sorted(zip(shares, heard, strict=True), key=lambda pair: -pair[0])
            for checkpoint in one.checkpoints
        ],
        open_ngram_filters=lambda: [known for one in heard for known in one.ngram_filters],
    )


def _shared_counts(counts: Sequence[Sequence[int]], shares: Sequence[float]) -> list[int]:
    """How many of `POEMS_COUNTED` have 1, 2, 3 ... lines; each network's corpus has its share."""
    known = [(one, share) for one, share in zip(counts, shares, strict=True) if sum(one)]
    together = np.zeros(max((len(one) for one, _ in known), default=0))
    for one, share in known:
        together[: len(one)] += share * np.array(one) / sum(one)
    total = sum(share for _, share in known) or 1.0
    return [round(POEMS_COUNTED * part / total) for part in together.tolist()]
