"""The likeliest poem, searched for instead of drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.generation.draft import Draft
from charrnn.generation.filters import log_softmax
from charrnn.generation.pen import Pen
from charrnn.generation.reading import gather


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """One of the poems that are followed at once.

    Attributes:
        draft: The poem.
        symbols: What was written since the start; with the poem break when it has ended.
        log_probability: Of all of them together, under the settings, in nats.
    """

    draft: Draft
    symbols: tuple[int, ...]
    log_probability: float

    @property
    def mean(self) -> float:
        """The log-probability for each symbol: long poems have no more to lose than short ones."""
        return self.log_probability / max(1, len(self.symbols))


def search(pen: Pen, start: Draft, width: int) -> Hypothesis:
    """Look for the continuation of the highest mean log-probability for each symbol.

    Of all continuations by one symbol the likeliest are kept, at first `width` of them. One that
    ends is put aside, and as many fewer are kept from there on (Sutskever et al., 2014, Sequence to
    sequence learning, section 3.2), until none is left or they are as long as was asked. Of equals
    the one that was found first is kept, so nothing is left to chance.

    Args:
        pen: Knows the network, and what may come next under the settings.
        start: Where to go on; it has not ended.
        width: Continuations followed at once.

    Returns:
        The best one that has ended or is as long as was asked. When every way was blocked before,
        the best that was blocked last, stranded.
    """
    followed = [Hypothesis(start, (), 0.0)]
    complete: list[Hypothesis] = []
    for written in range(pen.next_symbols.length):
        grown = _continued(pen, followed, written, width - len(complete))
        if not grown and not complete:
            return _stranded(max(followed, key=_mean))
        complete.extend(one for one in grown if one.draft.ended)
        followed = [one for one in grown if not one.draft.ended]
        if not followed:
            break
    return max((*complete, *followed), key=_mean)


def _continued(
    pen: Pen, followed: Sequence[Hypothesis], written: int, width: int
) -> list[Hypothesis]:
    """The likeliest of all continuations by one symbol, the likeliest first."""
    drafts = [one.draft for one in followed]
    reading = gather(drafts)
    prospect = pen.next_symbols.of(drafts, reading.logits, [written] * len(drafts))
    if not prospect.rows:
        return []
    before = np.array([followed[row].log_probability for row in prospect.rows])
    totals = before[:, None] + log_softmax(prospect.logits)
    places, symbols = _greatest(totals, width)
    rows = [prospect.rows[place] for place in places]
    grown = pen.after([drafts[row] for row in rows], reading.rows(rows), symbols)
    return [
        Hypothesis(draft, (*followed[row].symbols, symbol), total)
        for row, symbol, total, draft in zip(
            rows, symbols.tolist(), totals[places, symbols].tolist(), grown, strict=True
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


def _mean(hypothesis: Hypothesis) -> float:
    return hypothesis.mean


def _stranded(hypothesis: Hypothesis) -> Hypothesis:
    return Hypothesis(
        hypothesis.draft.stranded_here(), hypothesis.symbols, hypothesis.log_probability
    )
