"""Whole runs, on a tiny network and a made-up text."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from charrnn import text_files
from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    STATE_FILE,
    Checkpoint,
    CheckpointWriter,
    read_record,
)
from charrnn.checkpoint.history import HISTORY_FILE, read_history
from charrnn.checkpoint.record import holds_run
from charrnn.corpus import evaluation_streams as streams
from charrnn.corpus import layout
from charrnn.corpus import text_files as kept_files
from charrnn.corpus.loading import Corpus, read_corpus
from charrnn.corpus.ngram_filter import NgramFilter, folded
from charrnn.corpus.text_files import TextFile
from charrnn.errors import (
    CheckpointError,
    ConfigurationError,
    DivergenceError,
    TrainingInterrupted,
)
from charrnn.forms.english.words import open_words
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training import data, defaults, evaluation, run, schedule, step, trainer, workers
from charrnn.training.observer import (
    Evaluation,
    Progress,
    TrainingObserver,
    TrainingPlan,
    TrainingResult,
)
from charrnn.training.step import TrainingStep
from tests.corpora import corpus_from_text

MODEL = ModelConfig(layers=1, units=8, embedding=4, dropout=0.2)
TRAINING = TrainingConfig(steps=30, batch_size=4, window=8, learning_rate=0.01, evaluate_every=10)
WORDS = "the moon is a boat on the quiet lake and I am its only sail "


class Diary(TrainingObserver):
    """Keeps what it is told; `at_step` is called after each step."""

    def __init__(self, at_step: Any = None) -> None:
        self.plans: list[TrainingPlan] = []
        self.steps: list[Progress] = []
        self.evaluations: list[Evaluation] = []
        self.outcomes: list[TrainingResult] = []
        self.notes: list[str] = []
        self.at_step = at_step

    def noted(self, sentence: str) -> None:
        self.notes.append(sentence)

    def started(self, plan: TrainingPlan) -> None:
        self.plans.append(plan)

    def stepped(self, progress: Progress) -> None:
        self.steps.append(progress)
        if self.at_step is not None:
            self.at_step(progress.step)

    def evaluated(self, evaluation: Evaluation) -> None:
        self.evaluations.append(evaluation)

    def finished(self, outcome: TrainingResult) -> None:
        self.outcomes.append(outcome)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return corpus_from_text(WORDS * 20, CorpusConfig(layout="text"), name="moon")


@pytest.fixture(scope="module")
def straight(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of `TRAINING` that nothing disturbed; to be looked at, not changed."""
    return train(corpus, tmp_path_factory.mktemp("straight")).directory


@pytest.fixture
def directory(straight: Path, tmp_path: Path) -> Path:
    """A finished run of `TRAINING`."""
    return Path(shutil.copytree(straight, tmp_path / "moon"))


def train(corpus: Corpus | Path, place: Path, **changes: Any) -> TrainingResult:
    arguments: dict[str, Any] = {
        "model": MODEL,
        "training": TRAINING,
        "checkpoints": place,
        "text_files": text_files(),
    }
    return run.train(corpus, **arguments | changes)


def weights(directory: Path) -> list[np.ndarray]:
    model = keras.saving.load_model(directory / "model.keras")
    return [np.asarray(array) for array in model.get_weights()]


def state(directory: Path) -> dict[str, np.ndarray]:
    with np.load(directory / "resume" / STATE_FILE) as stored:
        return {name: stored[name] for name in stored.files if name != "state"}


def assert_same_run(one: Path, other: Path) -> None:
    assert Checkpoint.open(one).model.sha256 == Checkpoint.open(other).model.sha256
    for name, array in state(one).items():
        np.testing.assert_array_equal(state(other)[name], array, err_msg=name)
    for first, second in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(first, second)
    compared = ("step", "epoch", "training_loss", "validation_loss", "learning_rate", "best")
    for first, second in zip(read_history(one), read_history(other), strict=True):
        assert [first[key] for key in compared] == [second[key] for key in compared]


def test_a_run_tells_its_plan_its_steps_and_its_end(corpus: Corpus, tmp_path: Path) -> None:
    diary = Diary()
    outcome = train(corpus, tmp_path, observer=diary)
    (plan,) = diary.plans
    assert (plan.steps, plan.begins_at, plan.batch_size) == (30, 0, 4)
    assert plan.training_characters + plan.validation_characters == len(corpus.text)
    assert [progress.step for progress in diary.steps] == list(range(1, 31))
    assert [evaluation.step for evaluation in diary.evaluations] == [10, 20, 30]
    assert diary.outcomes == [outcome]
    assert (outcome.ending, outcome.steps) == ("finished", 30)
    assert outcome.directory == tmp_path / "moon"


