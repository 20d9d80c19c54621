"""What kills and losses of power leave of a run, and how it goes on."""

import contextlib
import dataclasses
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from charrnn import text_files
from charrnn.checkpoint.atomic_files import UNFINISHED
from charrnn.checkpoint.directory import (
    RESUME_DIRECTORY,
    STATE_FILE,
    Checkpoint,
    CheckpointWriter,
    claim,
    read_record,
)
from charrnn.checkpoint.history import read_history
from charrnn.checkpoint.lookup import checkpoints_in
from charrnn.checkpoint.record import MODEL_FILE, RunRecord, holds_run
from charrnn.corpus.loading import Corpus
from charrnn.errors import CheckpointError, TrainingInterrupted
from charrnn.settings.configuration import CorpusConfig
from charrnn.training import run
from charrnn.training.state import load_state, read_state
from tests.corpora import corpus_from_text
from tests.power_loss import Left, Recorder, Trace
from tests.training.test_run import TRAINING, WORDS, Diary, assert_same_run, train

SHORT = dataclasses.replace(TRAINING, steps=6, evaluate_every=2)
STOPPED_AT = 3
RESUMED = 3
"""So many of the states that are left are really resumed."""


@dataclass(frozen=True)
class Recorded:
    """A run that was stopped and resumed, all that happened on its disk, and an undisturbed run."""

    corpus: Corpus
    trace: Trace
    straight: Path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    corpus = corpus_from_text(WORDS * 20, CorpusConfig(layout="text"), name="moon")
    straight = train(corpus, tmp_path_factory.mktemp("straight"), training=SHORT).directory
    disk = tmp_path_factory.mktemp("disk")
    return Recorded(corpus, recorded_run(corpus, disk), straight)


def recorded_run(corpus: Corpus, disk: Path) -> Trace:
    """All that happens on a disk while a run is stopped and resumed."""

    def interrupt(step: int) -> None:
        if step == STOPPED_AT:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(disk, patch)
        with pytest.raises(TrainingInterrupted):
            train(corpus, disk / "runs", training=SHORT, observer=Diary(interrupt))
        recorder.mark("stopped")
        run.resume(disk / "runs" / "moon", corpus=corpus, text_files=text_files())
        recorder.mark("finished")
        return recorder.trace()


def check_prefixes(recorded: Recorded, lefts: Iterator[Left], place: Path) -> list[Left]:
    """Check that each state is a whole run or a free name.

    Args:
        recorded: The run.
        lefts: The states.
        place: A directory to put them in.

    Returns:
        One state of each kind that a resumed run would tell apart.
    """
    kinds: dict[Any, Left] = {}
    for left in lefts:
        directory = left.put_in(place) / "runs" / "moon"
        state = left.tree.get(f"runs/moon/{RESUME_DIRECTORY}/{STATE_FILE}")
        if holds_run(directory):
            _check_run(directory, recorded.straight, left.mark)
            kinds.setdefault((state, left.tree.get(f"runs/moon/{MODEL_FILE}")), left)
        else:
            assert not left.mark
            assert claim(place / "runs", "moon", overwrite=False)
            assert not checkpoints_in(place / "runs")
            kinds.setdefault(None, left)
    return list(kinds.values())


def _check_run(directory: Path, straight: Path, mark: str) -> None:
    record = read_record(directory)
    shapes = _shapes(straight)
    state, _ = load_state(read_state(directory, shapes), directory, shapes)
    assert state.step >= {"": 2, "stopped": STOPPED_AT, "finished": 6}[mark]
    for name, reason in record.text_files.items():
        assert (directory / name).exists() == (reason is None), name
        assert reason is not None or same_file(directory / name, straight / name), name
    steps = [line["step"] for line in read_history(directory)]
    assert steps in ([2, 4, 6][:kept] for kept in range(4))
    assert steps[-1:] >= [step for step in (2, 4, 6) if step <= state.evaluated_until][-1:]
    if (directory / MODEL_FILE).exists():
        assert Checkpoint.open(directory).model.step in {2, 4, 6}
    else:
        with pytest.raises(CheckpointError, match="charrnn train --resume"):
            Checkpoint.open(directory)


def _shapes(straight: Path) -> dict[str, tuple[int, ...]]:
    import numpy as np

    with np.load(straight / RESUME_DIRECTORY / STATE_FILE) as stored:
        return {name: stored[name].shape for name in stored.files if name != "state"}


