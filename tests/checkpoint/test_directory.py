import contextlib
import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.checkpoint import atomic_files, directory
from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    SOUNDS_FILE,
    STATE_FILE,
    WORDS_FILE,
    Checkpoint,
    CheckpointWriter,
    claim,
    read_record,
)
from charrnn.checkpoint.history import HISTORY_FILE, append_history, cut_history, read_history
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE, OriginRecord, RunRecord
from charrnn.errors import CheckpointError, ConfigurationError
from tests.fakes import MODEL, RECORD, save_bytes, write_run


class Crash(BaseException):
    """The process is killed: no handler of the package may catch it."""


@pytest.fixture(autouse=True)
def impatient_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the disk; tests/checkpoint/test_atomic_files.py sees that the package does."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = write_run(tmp_path / "moons", b"weights")
    opened = Checkpoint.open(tmp_path / "moons")
    assert opened.record == record
    assert opened.model == dataclasses.replace(MODEL, sha256=record.models[0].sha256)
    assert opened.model_path.read_bytes() == b"weights"
    assert [line["step"] for line in read_history(opened.directory)] == [50, 100, 150]


def test_the_record_is_json_that_names_its_format_and_spells_characters_out(
    tmp_path: Path,
) -> None:
    write_run(tmp_path)
    text = (tmp_path / RECORD_FILE).read_text(encoding="utf-8")
    assert json.loads(text)["format"] == 2
    assert "月" in text


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    record = write_run(tmp_path, b"abc")
    # SHA-256 of "abc", from FIPS 180-2, appendix B.1.
    assert record.models[0].sha256 == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


# Crashes


