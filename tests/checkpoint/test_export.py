import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn.checkpoint import export as export_module
from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    RESUME_DIRECTORY,
    SOUNDS_FILE,
    WORDS_FILE,
    Checkpoint,
    CheckpointWriter,
    read_record,
)
from charrnn.checkpoint.export import CARD_FILE, Exported, export
from charrnn.checkpoint.history import HISTORY_FILE
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE
from charrnn.decoding.scoring import text_loss
from charrnn.decoding.writer import TextGenerator
from charrnn.errors import CheckpointError
from tests import hostile
from tests.corpora import filter_of
from tests.decoding.networks import POEM, save_markov_run, save_reciting_run

ALPHABET = "\n abcd"
TEXT = {"text": "moons"}
IDS = np.random.default_rng(2).integers(2, 8, 60).astype(np.uint8)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    """A run with all the files that a run can have."""
    directory = tmp_path / "runs" / "mine"
    record = save_markov_run(directory, np.random.default_rng(1).normal(0, 1, (8, 8)), ALPHABET)
    corpus = dataclasses.replace(
        record.corpus, sources=("/home/me/diary.txt", "catalogue:jueju", "-")
    )
    CheckpointWriter(directory).write_record(dataclasses.replace(record, corpus=corpus))
    for name in (SOUNDS_FILE, WORDS_FILE, HISTORY_FILE):
        (directory / name).write_text(f"the {name} of mine")
    filter_of(["a poem"], corpus=corpus.digest).write(directory / NGRAM_FILTER_FILE)
    (directory / RESUME_DIRECTORY).mkdir()
    (directory / RESUME_DIRECTORY / "state.npz").write_bytes(b"state")
    return Checkpoint.open(directory)


def packed_in(directory: Path, checkpoint: Checkpoint, ids: Any = IDS) -> Exported:
    return export(
        checkpoint,
        directory,
        measure=None if ids is None else nats,
        write=lambda exported: f"by {exported.directory.name}",
        text=TEXT,
    )


def written_with(checkpoint: Checkpoint) -> str:
    return str(TextGenerator.open(checkpoint).write())


def content(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file()
    }


def nats(checkpoint: Checkpoint) -> float:
    return text_loss(TextGenerator.open(checkpoint).model, IDS).nats_per_character


