import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.training.schedule import (
    CLOSING_SECONDS,
    EVALUATION_SHARE,
    EVALUATIONS,
    FEWEST_EVALUATIONS,
    FIRST_STEPS,
    LARGEST_EVALUATION_SHARE,
    LONGEST_INTERVAL,
    MEASURED_SECONDS,
    TimeBudget,
    evaluations_in,
    steps_of_evaluation,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run_steps(pace: TimeBudget, clock: Clock, steps: int, seconds: float) -> None:
    for _ in range(steps):
        clock.now += seconds
        pace.stepped(seconds)


def test_the_first_steps_do_not_count() -> None:
    clock = Clock()
    pace = TimeBudget(1000.0, clock)
    run_steps(pace, clock, FIRST_STEPS, 100.0)
    assert not pace.measured
    run_steps(pace, clock, int(MEASURED_SECONDS), 1.0)
    assert pace.measured


def test_steps_left_fill_the_time_left() -> None:
    clock = Clock()
    pace = TimeBudget(100.0 + CLOSING_SECONDS, clock)
    run_steps(pace, clock, FIRST_STEPS + 10, 0.5)
    assert pace.steps_left(0, 0.0) == int((100 - clock.now) / 0.5)


def test_evaluations_take_their_time_from_the_steps() -> None:
    clock = Clock()
    pace = TimeBudget(100.0 + CLOSING_SECONDS, clock)
    run_steps(pace, clock, FIRST_STEPS + 10, 0.5)
    assert pace.steps_left(4, 10.0) == int((100 - clock.now - 4 * 5.0) / 0.5)
    pace.evaluated(9.0)
    pace.evaluated(2.0)
    assert pace.steps_left(4, 10.0) == int((100 - clock.now - 4 * 2.0) / 0.5)


def test_the_first_evaluation_which_compiles_does_not_shrink_the_plan() -> None:
    clock = Clock()
    pace = TimeBudget(100.0 + CLOSING_SECONDS, clock)
    run_steps(pace, clock, FIRST_STEPS + 10, 0.5)
    before = pace.steps_left(4, 10.0)
    pace.evaluated(60.0)
    assert pace.steps_left(4, 10.0) == before
    pace.evaluated(8.0)
    assert pace.steps_left(4, 10.0) == int((100 - clock.now - 4 * 8.0) / 0.5)


def test_a_first_evaluation_quicker_than_guessed_lengthens_the_plan() -> None:
    clock = Clock()
    pace = TimeBudget(100.0 + CLOSING_SECONDS, clock)
    run_steps(pace, clock, FIRST_STEPS + 10, 0.5)
    pace.evaluated(1.0)
    assert pace.steps_left(4, 10.0) == int((100 - clock.now - 4 * 1.0) / 0.5)


def test_there_is_no_plan_before_a_step_was_measured() -> None:
    pace = TimeBudget(100.0, Clock())
    assert pace.step_seconds is None
    with pytest.raises(ValueError, match="not known before a step"):
        pace.steps_left(1, 1.0)


def test_a_budget_too_short_to_measure_is_laid_out_all_the_same() -> None:
    clock = Clock()
    pace = TimeBudget(2.0, clock)
    run_steps(pace, clock, FIRST_STEPS + 1, 0.1)
    assert pace.measured
    assert pace.steps_left(1, 1.0) >= 1


def test_the_time_is_up_a_little_before_the_deadline() -> None:
    clock = Clock()
    pace = TimeBudget(10.0, clock)
    clock.now = 10.0 - CLOSING_SECONDS - 0.01
    assert not pace.over
    clock.now = 10.0 - CLOSING_SECONDS
    assert pace.over


@pytest.mark.parametrize("slowdown", [0.5, 1.0, 2.0])
def test_a_run_ends_in_time_though_the_machine_changes_its_speed(slowdown: float) -> None:
    clock = Clock()
    pace = TimeBudget(300.0, clock)
    step, total, evaluation = 0, 10**9, 10**9
    while step < total and not pace.over:
        seconds = 0.1 * (slowdown if clock.now > 100 else 1.0)
        clock.now += seconds
        pace.stepped(seconds)
        step += 1
        if (total == 10**9 and pace.measured) or step == evaluation:
            if step == evaluation:
                clock.now += 1.5
                pace.evaluated(1.5)
            left = max(1, round(20 * (300 - clock.now) / 300))
            total = step + pace.steps_left(left, 15.0)
            evaluation = step + max(1, (total - step) // left)
    assert 270 < clock.now <= 300 + 1.5


@given(steps=st.integers(1, 10**6), step=st.integers(1, 10**5), validation=st.integers(1, 10**7))
def test_evaluations_are_affordable_but_some(steps: int, step: int, validation: int) -> None:
    evaluations = evaluations_in(steps, step, validation)
    assert 1 <= evaluations <= min(steps, max(EVALUATIONS, steps // LONGEST_INTERVAL))
    cost = steps_of_evaluation(step, validation)
    if evaluations > 1:
        share = EVALUATION_SHARE if evaluations > FEWEST_EVALUATIONS else LARGEST_EVALUATION_SHARE
        assert evaluations * cost <= share * steps * (1 + 1e-9)
    if evaluations < min(steps, FEWEST_EVALUATIONS):
        assert (evaluations + 1) * cost > LARGEST_EVALUATION_SHARE * steps * (1 - 1e-9)