def same_file(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def check_goes_on(recorded: Recorded, left: Left, place: Path) -> None:
    """Go on with what is left, which ends in the run that nothing disturbed."""
    directory = left.put_in(place) / "runs" / "moon"
    if not holds_run(directory):
        train(recorded.corpus, place / "runs", training=SHORT)
    else:
        # It may be finished already, and nobody was told.
        with contextlib.suppress(CheckpointError):
            run.resume(directory, corpus=recorded.corpus, text_files=text_files())
    assert_same_run(recorded.straight, directory)
    assert not list(place.rglob(f"{UNFINISHED}*"))


def test_a_run_is_whole_or_not_there_whatever_is_lost(recorded: Recorded, tmp_path: Path) -> None:
    kinds = check_prefixes(recorded, recorded.trace.losses(UNFINISHED), tmp_path / "again")
    assert {left.mark for left in kinds} == {"", "stopped"}
    # Not there, before the first evaluation, between its files, and so on to the end.
    assert len(kinds) >= 9
    for place in range(RESUMED):
        left = kinds[(2 * place + 1) * len(kinds) // (2 * RESUMED)]
        check_goes_on(recorded, left, tmp_path / str(place))


# Files of the text


FILES = ("ngrams.filter", "words.json")


@pytest.fixture
def directory(recorded: Recorded, tmp_path: Path) -> Path:
    """A finished run."""
    return Path(shutil.copytree(recorded.straight, tmp_path / "moon"))


def resume(recorded: Recorded, directory: Path, **others: Any) -> Diary:
    diary = Diary()
    run.resume(directory, corpus=recorded.corpus, observer=diary, text_files=text_files(), **others)
    return diary


def lose(directory: Path) -> None:
    for name in FILES:
        (directory / name).unlink()


def test_the_record_says_which_files_the_text_gives(recorded: Recorded) -> None:
    assert read_record(recorded.straight).text_files == {
        "ngrams.filter": None,
        "words.json": None,
        "sounds.json": "the text has no Chinese characters.",
    }


def test_a_finished_run_that_lacks_files_is_completed(recorded: Recorded, directory: Path) -> None:
    lose(directory)
    diary = resume(recorded, directory)
    assert diary.notes == [
        f"{directory} lacks ngrams.filter, words.json; to be made now from its text."
    ]
    assert [outcome.ending for outcome in diary.outcomes] == ["finished"]
    assert diary.steps == diary.evaluations == []
    assert all(same_file(directory / name, recorded.straight / name) for name in FILES)
    assert_same_run(recorded.straight, directory)
    with pytest.raises(CheckpointError, match="is finished: 6 steps"):
        resume(recorded, directory)


def test_a_kill_while_files_are_made_is_made_good(
    recorded: Recorded, directory: Path, tmp_path: Path
) -> None:
    lose(directory)
    with pytest.MonkeyPatch.context() as patch:
        recorder = Recorder(directory, patch)
        resume(recorded, directory)
        trace = recorder.trace()
    kills = list(trace.kills())
    assert len(kills) > 20
    record = read_record(recorded.straight)
    for left in kills:
        place = left.put_in(tmp_path / "again")
        assert Checkpoint.open(place)
        with CheckpointWriter(place).held():
            complete(place, recorded.corpus, record)
        assert all(same_file(place / name, recorded.straight / name) for name in FILES)
        assert not list(place.rglob(f"{UNFINISHED}*"))
    half = next(left for left in kills if FILES[0] in left.tree and FILES[1] not in left.tree)
    place = half.put_in(tmp_path / "again")
    assert resume(recorded, place).notes == [
        f"{place} lacks words.json; to be made now from its text."
    ]
    assert all(same_file(place / name, recorded.straight / name) for name in FILES)


def complete(directory: Path, corpus: Corpus, record: RunRecord) -> None:
    """What a resumed run does about the files of its text."""
    for file in text_files():
        assert file.keep(directory, corpus, record, pytest.fail) == record.text_files[file.name]


def test_a_file_that_a_full_disk_left_out_is_made_by_the_next_session(
    recorded: Recorded, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    lose(directory)
    with monkeypatch.context() as patch:
        patch.setattr("charrnn.corpus.text_files.filter_of_training_split", fail)
        (_, note) = resume(recorded, directory).notes
        assert note == (
            "The n-gram filter of the text, which --max-copy and charrnn novelty need, is left "
            "out: No space left on device. --resume makes it later."
        )
    assert (directory / "words.json").exists()
    assert not (directory / "ngrams.filter").exists()
    assert len(resume(recorded, directory).notes) == 1
    assert all(same_file(directory / name, recorded.straight / name) for name in FILES)


def test_a_file_that_the_text_cannot_give_is_not_asked_for_again(
    recorded: Recorded, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charrnn.corpus.ngram_filter.MOST_NGRAMS", 10)
    (directory / "ngrams.filter").unlink()
    assert "a filter has at most 10." in resume(recorded, directory).notes[1]
    reason = read_record(directory).text_files["ngrams.filter"]
    assert reason is not None
    assert reason.startswith("moon has 1,069 n-grams")
    with pytest.raises(CheckpointError, match="is finished: 6 steps"):
        resume(recorded, directory)
    assert not (directory / "ngrams.filter").exists()
