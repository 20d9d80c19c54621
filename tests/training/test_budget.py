import pytest

from charrnn.settings.configuration import TrainingConfig
from charrnn.training import budget
from charrnn.training.arithmetic import Answer
from charrnn.training.budget import STARTING_SECONDS, ByClock, budget_of, usual_epochs


def never() -> float:
    raise AssertionError("the speed of the machine is not needed")


def test_steps_and_epochs_tell_what_is_read_without_a_clock() -> None:
    steps = budget_of(TrainingConfig(steps=10, batch_size=4, window=8), 1000, never)
    assert steps.affords(5) == steps.affords(10**9) == 320
    assert budget_of(TrainingConfig(epochs=2.5), 1000, never).affords(5) == 2500
    # 296 windows of 64 characters are read in 5 streams.
    assert budget_of(TrainingConfig(steps=300), 19_000, never).affords(5) == 300 * 5 * 64
    usual = budget_of(TrainingConfig(), 1000, never)
    assert usual.affords(5) == 1000 * usual_epochs(1000)


def test_by_the_clock_a_network_twice_as_large_reads_half_as_much() -> None:
    by_clock = budget_of(TrainingConfig(minutes=2), 1000, lambda: 6e6)
    assert by_clock.affords(100) == pytest.approx((120 - STARTING_SECONDS) * 6e6 / 600)
    assert by_clock.affords(200) == by_clock.affords(100) / 2


def test_the_speed_is_asked_for_once_and_only_when_it_is_needed() -> None:
    asked = []
    by_clock = budget_of(TrainingConfig(minutes=1), 1000, lambda: asked.append(1) or 1e6)
    assert asked == []
    by_clock.affords(1)
    by_clock.affords(2)
    assert asked == [1]


def test_no_time_is_too_short_to_read_something() -> None:
    assert ByClock(0.01, lambda: 1e6).affords(10) > 0


def test_long_texts_are_read_less_often() -> None:
    readings = [usual_epochs(characters) for characters in (1, 10**4, 10**5, 10**6, 10**9)]
    assert readings == sorted(readings, reverse=True)
    assert readings[0] == 40
    assert readings[-1] == 2


def test_a_machine_is_as_quick_as_it_reads_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    from charrnn.model.choice import Timing

    def timed(*_: object) -> Answer:
        return Answer((Timing("float32", 2, "units", 0.05),), None)

    monkeypatch.setattr(budget, "quickest", timed)
    operations = 6 * 4 * 512 * (64 + 512) * 32 * 64
    assert budget.measured_speed(2) == pytest.approx(budget.SHARE_OF_LAYERS * operations / 0.05)
    assert budget.measured_speed(0) == budget.OPERATIONS_ON_A_GPU


def test_a_run_of_seconds_takes_no_time_to_measure_the_machine() -> None:
    by_clock = budget_of(TrainingConfig(minutes=0.1), 1000, never)
    assert by_clock.affords(100) > by_clock.affords(200) > 0
