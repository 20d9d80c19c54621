import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.settings.configuration import TrainingConfig
from charrnn.training.learning_rate import WARM_UP_STEPS, LearningRateSchedule
from charrnn.training.schedule import (
    EVALUATION_SHARE,
    EVALUATIONS,
    FEWEST_EVALUATIONS,
    LARGEST_EVALUATION_SHARE,
    LONGEST_INTERVAL,
    MEASURED_SECONDS,
    Pace,
    TrainingSchedule,
    evaluations_in,
    steps_of_evaluation,
)
from charrnn.training.state import RunningMetrics, TrainerState


def pace_of(seconds: float, steps: int = 10) -> Pace:
    pace = Pace()
    for _ in range(steps):
        pace.stepped(seconds)
    return pace


def test_the_speed_is_known_after_some_seconds_of_steps() -> None:
    assert not pace_of(1.0, int(MEASURED_SECONDS) - 1).measured(1000.0)
    assert pace_of(1.0, int(MEASURED_SECONDS)).measured(1000.0)


def test_a_time_too_short_to_measure_is_laid_out_all_the_same() -> None:
    assert not Pace().measured(1.0)
    assert pace_of(0.1, 1).measured(1.0)


def test_steps_fill_a_time() -> None:
    assert pace_of(0.5).steps_in(100.0) == 200
    assert pace_of(0.5).steps_in(-3.0) == 1


def test_evaluations_take_their_time_from_the_steps() -> None:
    pace = pace_of(0.5)
    assert pace.steps_in(100.0, 4, 10.0) == int((100 - 4 * 5.0) / 0.5)
    pace.evaluated(9.0)
    pace.evaluated(2.0)
    assert pace.steps_in(100.0, 4, 10.0) == int((100 - 4 * 2.0) / 0.5)


def test_a_first_evaluation_that_was_disturbed_does_not_shrink_the_plan() -> None:
    pace = pace_of(0.5)
    before = pace.steps_in(100.0, 4, 10.0)
    pace.evaluated(60.0)
    assert pace.steps_in(100.0, 4, 10.0) == before
    pace.evaluated(8.0)
    assert pace.steps_in(100.0, 4, 10.0) == int((100 - 4 * 8.0) / 0.5)


def test_a_first_evaluation_quicker_than_guessed_lengthens_the_plan() -> None:
    pace = pace_of(0.5)
    pace.evaluated(1.0)
    assert pace.steps_in(100.0, 4, 10.0) == int((100 - 4 * 1.0) / 0.5)


def test_there_is_no_plan_before_a_step_was_measured() -> None:
    assert Pace().step_seconds is None
    with pytest.raises(ValueError, match="not known before a step"):
        Pace().steps_in(1.0)


class Session:
    """One session of a run by the clock, on a machine whose steps take what `step_seconds` says."""

    def __init__(self, minutes: float, step_seconds: float, state: TrainerState | None = None):
        rates = LearningRateSchedule(peak=0.1, total=None)
        self.state = state or TrainerState(learning_rate_schedule=rates)
        self.now = 1000.0
        self.step_seconds = step_seconds
        self.schedule = TrainingSchedule(
            self.state,
            TrainingConfig(minutes=minutes),
            step_characters=2_000,
            evaluation_characters=20_000,
            clock=lambda: self.now,
        )

    def run(self, *, compiling: float = 0.0, evaluation: float = 1.5, most: int = 10**6) -> int:
        """Train to the end, or for some steps; returns the steps of this session."""
        state, before = self.state, self.state.step
        self.now += 77.0  # TensorFlow is loaded, and files are made.
        self.schedule.begin()
        while state.step - before < most:
            if self.schedule.is_over and state.is_evaluated:
                break
            if state.step == state.next_evaluation and not state.is_evaluated:
                self.now += evaluation
                state.metrics = RunningMetrics()
                self.schedule.evaluated()
                self.now += 0.1
                self.schedule.paused()
            else:
                self.now += self.step_seconds + compiling
                compiling = 0.0
                state.step += 1
                state.metrics.steps += 1
                self.schedule.stepped()
                if self.schedule.is_over:
                    state.next_evaluation = state.step
        return state.step - before


@pytest.mark.parametrize("compiling", [0.0, 40.0, 4000.0])
def test_starting_and_compiling_take_nothing_from_a_run_by_the_clock(compiling: float) -> None:
    session = Session(0.7, 0.1)
    steps = session.run(compiling=compiling)
    # 42 seconds, some of which evaluations take.
    assert 200 < steps <= 420
    assert session.state.seconds == pytest.approx(42, abs=2)


@pytest.mark.parametrize("step_seconds", [0.001, 0.01, 0.5])
def test_a_run_by_the_clock_spends_its_time(step_seconds: float) -> None:
    session = Session(2, step_seconds)
    session.run(evaluation=2 * step_seconds)
    assert session.state.seconds == pytest.approx(120, abs=2)


@pytest.mark.parametrize("slowdown", [0.5, 1.0, 2.0])
def test_a_run_ends_in_time_though_the_machine_changes_its_speed(slowdown: float) -> None:
    session = Session(5, 0.1)
    session.run(most=900)
    session.step_seconds *= slowdown
    session.run()
    assert session.state.seconds == pytest.approx(300, abs=5)


def test_a_slow_run_by_the_clock_takes_some_steps_all_the_same() -> None:
    session = Session(0.7, 1.5)
    assert session.run() == WARM_UP_STEPS
    assert session.state.learning_rate_schedule.total == WARM_UP_STEPS


def test_a_run_by_the_clock_takes_twice_its_time_at_most() -> None:
    session = Session(0.7, 10.0)
    session.run()
    assert session.state.step < WARM_UP_STEPS
    assert session.state.seconds <= 2 * 42 + 10.0 + 1.6


@given(st.lists(st.integers(1, 300), max_size=6))
def test_a_resumed_run_spends_what_was_left(interruptions: list[int]) -> None:
    session = Session(2, 0.25)
    for steps in interruptions:
        session.run(compiling=30.0, most=steps)
        session = Session(2, 0.25, session.state)
    session.run()
    assert session.state.seconds == pytest.approx(120, abs=3)


def test_the_time_is_counted_once() -> None:
    session = Session(5, 0.25)
    session.run(compiling=9.0, most=400)
    began = 1000.0 + 77.0 + 9.0 + 0.25
    assert session.state.seconds == pytest.approx(session.now - began)


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
