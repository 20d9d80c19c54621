"""From a prediction to a character: the settings applied in one order, and the draw.

The order is the one charrnn knows: penalty and favour, mask, temperature, top-k, typical-p, top-p,
min-p. Everything is computed in float64, so that no temperature overflows.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.generation.filters import (
    Logits,
    Mask,
    Temperature,
    greatest,
    keep_likeliest,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    keep_typical_p,
    penalise_repetition,
    scale,
)
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_schedule

LEAST_LOG_SHARE: Final = -1e9
"""Where the smallest temperatures end, so that a weight stays a number."""

SMALLEST_SUM: Final = 1e-290
"""Sum of probabilities above which each of them that matters is a normal float64."""


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


def prepare(
    logits: Logits,
    config: SamplingConfig,
    *,
    barred: Mask,
    temperature: Temperature,
    recent: Mask | None = None,
    bias: Logits | None = None,
) -> Logits:
    """The distribution that a character is drawn from, as logits.

    Args:
        logits: `(vocabulary,)` or `(batch, vocabulary)` predictions of the network.
        config: The settings.
        barred: True for symbols that must not be drawn, in the shape of `logits` or `(vocabulary,)`
            for all rows.
        temperature: What `temperature_at` gives.
        recent: True for characters written a moment ago, shaped as `barred`; None when nothing is.
        bias: What is added to logits, in nats, shaped as `barred`; see `wishes`. None when nothing.

    Returns:
        New logits, float64 in the shape of `logits`; every row depends on its own row alone.

    Raises:
        ValueError: Every symbol of a row is barred.
    """
    adjusted = adjust(logits, config, recent=recent, bias=bias)
    return narrow(adjusted, config, barred=barred, temperature=temperature)


def adjust(
    logits: Logits,
    config: SamplingConfig,
    *,
    recent: Mask | None = None,
    bias: Logits | None = None,
) -> Logits:
    """The first part of `prepare`, penalty and favour: new logits, float64."""
    new: Logits = logits.astype(np.float64)
    if recent is not None and config.repetition_penalty != 1:
        new = penalise_repetition(new, recent, config.repetition_penalty)
    if bias is not None:
        new += bias
    return new


def narrow(
    logits: Logits, config: SamplingConfig, *, barred: Mask, temperature: Temperature
) -> Logits:
    """The second part of `prepare`: what of adjusted logits, which it changes, is left to draw."""
    np.copyto(logits, -np.inf, where=barred)
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


def log_share(logits: Logits, barred: Mask, temperature: Temperature) -> npt.NDArray[np.float64]:
    """How probable it is that a symbol is drawn which is not barred, where all could be.

    At temperature 0, where only one symbol could be, it is that at temperature 1.

    Args:
        logits: `(batch, vocabulary)` float64, adjusted.
        barred: True for symbols that must not be drawn, in that shape or `(vocabulary,)`; not all.
        temperature: What `temperature_at` gives.

    Returns:
        `(batch,)` logarithms, finite and at most 0.
    """
    even = np.where(np.equal(temperature, 0), 1.0, temperature)
    scaled = scale(logits, even if even.ndim else float(even))
    likely = np.exp(scaled)
    every = likely.sum(axis=-1)
    np.copyto(likely, 0.0, where=barred)
    left = likely.sum(axis=-1)
    shares: npt.NDArray[np.float64]
    if (left > SMALLEST_SUM).all():
        shares = np.log(left / every)
    else:
        np.copyto(scaled, -np.inf, where=barred)
        highest = scaled.max(axis=-1, keepdims=True)
        left = np.exp(scaled - highest).sum(axis=-1)
        shares = highest[:, 0] + np.log(left / every)
    return np.clip(shares, LEAST_LOG_SHARE, 0.0)


def draw(logits: Logits, uniform: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Draw symbols by inverting the cumulative distribution.

    Args:
        logits: `(..., vocabulary)`, none much above 0, as `prepare` gives them.
        uniform: `(...)` random numbers from [0, 1), one for each draw.

    Returns:
        `(...)` ids, never one whose logit is -inf.

    Raises:
        ValueError: Every symbol is barred, or a logit is no number.
    """
    cumulative = np.exp(logits).cumsum(axis=-1, dtype=np.float64)
    if not (cumulative[..., -1] > 0).all():
        # Every symbol is too rare for a float64, or barred.
        cumulative = np.exp(logits - greatest(logits)).cumsum(axis=-1, dtype=np.float64)
    # The product stays below the total for every double below 1, so some symbol is above it.
    thresholds = np.asarray(uniform)[..., None] * cumulative[..., -1:]
    below: npt.NDArray[np.intp] = (cumulative <= thresholds).sum(axis=-1)
    return below


def _tempered(logits: Logits, temperature: Temperature) -> Logits:
    """At a temperature; 0, of all rows or of some, leaves the likeliest symbol alone."""
    if not isinstance(temperature, np.ndarray):
        return scale(logits, temperature) if temperature else keep_likeliest(logits)
    certain = temperature == 0
    if not certain.any():
        return scale(logits, temperature)
    return np.where(
        certain, keep_likeliest(logits), scale(logits, np.where(certain, 1, temperature))
    )
