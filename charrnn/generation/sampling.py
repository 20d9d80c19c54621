"""From a prediction to a character: the settings applied in one order, and the draw.

The order is the one charrnn knows: penalty and favour, mask, temperature, top-k, typical-p, top-p,
min-p. Everything is computed in float64, so that no temperature overflows.
"""

import numpy as np
import numpy.typing as npt

from charrnn.config import SamplingConfig
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
from charrnn.notation import parse_schedule


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
    new: Logits = logits.astype(np.float64)
    if recent is not None and config.repetition_penalty != 1:
        new = penalise_repetition(new, recent, config.repetition_penalty)
    if bias is not None:
        new += bias
    new = _tempered(np.where(barred, -np.inf, new), temperature)
    if config.top_k is not None:
        new = keep_top_k(new, config.top_k)
    if config.typical_p < 1:
        new = keep_typical_p(new, config.typical_p)
    if config.top_p < 1:
        new = keep_top_p(new, config.top_p)
    if config.min_p > 0:
        new = keep_min_p(new, config.min_p)
    return new


def draw(logits: Logits, uniform: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Draw symbols by inverting the cumulative distribution.

    Args:
        logits: `(..., vocabulary)`.
        uniform: `(...)` random numbers from [0, 1), one for each draw.

    Returns:
        `(...)` ids, never one whose logit is -inf.

    Raises:
        ValueError: Every symbol is barred, or a logit is no number.
    """
    cumulative = np.exp(logits - greatest(logits)).cumsum(axis=-1, dtype=np.float64)
    # The product stays below the total for every double below 1, so some symbol is above it.
    thresholds = np.asarray(uniform)[..., None] * cumulative[..., -1:]
    below: npt.NDArray[np.intp] = np.count_nonzero(cumulative <= thresholds, axis=-1)
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
