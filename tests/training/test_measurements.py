import json
from pathlib import Path
from typing import Any

import pytest

from charrnn.model.choice import Timing
from charrnn.training import measurements
from charrnn.training.measurements import (
    MOST_REMEMBERED,
    Measurement,
    measurements_file,
    recall,
    remember,
)

QUESTION = {"cores": 2, "units": 256, "precision": None}
TIMINGS = (Timing("bfloat16", 2, "rows", 0.0125), Timing("float32", 2, "units", 0.5))


def recalled(question: dict[str, Any] = QUESTION) -> Measurement:
    found = recall(question)
    assert found is not None
    return found


def test_what_was_measured_is_known_in_the_next_run() -> None:
    assert recall(QUESTION) is None
    remember(QUESTION, TIMINGS)
    assert recalled().timings == TIMINGS
    assert len(recalled().date) == len("2026-11-21")


@pytest.mark.parametrize("change", [{"cores": 4}, {"precision": "float32"}, {"cell": "gru"}])
def test_another_question_has_another_answer(change: dict[str, Any]) -> None:
    remember(QUESTION, TIMINGS)
    assert recall(QUESTION | change) is None
    remember(QUESTION | change, TIMINGS[:1])
    assert recalled().timings == TIMINGS
    assert recalled(QUESTION | change).timings == TIMINGS[:1]


@pytest.mark.parametrize("name", ["_processor", "importlib.metadata.version"])
def test_another_processor_or_version_is_measured_anew(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(QUESTION, TIMINGS)
    holder, _, attribute = name.rpartition(".")
    target = measurements.importlib.metadata if holder else measurements
    monkeypatch.setattr(target, attribute, lambda *_: "another")
    assert recall(QUESTION) is None


def test_a_new_measurement_takes_the_place_of_the_old_one() -> None:
    remember(QUESTION, TIMINGS)
    remember(QUESTION, TIMINGS[1:])
    assert recalled().timings == TIMINGS[1:]
    assert len(json.loads(measurements_file().read_text())) == 1


def test_the_oldest_measurements_are_forgotten() -> None:
    for number in range(MOST_REMEMBERED + 2):
        remember({"number": number}, TIMINGS)
    assert recall({"number": 1}) is None
    assert recalled({"number": 2}).timings == TIMINGS


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda text: text[: len(text) // 2],
        lambda _: "[1, 2]",
        lambda _: "[" * 100_000,
        lambda text: text.replace("bfloat16", "float8"),
        lambda text: text.replace("0.5", '"0.5"'),
        lambda text: text.replace('"seconds"', '"minutes"'),
    ],
)
def test_a_file_that_is_not_what_was_written_is_measured_anew(spoil: Any) -> None:
    remember(QUESTION, TIMINGS)
    path = measurements_file()
    path.write_text(spoil(path.read_text()))
    assert recall(QUESTION) is None
    remember(QUESTION, TIMINGS)
    assert recalled().timings == TIMINGS


def test_what_cannot_be_kept_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    monkeypatch.setenv("CHARRNN_CACHE", str(occupied))
    remember(QUESTION, TIMINGS)
    assert recall(QUESTION) is None
