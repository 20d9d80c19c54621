"""From predictions to a character: small pure functions over logits.

Each takes logits of shape `(..., vocabulary)` and gives new ones, the input untouched; what may
not be drawn has the logit -inf. `prepare` applies them in the one order charrnn knows: penalty,
mask, temperature, top-k, top-p, min-p. Then `draw` picks. They compute in float64, so that no
temperature overflows.
"""

import math

import numpy as np
import numpy.typing as npt

from charrnn.config import SamplingConfig

Logits = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]


def prepare(logits: Logits, config: SamplingConfig, recent: Mask | None, barred: Mask) -> Logits:
    """The distribution that a character is drawn from, as logits.

    Args:
        logits: `(..., vocabulary)` predictions of the network.
        config: The settings.
        recent: `(..., vocabulary)`, true for characters written a moment ago; None when nothing is.
        barred: `(..., vocabulary)`, true for symbols that must not be drawn.

    Returns:
        `(..., vocabulary)` float64.
    """
    logits = logits.astype(np.float64)
    if recent is not None and config.repetition_penalty != 1:
        logits = penalise_repetition(logits, recent, config.repetition_penalty)
    logits = np.where(barred, -np.inf, logits)
    if config.temperature == 0:
        return keep_likeliest(logits)
    logits = scale(logits, config.temperature)
    if config.top_k is not None:
        logits = keep_top_k(logits, config.top_k)
    if config.top_p < 1:
        logits = keep_top_p(logits, config.top_p)
    if config.min_p > 0:
        logits = keep_min_p(logits, config.min_p)
    return logits


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


def scale(logits: Logits, temperature: float) -> Logits:
    """Divide by a temperature above 0: below 1 sharpens the distribution, above 1 flattens it.

    The greatest logit is taken off first, which changes no probability and keeps even the
    smallest temperature from overflowing at the top.
    """
    with np.errstate(over="ignore"):
        return (logits - _greatest(logits)) / temperature


def keep_likeliest(logits: Logits) -> Logits:
    """Leave only the likeliest character, the first of equals: what temperature 0 means."""
    likeliest = np.arange(logits.shape[-1]) == logits.argmax(axis=-1, keepdims=True)
    return np.where(likeliest, logits, -np.inf)


def keep_top_k(logits: Logits, k: int) -> Logits:
    """Leave the `k` likeliest characters, and any as likely as the last of them."""
    k = min(k, logits.shape[-1])
    threshold = np.partition(logits, -k, axis=-1)[..., -k, None]
    return np.where(logits >= threshold, logits, -np.inf)


def keep_top_p(logits: Logits, p: float) -> Logits:
    """Leave the nucleus (Holtzman et al., 2020): the fewest characters that hold probability `p`.

    Characters as likely as the last of them stay with it; the likeliest one always stays.
    """
    probabilities = np.exp(log_softmax(logits))
    falling = np.sort(probabilities, axis=-1)[..., ::-1]
    held_before = falling.cumsum(axis=-1) - falling
    last = np.count_nonzero(held_before < p, axis=-1, keepdims=True) - 1
    threshold = np.take_along_axis(falling, last, axis=-1)
    return np.where(probabilities >= threshold, logits, -np.inf)


def keep_min_p(logits: Logits, share: float) -> Logits:
    """Leave characters at least `share` as likely as the likeliest (Nguyen et al., 2024)."""
    return np.where(logits >= _greatest(logits) + math.log(share), logits, -np.inf)


def log_softmax(logits: Logits) -> Logits:
    """Log-probabilities in nats, `(..., vocabulary)`."""
    shifted = logits - _greatest(logits)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


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
    cumulative = np.exp(logits - _greatest(logits)).cumsum(axis=-1, dtype=np.float64)
    # The product stays below the total for every double below 1, so some symbol is above it.
    thresholds = np.asarray(uniform)[..., None] * cumulative[..., -1:]
    below: npt.NDArray[np.intp] = np.count_nonzero(cumulative <= thresholds, axis=-1)
    return below


def _greatest(logits: Logits) -> Logits:
    """The greatest logit, `(..., 1)`; raises ValueError when nothing can be drawn."""
    greatest: Logits = logits.max(axis=-1, keepdims=True)
    if not np.isfinite(greatest).all():
        raise ValueError("nothing can be drawn: every symbol is barred, or a logit is no number.")
    return greatest
