"""The likeliest poem, searched for instead of drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from charrnn.decoding.decoder import Decoder
from charrnn.decoding.filters import log_softmax
from charrnn.decoding.hypothesis import Hypothesis, gather


@dataclass(frozen=True, slots=True, eq=False)
class BeamHypothesis:
    """One of the poems that are followed at once.

    Attributes:
        hypothesis: The poem.
        tokens: What was written since the start; with the end of the poem when it has ended.
        log_probability: Of all of them together, under the settings, in nats.
    """

    hypothesis: Hypothesis
    tokens: tuple[int, ...]
    log_probability: float

    @property
    def mean(self) -> float:
        """The log-probability for each token: long poems have no more to lose than short ones."""
        return self.log_probability / max(1, len(self.tokens))


def search(decoder: Decoder, start: Hypothesis, width: int) -> BeamHypothesis:
    """Look for the continuation of the highest mean log-probability for each token.

    Of all continuations by one token the likeliest are kept, at first `width` of them. One that
    ends is put aside, and as many fewer are kept from there on (Sutskever et al., 2014, Sequence to
    sequence learning, section 3.2), until none is left or they are as long as was asked. Of equals
    the one that was found first is kept, so nothing is left to chance.

    Args:
        decoder: Knows the network, and what may come next under the settings.
        start: Where to go on; it has not ended.
        width: Continuations followed at once.

    Returns:
        The best one that has ended or is as long as was asked. When every way was blocked before,
        the best that was blocked last, at a dead end.
    """
    followed = [BeamHypothesis(start, (), 0.0)]
    complete: list[BeamHypothesis] = []
    for _ in range(decoder.length):
        grown = _continued(decoder, followed, width - len(complete))
        if not grown and not complete:
            best = max(followed, key=_mean)
            return replace(best, hypothesis=best.hypothesis.at_a_dead_end())
        complete.extend(one for one in grown if one.hypothesis.ended)
        followed = [one for one in grown if not one.hypothesis.ended]
        if not followed:
            break
    return max((*complete, *followed), key=_mean)


def _continued(
    decoder: Decoder, followed: Sequence[BeamHypothesis], width: int
) -> list[BeamHypothesis]:
    """The likeliest of all continuations by one token, the likeliest first."""
    hypotheses = [one.hypothesis for one in followed]
    decoder_state = gather(hypotheses)
    following = decoder.distribution(hypotheses, decoder_state.logits)
    if not following.rows:
        return []
    before = np.array([followed[row].log_probability for row in following.rows])
    totals = before[:, None] + log_softmax(following.logits)
    places, tokens = _greatest(totals, width)
    rows = [following.rows[place] for place in places]
    grown = decoder.grown([hypotheses[row] for row in rows], decoder_state.rows(rows), tokens)
    return [
        BeamHypothesis(hypothesis, (*followed[row].tokens, token), total)
        for row, token, total, hypothesis in zip(
            rows, tokens.tolist(), totals[places, tokens].tolist(), grown, strict=True
        )
    ]


def _greatest(
    totals: npt.NDArray[np.floating], count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the greatest numbers above -inf, falling; equals in their order."""
    flat = totals.ravel()
    count = min(count, flat.size)
    threshold = np.partition(flat, -count)[-count]
    candidates = np.flatnonzero((flat >= threshold) & (flat > -np.inf))
    chosen = candidates[np.argsort(-flat[candidates], kind="stable")][:count]
    rows, columns = np.unravel_index(chosen, totals.shape)
    return rows, columns


def _mean(candidate: BeamHypothesis) -> float:
    return candidate.mean
