"""From processed logits to a token: pure functions over logits, and the draw.

Each function takes logits `(..., vocabulary)`, treats every row by itself and returns a new array.
A suppressed token has the logit -inf. Arrays keep the precision of the logits, float32 of a network.
Sums over the vocabulary that decide a draw are float64. The logits processors
(`charrnn.decoding.logits_processors`) come before.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_schedule

Logits = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

Temperature = float | npt.NDArray[np.float64]
"""One temperature for all rows, or `(..., 1)`, one for each row."""

COLDEST_SAFE: Final = 1e-6
HOTTEST_SAFE: Final = 1e30
"""Between these temperatures no float32 logit overflows when it is divided by one of them."""

LEAST_LOG_SHARE: Final = -1e9
"""The lowest log share, so that a weight stays a number at the smallest temperatures."""

SMALLEST_SUM: Final = 1e-30
"""Sum of probabilities above which each of them that matters is a normal float32."""

BLOCK: Final = 128
"""Tokens of a block. In a large vocabulary, a draw finds the block first, then the token in it."""

LARGEST_BELOW_ONE: Final = 1 - 2**-53


def temperature_at(temperature: float | str, progress: float | Logits) -> Temperature:
    """The temperature of a setting at a point in a poem.

    Args:
        temperature: A number, or a linear schedule such as "1.0:0.6".
        progress: How much of the poem is written, from 0 to 1; a number, or `(batch,)`.

    Returns:
        A number, or `(batch, 1)` for a schedule and a batch.
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
    """The distribution that a token is drawn from: temperature, top-k, typical-p, top-p, min-p.

    Args:
        logits: `(vocabulary,)` or `(batch, vocabulary)`, processed.
        config: The settings.
        temperature: As returned by `temperature_at`.

    Raises:
        ValueError: Every token of a row is suppressed.
    """
    new = _at_temperature(logits, temperature)
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
    """Draw tokens by inverting the cumulative distribution.

    Args:
        logits: `(..., vocabulary)`, none much above 0, as returned by `filtered`.
        uniform: `(...)` random numbers from [0, 1), one for each draw.

    Returns:
        `(...)` ids, never one whose logit is -inf.

    Raises:
        ValueError: Every token is suppressed, or a logit is not a number.
    """
    likely = np.exp(logits)
    size = likely.shape[-1]
    # A large vocabulary is summed block by block, then within one block of each row.
    blocks = likely
    if size > BLOCK:
        blocks = np.add.reduceat(likely, np.arange(0, size, BLOCK), axis=-1)
    cumulative = blocks.cumsum(axis=-1, dtype=np.float64)
    if not (cumulative[..., -1] > SMALLEST_SUM).all():
        # Every token is too rare for the precision, or suppressed.
        return draw(logits - row_max(logits), uniform)
    # The product stays below the total for every double below 1, so some sum is above it.
    thresholds = np.asarray(uniform)[..., None] * cumulative[..., -1:]
    found: npt.NDArray[np.intp] = (cumulative <= thresholds).sum(axis=-1)
    if size <= BLOCK:
        return found
    rows = np.arange(found.size)
    block, sums = found.ravel(), cumulative.reshape(found.size, -1)
    before = np.where(block > 0, sums[rows, block - 1], 0.0)
    share = (thresholds.ravel() - before) / blocks.reshape(sums.shape)[rows, block]
    ids = (block * BLOCK)[:, None] + np.arange(BLOCK)  # (draws, BLOCK)
    within = likely.reshape(-1, size)[rows[:, None], np.minimum(ids, size - 1)]
    within[ids >= size] = 0
    sums = within.cumsum(axis=-1, dtype=np.float64)
    above = np.minimum(share, LARGEST_BELOW_ONE) * sums[:, -1]
    place: npt.NDArray[np.intp] = (sums <= above[:, None]).sum(axis=-1)
    return found * BLOCK + place.reshape(found.shape)


