"""Distributions worked out by hand; probabilities are in eighths, tenths or twentieths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from charrnn.decoding import sampling
from charrnn.decoding.sampling import (
    BLOCK,
    LEAST_LOG_SHARE,
    Temperature,
    draw,
    filtered,
    log_share,
    log_softmax,
    temperature_at,
)
from charrnn.settings.configuration import SamplingConfig

NOTHING_BARRED = np.zeros(4, np.bool_)
FIRST_BARRED = np.array([True, False, False, False])
LARGEST_UNIFORM = 1 - 2**-53

PLAIN = SamplingConfig()

LOGITS = st.floats(-60, 60, width=32)

logits_of_four = hnp.arrays(
    np.float32,
    hnp.array_shapes(max_dims=2, max_side=4).map(lambda shape: (*shape, 4)),
    elements=LOGITS,
)

configs = st.builds(
    SamplingConfig,
    top_k=st.none() | st.integers(1, 5),
    top_p=st.floats(1e-9, 1),
    min_p=st.floats(0, 1),
    typical_p=st.floats(1e-9, 1),
)


def logits_of(*probabilities: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities))


def prepare(
    logits: np.ndarray, config: SamplingConfig, *, barred: np.ndarray, temperature: Temperature
) -> np.ndarray:
    """The distribution to draw from, where some tokens are suppressed."""
    return filtered(np.where(barred, -np.inf, logits).astype(logits.dtype), config, temperature)


def share_left(rows: np.ndarray, barred: np.ndarray, temperature: Temperature) -> np.ndarray:
    return log_share(rows, np.where(barred, -np.inf, rows), temperature)


def probabilities_of(logits: np.ndarray) -> np.ndarray:
    return np.exp(log_softmax(logits))


@pytest.mark.parametrize(
    ("temperature", "progress", "expected"),
    [
        (0.8, 0.3, 0.8),
        (0, 0.3, 0.0),
        ("1.0:0.6", 0.0, 1.0),
        ("1.0:0.6", 0.25, 0.9),
        ("1.0:0.6", 1.0, 0.6),
        ("0:2", 0.5, 1.0),
        ("1.0:0.6", 7.0, 0.6),
        ("1.0:0.6", -1.0, 1.0),
    ],
)
def test_a_schedule_goes_evenly_from_one_temperature_to_the_other(temperature, progress, expected):
    assert temperature_at(temperature, progress) == pytest.approx(expected)


def test_a_schedule_gives_every_row_of_a_batch_its_own_temperature():
    progress = np.array([0.0, 0.5, 1.0, 2.0])
    temperatures = temperature_at("1.0:0.6", progress)
    np.testing.assert_allclose(temperatures, [[1.0], [0.8], [0.6], [0.6]])
    assert progress.tolist() == [0.0, 0.5, 1.0, 2.0]
    assert temperature_at(0.8, progress) == 0.8


def test_rows_are_prepared_at_their_own_temperature_and_zero_takes_the_likeliest():
    row = logits_of(0.1, 0.2, 0.3, 0.4)
    prepared = prepare(
        np.stack([row] * 3),
        PLAIN,
        barred=NOTHING_BARRED,
        temperature=np.array([[0.5], [0.0], [1.0]]),
    )
    np.testing.assert_allclose(
        probabilities_of(prepared),
        [[1 / 30, 4 / 30, 9 / 30, 16 / 30], [0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4]],
    )


def test_a_share_is_what_is_left_of_a_prediction_at_its_temperature():
    rows = np.stack([logits_of(0.1, 0.2, 0.3, 0.4)] * 2)
    barred = np.array([[True, False, False, False], [False, True, True, True]])
    np.testing.assert_allclose(np.exp(share_left(rows, barred, 1.0)), [0.9, 0.1])
    np.testing.assert_allclose(np.exp(share_left(rows, barred, 0.5)), [29 / 30, 1 / 30])
    np.testing.assert_allclose(np.exp(share_left(rows, FIRST_BARRED, 1.0)), [0.9, 0.9])
    schedule = np.array([[1.0], [0.5]])
    np.testing.assert_allclose(np.exp(share_left(rows, barred, schedule)), [0.9, 1 / 30])


def test_at_temperature_zero_a_share_is_that_at_one():
    rows = np.stack([logits_of(0.1, 0.2, 0.3, 0.4)] * 2)
    np.testing.assert_allclose(np.exp(share_left(rows, FIRST_BARRED, 0.0)), [0.9, 0.9])
    mixed = np.array([[0.0], [0.5]])
    np.testing.assert_allclose(np.exp(share_left(rows, FIRST_BARRED, mixed)), [0.9, 29 / 30])


@pytest.mark.parametrize(
    ("logit", "temperature", "expected"),
    [
        (-1e5, 1.0, -1e5 + np.log(2)),
        (-800.0, 1.0, -800 + np.log(2)),
        (-5.0, 1e-3, -5e3 + np.log(2)),
        (-5.0, 1e-300, LEAST_LOG_SHARE),
        (0.0, 1e-300, np.log(2 / 3)),
        (-5.0, 1e300, np.log(2 / 3)),
    ],
)
def test_a_share_stays_a_number_however_small(logit, temperature, expected):
    row = np.array([[0.0, logit, logit]])
    found = share_left(row, np.array([True, False, False]), temperature)
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


@given(hnp.arrays(np.float64, (3, 4), elements=LOGITS), st.floats(0.05, 20))
def test_shares_of_what_is_barred_and_of_the_rest_make_a_whole(logits, temperature):
    one = np.exp(share_left(logits, FIRST_BARRED, temperature))
    other = np.exp(share_left(logits, ~FIRST_BARRED, temperature))
    np.testing.assert_allclose(one + other, 1)


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
    with pytest.raises(ValueError, match="not a number"):
        draw(np.array([0.0, np.nan]), 0.5)


@pytest.mark.parametrize("temperature", [0.0, 1.0, np.array([[0.0], [1.0]])])
def test_a_row_with_everything_barred_is_an_error(temperature):
    logits = np.zeros((2, 4))
    barred = np.array([[False] * 4, [True] * 4])
    with pytest.raises(ValueError, match="nothing can be drawn"):
        draw(prepare(logits, PLAIN, barred=barred, temperature=temperature), [0.5, 0.5])


def chi_square(drawn: np.ndarray, expected: np.ndarray) -> float:
    """How far draws are from a distribution; tokens of probability 0 are not to be drawn."""
    possible = expected > 0
    observed = np.bincount(drawn, minlength=len(expected))
    assert observed[~possible].sum() == 0
    counts = len(drawn) * expected[possible]
    return float(((observed[possible] - counts) ** 2 / counts).sum())


def test_draws_follow_the_distribution():
    expected = np.array([0.05, 0.1, 0.15, 0.3, 0.4])
    uniforms = np.random.default_rng(2026).random(20_000)
    drawn = draw(np.tile(np.log(expected), (20_000, 1)), uniforms)
    assert chi_square(drawn, expected) < 18.47  # 0.1 % of fair draws exceed it at four degrees.


def test_draws_with_many_settings_follow_the_distribution_worked_out_by_hand():
    # Barred: the last. Powers at temperature 1/2 of 2, 3, 1, 4: 4, 9, 1, 16 of 30. Three are kept
    # by top-k: 4, 9, 16 of 29; min-p 0.3 leaves out the first.
    config = SamplingConfig(top_k=3, min_p=0.3)
    logits = np.tile(logits_of(0.2, 0.3, 0.1, 0.4, 0.1).astype(np.float32), (20_000, 1))
    prepared = prepare(
        logits,
        config,
        barred=np.array([False, False, False, False, True]),
        temperature=temperature_at("1:0", np.full(20_000, 0.5)),
    )
    drawn = draw(prepared, np.random.default_rng(7).random(20_000))
    assert chi_square(drawn, np.array([0, 9 / 25, 0, 16 / 25, 0])) < 10.83  # 0.1 %, one degree.


@pytest.mark.parametrize("size", [BLOCK, BLOCK + 1, 2 * BLOCK, 1_000])
def test_draws_from_a_large_vocabulary_follow_the_distribution(size):
    expected = np.random.default_rng(1).dirichlet(np.full(size, 0.2)).astype(np.float32)
    expected[size // 3 : size // 2] = 0
    expected /= expected.sum()
    with np.errstate(divide="ignore"):
        logits = np.log(expected)
    uniforms = (np.arange(100_000) + 0.5) / 100_000
    drawn = draw(np.tile(logits, (len(uniforms), 1)), uniforms)
    assert (np.diff(drawn) >= 0).all()
    shares = np.bincount(drawn, minlength=size) / len(uniforms)
    np.testing.assert_allclose(shares, expected, atol=3e-5)
    assert not shares[expected == 0].any()
    assert expected[draw(logits, LARGEST_UNIFORM)] > 0


@given(st.integers(1, 400), st.integers(0, 2**32 - 1), st.floats(0, LARGEST_UNIFORM))
def test_what_has_no_share_is_never_drawn_from_any_vocabulary(size, seed, uniform):
    logits = np.random.default_rng(seed).normal(scale=30, size=size).astype(np.float32)
    logits[np.random.default_rng(seed + 1).random(size) < 0.9] = -np.inf
    logits[seed % size] = 0
    token = draw(logits - logits.max(), uniform)
    assert np.isfinite(logits[token])
    assert draw(np.stack([logits - logits.max()] * 2), [uniform, 0.5])[0] == token


@given(logits_of_four, st.integers(0, 3), st.floats(0, LARGEST_UNIFORM))
def test_what_is_barred_is_never_drawn(logits, barred_token, uniform):
    barred = np.arange(4) == barred_token
    prepared = prepare(logits, PLAIN, barred=barred, temperature=1e6)
    assert (draw(prepared, np.full(logits.shape[:-1], uniform)) != barred_token).all()


@given(logits_of_four, configs, st.floats(0, 1e6))
def test_any_settings_leave_something_to_draw_and_the_input_untouched(logits, config, temperature):
    logits[..., 1] = -np.inf
    before = logits.copy()
    prepared = filtered(logits, config, temperature)
    assert prepared.shape == logits.shape
    assert (prepared.max(axis=-1) > -np.inf).all()
    assert (prepared[..., 1] == -np.inf).all()
    assert not np.shares_memory(prepared, logits)
    np.testing.assert_array_equal(logits, before)


@given(
    configs,
    st.integers(1, 5).flatmap(
        lambda batch: st.tuples(
            hnp.arrays(np.float32, (batch, 6), elements=LOGITS),
            hnp.arrays(np.bool_, (batch, 6)),
            hnp.arrays(np.float64, (batch, 1), elements=st.just(0.0) | st.floats(1e-3, 1e3)),
            hnp.arrays(np.float64, batch, elements=st.floats(0, LARGEST_UNIFORM)),
        )
    ),
)
def test_every_row_of_a_batch_is_prepared_and_drawn_as_if_it_were_alone(config, rows):
    logits, barred, temperature, uniforms = rows
    barred[:, 0] = False
    together = prepare(logits, config, barred=barred, temperature=temperature)
    drawn = draw(together, uniforms)
    for row in range(len(logits)):
        alone = prepare(
            logits[row], config, barred=barred[row], temperature=float(temperature[row, 0])
        )
        np.testing.assert_array_equal(together[row], alone)
        assert draw(alone, uniforms[row]) == drawn[row]
        assert not barred[row, drawn[row]]


def test_the_order_is_temperature_top_k_typical_p_top_p_min_p(monkeypatch):
    called = []
    for name in ("scale", "keep_top_k", "keep_typical_p", "keep_top_p", "keep_min_p"):
        function = getattr(sampling, name)

        def recorded(logits, *rest, name=name, function=function):
            called.append(name)
            return function(logits, *rest)

        monkeypatch.setattr(sampling, name, recorded)
    config = SamplingConfig(top_k=3, top_p=0.9, typical_p=0.9, min_p=0.1)
    prepare(np.arange(4.0), config, barred=FIRST_BARRED, temperature=0.5)
    assert called == ["scale", "keep_top_k", "keep_typical_p", "keep_top_p", "keep_min_p"]


def test_all_settings_together_give_the_distribution_worked_out_by_hand():
    logits = logits_of(0.4, 0.3, 0.2, 0.1).astype(np.float32)
    # The first is barred; squares of the others: 9, 4, 1; two are kept.
    config = SamplingConfig(top_k=2, top_p=0.9)
    prepared = prepare(logits, config, barred=FIRST_BARRED, temperature=0.5)
    np.testing.assert_allclose(probabilities_of(prepared), [0, 9 / 13, 4 / 13, 0], rtol=1e-6)


FILTERS = {"top_k": 3, "typical_p": 0.7, "top_p": 0.6, "min_p": 0.4}


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        # Of 8, 4, 2, 1, 1 in sixteenths; surprises 1, 2, 3, 4, 4 bits, in the mean 1.875.
        (("top_k", "typical_p"), [8, 4, 0, 0, 0]),
        (("top_k", "top_p"), [8, 4, 0, 0, 0]),
        (("top_k", "min_p"), [8, 4, 0, 0, 0]),
        (("typical_p", "top_p"), [8, 0, 0, 0, 0]),
        (("typical_p", "min_p"), [8, 4, 0, 0, 0]),
        (("top_p", "min_p"), [8, 4, 0, 0, 0]),
    ],
)
def test_every_two_filters_compose(pair, expected):
    config = SamplingConfig(**{name: FILTERS[name] for name in pair})
    logits = logits_of(*(np.array([8, 4, 2, 1, 1]) / 16))
    prepared = prepare(logits, config, barred=np.zeros(5, np.bool_), temperature=1.0)
    np.testing.assert_allclose(probabilities_of(prepared), np.array(expected) / sum(expected))


def test_temperature_zero_takes_the_likeliest_that_is_not_barred():
    logits = logits_of(0.4, 0.3, 0.2, 0.1)
    prepared = prepare(logits, PLAIN, barred=FIRST_BARRED, temperature=0.0)
    assert [int(draw(prepared, uniform)) for uniform in (0.0, 0.5, LARGEST_UNIFORM)] == [1, 1, 1]
