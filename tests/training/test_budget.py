import pytest
import tensorflow as tf

from charrnn.settings.configuration import Precision, TrainingConfig
from charrnn.training import budget
from charrnn.training.budget import ByClock, budget_of, usual_epochs


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
    assert by_clock.affords(100) == pytest.approx(120 * 6e6 / 600)
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


@pytest.mark.parametrize(
    ("rate", "precision", "speed"),
    [
        (6e11, None, 4e11),
        (4.5e11, "bfloat16", 4e11),
        (2e11, "float32", 2e11),
        (1.7e11, "float32", 2e11),
        (1e9, "float32", 1e11 / 128),
    ],
)
def test_the_speed_of_a_machine_is_a_share_of_its_products_rounded(
    rate: float, precision: Precision | None, speed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "_product_rate", lambda *_: rate)
    monkeypatch.setattr(budget, "has_bfloat16", lambda: True)
    assert budget.measured_speed(2, precision) == speed


def test_the_speed_of_a_gpu_is_not_measured() -> None:
    assert budget.measured_speed(0, None) == budget.OPERATIONS_ON_A_GPU


def test_products_are_measured_on_any_number_of_cores() -> None:
    for cores in (1, 3):
        assert budget._product_rate(cores, tf.float32) > 0


def test_a_run_of_seconds_takes_no_time_to_measure_the_machine() -> None:
    by_clock = budget_of(TrainingConfig(minutes=0.1), 1000, never)
    assert by_clock.affords(100) > by_clock.affords(200) > 0
