"""From a prediction to a symbol, for compiled loops: `generation.filters` and `.sampling` in TensorFlow.

What a function means, and where it comes from, is said there; the tests hold the two equal. All take
logits `(batch, vocabulary)` float64, and treat each row by itself.
"""

import math
from typing import Final

import tensorflow as tf

from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_schedule

BARRED: Final = -math.inf


def prepare(
    logits: tf.Tensor,
    config: SamplingConfig,
    *,
    barred: tf.Tensor,
    temperature: tf.Tensor | float,
    recent: tf.Tensor | None = None,
    bias: tf.Tensor | None = None,
) -> tf.Tensor:
    """The distribution that a symbol is drawn from, as logits.

    Args:
        logits: `(batch, vocabulary)` float32, predictions of the network.
        config: The settings.
        barred: `(batch, vocabulary)` or `(vocabulary,)`, true for symbols never to be drawn. Some
            symbol of each row is not barred: here nothing can be refused.
        temperature: What `temperature_at` gives.
        recent: `(batch, vocabulary)`, true for symbols written a moment ago; None when none is.
        bias: `(vocabulary,)` float64, what is added to logits; None when nothing is.

    Returns:
        `(batch, vocabulary)` float64.
    """
    new = tf.cast(logits, tf.float64)
    if recent is not None and config.repetition_penalty != 1:
        new = penalise_repetition(new, recent, config.repetition_penalty)
    if bias is not None:
        new += bias
    new = _tempered(tf.where(~barred, new, BARRED), temperature)
    if config.top_k is not None:
        new = keep_top_k(new, config.top_k)
    if config.typical_p < 1:
        new = keep_typical_p(new, config.typical_p)
    if config.top_p < 1:
        new = keep_top_p(new, config.top_p)
    if config.min_p > 0:
        new = keep_min_p(new, config.min_p)
    return new


def draw(logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """Draw symbols by inverting the cumulative distribution.

    Args:
        logits: `(batch, vocabulary)` float64.
        uniform: `(batch,)` float64 random numbers from [0, 1).

    Returns:
        `(batch,)` int32 ids, never one whose logit is -inf.
    """
    cumulative = tf.cumsum(tf.exp(logits - greatest(logits)), axis=-1)
    thresholds = uniform[:, None] * cumulative[:, -1:]
    return tf.reduce_sum(tf.cast(cumulative <= thresholds, tf.int32), axis=-1)


def temperature_at(temperature: float | str, progress: tf.Tensor) -> tf.Tensor | float:
    """The temperature of a setting at a place in each poem.

    Args:
        temperature: A number, or a schedule such as "1.0:0.6".
        progress: `(batch,)` float64, how much of each is written; below 0 is 0, above 1 is 1.

    Returns:
        A number, or `(batch, 1)` float64 of a schedule.
    """
    if not isinstance(temperature, str):
        return float(temperature)
    first, last = parse_schedule(temperature)
    share = tf.clip_by_value(progress, 0.0, 1.0)[:, None]
    return first * (1 - share) + last * share


def weigh_ending(logits: tf.Tensor, added: tf.Tensor, poem_break: int, line_end: int) -> tf.Tensor:
    """Settle anew how poem break and line end share their probability; see `generation.ending`.

    Args:
        logits: `(batch, vocabulary)` float64.
        added: `(batch,)` float64, what is added to the log-odds of the break; may be infinite.
        poem_break: Id of the break.
        line_end: Id of the line end.
    """
    ending, line_ending = logits[:, poem_break], logits[:, line_end]
    lower, upper = tf.minimum(ending, line_ending), tf.maximum(ending, line_ending)
    either = upper + tf.math.softplus(lower - upper)
    odds = ending - line_ending + added
    symbols = tf.range(logits.shape[-1])
    weighed = tf.where(symbols == poem_break, (either - tf.math.softplus(-odds))[:, None], logits)
    return tf.where(symbols == line_end, (either - tf.math.softplus(odds))[:, None], weighed)


def penalise_repetition(logits: tf.Tensor, recent: tf.Tensor, penalty: float) -> tf.Tensor:
    """Make recent symbols less likely."""
    penalised = tf.where(logits > 0, logits / penalty, logits * penalty)
    return tf.where(recent, penalised, logits)


def keep_likeliest(logits: tf.Tensor) -> tf.Tensor:
    """Leave only the likeliest symbol, the first of equals."""
    likeliest = tf.argmax(logits, axis=-1, output_type=tf.int32)
    return tf.where(tf.range(logits.shape[-1]) == likeliest[:, None], logits, BARRED)


def keep_top_k(logits: tf.Tensor, k: int) -> tf.Tensor:
    """Leave the `k` likeliest symbols, and any as likely as the last of them."""
    likeliest, _ = tf.math.top_k(logits, min(k, logits.shape[-1]))
    return tf.where(logits >= likeliest[:, -1:], logits, BARRED)


def keep_typical_p(logits: tf.Tensor, p: float) -> tf.Tensor:
    """Leave the fewest symbols of usual surprise that hold probability `p`."""
    log_probabilities = tf.nn.log_softmax(logits)
    probabilities = tf.exp(log_probabilities)
    possible = probabilities > 0
    surprise = -tf.where(possible, log_probabilities, 0)
    entropy = tf.reduce_sum(probabilities * surprise, axis=-1, keepdims=True)
    strangeness = tf.where(possible, tf.abs(surprise - entropy), -BARRED)
    order = tf.argsort(strangeness, stable=True)
    held = tf.gather(probabilities, order, batch_dims=1)
    last = tf.gather(order, _last_of_fewest(held, p), batch_dims=1)
    return tf.where(strangeness <= tf.gather(strangeness, last, batch_dims=1), logits, BARRED)


def keep_top_p(logits: tf.Tensor, p: float) -> tf.Tensor:
    """Leave the fewest symbols that hold probability `p`."""
    probabilities = tf.nn.softmax(logits)
    falling = tf.sort(probabilities, direction="DESCENDING")
    threshold = tf.gather(falling, _last_of_fewest(falling, p), batch_dims=1)
    return tf.where(probabilities >= threshold, logits, BARRED)


def keep_min_p(logits: tf.Tensor, share: float) -> tf.Tensor:
    """Leave symbols at least `share` as likely as the likeliest."""
    return tf.where(logits >= greatest(logits) + math.log(share), logits, BARRED)


def greatest(logits: tf.Tensor) -> tf.Tensor:
    """The greatest logit of each row, `(batch, 1)`."""
    return tf.reduce_max(logits, axis=-1, keepdims=True)


def _tempered(logits: tf.Tensor, temperature: tf.Tensor | float) -> tf.Tensor:
    """At a temperature; 0, of all rows or of some, leaves the likeliest symbol alone."""
    if isinstance(temperature, float):
        if temperature == 0:
            return keep_likeliest(logits)
        return (logits - greatest(logits)) / temperature
    certain = temperature == 0
    scaled = (logits - greatest(logits)) / tf.where(certain, tf.ones_like(temperature), temperature)
    return tf.where(certain, keep_likeliest(logits), scaled)


def _last_of_fewest(probabilities: tf.Tensor, p: float) -> tf.Tensor:
    """Place `(batch, 1)` at which probabilities, added up in their order, come to `p`."""
    held_before = tf.cumsum(probabilities, axis=-1) - probabilities
    return tf.reduce_sum(tf.cast(held_before < p, tf.int32), axis=-1, keepdims=True) - 1
