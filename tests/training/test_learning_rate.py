import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.training.learning_rate import FINAL_SHARE, WARM_UP_STEPS, LearningRateSchedule


def test_the_rate_warms_up_in_a_straight_line() -> None:
    schedule = LearningRateSchedule(peak=1.0, total=100_000)
    rates = [schedule.rate(step) for step in range(WARM_UP_STEPS)]
    assert rates == pytest.approx([(step + 1) / WARM_UP_STEPS for step in range(WARM_UP_STEPS)])


def test_the_rate_falls_along_half_a_cosine() -> None:
    schedule = LearningRateSchedule(peak=2.0, total=1000)
    half = FINAL_SHARE + (1 - FINAL_SHARE) * (1 + math.cos(math.pi / 4)) / 2
    assert schedule.rate(250) == pytest.approx(2.0 * half)
    assert schedule.rate(500) == pytest.approx(1.0 + FINAL_SHARE)
    assert schedule.rate(1000) == pytest.approx(2.0 * FINAL_SHARE)


def test_a_short_run_warms_up_in_a_tenth_of_its_steps() -> None:
    schedule = LearningRateSchedule(peak=1.0, total=20)
    assert schedule.rate(0) == pytest.approx(0.5)
    assert schedule.rate(1) > 0.9


def test_a_run_of_unknown_length_stays_at_its_peak() -> None:
    schedule = LearningRateSchedule(peak=1.0, total=None)
    assert schedule.rate(WARM_UP_STEPS) == 1.0
    assert schedule.rate(5000) == 1.0


@given(
    total=st.integers(200, 10_000),
    settled_at=st.integers(0, 9_999),
    new_total=st.integers(1, 20_000),
)
def test_settling_a_new_length_makes_no_jump(total: int, settled_at: int, new_total: int) -> None:
    schedule = LearningRateSchedule(peak=1.0, total=total)
    step = min(settled_at, total)
    settled = schedule.settled(step, new_total)
    assert settled.progress(step) == pytest.approx(schedule.progress(step))
    assert settled.total is not None
    assert settled.total >= step
    assert settled.progress(settled.total) == pytest.approx(1.0) or settled.total == step


@given(total=st.integers(1, 10_000))
def test_the_rate_never_rises_after_the_warm_up(total: int) -> None:
    schedule = LearningRateSchedule(peak=1.0, total=total)
    rates = [schedule.rate(step) for step in range(min(WARM_UP_STEPS, total), total + 1)]
    assert rates == sorted(rates, reverse=True)
