"""Bootstrap intervals over poems (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993).

Stanzas of one poem are drawn together, because they are not independent of one another.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]

LEVELS = (0.025, 0.975)
NORMAL = 1.96
"""Standard deviations within which 95 % of a normal distribution lie."""

DRAWS = 1000
FEW_DRAWS = 200
"""Draws of what has to be counted again for each."""


class Estimate(NamedTuple):
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Part(NamedTuple):
    """What one piece adds to a share: so much, out of so much."""

    amount: float
    total: float


def share(parts: Sequence[Part], poems: Sequence[int], seed: int) -> Estimate | None:
    """A ratio of sums with its percentile interval; None where there is nothing to divide by.

    Args:
        parts: One for each piece.
        poems: The number of the poem that each piece is from.
        seed: Of the draws.
    """
    if not sum(part.total for part in parts):
        return None
    numbers = np.unique(poems, return_inverse=True)[1]
    amounts = np.bincount(numbers, [part.amount for part in parts])
    totals = np.bincount(numbers, [part.total for part in parts])
    random = np.random.default_rng(seed)
    drawn = random.integers(len(totals), size=(DRAWS, len(totals)))
    sums = totals[drawn].sum(axis=1)
    ratios = amounts[drawn].sum(axis=1)[sums > 0] / sums[sums > 0]
    low, high = np.quantile(ratios, LEVELS)
    return Estimate(float(amounts.sum() / totals.sum()), float(low), float(high))


def mean(values: Sequence[float], poems: Sequence[int], seed: int) -> Estimate | None:
    """A mean over pieces with its percentile interval; None without pieces."""
    return share([Part(value, 1) for value in values], poems, seed)


def statistic(
    measured: Callable[[Sequence[Places]], float], groups: Sequence[Sequence[int]], seed: int
) -> Estimate:
    """What is no mean and never below 0, with its normal interval.

    It goes 1.96 standard deviations of the draws either way. A poem that is drawn twice makes a text look less varied, and two texts less alike. So the draws
    tell how much a figure varies, and not where it lies.

    Args:
        measured: From the places of the pieces of each group to a figure.
        groups: The numbers of the poems that the pieces of each group are from.
        seed: Of the draws.
    """
    value = float(measured([np.arange(len(poems)) for poems in groups]))
    random = np.random.default_rng(seed)
    pieces = [_places(poems) for poems in groups]
    figures = [measured([_drawn(own, random) for own in pieces]) for _ in range(FEW_DRAWS)]
    either_way = NORMAL * float(np.std(figures))
    return Estimate(value, max(0.0, value - either_way), value + either_way)


def _drawn(pieces: Sequence[Places], random: np.random.Generator) -> Places:
    """The pieces of as many poems as there are, drawn with replacement."""
    return np.concatenate([pieces[one] for one in random.integers(len(pieces), size=len(pieces))])


def _places(poems: Sequence[int]) -> list[Places]:
    """The places of the pieces of each poem."""
    return [np.flatnonzero(np.asarray(poems) == poem) for poem in dict.fromkeys(poems)]
