"""Beam search for the most likely poem."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from charrnn.decoding.decoder import Decoder
from charrnn.decoding.hypothesis import Hypothesis, gather
from charrnn.decoding.sampling import log_softmax


@dataclass(frozen=True, slots=True, eq=False)
class BeamHypothesis:
    """One hypothesis of the beam.

    Attributes:
        hypothesis: The poem.
        tokens: What was written since the start, with the end of the poem.
        log_probability: Of all tokens together, under the settings, in nats.
    """

    hypothesis: Hypothesis
    tokens: tuple[int, ...]
    log_probability: float

    @property
    def mean(self) -> float:
        """The log-probability per token, so that long poems are not at a disadvantage."""
        return self.log_probability / max(1, len(self.tokens))


def search(decoder: Decoder, start: Hypothesis, width: int) -> BeamHypothesis:
    """Search for the continuation with the highest mean log-probability per token.

    A hypothesis that ends leaves the beam, which is one narrower from then on (Sutskever et al.,
    2014, Sequence to sequence learning, section 3.2). Of equals the first found stays, so the search
    is deterministic.

    Args:
        decoder: Extends the hypotheses.
        start: Where to go on; it has not ended.
        width: Width of the beam.

    Returns:
        The best one that has ended or has reached the decoder's length. If all are blocked before,
        the best of the last ones, at a dead end.
    """
    beam = [BeamHypothesis(start, (), 0.0)]
    complete: list[BeamHypothesis] = []
    for _ in range(decoder.length):
        grown = _extended(decoder, beam, width - len(complete))
        if not grown and not complete:
            best = max(beam, key=_mean)
            return replace(best, hypothesis=best.hypothesis.at_a_dead_end())
        complete.extend(one for one in grown if one.hypothesis.ended)
        beam = [one for one in grown if not one.hypothesis.ended]
        if not beam:
            break
    return max((*complete, *beam), key=_mean)


def _extended(decoder: Decoder, beam: Sequence[BeamHypothesis], width: int) -> list[BeamHypothesis]:
    """The `width` most likely extensions by one token, the most likely first."""
    hypotheses = [one.hypothesis for one in beam]
    decoder_state = gather(hypotheses)
    following = decoder.distribution(hypotheses, decoder_state.logits)
    if not following.rows:
        return []
    before = np.array([beam[row].log_probability for row in following.rows])
    totals = before[:, None] + log_softmax(following.logits)  # (rows, vocabulary)
    places, tokens = _largest(totals, width)
    rows = [following.rows[place] for place in places]
    grown = decoder.grown([hypotheses[row] for row in rows], decoder_state.rows(rows), tokens)
    return [
        BeamHypothesis(hypothesis, (*beam[row].tokens, token), total)
        for row, token, total, hypothesis in zip(
            rows, tokens.tolist(), totals[places, tokens].tolist(), grown, strict=True
        )
    ]


def _largest(
    totals: npt.NDArray[np.floating], count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the largest numbers above -inf, falling; equals in their order."""
    flat = totals.ravel()
    count = min(count, flat.size)
    threshold = np.partition(flat, -count)[-count]
    candidates = np.flatnonzero((flat >= threshold) & (flat > -np.inf))
    chosen = candidates[np.argsort(-flat[candidates], kind="stable")][:count]
    rows, columns = np.unravel_index(chosen, totals.shape)
    return rows, columns


def _mean(candidate: BeamHypothesis) -> float:
    return candidate.mean
