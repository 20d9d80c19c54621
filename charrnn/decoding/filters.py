"""From one prediction to another: small pure functions over logits.

Each takes logits of shape `(..., vocabulary)`, treats every row by itself and gives new ones, the
input untouched. What may not be drawn has the logit -inf.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

Temperature = float | npt.NDArray[np.float64]
"""A temperature for all rows, or `(..., 1)`, one for each."""

COLDEST_SAFE: Final = 1e-6
HOTTEST_SAFE: Final = 1e30
"""Between these temperatures no logit in float32 overflows that is divided by one of them."""


def penalise_repetition(logits: Logits, recent: Mask, penalty: float) -> Logits:
    """Make some characters less likely (Keskar et al., 2019, CTRL, section 4.1).

    A logit above zero is divided by the penalty. One below zero is multiplied by it, because
    dividing would make it more likely.

    Args:
        logits: `(..., vocabulary)`.
        recent: `(..., vocabulary)`, true for the characters to penalise.
        penalty: At least 1, which changes nothing.
    """
    penalised = np.where(logits > 0, logits / penalty, logits * penalty)
    return np.where(recent, penalised, logits)


def scale(logits: Logits, temperature: Temperature) -> Logits:
    """Divide by a temperature above 0: below 1 sharpens the distribution, above 1 flattens it.

    The greatest logit is taken off first, which changes no probability and keeps even the
    smallest temperature from overflowing at the top.

    Args:
        logits: `(..., vocabulary)`.
        temperature: Above 0.
    """
    scaled: Logits = logits - greatest(logits)
    if isinstance(temperature, float):
        is_safe = COLDEST_SAFE < temperature < HOTTEST_SAFE
    else:
        is_safe = bool((temperature > COLDEST_SAFE).all() and (temperature < HOTTEST_SAFE).all())
    if is_safe:
        scaled /= np.asarray(temperature, scaled.dtype)
        return scaled
    with np.errstate(over="ignore"):
        return scaled.astype(np.float64) / temperature


def keep_likeliest(logits: Logits) -> Logits:
    """Leave only the likeliest character, the first of equals: what temperature 0 means."""
    likeliest = np.arange(logits.shape[-1]) == logits.argmax(axis=-1, keepdims=True)
    return np.where(likeliest, logits, -np.inf)


def keep_top_k(logits: Logits, k: int) -> Logits:
    """Leave the `k` likeliest characters, and any as likely as the last of them."""
    k = min(k, logits.shape[-1])
    threshold = np.partition(logits, -k, axis=-1)[..., -k, None]
    return np.where(logits >= threshold, logits, -np.inf)


def keep_typical_p(logits: Logits, p: float) -> Logits:
    """Leave the fewest characters of usual surprise that hold probability `p`.

    Usual is a surprise near the mean one, the entropy of the distribution (Meister et al., 2023,
    Locally typical sampling, section 4). Characters as usual as the last of them stay with it.
    """
    log_probabilities = log_softmax(logits)
    probabilities = np.exp(log_probabilities)
    # What is barred adds nothing to the entropy, and 0 times -inf would not be a number.
    surprise = -np.where(probabilities > 0, log_probabilities, 0)
    entropy = (probabilities * surprise).sum(axis=-1, keepdims=True)
    strangeness = np.where(probabilities > 0, np.abs(surprise - entropy), np.inf)
    order = strangeness.argsort(axis=-1)
    held = np.take_along_axis(probabilities, order, axis=-1)
    last = np.take_along_axis(order, _last_of_fewest(held, p), axis=-1)
    threshold = np.take_along_axis(strangeness, last, axis=-1)
    return np.where(strangeness <= threshold, logits, -np.inf)


def keep_top_p(logits: Logits, p: float) -> Logits:
    """Leave the nucleus (Holtzman et al., 2020): the fewest characters that hold probability `p`.

    Characters as likely as the last of them stay with it; the likeliest one always stays.
    """
    probabilities = np.exp(log_softmax(logits))
    falling = np.sort(probabilities, axis=-1)[..., ::-1]
    threshold = np.take_along_axis(falling, _last_of_fewest(falling, p), axis=-1)
    return np.where(probabilities >= threshold, logits, -np.inf)


def keep_min_p(logits: Logits, share: float) -> Logits:
    """Leave characters at least `share` as likely as the likeliest (Nguyen et al., 2024).

    Args:
        logits: `(..., vocabulary)`.
        share: Above 0 and at most 1.
    """
    return np.where(logits >= greatest(logits) + math.log(share), logits, -np.inf)


def log_softmax(logits: Logits) -> Logits:
    """Log-probabilities in nats, `(..., vocabulary)`."""
    shifted = logits - greatest(logits)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def log_probabilities_of(tokens: npt.NDArray[np.integer], logits: Logits) -> Logits:
    """Log-probability of one token in each row, in nats, `(batch,)`.

    Args:
        tokens: `(batch,)`.
        logits: `(batch, vocabulary)`.
    """
    shifted = logits - greatest(logits)
    chosen: Logits = shifted[np.arange(len(tokens)), tokens]
    chosen -= np.log(np.exp(shifted, out=shifted).sum(axis=-1))
    return chosen


def greatest(logits: Logits) -> Logits:
    """The greatest logit of each row, `(..., 1)`.

    Raises:
        ValueError: Every token of a row is barred, or a logit is no number.
    """
    highest: Logits = logits.max(axis=-1, keepdims=True)
    if not np.isfinite(highest).all():
        raise ValueError("nothing can be drawn: every token is barred, or a logit is no number.")
    return highest


def _last_of_fewest(probabilities: Logits, p: float) -> npt.NDArray[np.intp]:
    """Place `(..., 1)` at which probabilities, added up in their order, come to `p`."""
    held_before = probabilities.cumsum(axis=-1, dtype=np.float64) - probabilities
    last: npt.NDArray[np.intp] = np.count_nonzero(held_before < p, axis=-1, keepdims=True) - 1
    return last
