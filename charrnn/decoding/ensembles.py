"""Several networks that predict as one: a product of experts, or contrastive decoding.

Each network has its own vocabulary. Together they read a shared one. A character that a network does
not know is its unknown token.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.corpus.ngram_filter import NgramFilter
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.decoding.conditioning import Condition
from charrnn.decoding.engine import Ids, Logits, State, StepModel
from charrnn.decoding.sampling import Mask, log_softmax, row_max
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import DEFAULT_STRENGTH, STRENGTH, Layout
from charrnn.settings.setting import is_finite
from charrnn.wording import listed

PLAUSIBLE_SHARE: Final = 0.1
"""Share of the greatest probability below which no token is plausible in a contrast (Li et al.,
2023, section 3.3)."""

IMPLAUSIBLE: Final = np.float32(-1e5)
"""Nats added to the logits of tokens that an ensemble rules out.

They stay finite, so that differences of logits are numbers, and so that such tokens can be ranked
where a mask leaves nothing else. No temperature below thousands reaches them.
"""

POEMS_COUNTED: Final = 1_000_000
"""Total of the line counts that several corpora are combined to."""

Combination = Callable[[Sequence[Logits]], Logits]
"""From log-probabilities `(..., shared vocabulary)` of each network to float32 logits of all."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A network of an ensemble, with its own id of each shared token, `(shared vocabulary,)`."""

    model: StepModel
    ids: npt.NDArray[np.intp]

    @classmethod
    def of(cls, generator: TextGenerator, shared: Vocabulary) -> "Member":
        """A network as a member that reads a shared vocabulary."""
        ids = [END_OF_POEM, UNKNOWN, *map(generator.vocabulary.id_of, shared.characters)]
        return cls(generator.model, np.array(ids, np.intp))