def test_what_others_need_goes_along_and_the_rest_stays_behind(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    before = content(checkpoint.directory)
    result = packed_in(tmp_path / "gifts" / "moons", checkpoint)
    directory = tmp_path / "gifts" / "moons"
    found = content(directory)
    assert found.keys() == {
        MODEL_FILE,
        RECORD_FILE,
        CARD_FILE,
        NGRAM_FILTER_FILE,
        SOUNDS_FILE,
        WORDS_FILE,
    }
    for name in (SOUNDS_FILE, WORDS_FILE):
        assert found[name][0] == before[name][0]
    assert result.size == sum(len(bytes_) for bytes_, _ in found.values())
    assert result.checkpoint == Checkpoint.open(directory)
    assert content(checkpoint.directory) == before


def test_a_network_without_filter_and_lessons_is_packed_without(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    (checkpoint.directory / NGRAM_FILTER_FILE).unlink()
    (checkpoint.directory / SOUNDS_FILE).unlink()
    (checkpoint.directory / WORDS_FILE).unlink()
    packed_in(tmp_path / "gift", checkpoint)
    assert content(tmp_path / "gift").keys() == {MODEL_FILE, RECORD_FILE, CARD_FILE}


def test_the_record_is_the_same_but_for_paths_the_file_and_its_loss(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    packed_in(tmp_path / "gift", checkpoint)
    record, old = read_record(tmp_path / "gift"), checkpoint.record
    assert record.corpus.sources == ()  # The catalogue's text is a part, and its licence of a part.
    assert "/home/me" not in (tmp_path / "gift" / RECORD_FILE).read_text()
    (model,) = record.models
    assert model.sha256 != checkpoint.model.sha256
    same = dataclasses.replace(
        checkpoint.model, sha256=model.sha256, validation_loss=model.validation_loss
    )
    assert record == dataclasses.replace(
        old, models=(same,), corpus=dataclasses.replace(old.corpus, sources=())
    )


def test_a_text_all_of_the_catalogue_is_known_everywhere(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    sources = ("catalogue:jueju", "catalogue:tang")
    corpus = dataclasses.replace(checkpoint.record.corpus, sources=sources)
    record = dataclasses.replace(checkpoint.record, corpus=corpus)
    CheckpointWriter(checkpoint.directory).write_record(record)
    packed_in(tmp_path / "gift", Checkpoint.open(checkpoint.directory))
    assert read_record(tmp_path / "gift").corpus.sources == sources


def test_the_loss_is_measured_before_and_after(checkpoint: Checkpoint, tmp_path: Path) -> None:
    result = packed_in(tmp_path / "gift", checkpoint)
    opened = Checkpoint.open(tmp_path / "gift")
    assert result.before == nats(checkpoint)
    assert result.after == nats(opened) == opened.model.validation_loss
    assert result.after != result.before == pytest.approx(result.after, abs=1e-3)
    card = (tmp_path / "gift" / CARD_FILE).read_text(encoding="utf-8")
    assert f"| loss | {result.after:.4f} nats" in card
    assert f"{result.before:.4f} nats" in card.partition("validation split")[2]
    assert "    by gift\n" in card


def test_a_text_that_is_not_at_hand_leaves_the_loss_of_training(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    result = packed_in(tmp_path / "gift", checkpoint, ids=None)
    assert (result.before, result.after) == (None, None)
    assert result.checkpoint.model.validation_loss == checkpoint.model.validation_loss == 0.5
    assert "| loss | 0.5000 nats" in (tmp_path / "gift" / CARD_FILE).read_text(encoding="utf-8")


def test_a_packed_network_writes_and_may_be_packed_again(tmp_path: Path) -> None:
    save_reciting_run(tmp_path / "mine")
    for place, source in (("gift", "mine"), ("again", "gift")):
        opened = Checkpoint.open(tmp_path / source)
        result = export(opened, tmp_path / place, measure=None, write=written_with, text=TEXT)
        assert TextGenerator.open(result.checkpoint).write().text == POEM
        assert "    black\n    horse\n" in (tmp_path / place / CARD_FILE).read_text()
    one, other = (tmp_path / name / MODEL_FILE for name in ("gift", "again"))
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_size < (tmp_path / "mine" / MODEL_FILE).stat().st_size


@pytest.mark.parametrize("stands_there", ["file", "directory", "run"])
def test_nothing_is_replaced(checkpoint: Checkpoint, tmp_path: Path, stands_there: str) -> None:
    place = tmp_path / "gift"
    if stands_there == "file":
        place.write_text("a letter")
    elif stands_there == "directory":
        place.mkdir()
    else:
        save_reciting_run(place)
    before = content(tmp_path)
    with pytest.raises(CheckpointError, match="gift exists already, and nothing is replaced"):
        packed_in(place, checkpoint)
    assert content(tmp_path) == before
    assert place.exists()


@pytest.mark.parametrize(
    "failing",
    [
        "round_weights",
        "CheckpointWriter.write_model",
        "CheckpointWriter.write_record",
        "copy_regular",
        "Checkpoint.open",
        "model_card",
        "write_text",
    ],
)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_leaves_nothing_behind(
    checkpoint: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
    error: BaseException,
) -> None:
    def fail(*_: object) -> None:
        raise error

    before = content(tmp_path)
    monkeypatch.setattr(f"charrnn.checkpoint.export.{failing}", fail)
    with pytest.raises(type(error)):
        packed_in(tmp_path / "gifts" / "of" / "moons", checkpoint)
    assert content(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir() if path.name != "installed"] == ["runs"]


ENDLESS = hostile.not_regular(NGRAM_FILTER_FILE) | hostile.not_regular(SOUNDS_FILE)


@pytest.mark.parametrize("make", ENDLESS.values(), ids=ENDLESS)
def test_only_regular_files_of_limited_size_are_copied(
    checkpoint: Checkpoint, tmp_path: Path, make: hostile.Hostile
) -> None:
    make(checkpoint.directory)
    with pytest.raises(CheckpointError, match=r"is not a regular file|where at most .* expected"):
        packed_in(tmp_path / "gift", checkpoint)
    assert not (tmp_path / "gift").exists()


def test_a_file_cut_short_or_a_sample_that_fails_leaves_nothing_behind(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(packed: Checkpoint) -> str:
        assert packed.directory.exists()
        raise EOFError

    with pytest.raises(EOFError):
        export(checkpoint, tmp_path / "gift", measure=nats, write=write, text=TEXT)
    assert not (tmp_path / "gift").exists()

    def round_half(path: Path, rounded: Path, _: object) -> None:
        rounded.write_bytes(path.read_bytes()[:100])

    monkeypatch.setattr(export_module, "round_weights", round_half)
    with pytest.raises(CheckpointError):
        packed_in(tmp_path / "gift", checkpoint)
    assert not (tmp_path / "gift").exists()


def test_directories_that_were_there_or_hold_something_else_by_then_stay(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    def fail(_: Checkpoint) -> str:
        raise EOFError

    def fail_later(_: Checkpoint) -> str:
        (tmp_path / "gifts" / "of" / "letter.txt").write_text("Dear moon")
        raise EOFError

    (tmp_path / "gifts").mkdir()
    with pytest.raises(EOFError):
        export(checkpoint, tmp_path / "gifts" / "moons", measure=nats, write=fail, text=TEXT)
    assert not list((tmp_path / "gifts").iterdir())
    with pytest.raises(EOFError):
        export(
            checkpoint,
            tmp_path / "gifts" / "of" / "moons",
            measure=nats,
            write=fail_later,
            text=TEXT,
        )
    assert [path.name for path in (tmp_path / "gifts").rglob("*")] == ["of", "letter.txt"]


def test_weights_that_are_too_large_to_be_rounded_are_told(tmp_path: Path) -> None:
    save_markov_run(tmp_path / "mine", np.full((8, 8), 1e6), ALPHABET)
    with pytest.raises(CheckpointError, match=r"cannot be rounded to float16: .* Give it away as"):
        packed_in(tmp_path / "gift", Checkpoint.open(tmp_path / "mine"))
    assert not (tmp_path / "gift").exists()