def _steps_of(write: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> int:
    """Count the instants at which writing touches the disk."""
    return _crash_at(10**6, write, monkeypatch)


def _crash_at(step: int, write: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> int:
    """Write, and crash before the given touch of the disk; returns the touches that came."""
    touches = 0

    def counted(touch: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **keywords: Any) -> Any:
            nonlocal touches
            if touches == step:
                raise Crash
            touches += 1
            return touch(*arguments, **keywords)

        return counting

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(Path, "write_text", counted(Path.write_text))
        patch.setattr(Path, "write_bytes", counted(Path.write_bytes))
        patch.setattr(atomic_files, "sync", counted(atomic_files.sync))
        try:
            write()
        except Crash:
            assert touches == step
    return touches


def test_a_crash_at_any_write_leaves_a_network_with_its_own_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    better = dataclasses.replace(MODEL, step=200, validation_loss=1.25)

    def improve(directory: Path) -> Callable[[], object]:
        record = write_run(directory, b"old")
        return lambda: CheckpointWriter(directory).write_model(
            record, better, lambda path: save_bytes(path, b"new")
        )

    touches = _steps_of(improve(tmp_path / "counted"), monkeypatch)
    assert touches >= 10
    seen = set()
    for step in range(touches + 1):
        directory = tmp_path / str(step)
        _crash_at(step, improve(directory), monkeypatch)
        opened = Checkpoint.open(directory)
        content = opened.model_path.read_bytes()
        assert opened.model.validation_loss == {b"old": 1.5, b"new": 1.25}[content]
        seen.add(content)
        # The next session begins with what it finds, and may crash as well.
        again = dataclasses.replace(MODEL, step=300, validation_loss=1.0)
        resumed = CheckpointWriter(directory).write_model(
            opened.record, again, lambda path: save_bytes(path, b"newer")
        )
        assert Checkpoint.open(directory).model.step == 300
        assert len(resumed.models) == 1
    assert seen == {b"old", b"new"}


def test_two_crashes_in_a_row_leave_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in range(12):
        for second in range(12):
            directory = tmp_path / f"{first}-{second}"
            write_run(directory, b"old")
            for step, content in ((first, b"new"), (second, b"newer")):
                record = read_record(directory)

                def write(
                    record: RunRecord = record,
                    directory: Path = directory,
                    content: bytes = content,
                ) -> None:
                    CheckpointWriter(directory).write_model(
                        record, MODEL, lambda path: save_bytes(path, content)
                    )

                _crash_at(step, write, monkeypatch)
            Checkpoint.open(directory)


def test_a_crash_before_the_first_network_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(directory: Path) -> Callable[[], object]:
        writer = CheckpointWriter(directory)
        writer.write_record(RECORD)
        return lambda: writer.write_model(RECORD, MODEL, lambda path: save_bytes(path, b"new"))

    for step in range(_steps_of(begin(tmp_path / "counted"), monkeypatch)):
        directory = tmp_path / f"run{step}"
        _crash_at(step, begin(directory), monkeypatch)
        if (directory / MODEL_FILE).exists():
            assert Checkpoint.open(directory).model.step == MODEL.step
        else:
            with pytest.raises(
                CheckpointError, match="add --overwrite to the command that began it"
            ):
                Checkpoint.open(directory)


def test_a_full_disk_while_saving_keeps_the_network_before(tmp_path: Path) -> None:
    record = write_run(tmp_path, b"old")

    def fail(path: Path) -> None:
        path.write_bytes(b"half of the ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        CheckpointWriter(tmp_path).write_model(record, MODEL, fail)
    assert Checkpoint.open(tmp_path).model_path.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {MODEL_FILE, RECORD_FILE, HISTORY_FILE}


# History


def test_a_history_cut_short_by_a_crash_loses_its_last_line_only(tmp_path: Path) -> None:
    write_run(tmp_path)
    content = (tmp_path / HISTORY_FILE).read_bytes()
    for length in range(len(content)):
        (tmp_path / HISTORY_FILE).write_bytes(content[:length])
        whole = content[: length + 1].count(b"\n")
        assert [line["step"] for line in read_history(tmp_path)] == [50, 100, 150][:whole]


def test_a_resumed_run_drops_what_it_will_measure_again(tmp_path: Path) -> None:
    write_run(tmp_path)
    with (tmp_path / HISTORY_FILE).open("a") as history:
        history.write('{"step": 200, "valid')
    writer = CheckpointWriter(tmp_path)
    cut_history(writer.directory, 100)
    append_history(writer.directory, {"step": 150})
    assert [line["step"] for line in read_history(tmp_path)] == [50, 100, 150]


@given(st.text())
@example("one\u2028two\x85three\n")
def test_any_sample_is_kept_on_one_line(sample: str) -> None:
    import tempfile

    encodable = sample.encode("utf-8", "replace").decode("utf-8")
    with tempfile.TemporaryDirectory() as directory:
        append_history(Path(directory), {"step": 1, "sample": encodable})
        assert read_history(Path(directory)) == [{"step": 1, "sample": encodable}]


@pytest.mark.parametrize("line", ["3", "null", "[1]", '{"loss": 1}', '{"step": "1"}', "[" * 10**5])
def test_a_line_that_is_no_evaluation_is_left_out(tmp_path: Path, line: str) -> None:
    (tmp_path / HISTORY_FILE).write_text(f'{line}\n{{"step": 2}}\n')
    assert read_history(tmp_path) == [{"step": 2}]


def test_a_run_without_a_history_has_an_empty_one(tmp_path: Path) -> None:
    assert read_history(tmp_path) == []


# What does not fit


def test_a_changed_network_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, b"weights")
    (tmp_path / MODEL_FILE).write_bytes(b"weighty")
    with pytest.raises(CheckpointError, match=r"model\.keras is not the file that charrnn\.json"):
        Checkpoint.open(tmp_path)


def test_a_directory_without_a_record_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is not a checkpoint: it has no charrnn\.json"):
        Checkpoint.open(tmp_path)


def test_another_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    write_run(tmp_path)
    path = tmp_path / RECORD_FILE
    path.write_text(path.read_text().replace('"format": 2', '"format": 3'))
    with pytest.raises(CheckpointError, match="format 3, and this charrnn reads format 2; use the"):
        read_record(tmp_path)


def _changed(values: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    *parents, last = place.split(".")
    inner = values
    for parent in parents:
        inner = inner[int(parent)] if parent.isdigit() else inner[parent]
    inner[last] = value
    return values


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("format", None),
        ("format", "1"),
        ("created", 3),
        ("device", None),
        ("versions", ["keras"]),
        ("versions", {"keras": 3}),
        ("baselines", {"xz": "low"}),
        ("baselines", {"xz": float("nan")}),
        ("vocabulary", None),
        ("vocabulary", "ab"[::-1]),
        ("vocabulary", ["ab"]),
        ("vocabulary", [1, 2]),
        ("vocabulary", ["a", "a"]),
        ("vocabulary", ["b", "a"]),
        ("vocabulary", ["\x1b"]),
        ("vocabulary", ["\ud800"]),
        ("architecture", None),
        ("architecture", []),
        ("architecture.units", -1),
        ("architecture.cell", "transformer"),
        ("corpus", None),
        ("corpus.sources", 5),
        ("corpus.sources", [5]),
        ("corpus.characters", "many"),
        ("corpus.layout", "auto-detected"),
        ("corpus.author", "Li Bai"),
        ("corpus_config.validation_fraction", 2),
        ("training.window", "wide"),
        ("training.momentum", 0.9),
        ("models", None),
        ("models", [1]),
        ("models.0.sha256", None),
        ("models.0.validation_loss", "low"),
        ("models.0.validation_loss", float("inf")),
        ("models.0.step", 10**400),
        ("origin", []),
        ("origin", "tang"),
        ("origin", {}),
        ("origin", {"name": "tang"}),
        ("origin", {"name": 3, "sha256": "0"}),
        ("origin", {"name": "tang", "sha256": None}),
        ("origin", {"name": "tang", "sha256": "0", "licence": "none"}),
        ("text_files", ["ngrams.filter"]),
        ("text_files", {"ngrams.filter": 3}),
        ("extra", 1),
    ],
)
def test_hostile_values_are_refused_in_a_sentence(
    tmp_path: Path, place: str, value: object
) -> None:
    write_run(tmp_path)
    path = tmp_path / RECORD_FILE
    path.write_text(json.dumps(_changed(json.loads(path.read_text("utf-8")), place, value)))
    with pytest.raises(CheckpointError, match=r"charrnn\.json cannot be used: "):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"3",
        b'"text"',
        b"[]",
        b"{}",
        b"{",
        b"\xff\xfe",
        b"[" * 10**5,
        b'{"format": 2}',
    ],
)
def test_what_is_not_a_record_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RECORD_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"charrnn\.json cannot be (used|read): "):
        read_record(tmp_path)