def log_share(reweighed: Logits, left: Logits, temperature: Temperature) -> npt.NDArray[np.float64]:
    """The log-probability that an unrestricted draw takes a token that is not suppressed.

    Temperature 0 counts as 1 here, because at 0 only one token can be drawn.

    Args:
        reweighed: `(batch, vocabulary)` logits before tokens are suppressed.
        left: The same after it: some are -inf, but not all of a row.
        temperature: As returned by `temperature_at`.

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


def scale(logits: Logits, temperature: Temperature) -> Logits:
    """Divide by a temperature above 0: below 1 sharpens the distribution, above 1 flattens it.

    The largest logit is subtracted first. That changes no probability, and the smallest temperature
    does not overflow at the top.
    """
    scaled: Logits = logits - row_max(logits)
    if isinstance(temperature, float):
        is_safe = COLDEST_SAFE < temperature < HOTTEST_SAFE
    else:
        is_safe = bool((temperature > COLDEST_SAFE).all() and (temperature < HOTTEST_SAFE).all())
    if is_safe:
        scaled /= np.asarray(temperature, scaled.dtype)
        return scaled
    with np.errstate(over="ignore"):
        return scaled.astype(np.float64) / temperature


def keep_argmax(logits: Logits) -> Logits:
    """Keep only the most likely token, the first of equals: temperature 0."""
    most_likely = np.arange(logits.shape[-1]) == logits.argmax(axis=-1, keepdims=True)
    return np.where(most_likely, logits, -np.inf)


def keep_top_k(logits: Logits, k: int) -> Logits:
    """Keep the `k` most likely tokens, and any as likely as the last of them."""
    k = min(k, logits.shape[-1])
    threshold = np.partition(logits, -k, axis=-1)[..., -k, None]
    return np.where(logits >= threshold, logits, -np.inf)


def keep_typical_p(logits: Logits, p: float) -> Logits:
    """Keep the fewest tokens of typical surprisal that hold probability `p`; ties stay.

    Surprisal is typical near its mean, the entropy of the distribution (Meister et al., 2023,
    Locally typical sampling, section 4).
    """
    log_probabilities = log_softmax(logits)
    probabilities = np.exp(log_probabilities)
    # A suppressed token adds nothing to the entropy, and 0 times -inf would not be a number.
    surprisal = -np.where(probabilities > 0, log_probabilities, 0)
    entropy = (probabilities * surprisal).sum(axis=-1, keepdims=True)
    deviation = np.where(probabilities > 0, np.abs(surprisal - entropy), np.inf)
    order = deviation.argsort(axis=-1)
    ordered = np.take_along_axis(probabilities, order, axis=-1)
    last = np.take_along_axis(order, _last_needed(ordered, p), axis=-1)
    threshold = np.take_along_axis(deviation, last, axis=-1)
    return np.where(deviation <= threshold, logits, -np.inf)


def keep_top_p(logits: Logits, p: float) -> Logits:
    """Keep the nucleus (Holtzman et al., 2020): the fewest tokens that hold probability `p`.

    Ties with the last of them stay. The most likely token always stays.
    """
    probabilities = np.exp(log_softmax(logits))
    falling = np.sort(probabilities, axis=-1)[..., ::-1]
    threshold = np.take_along_axis(falling, _last_needed(falling, p), axis=-1)
    return np.where(probabilities >= threshold, logits, -np.inf)


def keep_min_p(logits: Logits, share: float) -> Logits:
    """Keep tokens at least `share` (0 to 1] as likely as the most likely (Nguyen et al., 2024)."""
    return np.where(logits >= row_max(logits) + math.log(share), logits, -np.inf)


def penalise_repetition(logits: Logits, recent: Mask, penalty: float) -> Logits:
    """Make recent tokens less likely (Keskar et al., 2019, CTRL, section 4.1).

    A logit above zero is divided by the penalty. One below zero is multiplied by it, because
    dividing would make it more likely.

    Args:
        logits: `(..., vocabulary)`.
        recent: `(..., vocabulary)`, true for the tokens to penalise.
        penalty: At least 1, which changes nothing.
    """
    penalised = np.where(logits > 0, logits / penalty, logits * penalty)
    return np.where(recent, penalised, logits)


def log_softmax(logits: Logits) -> Logits:
    """Log-probabilities in nats, `(..., vocabulary)`."""
    shifted = logits - row_max(logits)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def log_probabilities_of(tokens: npt.NDArray[np.integer], logits: Logits) -> Logits:
    """Log-probabilities of `(batch,)` tokens under `(batch, vocabulary)` logits, in nats."""
    shifted = logits - row_max(logits)
    of_tokens: Logits = shifted[np.arange(len(tokens)), tokens]
    of_tokens -= np.log(np.exp(shifted, out=shifted).sum(axis=-1))
    return of_tokens


def row_max(logits: Logits) -> Logits:
    """The largest logit of each row, `(..., 1)`.

    Raises:
        ValueError: Every token of a row is suppressed, or a logit is not a number.
    """
    highest: Logits = logits.max(axis=-1, keepdims=True)
    if not np.isfinite(highest).all():
        raise ValueError(
            "nothing can be drawn: every token is suppressed, or a logit is not a number."
        )
    return highest


def _at_temperature(logits: Logits, temperature: Temperature) -> Logits:
    """Logits at a temperature; at 0, of all rows or of some, only the most likely token stays."""
    if not isinstance(temperature, np.ndarray):
        return scale(logits, temperature) if temperature else keep_argmax(logits)
    greedy = temperature == 0
    if not greedy.any():
        return scale(logits, temperature)
    return np.where(greedy, keep_argmax(logits), scale(logits, np.where(greedy, 1, temperature)))


def _last_needed(probabilities: Logits, p: float) -> npt.NDArray[np.intp]:
    """Index `(..., 1)` at which probabilities, summed in their order, reach `p`."""
    sum_before = probabilities.cumsum(axis=-1, dtype=np.float64) - probabilities
    last: npt.NDArray[np.intp] = np.count_nonzero(sum_before < p, axis=-1, keepdims=True) - 1
    return last
