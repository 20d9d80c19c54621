"""What kills and losses of power leave of the files of a checkpoint, and of a packed network."""

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from charrnn.checkpoint.atomic_files import UNFINISHED, write_text
from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    RESUME_DIRECTORY,
    STATE_FILE,
    WORDS_FILE,
    Checkpoint,
    CheckpointWriter,
    claim,
    read_record,
)
from charrnn.checkpoint.export import CARD_FILE, export
from charrnn.checkpoint.history import HISTORY_FILE, append_history, read_history
from charrnn.checkpoint.lookup import checkpoints_in
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE, RunRecord, holds_run
from charrnn.errors import CheckpointError
from tests.decoding.networks import save_markov_run
from tests.fakes import MODEL, RECORD, save_bytes
from tests.power_loss import Recorder, Trace


@pytest.fixture(autouse=True)
def impatient_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the real disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The directory whose disk loses power."""
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def recorded(root: Path, write: Callable[[Recorder], object]) -> Trace:
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(root, patch)
        write(recorder)
        return recorder.trace()


def litter(root: Path) -> list[Path]:
    return list(root.rglob(f"{UNFINISHED}*"))


def test_the_disk_of_these_tests_loses_what_was_not_forced_to_it(root: Path) -> None:
    """A file that is written carelessly is lost in all the ways that a disk knows."""

    def careless(_: Recorder) -> None:
        (root / "new").mkdir()
        (root / "new" / "poem.txt").write_text("moon")
        (root / "new" / "poem.txt").replace(root / "poem.txt")

    (root / "poem.txt").write_text("old")
    trees = [left.tree for left in recorded(root, careless).losses()]
    contents = {tree.get("poem.txt") for tree in trees}
    assert contents == {b"old", b"", b"mo", b"\0\0\0\0", b"moon"}
    assert {"poem.txt": b"old"} in trees
    assert {"poem.txt": b"moon", "new": None} in trees
    kills = [left.tree for left in recorded(root, lambda _: None).kills()]
    assert kills == [{"new": None, "poem.txt": b"moon"}]


def test_a_text_is_the_old_or_the_new_one_at_each_instant(root: Path, tmp_path: Path) -> None:
    write_text(root / "old.txt", "old " * 50)

    def write(recorder: Recorder) -> None:
        write_text(root / "old.txt", "new " * 40)
        write_text(root / "a" / "b" / "new.txt", "more")
        recorder.mark("done")

    for left in recorded(root, write).losses():
        old, new = left.tree["old.txt"], left.tree.get("a/b/new.txt")
        assert old in {b"old " * 50, b"new " * 40}
        assert new in {None, b"more"}
        assert (old, new) == (b"new " * 40, b"more") or left.mark != "done"
        again = left.put_in(tmp_path / "again")
        write_text(again / "old.txt", "newer")
        write_text(again / "a" / "b" / "new.txt", "newer")
        assert not litter(again)


# A run


def begin(root: Path, content: bytes) -> RunRecord:
    """Begin a run, and keep two networks, as the trainer does; run "two" has no file of its text."""
    made = root.parent / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    if content != b"two":
        save_bytes(made / WORDS_FILE, b"words of " + content)
    directory = root / "moon"
    writer = CheckpointWriter(directory)
    with writer.held():
        record = dataclasses.replace(RECORD, device=content.decode())
        with writer.beginning(record, made):
            write_text(directory / RESUME_DIRECTORY / STATE_FILE, f"state of {content.decode()}")
        record = improve(root, record, content, 1)
        return improve(root, record, content, 2)


def improve(root: Path, record: RunRecord, content: bytes, step: int) -> RunRecord:
    """Keep a better network of a run."""
    writer = CheckpointWriter(root / "moon")
    better = dataclasses.replace(MODEL, step=step, validation_loss=1.0 / step)
    record = writer.write_model(
        record, better, lambda path: save_bytes(path, content * step + bytes(9))
    )
    append_history(writer.directory, {"step": step, "of": content.decode()})
    return record


def check_run(directory: Path) -> str:
    """What a crash left is a whole run that can be resumed, or a free name; the run's name."""
    if not holds_run(directory):
        assert not checkpoints_in(directory.parent)
        assert claim(directory.parent, directory.name, overwrite=False)
        return ""
    name = read_record(directory).device
    words = directory / WORDS_FILE
    assert (words.exists(), name) == (False, "two") or words.read_text() == f"words of {name}"
    assert (directory / RESUME_DIRECTORY / STATE_FILE).read_text() == f"state of {name}"
    history = read_history(directory)
    assert all(line["of"] == name for line in history)
    assert [line["step"] for line in history] == [1, 2][: len(history)]
    if not (directory / MODEL_FILE).exists():
        assert not history
        with pytest.raises(CheckpointError, match="charrnn train --resume"):
            Checkpoint.open(directory)
        return name
    opened = Checkpoint.open(directory)
    step = opened.model.step
    assert opened.model_path.read_bytes() == name.encode() * step + bytes(9)
    assert len(history) in {step, step - 1}
    return name