@given(
    cut=st.integers(0, 3000),
    junk=st.text(alphabet='{}[]":,0123456789.eE-ntf\\u', max_size=5),
)
def test_no_damage_to_the_record_raises_anything_else(cut: int, junk: str) -> None:
    text = RECORD.to_json()
    with contextlib.suppress(CheckpointError):
        RunRecord.from_json(text[:cut] + junk + text[cut + 1 :])


def test_settings_that_came_later_are_refused_and_not_ignored() -> None:
    values = json.loads(RECORD.to_json())
    values["training"] |= {"optimizer": "lion"}
    with pytest.raises(CheckpointError, match="it has optimizer, which this version does not"):
        RunRecord.from_json(json.dumps(values))


def test_a_record_names_the_network_that_its_run_began_with(tmp_path: Path) -> None:
    origin = OriginRecord(name="tang", sha256="0" * 64)
    assert write_run(tmp_path, origin=origin).origin == origin
    assert read_record(tmp_path).origin == origin
    assert json.loads((tmp_path / RECORD_FILE).read_text("utf-8"))["origin"] == {
        "name": "tang",
        "sha256": "0" * 64,
    }


def test_a_record_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / RECORD_FILE).mkdir()
    with pytest.raises(CheckpointError, match="is not a regular file"):
        read_record(tmp_path)


