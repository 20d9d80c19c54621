"""Distributions worked out by hand; probabilities are in eighths, tenths or twentieths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from charrnn.config import SamplingConfig
from charrnn.generation import sampling
from charrnn.generation.sampling import (
    draw,
    keep_likeliest,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    log_softmax,
    penalise_repetition,
    prepare,
    scale,
)

NOTHING_BARRED = np.zeros(4, np.bool_)
LARGEST_UNIFORM = 1 - 2**-53

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
    assert keep_likeliest(np.array([1.0, 3.0, 3.0])).tolist() == [-np.inf, 3.0, -np.inf]


def test_filters_work_on_every_row_by_itself():
    rows = np.stack((logits_of(0.1, 0.2, 0.3, 0.4), logits_of(0.7, 0.1, 0.1, 0.1)))
    for function, value in ((keep_top_k, 2), (keep_top_p, 0.65), (keep_min_p, 0.5), (scale, 2.0)):
        together = function(rows, value)
        for row, alone in zip(together, rows, strict=True):
            np.testing.assert_allclose(row, function(alone, value))


@pytest.mark.parametrize(
    ("uniform", "expected"),
    [(0.0, 1), (0.249, 1), (0.25, 2), (0.749, 2), (0.75, 3), (LARGEST_UNIFORM, 3)],
)
def test_a_draw_inverts_the_cumulative_distribution(uniform, expected):
    assert draw(logits_of(0, 0.25, 0.5, 0.25, 0), uniform) == expected


def test_draws_of_a_batch_are_those_of_its_rows():
    rows = np.stack((logits_of(0.5, 0.5, 0, 0), logits_of(0, 0, 0.5, 0.5)))
    assert draw(rows, [0.75, 0.25]).tolist() == [1, 2]


def test_a_draw_with_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="nothing can be drawn"):
        draw(np.full(4, -np.inf), 0.5)
    with pytest.raises(ValueError, match="no number"):
        draw(np.array([0.0, np.nan]), 0.5)


def test_draws_follow_the_distribution():
    expected = np.array([0.05, 0.1, 0.15, 0.3, 0.4])
    count = 20_000
    uniforms = np.random.default_rng(2026).random(count)
    drawn = draw(np.tile(np.log(expected), (count, 1)), uniforms)
    observed = np.bincount(drawn, minlength=5)
    chi_square = ((observed - count * expected) ** 2 / (count * expected)).sum()
    assert chi_square < 18.47  # 0.1 % of fair draws exceed it at four degrees of freedom.


@given(logits_of_four, st.integers(0, 3), st.floats(0, LARGEST_UNIFORM))
def test_what_is_barred_is_never_drawn(logits, barred_symbol, uniform):
    barred = np.arange(4) == barred_symbol
    prepared = prepare(logits, SamplingConfig(temperature=1e6), None, barred)
    assert (draw(prepared, np.full(logits.shape[:-1], uniform)) != barred_symbol).all()


@given(
    logits_of_four,
    st.builds(
        SamplingConfig,
        temperature=st.floats(0, 1e6),
        top_k=st.none() | st.integers(1, 5),
        top_p=st.floats(1e-9, 1),
        min_p=st.floats(0, 1),
        repetition_penalty=st.floats(1, 1e6),
    ),
)
def test_any_settings_leave_something_to_draw_and_the_input_untouched(logits, config):
    before = logits.copy()
    recent = np.array([True, False, True, False])
    barred = np.array([False, True, False, False])
    kept = [array.copy() for array in (recent, barred)]
    prepared = prepare(logits, config, recent, barred)
    assert prepared.shape == logits.shape
    assert (prepared.max(axis=-1) > -np.inf).all()
    assert (prepared[..., 1] == -np.inf).all()
    np.testing.assert_array_equal(logits, before)
    np.testing.assert_array_equal(recent, kept[0])
    np.testing.assert_array_equal(barred, kept[1])


@given(logits_of_four)
def test_each_function_gives_new_logits(logits):
    before = logits.copy()
    recent = np.ones(4, np.bool_)
    for result in (
        penalise_repetition(logits, recent, 2.0),
        scale(logits, 0.5),
        keep_likeliest(logits),
        keep_top_k(logits, 2),
        keep_top_p(logits, 0.5),
        keep_min_p(logits, 0.5),
        log_softmax(logits),
        draw(logits, np.zeros(logits.shape[:-1])),
    ):
        assert not np.shares_memory(result, logits)
        np.testing.assert_array_equal(logits, before)


def test_the_order_is_penalty_mask_temperature_top_k_top_p_min_p(monkeypatch):
    called = []
    for name in ("penalise_repetition", "scale", "keep_top_k", "keep_top_p", "keep_min_p"):
        function = getattr(sampling, name)

        def recorded(logits, *rest, name=name, function=function):
            called.append((name, bool(np.isneginf(logits).any())))
            return function(logits, *rest)

        monkeypatch.setattr(sampling, name, recorded)
    config = SamplingConfig(temperature=0.5, top_k=3, top_p=0.9, min_p=0.1, repetition_penalty=2.0)
    prepare(np.arange(4.0), config, ~NOTHING_BARRED, np.array([True, False, False, False]))
    assert called == [
        ("penalise_repetition", False),
        ("scale", True),
        ("keep_top_k", True),
        ("keep_top_p", True),
        ("keep_min_p", True),
    ]


def test_all_settings_together_give_the_distribution_worked_out_by_hand():
    logits = logits_of(0.4, 0.3, 0.2, 0.1).astype(np.float32)
    # The first is barred; squares of the others: 9, 4, 1; two are kept.
    prepared = prepare(
        logits,
        SamplingConfig(temperature=0.5, top_k=2, top_p=0.9),
        None,
        np.array([True, False, False, False]),
    )
    np.testing.assert_allclose(probabilities_of(prepared), [0, 9 / 13, 4 / 13, 0], rtol=1e-6)


def test_temperature_zero_takes_the_likeliest_that_is_not_barred():
    prepared = prepare(
        logits_of(0.4, 0.3, 0.2, 0.1),
        SamplingConfig(temperature=0),
        None,
        np.array([True, False, False, False]),
    )
    assert [int(draw(prepared, uniform)) for uniform in (0.0, 0.5, LARGEST_UNIFORM)] == [1, 1, 1]
