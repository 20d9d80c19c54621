"""From processed logits to a token: the sampling filters in one order, and the draw.

The order is temperature, top-k, typical-p, top-p, min-p. Arrays keep the precision of the logits,
float32 of a network: its error is a thousandth of what the network itself is wrong by. Sums over
the vocabulary that decide a draw are float64. `charrnn.decoding.logits_processors` comes before.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.decoding.filters import (
    Logits,
    Temperature,
    greatest,
    keep_likeliest,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    keep_typical_p,
    scale,
)
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_schedule

LEAST_LOG_SHARE: Final = -1e9
"""Where the smallest temperatures end, so that a weight stays a number."""

SMALLEST_SUM: Final = 1e-30
"""Sum of probabilities above which each of them that matters is a normal float32."""

BLOCK: Final = 128
"""Tokens of a block. Of a large vocabulary a draw finds the block first, then the token in it."""

LARGEST_SHARE: Final = 1 - 2**-53
"""The largest float64 below 1."""


def temperature_at(temperature: float | str, progress: float | Logits) -> Temperature:
    """The temperature of a setting at a place in a poem.

    Args:
        temperature: A number, or a schedule such as "1.0:0.6", which goes evenly from the one to
            the other.
        progress: How much of the poem is written, from 0 to 1; a number, or `(batch,)`.

    Returns:
        A number, or `(batch, 1)` where a schedule meets a batch.
    """
    if not isinstance(temperature, str):
        return float(temperature)
    first, last = parse_schedule(temperature)
    if isinstance(progress, np.ndarray):
        share = np.clip(progress.astype(np.float64), 0, 1)[:, None]
        return first * (1 - share) + last * share
    part = min(max(progress, 0.0), 1.0)
    return first * (1 - part) + last * part


def filtered(logits: Logits, config: SamplingConfig, temperature: Temperature) -> Logits:
    """The distribution that a token is drawn from, as logits.

    Args:
        logits: `(vocabulary,)` or `(batch, vocabulary)`, processed; -inf for what is suppressed.
        config: The settings.
        temperature: What `temperature_at` gives.

    Returns:
        New logits in the shape of `logits`; every row depends on its own row alone.

    Raises:
        ValueError: Every token of a row is suppressed.
    """
    new = _tempered(logits, temperature)
    if config.top_k is not None:
        new = keep_top_k(new, config.top_k)
    if config.typical_p < 1:
        new = keep_typical_p(new, config.typical_p)
    if config.top_p < 1:
        new = keep_top_p(new, config.top_p)
    if config.min_p > 0:
        new = keep_min_p(new, config.min_p)
    return new


def log_share(reweighed: Logits, left: Logits, temperature: Temperature) -> npt.NDArray[np.float64]:
    """How probable it is that a token is drawn which is not suppressed, where all could be.

    At temperature 0, where only one token could be, it is that at temperature 1.

    Args:
        reweighed: `(batch, vocabulary)` logits before tokens are suppressed.
        left: The same after it: some are -inf, not all of a row.
        temperature: What `temperature_at` gives.

    Returns:
        `(batch,)` logarithms, finite and at most 0.
    """
    even = np.where(np.equal(temperature, 0), 1.0, temperature)
    scaled = scale(reweighed, even if even.ndim else float(even))
    suppressed = np.isneginf(left)
    likely = np.exp(scaled)
    every = likely.sum(axis=-1, dtype=np.float64)
    np.copyto(likely, 0.0, where=suppressed)
    rest = likely.sum(axis=-1, dtype=np.float64)
    shares: npt.NDArray[np.float64]
    if (rest > SMALLEST_SUM).all():
        shares = np.log(rest / every)
    else:
        np.copyto(scaled, -np.inf, where=suppressed)
        highest = scaled.max(axis=-1, keepdims=True)
        rest = np.exp(scaled - highest).sum(axis=-1, dtype=np.float64)
        shares = highest[:, 0] + np.log(rest / every)
    return np.clip(shares, LEAST_LOG_SHARE, 0.0)


def draw(logits: Logits, uniform: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Draw tokens by inverting the cumulative distribution.

    Args:
        logits: `(..., vocabulary)`, none much above 0, as `filtered` gives them.
        uniform: `(...)` random numbers from [0, 1), one for each draw.

    Returns:
        `(...)` ids, never one whose logit is -inf.

    Raises:
        ValueError: Every token is suppressed, or a logit is no number.
    """
    likely = np.exp(logits)
    size = likely.shape[-1]
    # A large vocabulary is summed up block by block, and then within one block of each row alone.
    blocks = likely
    if size > BLOCK:
        blocks = np.add.reduceat(likely, np.arange(0, size, BLOCK), axis=-1)
    cumulative = blocks.cumsum(axis=-1, dtype=np.float64)
    if not (cumulative[..., -1] > SMALLEST_SUM).all():
        # Every token is too rare for the precision, or suppressed.
        return draw(logits - greatest(logits), uniform)
    # The product stays below the total for every double below 1, so some sum is above it.
    thresholds = np.asarray(uniform)[..., None] * cumulative[..., -1:]
    found: npt.NDArray[np.intp] = (cumulative <= thresholds).sum(axis=-1)
    if size <= BLOCK:
        return found
    rows = np.arange(found.size)
    block, sums = found.ravel(), cumulative.reshape(found.size, -1)
    before = np.where(block > 0, sums[rows, block - 1], 0.0)
    share = (thresholds.ravel() - before) / blocks.reshape(sums.shape)[rows, block]
    ids = (block * BLOCK)[:, None] + np.arange(BLOCK)
    within = likely.reshape(-1, size)[rows[:, None], np.minimum(ids, size - 1)]
    within[ids >= size] = 0
    sums = within.cumsum(axis=-1, dtype=np.float64)
    above = np.minimum(share, LARGEST_SHARE) * sums[:, -1]
    place: npt.NDArray[np.intp] = (sums <= above[:, None]).sum(axis=-1)
    return found * BLOCK + place.reshape(found.shape)


def _tempered(logits: Logits, temperature: Temperature) -> Logits:
    """At a temperature; 0, of all rows or of some, leaves the likeliest token alone."""
    if not isinstance(temperature, np.ndarray):
        return scale(logits, temperature) if temperature else keep_likeliest(logits)
    certain = temperature == 0
    if not certain.any():
        return scale(logits, temperature)
    return np.where(
        certain, keep_likeliest(logits), scale(logits, np.where(certain, 1, temperature))
    )