def begin(directory: Path, write: Callable[[], None] = lambda: None) -> None:
    """Begin a run in a directory, with a file of its text, and what `write` writes."""
    made = directory.parent / "made"
    made.mkdir(exist_ok=True)
    (made / WORDS_FILE).write_bytes(b"of the new text")
    with CheckpointWriter(directory).beginning(RECORD, made):
        write()


def test_an_overwritten_run_is_gone_and_all_else_stays(three_runs: Path) -> None:
    directory = three_runs / "middle"
    (directory / "letter.txt").write_text("Dear moon")
    for name in (NGRAM_FILTER_FILE, SOUNDS_FILE, WORDS_FILE):
        (directory / name).write_bytes(b"of the text")
    (directory / "resume").mkdir(exist_ok=True)
    for name in ("letter.txt", STATE_FILE):
        (directory / "resume" / name).write_text("Dear sun")
    begin(directory, lambda: save_bytes(directory / "resume" / "new", b"1"))
    left = {str(path.relative_to(directory)) for path in directory.rglob("*")}
    assert left == {
        RECORD_FILE,
        WORDS_FILE,
        "letter.txt",
        "resume",
        "resume/letter.txt",
        "resume/new",
    }
    assert (directory / WORDS_FILE).read_bytes() == b"of the new text"
    assert read_record(directory) == RECORD


@pytest.mark.parametrize("name", ["middle", "never"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_run_that_cannot_begin_leaves_nothing_and_its_name_free(
    three_runs: Path, name: str, error: BaseException
) -> None:
    def fail() -> None:
        (three_runs / name / HISTORY_FILE).write_text("half a li")
        raise error

    with pytest.raises(type(error)):
        begin(three_runs / name, fail)
    assert not list((three_runs / name).iterdir())
    assert claim(three_runs, name, overwrite=False)


@pytest.mark.parametrize("name", ["model.keras", "history.jsonl", "resume", "letter.txt"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_directory_with_files_that_are_no_run_is_never_claimed(
    tmp_path: Path, name: str, overwrite: bool
) -> None:
    (tmp_path / "moons").mkdir()
    (tmp_path / "moons" / name).write_text("precious")
    with pytest.raises(CheckpointError, match="holds files of something else"):
        claim(tmp_path, "moons", overwrite=overwrite)
    assert (tmp_path / "moons" / name).read_text() == "precious"


@pytest.mark.parametrize("place", ["moons", "."])
def test_a_link_that_leads_nowhere_is_told_as_that(tmp_path: Path, place: str) -> None:
    root = tmp_path / "runs"
    if place == "moons":
        root.mkdir()
    (root / place).symlink_to(tmp_path / "gone")
    with pytest.raises(CheckpointError, match=r"is a link to .*gone, which does not exist"):
        claim(root, "moons", overwrite=False)


@pytest.mark.parametrize("file", ["runs", "runs/moons"])
def test_a_file_where_a_directory_is_wanted_is_told_as_that(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("precious")
    with pytest.raises(CheckpointError, match=rf"{file} is a file, and a run is a directory"):
        claim(tmp_path / "runs", "moons", overwrite=True)


@pytest.mark.parametrize("name", ["../moon", "a/b", "..", ".", "", "x\0y", "C:moon", "m" * 201])
def test_a_name_that_no_directory_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="name"):
        claim(tmp_path, name, overwrite=True)


def test_a_run_that_is_held_is_not_trained_by_another(tmp_path: Path) -> None:
    with (
        CheckpointWriter(tmp_path / "moons").held(),
        pytest.raises(CheckpointError, match="another process is training in"),
        CheckpointWriter(tmp_path / "moons").held(),
    ):
        pass
    with CheckpointWriter(tmp_path / "moons").held():
        pass
    assert claim(tmp_path, "moons", overwrite=False)


def test_a_model_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path)
    read = directory.read_record
    stale = read(tmp_path)
    stale = dataclasses.replace(
        stale, models=(dataclasses.replace(stale.models[0], sha256="0" * 64),)
    )
    answers = iter([stale])
    monkeypatch.setattr(directory, "read_record", lambda where: next(answers, None) or read(where))
    assert Checkpoint.open(tmp_path).record == read(tmp_path)