def test_two_runs_of_one_seed_are_the_same_bytes(
    corpus: Corpus, straight: Path, tmp_path: Path
) -> None:
    again = train(corpus, tmp_path).directory
    assert (again / "model.keras").read_bytes() == (straight / "model.keras").read_bytes()
    assert_same_run(straight, again)


def test_a_run_learns(corpus: Corpus, tmp_path: Path) -> None:
    outcome = train(
        corpus, tmp_path, training=dataclasses.replace(TRAINING, steps=300, evaluate_every=100)
    )
    assert outcome.validation_loss < outcome.baselines["unigram"] - 0.3


def test_the_checkpoint_says_what_was_done(corpus: Corpus, straight: Path) -> None:
    checkpoint = Checkpoint.open(straight)
    history = read_history(checkpoint.directory)
    assert [line["step"] for line in history] == [10, 20, 30]
    assert checkpoint.model.validation_loss == min(line["validation_loss"] for line in history)
    assert checkpoint.record.architecture.units == 8
    assert checkpoint.record.vocabulary == tuple(sorted(set(WORDS)))
    assert checkpoint.record.corpus.digest == corpus.digest


def test_the_best_network_is_kept_not_the_last(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 2.0, 2.5])
    monkeypatch.setattr(trainer.Evaluator, "nats", lambda self, *_: next(losses) * self.characters)
    diary = Diary()
    outcome = train(corpus, tmp_path, observer=diary)
    assert (outcome.best_step, outcome.validation_loss) == (20, 2.0)
    assert Checkpoint.open(outcome.directory).model.step == 20
    assert [evaluation.best for evaluation in diary.evaluations] == [True, True, False]