class Ensemble:
    """A `StepModel` made of one or more; its state is the layers of all of them."""

    def __init__(self, members: Sequence[Member], combine: Combination) -> None:
        self._members = tuple(members)
        self._combine = combine
        layers = [len(member.model.initial_state(1)) for member in self._members]
        ends = itertools.accumulate(layers, initial=0)
        self._layers = [slice(*pair) for pair in itertools.pairwise(ends)]

    @property
    def vocabulary_size(self) -> int:
        """Tokens of the shared vocabulary."""
        return len(self._members[0].ids)

    def initial_state(self, batch: int) -> State:
        """The state before the first token of `batch` texts."""
        return sum((member.model.initial_state(batch) for member in self._members), ())

    def step(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read one token of each text; see `StepModel.step`."""
        return self._combined(one.model.step(one.ids[ids], own) for one, own in self._each(state))

    def read(self, ids: Ids, state: State) -> tuple[Logits, State]:
        """Read several tokens of each text; see `StepModel.read`."""
        return self._combined(one.model.read(one.ids[ids], own) for one, own in self._each(state))

    def _each(self, state: State) -> Iterator[tuple[Member, State]]:
        return zip(self._members, (state[layers] for layers in self._layers), strict=True)

    def _combined(self, results: Iterable[tuple[Logits, State]]) -> tuple[Logits, State]:
        all_logits, states = zip(*results, strict=True)
        log_probabilities = [
            np.take(log_softmax(logits), member.ids, axis=-1)
            for member, logits in zip(self._members, all_logits, strict=True)
        ]
        return self._combine(log_probabilities), sum(states, ())


def multiply_experts(
    log_probabilities: Sequence[Logits], weights: Sequence[float], known: Mask
) -> Logits:
    """Combine predictions as a product of experts: log p = sum of weight * log p_i, normalised.

    A token is likely if no network finds it unlikely (Hinton, 2002, Training products of experts by
    minimizing contrastive divergence, equation 1, with weights).

    Args:
        log_probabilities: `(..., vocabulary)` of each network.
        weights: One for each network.
        known: `(vocabulary,)`, true for tokens that every network knows. The others are ruled out.

    Returns:
        Log-probabilities, `(..., vocabulary)` float32.
    """
    product = np.where(known, np.float32(0), IMPLAUSIBLE)
    for weight, own in zip(weights, log_probabilities, strict=True):
        product = product + np.float32(weight) * own
    return log_softmax(product)


def subtract_amateur(
    log_probabilities: Sequence[Logits], strength: float, known: Mask, guess: float
) -> Logits:
    """Combine predictions by contrastive decoding (Li et al., 2023, section 3).

    The logit of a token is log p - strength * log q, where p is the expert's probability and q the
    amateur's. Tokens whose p is below `PLAUSIBLE_SHARE` of the largest are ruled out.

    Args:
        log_probabilities: `(..., vocabulary)` of the expert, and of the amateur.
        strength: The weight of the amateur, at least 0.
        known: `(vocabulary,)`, true for tokens that the amateur knows.
        guess: The amateur's log-probability of a token that it does not know.

    Returns:
        Logits, `(..., vocabulary)` float32.
    """
    expert, amateur = log_probabilities
    amateur = np.where(known, amateur, np.float32(guess))
    plausible = expert >= row_max(expert) + np.float32(math.log(PLAUSIBLE_SHARE))
    return np.where(plausible, expert - np.float32(strength) * amateur, expert + IMPLAUSIBLE)


def product_of_experts(
    generators: Sequence[TextGenerator], weights: Sequence[float], *, reads_only: bool = False
) -> TextGenerator:
    """A writer for several networks that predict together.

    It reads the characters that any of them knows, and writes those that all of them know; one that
    `reads_only` rules nothing out. The limit on copying holds for the training texts of all. The
    weights, at least 0, are divided by their sum. A network of weight 0 is left out.

    Raises:
        ConfigurationError: The weights are not valid, the layouts of the training texts differ, or
            the networks share no characters.
    """
    shares = _normalised(weights, len(generators))
    experts = [one for one, weight in zip(generators, weights, strict=True) if weight]
    layout = common_layout(experts)
    alphabets = [set(one.vocabulary.characters) for one in experts]
    if not "".join(set.intersection(*alphabets)).strip():
        raise ConfigurationError(
            "these networks have no characters in common to write with. Blend ones that learned "
            "texts of one script."
        )
    vocabulary = Vocabulary(tuple(sorted(set.union(*alphabets))))
    members = [Member.of(one, vocabulary) for one in experts]
    known = np.logical_and.reduce([(one.ids != UNKNOWN) | reads_only for one in members])
    by_share = sorted(zip(shares, experts, strict=True), key=lambda pair: -pair[0])
    return TextGenerator(
        Ensemble(members, partial(multiply_experts, weights=shares, known=known)),
        vocabulary,
        layout,
        stanzas=by_share[0][1].stanzas,
        poems_by_lines=_shared_counts([one.poems_by_lines for one in experts], shares),
        checkpoints=[checkpoint for _, one in by_share for checkpoint in one.checkpoints],
        open_ngram_filters=partial(_filters_of, experts),
        recondition=partial(_blended_under, experts, shares, reads_only)
        if any(one.has_headers for one in experts)
        else None,
    )


def contrastive_decoding(
    expert: TextGenerator, amateur: TextGenerator, strength: float = DEFAULT_STRENGTH
) -> TextGenerator:
    """A writer that prefers tokens to which one network gives more probability than another.

    The expert writes, in its own characters, and avoids the style of the amateur. To the amateur, a
    character that it does not know is as likely as any. See `subtract_amateur` for the strength.

    Raises:
        ConfigurationError: The strength is out of range, or the layouts of the training texts differ.
    """
    if not STRENGTH.allows(strength):
        raise ConfigurationError(
            f"the strength must be {STRENGTH.allowed()}. Received: {strength}."
        )
    layout = common_layout([expert, amateur])
    members = [Member.of(one, expert.vocabulary) for one in (expert, amateur)]
    combine = partial(
        subtract_amateur,
        strength=strength,
        known=members[1].ids != UNKNOWN,
        guess=-math.log(amateur.vocabulary.size),
    )
    return TextGenerator(
        Ensemble(members, combine),
        expert.vocabulary,
        layout,
        stanzas=expert.stanzas,
        poems_by_lines=expert.poems_by_lines,
        checkpoints=expert.checkpoints,
        open_ngram_filters=partial(_filters_of, [expert]),
        recondition=partial(_contrasted_under, expert, amateur, strength)
        if expert.has_headers
        else None,
    )


def _blended_under(
    experts: Sequence[TextGenerator],
    shares: Sequence[float],
    reads_only: bool,
    condition: Condition,
) -> TextGenerator:
    """A blend whose networks write under a condition, those that have learned labels or titles."""
    conditioned = [one.under(condition) if one.has_headers else one for one in experts]
    return product_of_experts(conditioned, shares, reads_only=reads_only)


def _contrasted_under(
    expert: TextGenerator, amateur: TextGenerator, strength: float, condition: Condition
) -> TextGenerator:
    return contrastive_decoding(expert.under(condition), amateur, strength)


def common_layout(generators: Sequence[TextGenerator]) -> Layout:
    """The layout of all training texts; raises ConfigurationError if they differ."""
    layouts = sorted({generator.layout for generator in generators})
    if len(layouts) > 1:
        raise ConfigurationError(
            "networks that write together must have learned texts of one layout. "
            f"Received: {listed(layouts)}."
        )
    return generators[0].layout


def _filters_of(generators: Sequence[TextGenerator]) -> list[NgramFilter]:
    return [known for one in generators for known in one.ngram_filters]


def _normalised(weights: Sequence[float], count: int) -> list[float]:
    if len(weights) != count or not all(is_finite(weight) and weight >= 0 for weight in weights):
        raise ConfigurationError(
            "a blend needs a weight at least 0 for each network. "
            f"Received: {', '.join(map(str, weights))} for {count}."
        )
    if not any(weights):
        raise ConfigurationError("a blend needs a weight above 0.")
    # The weights are divided by the largest first, because their sum may overflow.
    shares = [weight / max(weights) for weight in weights if weight]
    return [share / sum(shares) for share in shares]


def _shared_counts(counts: Sequence[Sequence[int]], shares: Sequence[float]) -> list[int]:
    """How many of `POEMS_COUNTED` poems have 1, 2, 3 ... lines, with each corpus at its share."""
    known = [(one, share) for one, share in zip(counts, shares, strict=True) if sum(one)]
    together = np.zeros(max((len(one) for one, _ in known), default=0))
    for one, share in known:
        together[: len(one)] += share * np.array(one) / sum(one)
    total = sum(share for _, share in known) or 1.0
    return [round(POEMS_COUNTED * part / total) for part in together.tolist()]