def test_a_run_is_whole_or_not_there_whatever_is_lost(root: Path, tmp_path: Path) -> None:
    def write(recorder: Recorder) -> None:
        begin(root, b"one")
        recorder.mark("kept")
        begin(root, b"two")  # In its place.
        recorder.mark("replaced")

    found: dict[str, set[str]] = {}
    for number, left in enumerate(recorded(root, write).losses(UNFINISHED)):
        place = left.put_in(tmp_path / "again")
        name = check_run(place / "moon")
        found.setdefault(left.mark, set()).add(name)
        with CheckpointWriter(place / "moon").held():
            assert not litter(place)
        if not name and number % 10 == 0:
            begin(place, b"three")
            assert check_run(place / "moon") == "three"
    assert found == {"": {"", "one"}, "kept": {"one", "", "two"}, "replaced": {"two"}}


def test_a_line_of_the_history_that_was_cut_short_is_dropped(root: Path, tmp_path: Path) -> None:
    def write(recorder: Recorder) -> None:
        for step in (1, 2):
            append_history(root, {"step": step})
            recorder.mark(str(step))

    lengths = set()
    for left in recorded(root, write).losses():
        steps = [line["step"] for line in read_history(left.put_in(tmp_path / "again"))]
        assert steps == [1, 2][: len(steps)]
        assert len(steps) >= int(left.mark or 0)
        lengths.add(len(left.tree.get(HISTORY_FILE) or b""))
    assert len(lengths) == 5


# A packed network


@pytest.fixture
def mine(tmp_path: Path) -> Checkpoint:
    save_markov_run(tmp_path / "mine", np.random.default_rng(1).normal(0, 1, (8, 8)), "\n abcd")
    save_bytes(tmp_path / "mine" / NGRAM_FILTER_FILE, b"n-grams")
    return Checkpoint.open(tmp_path / "mine")


def pack(mine: Checkpoint, root: Path) -> None:
    export(
        mine,
        root / "gifts" / "moon",
        measure=lambda opened: 1.0 + len(opened.directory.name),
        write=lambda opened: opened.directory.name,
        text={},
    )


def packed(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "gifts" / "moon").glob("*")}


def test_a_packed_network_is_whole_or_not_there_whatever_is_lost(
    mine: Checkpoint, root: Path, tmp_path: Path
) -> None:
    def write(recorder: Recorder) -> None:
        pack(mine, root)
        recorder.mark("packed")

    trace = recorded(root, write)
    whole = packed(root)
    assert whole.keys() == {MODEL_FILE, RECORD_FILE, NGRAM_FILTER_FILE, CARD_FILE}
    there = set()
    for left in trace.losses(UNFINISHED):
        place = left.put_in(tmp_path / "again")
        there.add((left.mark, (place / "gifts" / "moon").exists()))
        if (place / "gifts" / "moon").exists():
            assert packed(place) == whole
            with pytest.raises(CheckpointError, match="exists already"):
                pack(mine, place)
        else:
            pack(mine, place)
            assert packed(place) == whole
        assert not litter(place)
        shutil.rmtree(place)
    assert there == {("", False), ("", True), ("packed", True)}
