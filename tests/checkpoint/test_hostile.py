"""No file of a stranger's checkpoint is read beyond bounds, or fails with more than a sentence."""

import math
import shutil
from pathlib import Path

import pytest

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE, Checkpoint
from charrnn.checkpoint.history import (
    HISTORY_FILE,
    LARGEST_HISTORY,
    append_history,
    cut_history,
    read_history,
)
from charrnn.checkpoint.network_file import read_network
from charrnn.corpus.ngram_filter import NgramFilter
from charrnn.decoding.constraints import open_ngram_filter
from charrnn.errors import CheckpointError
from charrnn.forms.chinese.sounds import open_sounds
from charrnn.forms.english.words import open_words
from tests import hostile
from tests.decoding.networks import save_reciting_run

MOST_MEMORY = 12 * 2**20
"""Bytes that refusing a tiny network may take. A bomb would unpack to more."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sound") / "black"
    save_reciting_run(directory)
    return directory


@pytest.fixture
def directory(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "black"))


def read(directory: Path) -> int:
    """Read a network; returns how many arrays it has."""
    checkpoint = Checkpoint.open(directory)
    return len(read_network(checkpoint.model_path, checkpoint.record.architecture))


@pytest.mark.parametrize("make", hostile.MODELS.values(), ids=hostile.MODELS)
def test_a_hostile_network_is_refused_in_a_sentence(directory: Path, make: hostile.Hostile) -> None:
    make(directory)
    assert "model.keras" in hostile.refusal(lambda: read(directory), MOST_MEMORY)


def test_a_sound_network_is_read(directory: Path) -> None:
    hostile.sign_model(directory)
    assert read(directory) == 6


@pytest.mark.parametrize("make", hostile.RECORDS.values(), ids=hostile.RECORDS)
def test_a_hostile_record_is_refused_in_a_sentence(directory: Path, make: hostile.Hostile) -> None:
    make(directory)
    hostile.refusal(lambda: read(directory), MOST_MEMORY)


FAULTY_HISTORIES = {
    name: make
    for name, make in hostile.HISTORIES.items()
    if name not in {"many lines", "a history without end"}
}


def test_only_the_end_of_a_very_long_history_is_read(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(200):
        append_history(directory, {"step": step})
    whole = (directory / HISTORY_FILE).read_bytes()
    monkeypatch.setattr("charrnn.checkpoint.history.LARGEST_HISTORY", 1_000)
    steps = [line["step"] for line in read_history(directory)]
    assert steps == list(range(200 - len(steps), 200))
    assert 50 < len(steps) < 80
    # A resumed run keeps what is not read.
    cut_history(directory, 189)
    lines = (directory / HISTORY_FILE).read_bytes().splitlines(keepends=True)
    assert lines == whole.splitlines(keepends=True)[:190]


def test_a_history_without_end_is_not_gone_on_with(directory: Path) -> None:
    hostile.HISTORIES["a history without end"](directory)
    assert read_history(directory) == []
    refused = hostile.refusal(lambda: cut_history(directory, 3), 4 * LARGEST_HISTORY)
    assert "history.jsonl has" in refused


@pytest.mark.parametrize("make", FAULTY_HISTORIES.values(), ids=FAULTY_HISTORIES)
def test_bad_lines_of_a_history_are_passed_over(directory: Path, make: hostile.Hostile) -> None:
    make(directory)
    # As a resumed run does.
    cut_history(directory, 3)
    append_history(directory, {"step": 3, "validation_loss": 1.5})
    for line in read_history(directory):
        assert math.isfinite(line["step"] + line.get("validation_loss", 0))
    assert read_history(directory)[-1:] == [{"step": 3, "validation_loss": 1.5}]


@pytest.mark.parametrize(
    "make", hostile.UNREADABLE_HISTORIES.values(), ids=hostile.UNREADABLE_HISTORIES
)
def test_a_history_that_is_no_file_is_told(directory: Path, make: hostile.Hostile) -> None:
    make(directory)
    with pytest.raises(CheckpointError, match=r"history\.jsonl is not a regular file"):
        read_history(directory)


@pytest.mark.parametrize("make", hostile.FILTERS.values(), ids=hostile.FILTERS)
def test_a_changed_filter_is_refused_and_not_a_guard_turned_off(
    directory: Path, make: hostile.Hostile
) -> None:
    checkpoint = Checkpoint.open(directory)
    known = NgramFilter.build(["the moon"], 4, most=5, corpus=checkpoint.record.corpus.digest)
    known.write(directory / NGRAM_FILTER_FILE)
    assert open_ngram_filter(checkpoint) is not None
    make(directory)
    with pytest.raises(CheckpointError, match=r"the n-gram filter of the training text cannot be"):
        open_ngram_filter(checkpoint)


@pytest.mark.parametrize("make", hostile.TABLES.values(), ids=hostile.TABLES)
def test_a_hostile_table_is_refused_in_a_sentence(directory: Path, make: hostile.Hostile) -> None:
    checkpoint = Checkpoint.open(directory)
    make(directory)
    told = hostile.refusal(lambda: open_sounds(checkpoint) or open_words(checkpoint), MOST_MEMORY)
    assert "the learned table cannot be used" in told
