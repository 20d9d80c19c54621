"""Distributions worked out by hand; probabilities are in eighths, tenths or twentieths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from charrnn.decoding.sampling import (
    keep_argmax,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    keep_typical_p,
    log_probabilities_of,
    log_softmax,
    penalise_repetition,
    scale,
)

logits_of_four = hnp.arrays(
    np.float32,
    hnp.array_shapes(max_dims=2, max_side=4).map(lambda shape: (*shape, 4)),
    elements=st.floats(-60, 60, width=32),
)


def logits_of(*probabilities: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities))


def probabilities_of(logits: np.ndarray) -> np.ndarray:
    return np.exp(log_softmax(logits))


def test_log_softmax_normalises_and_does_not_mind_huge_logits():
    np.testing.assert_allclose(probabilities_of(logits_of(2, 4, 1, 1)), [0.25, 0.5, 0.125, 0.125])
    np.testing.assert_allclose(probabilities_of(np.array([1e30, 1e30])), [0.5, 0.5])


def test_the_log_probability_of_a_token_is_that_of_the_whole_distribution():
    rows = np.stack([logits_of(2, 4, 1, 1), np.array([1e30, 0, 1e30, 0])])
    likely = log_probabilities_of(np.array([1, 2]), rows)
    np.testing.assert_allclose(np.exp(likely), [0.5, 0.5])


def test_a_penalty_divides_what_is_above_zero_and_multiplies_what_is_below():
    logits = np.array([[2.0, -2.0, 3.0, -3.0], [2.0, -2.0, 3.0, -np.inf]])
    recent = np.array([[True, True, False, False], [False, False, True, True]])
    np.testing.assert_array_equal(
        penalise_repetition(logits, recent, 2.0),
        [[1.0, -4.0, 3.0, -3.0], [2.0, -2.0, 1.5, -np.inf]],
    )


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (1.0, [0.1, 0.2, 0.3, 0.4]),
        (0.5, [1 / 30, 4 / 30, 9 / 30, 16 / 30]),
        (1e6, [0.25, 0.25, 0.25, 0.25]),
        (1e-6, [0.0, 0.0, 0.0, 1.0]),
        (1e-300, [0.0, 0.0, 0.0, 1.0]),
    ],
)
def test_a_temperature_is_a_power_of_the_probabilities(temperature, expected):
    scaled = scale(logits_of(0.1, 0.2, 0.3, 0.4), temperature)
    np.testing.assert_allclose(probabilities_of(scaled), expected, atol=1e-5)


def test_a_temperature_leaves_what_is_barred_barred():
    assert scale(np.array([0.0, -np.inf]), 1e-6).tolist() == [0.0, -np.inf]
    assert scale(np.array([0.0, -np.inf]), 1e6).tolist() == [0.0, -np.inf]


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [0, 0, 0, 1]),
        (2, [0, 0, 3 / 7, 4 / 7]),
        (4, [0.1, 0.2, 0.3, 0.4]),
        (99, [0.1, 0.2, 0.3, 0.4]),
    ],
)
def test_top_k_keeps_the_k_likeliest(k, expected):
    kept = keep_top_k(logits_of(0.1, 0.2, 0.3, 0.4), k)
    np.testing.assert_allclose(probabilities_of(kept), expected)


def test_top_k_keeps_all_that_are_as_likely_as_the_last():
    kept = keep_top_k(logits_of(0.2, 0.4, 0.2, 0.2), 2)
    np.testing.assert_allclose(probabilities_of(kept), [0.2, 0.4, 0.2, 0.2])


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (1e-9, [0, 1, 0, 0]),
        (0.45, [0, 1, 0, 0]),
        (0.6, [0, 0.5 / 0.9, 0.4 / 0.9, 0]),
        (0.95, [0.06 / 0.96, 0.5 / 0.96, 0.4 / 0.96, 0]),
        (0.999, [0.06, 0.5, 0.4, 0.04]),
    ],
)
def test_top_p_keeps_the_fewest_that_hold_the_probability(p, expected):
    kept = keep_top_p(logits_of(0.06, 0.5, 0.4, 0.04), p)
    np.testing.assert_allclose(probabilities_of(kept), expected)


def test_top_p_keeps_equals_together():
    kept = keep_top_p(logits_of(0.25, 0.25, 0.25, 0.25), 0.3)
    np.testing.assert_allclose(probabilities_of(kept), [0.25, 0.25, 0.25, 0.25])


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.05, [0.06, 0.5, 0.4, 0.04]),
        (0.1, [0.06 / 0.96, 0.5 / 0.96, 0.4 / 0.96, 0]),
        (0.5, [0, 5 / 9, 4 / 9, 0]),
        (1.0, [0, 1, 0, 0]),
    ],
)
def test_min_p_keeps_a_share_of_the_likeliest(share, expected):
    kept = keep_min_p(logits_of(0.06, 0.5, 0.4, 0.04), share)
    np.testing.assert_allclose(probabilities_of(kept), expected)


def test_the_first_of_equals_is_the_likeliest():
    assert keep_argmax(np.array([1.0, 3.0, 3.0])).tolist() == [-np.inf, 3.0, -np.inf]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        # Surprises in bits are 1, 2, 3, 3 and the entropy is 1.75; so far from it: 0.75, 0.25, 1.25.
        (0.2, [0, 1, 0, 0]),
        (0.3, [2 / 3, 1 / 3, 0, 0]),
        (0.7, [2 / 3, 1 / 3, 0, 0]),
        (0.8, [0.5, 0.25, 0.125, 0.125]),
    ],
)
def test_typical_p_keeps_the_fewest_of_usual_surprise(p, expected):
    kept = keep_typical_p(logits_of(0.5, 0.25, 0.125, 0.125), p)
    np.testing.assert_allclose(probabilities_of(kept), expected)


def test_typical_p_may_leave_the_likeliest_out():
    # Surprises are 1.20 and, seven times, 2.30 nats, 1.97 in the mean. Equals stay together.
    kept = keep_typical_p(logits_of(0.3, *[0.1] * 7), 0.1)
    np.testing.assert_allclose(probabilities_of(kept), [0, *[1 / 7] * 7])


def test_typical_p_does_not_mind_what_is_barred():
    kept = keep_typical_p(logits_of(0.5, 0, 0.25, 0.25), 0.3)
    np.testing.assert_allclose(probabilities_of(kept), [1, 0, 0, 0])


def test_filters_work_on_every_row_by_itself():
    rows = np.stack((logits_of(0.1, 0.2, 0.3, 0.4), logits_of(0.7, 0.1, 0.1, 0.1)))
    for function, value in (
        (keep_top_k, 2),
        (keep_top_p, 0.65),
        (keep_typical_p, 0.65),
        (keep_min_p, 0.5),
        (scale, 2.0),
    ):
        together = function(rows, value)
        for row, alone in zip(together, rows, strict=True):
            np.testing.assert_allclose(row, function(alone, value))


@given(logits_of_four)
def test_each_function_gives_new_logits(logits):
    before = logits.copy()
    recent = np.ones(4, np.bool_)
    for result in (
        penalise_repetition(logits, recent, 2.0),
        scale(logits, 0.5),
        keep_argmax(logits),
        keep_top_k(logits, 2),
        keep_top_p(logits, 0.5),
        keep_typical_p(logits, 0.5),
        keep_min_p(logits, 0.5),
        log_softmax(logits),
    ):
        assert not np.shares_memory(result, logits)
        np.testing.assert_array_equal(logits, before)
