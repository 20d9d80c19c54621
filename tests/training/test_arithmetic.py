import dataclasses
import datetime
from typing import Any

import pytest

from charrnn.errors import ConfigurationError
from charrnn.model.choice import Timing
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import Precision, TrainingConfig
from charrnn.training import arithmetic
from charrnn.training.arithmetic import (
    SHORTEST_MEASURED,
    WORTH_MEASURING,
    arithmetic_on,
    settle_arithmetic,
)
from charrnn.training.measurements import measurements_file

ARCHITECTURE = Architecture(
    cell="lstm", vocabulary_size=50, embedding=8, layers=1, units=16, dropout=0.0, activation="tanh"
)
SHORT = TrainingConfig(steps=10, batch_size=32, window=64)
LONG = dataclasses.replace(SHORT, steps=10**9)

Calls = list[dict[str, Any]]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What was asked to be measured; two parts of bfloat16 come out as the quickest."""
    calls: Calls = []

    def measure(*arguments: Any, **wishes: Any) -> list[Timing]:
        calls.append({"arguments": arguments, **wishes})
        return [Timing("bfloat16", 2, "rows", 0.0012), Timing("float32", 4, "units", 0.5)]

    monkeypatch.setattr(arithmetic, "quickest_first", measure)
    return calls


def settle(
    training: TrainingConfig,
    *,
    cores: int = 4,
    devices: int = 1,
    characters: int = 1000,
    notes: list[str] | None = None,
    **changes: Any,
) -> TrainingConfig:
    return settle_arithmetic(
        dataclasses.replace(training, **changes),
        ARCHITECTURE,
        training_characters=characters,
        devices=devices,
        cores=cores,
        noted=(lambda _: None) if notes is None else notes.append,
    )


def settled(training: TrainingConfig) -> tuple[Precision | None, int | None]:
    """Precision and parts of a training that deals units to them."""
    assert training.split == "units"
    return training.precision, training.parts


@pytest.mark.parametrize("training", [SHORT, LONG])
@pytest.mark.parametrize("wishes", [{}, {"precision": "float32"}, {"parts": 0}])
def test_a_gpu_computes_the_layers_of_keras(
    training: TrainingConfig, wishes: dict[str, Any], measured: Calls
) -> None:
    assert settled(settle(training, cores=0, **wishes)) == ("float32", 0)
    assert not measured


@pytest.mark.parametrize("wishes", [{"parts": 2}, {"precision": "bfloat16"}, {"split": "rows"}])
def test_what_a_gpu_does_not_do_is_refused(wishes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        settle(LONG, cores=0, **wishes)
    assert str(refusal.value) == (
        "parts, split rows and precision bfloat16 are for training on a CPU; a GPU computes "
        "Keras's own layers. Leave them out, or give --device cpu."
    )


@pytest.mark.parametrize("training", [SHORT, LONG])
@pytest.mark.parametrize(
    ("wishes", "outcome"),
    [
        ({"parts": 0}, ("float32", 0)),
        ({"parts": 0, "precision": "float32"}, ("float32", 0)),
        ({"parts": 3, "precision": "float32", "split": "units"}, ("float32", 3)),
        ({"parts": 3, "precision": "bfloat16", "split": "units"}, ("bfloat16", 3)),
    ],
)
def test_what_was_asked_for_is_taken_without_measuring(
    training: TrainingConfig, wishes: dict[str, Any], outcome: tuple[str, int], measured: Calls
) -> None:
    assert settled(settle(training, **wishes)) == outcome
    assert not measured


@pytest.mark.parametrize(
    ("wishes", "outcome"),
    [
        ({}, ("float32", 0)),
        ({"precision": "float32"}, ("float32", 0)),
        ({"precision": "bfloat16"}, ("bfloat16", 4)),
        ({"parts": 3}, ("float32", 3)),
    ],
)
def test_a_short_run_is_not_worth_measuring(
    wishes: dict[str, Any], outcome: tuple[str, int], measured: Calls
) -> None:
    notes: list[str] = []
    assert settled(settle(SHORT, notes=notes, **wishes)) == outcome
    assert not measured
    assert not notes


def test_rows_asked_for_are_dealt(measured: Calls) -> None:
    for training in (SHORT, LONG):
        wanted = dataclasses.replace(training, parts=2, precision="float32", split="rows")
        assert settle(wanted) == wanted
    assert settle(SHORT, parts=2, split="rows").split == "rows"
    assert settle(SHORT, split="rows").parts == 4
    assert not measured


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"precision": "bfloat16"},
        {"parts": 2},
        {"split": "rows"},
        {"precision": "bfloat16", "parts": 2},
    ],
)
def test_a_long_run_takes_what_was_quickest_and_says_so(
    wishes: dict[str, Any], measured: Calls
) -> None:
    notes: list[str] = []
    outcome = settle(LONG, devices=2, notes=notes, **wishes)
    assert outcome == dataclasses.replace(LONG, precision="bfloat16", parts=2, split="rows")
    assert measured == [
        {
            "arguments": (ARCHITECTURE, 16, 64, 4),
            "precision": wishes.get("precision"),
            "parts": wishes.get("parts"),
            "split": wishes.get("split"),
        }
    ]
    (note,) = notes
    assert note == (
        "a layer reads a window with bfloat16 in 2 parts of the rows: 1.2 ms "
        "(float32 in 4 parts of the units: 500.0 ms)."
    )


def is_measured(training: TrainingConfig, calls: Calls, characters: int = 1000) -> bool:
    calls.clear()
    measurements_file().unlink(missing_ok=True)
    settle(training, characters=characters)
    return len(calls) == 1


def test_what_was_measured_before_is_taken_and_told(measured: Calls) -> None:
    notes: list[str] = []
    first, second = (settle(LONG, notes=notes) for _ in range(2))
    assert second == first
    assert len(measured) == 1
    date = datetime.datetime.now().astimezone().date().isoformat()
    told = f", as measured on {date}. To measure again, remove {measurements_file()}."
    assert notes[1] == notes[0].removesuffix(".") + told
    settle(LONG, precision="float32")
    settle(LONG, devices=2)
    assert len(measured) == 3


def test_steps_or_epochs_are_worth_measuring_from_so_many_operations_on(measured: Calls) -> None:
    characters = WORTH_MEASURING / 6 / ARCHITECTURE.parameters
    steps = -(-characters // (32 * 64))
    for number, worth in ((steps - 1, False), (steps, True)):
        assert is_measured(dataclasses.replace(SHORT, steps=int(number)), measured) == worth
    for epochs, worth in ((0.49, False), (0.51, True)):
        training = TrainingConfig(epochs=epochs, batch_size=32, window=64)
        assert is_measured(training, measured, int(2 * characters)) == worth


def test_minutes_are_worth_measuring_by_the_clock(measured: Calls) -> None:
    for minutes, worth in ((0.99 * SHORTEST_MEASURED, False), (SHORTEST_MEASURED, True)):
        training = TrainingConfig(minutes=minutes, batch_size=32, window=64)
        assert is_measured(training, measured) == worth


def test_a_run_that_goes_on_keeps_its_arithmetic_but_on_a_gpu() -> None:
    training = dataclasses.replace(LONG, precision="bfloat16", parts=2, split="rows")
    assert arithmetic_on(training, cores=8) is training
    assert settled(arithmetic_on(training, cores=0)) == ("float32", 0)