def test_patience_ends_a_run_early(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([2.0, 2.1, 2.2, 2.3])
    monkeypatch.setattr(trainer.Evaluator, "nats", lambda self, *_: next(losses) * self.characters)
    training = dataclasses.replace(TRAINING, steps=100, patience=2, name_augmentation=0.0)
    outcome = train(corpus, tmp_path, training=training)
    assert (outcome.ending, outcome.steps, outcome.best_step) == ("stopped early", 30, 10)


def test_a_run_is_not_given_up_while_names_are_spelled_anew(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([2.0 + 0.1 * number for number in range(10)])
    monkeypatch.setattr(trainer.Evaluator, "nats", lambda self, *_: next(losses) * self.characters)
    training = dataclasses.replace(TRAINING, steps=100, patience=2, name_augmentation=0.5)
    outcome = train(corpus, tmp_path, training=training)
    # Names are those of the text from step 80 on; the evaluation there is the first that counts.
    assert (outcome.ending, outcome.steps, outcome.best_step) == ("stopped early", 90, 10)


@pytest.mark.parametrize("stopped_at", [1, 10, 29])
def test_an_interrupted_run_resumes_to_the_same_weights(
    corpus: Corpus, straight: Path, tmp_path: Path, stopped_at: int
) -> None:
    def interrupt(step: int) -> None:
        if step == stopped_at:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(TrainingInterrupted, match="--resume") as interrupted:
        train(corpus, tmp_path / "stopped", observer=Diary(interrupt))
    assert interrupted.value.exit_code == 128 + signal.SIGTERM
    directory = tmp_path / "stopped" / "moon"
    assert Checkpoint.open(directory)  # There is something to write with, however early.
    run.resume(directory, corpus=corpus)
    assert_same_run(straight, directory)


ROUGH = dataclasses.replace(TRAINING, precision="bfloat16")
NOISY = dataclasses.replace(TRAINING, weight_dropout=0.3, embedding_dropout=0.2)
TWO_LAYERS = dataclasses.replace(MODEL, layers=2, output="tied")


@pytest.mark.parametrize("training", [ROUGH, NOISY], ids=["bfloat16", "noise"])
def test_an_interrupted_run_of_two_layers_resumes_to_the_same_weights(
    corpus: Corpus, tmp_path: Path, training: TrainingConfig
) -> None:
    def interrupt(step: int) -> None:
        if step == 17:
            os.kill(os.getpid(), signal.SIGTERM)

    straight = train(corpus, tmp_path / "straight", model=TWO_LAYERS, training=training).directory
    with pytest.raises(TrainingInterrupted):
        train(
            corpus,
            tmp_path / "stopped",
            model=TWO_LAYERS,
            training=training,
            observer=Diary(interrupt),
        )
    directory = tmp_path / "stopped" / "moon"
    run.resume(directory, corpus=corpus)
    assert_same_run(straight, directory)
    assert training.precision in {None, Checkpoint.open(directory).record.training.precision}


def test_a_run_that_repays_it_is_trained_in_bfloat16_where_that_is_fast(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defaults, "WORTH_COMPILING", 1.0)
    monkeypatch.setattr(defaults, "has_bfloat16", lambda: True)
    diary = Diary()
    directory = train(corpus, tmp_path, observer=diary).directory
    assert len(diary.notes) == 1
    assert Checkpoint.open(directory).record.training.precision == "bfloat16"
    with pytest.raises(CheckpointError) as refusal:
        run.resume(directory, corpus=corpus, changes={"steps": 50, "precision": "float32"})
    assert str(refusal.value) == (
        f"{directory} was begun with precision bfloat16, not float32. "
        "Leave it out to go on, or start a new run with --name."
    )


@pytest.mark.parametrize("worth", [True, False])
def test_a_run_that_is_too_short_for_the_kernels_trains_the_layers_of_keras(
    corpus: Corpus, tmp_path: Path, worth: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fused: list[Any] = []
    network = step.KernelNetwork

    def build(*arguments: Any) -> Any:
        fused.append(arguments[-1].dtype.name)
        return network(*arguments)

    monkeypatch.setattr(step, "KernelNetwork", build)
    if worth:
        monkeypatch.setattr(defaults, "WORTH_COMPILING", 1.0)
    training = dataclasses.replace(TRAINING, steps=2, precision="float32")
    train(corpus, tmp_path, training=training)
    assert fused == ["float32", "float32"] * worth


@pytest.mark.parametrize("stopped_in", [1, 2, 3])
def test_a_run_interrupted_in_an_evaluation_resumes_to_the_same_weights(
    corpus: Corpus, tmp_path: Path, stopped_in: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first evaluation, one in the middle, and the last one, when all steps are done."""
    monkeypatch.setattr(evaluation, "LONGEST_WINDOW", 40)
    straight = train(corpus, tmp_path / "straight").directory
    nats, window = evaluation.Evaluator.nats, streams.EvaluationStreams.window
    begun: list[int] = []

    def evaluate(*arguments: Any) -> float:
        begun.append(0)
        return nats(*arguments)

    def read(*arguments: Any) -> Any:
        if begun:  # The first window of all is read to compile.
            begun[-1] += 1
        if len(begun) == stopped_in and begun[-1] == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return window(*arguments)

    diary = Diary()
    with monkeypatch.context() as patch:
        patch.setattr(evaluation.Evaluator, "nats", evaluate)
        patch.setattr(evaluation.Evaluator, "quick_loss", lambda *_: 3.0)
        patch.setattr(streams.EvaluationStreams, "window", read)
        with pytest.raises(TrainingInterrupted, match=f"after step {10 * stopped_in} of 30"):
            train(corpus, tmp_path / "stopped", observer=diary)
    # It was given up after the window in which the signal came.
    assert begun == [3, 3, 2][3 - stopped_in :]
    assert len(diary.evaluations) == stopped_in - 1
    directory = tmp_path / "stopped" / "moon"
    assert Checkpoint.open(directory)
    run.resume(directory, corpus=corpus)
    assert_same_run(straight, directory)
    with pytest.raises(CheckpointError, match="is finished"):
        run.resume(directory, corpus=corpus)


def test_a_run_interrupted_before_its_first_evaluation_measures_it_quickly(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "LONGEST_WINDOW", 40)
    monkeypatch.setattr(trainer, "LONGEST_QUICK_LOSS_SECONDS", 0.0)
    window, read = streams.EvaluationStreams.window, [0]

    def count(*arguments: Any) -> Any:
        read[0] += 1
        return window(*arguments)

    monkeypatch.setattr(streams.EvaluationStreams, "window", count)
    with pytest.raises(TrainingInterrupted):
        train(corpus, tmp_path, observer=Diary(lambda _: os.kill(os.getpid(), signal.SIGTERM)))
    assert read == [2]  # The first one is read to compile.
    assert Checkpoint.open(tmp_path / "moon").model.validation_loss > 0


def test_a_first_network_whose_loss_is_no_number_is_not_kept(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation.Evaluator, "quick_loss", lambda *_: float("nan"))
    with pytest.raises(TrainingInterrupted):
        train(corpus, tmp_path, observer=Diary(lambda _: os.kill(os.getpid(), signal.SIGTERM)))
    assert read_record(tmp_path / "moon").models == ()
    assert run.resume(tmp_path / "moon", corpus=corpus).steps == 30


def test_a_resumed_run_compresses_no_text(
    corpus: Corpus, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compress(*_: object) -> float:
        raise AssertionError

    monkeypatch.setattr(data, "xz_entropy", compress)
    assert run.resume(directory, corpus=corpus, changes={"steps": 31}).steps == 31


def test_what_comes_before_the_first_step_is_no_part_of_the_minutes(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, learn = [0.0], TrainingStep.__call__
    diary = Diary()

    def step_a_second(*arguments: Any) -> Any:
        now[0] += 1 if diary.steps else 300  # The first step compiles.
        return learn(*arguments)

    def finish(_: Corpus, __: object, path: Path) -> None:
        now[0] += 300
        assert diary.steps == []
        path.touch()
        assert not (tmp_path / "moon" / "made").exists()  # A run that is overwritten stays.

    monkeypatch.setattr(workers.Workers, "clock", lambda _: now[0])
    monkeypatch.setattr(TrainingStep, "__call__", step_a_second)
    training = TrainingConfig(minutes=5, batch_size=4, window=8, learning_rate=0.01, patience=0)
    file = TextFile(name="made", title="It is", corpus_of=Path.read_text, make=finish)
    outcome = train(corpus, tmp_path, training=training, observer=diary, text_files=[file])
    assert (tmp_path / "moon" / "made").exists()
    assert now[0] == pytest.approx(900, abs=2)
    assert outcome.steps == pytest.approx(300, abs=2)
    assert outcome.seconds == pytest.approx(300, abs=2)


def test_a_run_whose_time_is_up_is_finished(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, learn = [0.0], TrainingStep.__call__

    def slower_and_slower(*arguments: Any) -> Any:
        now[0] += 1 if len(diary.steps) < 100 else 60
        return learn(*arguments)

    monkeypatch.setattr(workers.Workers, "clock", lambda _: now[0])
    monkeypatch.setattr(TrainingStep, "__call__", slower_and_slower)
    training = TrainingConfig(
        minutes=5, batch_size=4, window=8, learning_rate=0.01, patience=0, evaluate_every=150
    )
    diary = Diary()
    outcome = train(corpus, tmp_path, training=training, observer=diary)
    assert outcome.steps < diary.steps[-1].steps
    with pytest.raises(CheckpointError, match=f"finished: {outcome.steps} steps"):
        run.resume(tmp_path / "moon", corpus=corpus)


def test_a_run_says_what_it_measures_of_a_long_text(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = dataclasses.replace(TRAINING, steps=200, evaluate_every=None)
    whole, part = Diary(), Diary()
    train(corpus, tmp_path / "whole", training=training, observer=whole)
    monkeypatch.setattr(evaluation, "MOST_MEASURED", 20)
    train(corpus, tmp_path / "part", training=training, observer=part)
    (kept_aside,) = {plan.validation_characters for plan in whole.plans + part.plans}
    told = f"Each evaluation measures the same 20 of the {kept_aside:,} characters of the validation split"
    assert [told in note for note in part.notes] == [True]
    assert whole.notes == []
    # What is measured quickly is measured often.
    assert len(part.evaluations) > len(whole.evaluations)


def test_rectified_units_train_without_a_word_of_tensorflow(
    corpus: Corpus, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = dataclasses.replace(MODEL, cell="simple_rnn", activation="relu")
    train(corpus, tmp_path, model=model, training=dataclasses.replace(TRAINING, steps=2))
    assert "Relu" not in capfd.readouterr().err


def test_a_second_training_in_one_process_warns_of_nothing(
    corpus: Corpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    training = dataclasses.replace(TRAINING, steps=2)
    for name in "abc":
        train(corpus, tmp_path, name=name, training=training)
        run.resume(tmp_path / name, corpus=corpus, changes={"steps": 3})
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("killed_at", [11, 25])
def test_a_killed_run_resumes_to_the_same_weights(
    corpus: Corpus, straight: Path, tmp_path: Path, killed_at: int
) -> None:
    def kill(step: int) -> None:
        if step == killed_at:
            raise Killed

    with pytest.raises(Killed):
        train(corpus, tmp_path / "killed", observer=Diary(kill))
    directory = tmp_path / "killed" / "moon"
    run.resume(directory, corpus=corpus)
    assert_same_run(straight, directory)


@pytest.mark.parametrize("write", range(4, 14))
def test_a_crash_at_any_write_can_be_resumed(
    corpus: Corpus, straight: Path, tmp_path: Path, write: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies just before one of the renames that put a file in its place."""
    renames = 0
    rename = Path.replace

    def replace(path: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == write:
            raise Killed
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    directory = tmp_path / "crashed" / "moon"
    try:
        train(corpus, tmp_path / "crashed")
    except Killed:
        monkeypatch.undo()
        if holds_run(directory):
            run.resume(directory, corpus=corpus)
        else:
            train(corpus, tmp_path / "crashed")
    assert_same_run(straight, directory)


def test_a_run_in_the_way_is_not_touched(corpus: Corpus, directory: Path) -> None:
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    with pytest.raises(CheckpointError, match="already holds a run"):
        train(corpus, directory.parent)
    assert before == {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_bad_setting_does_not_cost_the_run_it_would_overwrite(
    corpus: Corpus, directory: Path
) -> None:
    too_large = dataclasses.replace(TRAINING, batch_size=1000)
    with pytest.raises(ConfigurationError, match="batch-size 1000"):
        train(corpus, directory.parent, training=too_large, overwrite=True)
    assert Checkpoint.open(directory).model.step > 0


def test_overwriting_begins_anew(corpus: Corpus, directory: Path) -> None:
    training = dataclasses.replace(TRAINING, steps=10)
    train(corpus, directory.parent, training=training, overwrite=True)
    assert [line["step"] for line in read_history(directory)] == [10]
    assert [path.name for path in directory.parent.iterdir()] == ["moon"]


def test_a_run_that_is_overwritten_stays_until_there_is_something_new(
    corpus: Corpus, directory: Path
) -> None:
    before = Checkpoint.open(directory)

    def kill(_: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        train(corpus, directory.parent, overwrite=True, observer=Diary(kill))
    assert Checkpoint.open(directory) == before


def test_a_run_finished_by_another_process_meanwhile_is_kept(
    corpus: Corpus, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = CheckpointWriter.held
    parked = directory.rename(directory.with_name("parked"))

    def held_late(writer: CheckpointWriter) -> Any:
        parked.rename(directory)
        return hold(writer)

    monkeypatch.setattr(CheckpointWriter, "held", held_late)
    with pytest.raises(CheckpointError, match="already holds a run"):
        train(corpus, directory.parent)
    assert Checkpoint.open(directory)


def test_a_refused_run_leaves_the_directories_as_they_were(corpus: Corpus, tmp_path: Path) -> None:
    too_large = dataclasses.replace(TRAINING, batch_size=1000)
    (tmp_path / "made").mkdir()
    for name in ("made", "missing"):
        with pytest.raises(ConfigurationError, match="batch-size 1000"):
            train(corpus, tmp_path / name, training=too_large)
    assert [path.name for path in tmp_path.rglob("*")] == ["made"]


def test_two_processes_never_train_in_one_directory(corpus: Corpus, directory: Path) -> None:
    refused: list[str] = []

    def begin_another(_: int) -> None:
        for overwrite in (False, True):
            with pytest.raises(CheckpointError) as error:
                train(corpus, directory.parent, name="shared", overwrite=overwrite)
            refused.append(str(error.value))

    training = dataclasses.replace(TRAINING, steps=1)
    train(
        corpus,
        directory.parent,
        name="shared",
        training=training,
        observer=Diary(begin_another),
    )
    assert len(refused) == 2
    assert all("another process is training in" in sentence for sentence in refused)


def test_a_loss_that_is_no_number_stops_and_keeps_the_best(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = TrainingStep.__call__

    def diverge(step: TrainingStep, batch: Any, carried: Any, number: int, *others: Any) -> Any:
        result, carried = learn(step, batch, carried, number, *others)
        if number == 14:
            result = dataclasses.replace(result, loss=float("nan"))
        return result, carried

    monkeypatch.setattr(TrainingStep, "__call__", diverge)
    with pytest.raises(
        DivergenceError, match=r"training loss became nan at step 15; the best network, of step 10"
    ):
        train(corpus, tmp_path)
    assert Checkpoint.open(tmp_path / "moon").model.step == 10
    assert all(np.isfinite(array).all() for array in state(tmp_path / "moon").values())


def test_another_text_is_not_resumed(directory: Path) -> None:
    other = corpus_from_text(WORDS * 21, CorpusConfig(layout="text"), name="moon")
    with pytest.raises(CheckpointError, match="another text"):
        run.resume(directory, corpus=other, changes={"steps": 40})


def test_a_run_is_resumed_whatever_layout_would_be_detected_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "moon.txt"
    poems = (f"{WORDS}\nand {number}" for number in range(20))
    path.write_text("\n\n".join(poems), encoding="utf-8")
    outcome = train(path, tmp_path)
    assert Checkpoint.open(outcome.directory).record.corpus.layout == "blocks"
    monkeypatch.setattr(layout, "_against_blocks", lambda _: "detection has changed")
    assert read_corpus([str(path)]).layout == "text"
    run.resume(outcome.directory, changes={"steps": 31})
    assert Checkpoint.open(outcome.directory).record.corpus.layout == "blocks"
    with pytest.raises(CheckpointError, match="stand otherwise"):
        run.resume(outcome.directory, corpus=read_corpus([str(path)]), changes={"steps": 32})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("units", 9),
        ("output", "tied"),
        ("seed", 1),
        ("window", 16),
        ("embedding_dropout", 0.5),
        ("precision", "bfloat16"),
    ],
)
def test_other_settings_are_not_resumed(
    corpus: Corpus, directory: Path, name: str, value: int | str
) -> None:
    with pytest.raises(CheckpointError, match=f"begun with {name.replace('_', '-')} "):
        run.resume(directory, corpus=corpus, changes={name: value, "steps": 40})


def test_the_same_settings_may_be_said_again(corpus: Corpus, directory: Path) -> None:
    changes = {"units": 8, "seed": 0, "layers": None, "layout": "auto", "steps": 40}
    assert run.resume(directory, corpus=corpus, changes=changes).steps == 40


def test_a_finished_run_asks_for_a_longer_budget(corpus: Corpus, directory: Path) -> None:
    with pytest.raises(CheckpointError, match="is finished: 30 steps"):
        run.resume(directory, corpus=corpus)
    with pytest.raises(CheckpointError, match="has done 30 steps already"):
        run.resume(directory, corpus=corpus, changes={"steps": 30})
    assert run.resume(directory, corpus=corpus, changes={"epochs": 2}).steps == 2 * 33


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which a step takes 20 ms and all else no time, however quick the machine is."""
    now, take_step = [0.0], TrainingStep.__call__

    def step(*arguments: Any) -> Any:
        now[0] += 0.02
        return take_step(*arguments)

    monkeypatch.setattr(TrainingStep, "__call__", step)
    monkeypatch.setattr(workers.Workers, "clock", lambda _: now[0])


@pytest.mark.usefixtures("ticking")
def test_a_clock_ends_a_run(corpus: Corpus, tmp_path: Path) -> None:
    training = TrainingConfig(minutes=0.1, batch_size=4, window=8, learning_rate=0.01)
    diary = Diary()
    outcome = train(corpus, tmp_path, training=training, observer=diary)
    assert outcome.ending == "finished"
    assert diary.plans[0].steps is None
    assert diary.steps[-1].step == diary.steps[-1].steps == outcome.steps


@pytest.mark.usefixtures("ticking")
def test_a_run_by_the_clock_goes_on_with_its_schedule(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evaluation that comes before the speed is known must not lay the run out anew."""
    monkeypatch.setattr(schedule, "MEASURED_SECONDS", 0.2)
    training = TrainingConfig(minutes=0.12, batch_size=4, window=8, learning_rate=0.01)

    def stop(step: int) -> None:
        if diary.evaluations and step == diary.evaluations[0].step + 1:
            os.kill(os.getpid(), signal.SIGTERM)

    diary = Diary(stop)
    with pytest.raises(TrainingInterrupted):
        train(corpus, tmp_path, training=training, observer=diary)
    position = saved_state(tmp_path / "moon")
    position["next_evaluation"] = position["step"] + 1
    save_position(tmp_path / "moon", position)
    again = Diary()
    outcome = run.resume(tmp_path / "moon", corpus=corpus, observer=again)
    assert outcome.steps < 3 * position["learning_rate_schedule"]["total"]
    assert len(again.evaluations) > 3


@pytest.mark.usefixtures("ticking")
def test_a_lengthened_run_by_the_clock_spends_its_new_budget(
    corpus: Corpus, directory: Path
) -> None:
    position = saved_state(directory)
    position["seconds"] = 600.0
    save_position(directory, position)
    diary = Diary(lambda step: os.kill(os.getpid(), signal.SIGTERM) if step == 40 else None)
    with pytest.raises(TrainingInterrupted):
        run.resume(directory, corpus=corpus, changes={"minutes": 0.15}, observer=diary)
    assert run.resume(directory, corpus=corpus).steps > 50


def saved_state(directory: Path) -> dict[str, Any]:
    position: dict[str, Any] = json.loads(str(np.load(directory / "resume" / STATE_FILE)["state"]))
    return position


def save_position(directory: Path, position: dict[str, Any]) -> None:
    arrays = state(directory) | {"state": np.array(json.dumps(position))}
    np.savez(directory / "resume" / STATE_FILE, **arrays)


def test_a_run_that_stopped_early_says_so_when_it_is_resumed(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([2.0, *[2.1] * 9])
    monkeypatch.setattr(trainer.Evaluator, "nats", lambda self, *_: next(losses) * self.characters)
    training = dataclasses.replace(TRAINING, steps=100, patience=2, name_augmentation=0.0)
    directory = train(corpus, tmp_path, training=training).directory
    with pytest.raises(CheckpointError, match="was stopped early"):
        run.resume(directory, corpus=corpus)
    assert run.resume(directory, corpus=corpus, changes={"patience": 5}).steps == 60


def test_keras_callbacks_count_on_when_a_run_goes_on(corpus: Corpus, directory: Path) -> None:
    seen: list[int] = []
    watching = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: seen.append(epoch))
    run.resume(directory, corpus=corpus, changes={"steps": 50}, callbacks=[watching])
    assert seen == [3, 4]


def test_keras_callbacks_are_told_of_the_end_even_of_a_bad_one(
    corpus: Corpus, tmp_path: Path
) -> None:
    ended: list[bool] = []
    watching = keras.callbacks.LambdaCallback(on_train_end=lambda _: ended.append(True))
    diary = Diary(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(TrainingInterrupted):
        train(corpus, tmp_path, callbacks=[watching], observer=diary)
    assert ended == [True]


def test_keras_callbacks_see_every_evaluation(corpus: Corpus, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    seen: list[dict[str, float]] = []
    rates: list[float] = []

    def look(_: int, logs: dict[str, float]) -> None:
        seen.append(dict(logs))
        rates.append(float(watching.model.optimizer.learning_rate))

    watching = keras.callbacks.LambdaCallback(on_epoch_end=look)
    train(corpus, tmp_path, callbacks=[keras.callbacks.CSVLogger(str(log)), watching])
    history = read_history(tmp_path / "moon")
    assert [logs["val_loss"] for logs in seen] == [line["validation_loss"] for line in history]
    assert rates == pytest.approx([line["learning_rate"] for line in history])
    assert log.read_text().splitlines()[0] == "epoch,loss,val_loss"
    assert len(log.read_text().splitlines()) == 4


def test_a_keras_callback_can_end_a_run(corpus: Corpus, tmp_path: Path) -> None:
    class Enough(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.model.stop_training = batch == 4

    outcome = train(corpus, tmp_path, callbacks=[Enough()])
    assert (outcome.ending, outcome.steps) == ("stopped by a callback", 5)
    assert Checkpoint.open(tmp_path / "moon").model.step == 5


def test_a_callback_that_steers_the_rate_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ReduceLROnPlateau sets the learning rate"):
        train(corpus, tmp_path, callbacks=[keras.callbacks.ReduceLROnPlateau()])


def test_samples_are_written_with_the_ema_network(corpus: Corpus, tmp_path: Path) -> None:
    written: list[float] = []

    def sample(record: Any, arrays: Any, seed: int) -> str:
        assert seed in {10, 20, 30}
        assert record.architecture.units == 8
        written.append(float(np.abs(arrays[0]).sum()))
        return "a sample"

    diary = Diary()
    train(corpus, tmp_path, sample=sample, observer=diary)
    assert {evaluation.sample for evaluation in diary.evaluations} == {"a sample"}
    assert written[-1] == pytest.approx(float(np.abs(weights(tmp_path / "moon")[0]).sum()))


@pytest.mark.parametrize("cell", ["gru", "simple_rnn", "peephole_lstm"])
def test_every_cell_trains(corpus: Corpus, tmp_path: Path, cell: Any) -> None:
    model = dataclasses.replace(MODEL, cell=cell, layers=2)
    training = dataclasses.replace(TRAINING, steps=150, evaluate_every=50)
    outcome = train(corpus, tmp_path, model=model, training=training)
    assert outcome.validation_loss < outcome.baselines["unigram"]


def test_the_history_is_one_json_document_to_a_line(straight: Path) -> None:
    lines = (straight / HISTORY_FILE).read_text().splitlines()
    assert {tuple(json.loads(line)) for line in lines} == {
        tuple(field.name for field in dataclasses.fields(Evaluation))
    }


TWO_DEVICES = """
import sys
import time
from pathlib import Path
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from charrnn.settings.configuration import CorpusConfig
from tests.corpora import corpus_from_text
from charrnn.model.device import Device
from charrnn.training import run
from tests.training.test_run import TRAINING, WORDS, train

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
Device.strategy_in = lambda device, cluster: strategy
corpus = corpus_from_text(WORDS * 20, CorpusConfig(layout="text"), name="moon")
place = Path(sys.argv[1])
train(corpus, place)
run.resume(place / "moon", corpus=corpus, changes={"steps": 40})
"""


def test_a_run_on_two_devices_is_a_run_on_one(
    corpus: Corpus, directory: Path, tmp_path: Path
) -> None:
    run.resume(directory, corpus=corpus, changes={"steps": 40})
    subprocess.run(
        [sys.executable, "-c", TWO_DEVICES, str(tmp_path / "two")], check=True, capture_output=True
    )
    one, two = read_history(directory), read_history(tmp_path / "two" / "moon")
    assert len(one) == len(two) == 4
    for first, second in zip(one, two, strict=True):
        for name in ("training_loss", "validation_loss", "gradient_norm"):
            assert first[name] == pytest.approx(second[name], abs=1e-5), name
    for first, second in zip(weights(directory), weights(tmp_path / "two" / "moon"), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-4)


# The n-gram filter of the text


def test_a_finished_run_has_a_filter_of_its_text(straight: Path, corpus: Corpus) -> None:
    known = NgramFilter.open(straight / NGRAM_FILTER_FILE)
    assert known.corpus == corpus.digest
    assert known.hits(folded(corpus.text[: int(0.9 * len(corpus.text))])).all()


def test_a_run_has_its_filter_when_it_tells_that_it_is_finished(
    corpus: Corpus, tmp_path: Path
) -> None:
    class Looking(Diary):
        def finished(self, outcome: TrainingResult) -> None:
            super().finished(outcome)
            assert (outcome.directory / NGRAM_FILTER_FILE).exists()

    diary = Looking()
    train(corpus, tmp_path, observer=diary)
    assert len(diary.outcomes) == 1


def test_a_finished_run_has_the_words_of_its_text(straight: Path) -> None:
    words = open_words(Checkpoint.open(straight))
    assert words is not None
    assert set(WORDS.lower().split()) <= words.counts.keys()


def test_an_interrupted_run_has_its_filter_and_keeps_it(corpus: Corpus, tmp_path: Path) -> None:
    def interrupt(step: int) -> None:
        if step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(TrainingInterrupted):
        train(corpus, tmp_path, observer=Diary(interrupt))
    path = tmp_path / "moon" / NGRAM_FILTER_FILE
    assert NgramFilter.open(path).corpus == corpus.digest
    path.unlink()  # As if the process had been killed before it was there.
    run.resume(tmp_path / "moon", corpus=corpus, text_files=text_files())
    assert NgramFilter.open(path).corpus == corpus.digest


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyboardInterrupt(), "is left out: it was interrupted."),
        (OSError(28, "No space left"), "is left out: No space left."),
    ],
)
def test_a_filter_that_cannot_be_made_takes_nothing_away(
    corpus: Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    told: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(kept_files, "filter_of_training_split", fail)
    diary = Diary()
    outcome = train(corpus, tmp_path, observer=diary)
    assert diary.outcomes == [outcome]
    assert diary.notes[-1].endswith(f"{told} --resume makes it later.")
    assert Checkpoint.open(outcome.directory).model.step == 30
    assert not (outcome.directory / NGRAM_FILTER_FILE).exists()


def test_a_run_that_is_overwritten_loses_its_filter(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    other = corpus_from_text("A text of other words. " * 60, CorpusConfig(layout="text"))
    monkeypatch.setattr(kept_files, "filter_of_training_split", fail)
    train(other, directory.parent, name="moon", overwrite=True)
    assert Checkpoint.open(directory).record.corpus.digest == other.digest
    assert not (directory / NGRAM_FILTER_FILE).exists()
