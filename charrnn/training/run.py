"""One run, from a text and settings to a trained checkpoint."""

import dataclasses
import datetime
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from charrnn.checkpoint import (
    RESUME_DIRECTORY,
    CheckpointWriter,
    claim,
    read_history,
    read_record,
)
from charrnn.config import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.corpus.reading import Corpus, read_corpus
from charrnn.errors import CheckpointError
from charrnn.model.device import choose_device
from charrnn.model.network import State
from charrnn.record import RunRecord
from charrnn.training.callbacks import CallbackDriver
from charrnn.training.continuation import (
    changed_training,
    has_new_budget,
    lengthened,
    new_schedule,
    refuse_finished,
    sources_of,
)
from charrnn.training.evaluation import Evaluator
from charrnn.training.observer import Outcome, Plan, SilentObserver, TrainingObserver
from charrnn.training.pace import Pace
from charrnn.training.plan import check_batch, settle_architecture, settle_training
from charrnn.training.resume import Position, load_state
from charrnn.training.step import TrainingStep
from charrnn.training.text import TrainingText
from charrnn.training.trainer import SampleWriter, Trainer


def train(
    corpus: str | Path | Corpus | Sequence[str | Path],
    *,
    name: str | None = None,
    checkpoints: str | Path = "checkpoints",
    model: ModelConfig | None = None,
    training: TrainingConfig | None = None,
    reading: CorpusConfig | None = None,
    device: str = "auto",
    overwrite: bool = False,
    observer: TrainingObserver | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    sample: SampleWriter | None = None,
    began: float | None = None,
) -> Outcome:
    """Train a network on poems and keep it as a checkpoint.

    Args:
        corpus: A path, several, a directory, a name of the catalogue, or a corpus already read.
        name: Name of the checkpoint; that of the corpus by default.
        checkpoints: The directory that runs are kept in.
        model: The network asked for.
        training: How to train it.
        reading: How to read the text.
        device: "auto", "cpu", "gpu" or "gpu:N".
        overwrite: Whether a run of that name may be replaced.
        observer: Whom to tell how it goes.
        callbacks: Keras callbacks; their epochs are the stretches between evaluations.
        sample: Writes a sample at each evaluation.
        began: When `minutes` began to count, on `time.monotonic`; now by default.

    Returns:
        How it ended, and where the checkpoint is.

    Raises:
        CorpusError: The text cannot be read or learned from.
        CheckpointError: A run of that name is in the way.
        ConfigurationError: Settings contradict each other or the text.
        DeviceError: The device is not there.
        DivergenceError: The loss became NaN.
        TrainingInterrupted: SIGINT or SIGTERM came; everything is saved.
    """
    watchers = _Watchers(observer or SilentObserver(), callbacks, sample, began)
    reading = reading or CorpusConfig()
    if not isinstance(corpus, Corpus):
        corpus = _read(corpus, reading, watchers.observer)
    writer = claim(Path(checkpoints), name or corpus.name, overwrite=overwrite)
    with writer.held():
        # Another process may have finished a run of that name since.
        claim(Path(checkpoints), name or corpus.name, overwrite=overwrite)
        return _begin(
            writer,
            corpus,
            reading=reading,
            model=model or ModelConfig(),
            training=training or TrainingConfig(),
            device=device,
            watchers=watchers,
        )


def resume(
    directory: str | Path,
    *,
    corpus: str | Path | Corpus | Sequence[str | Path] | None = None,
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    observer: TrainingObserver | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    sample: SampleWriter | None = None,
    began: float | None = None,
) -> Outcome:
    """Go on with a run exactly where it was stopped, or make a finished one longer.

    Args:
        directory: The checkpoint.
        corpus: Its text, where that has moved; it must be the same to the letter.
        changes: Settings by name. A new budget (`epochs`, `steps`, `minutes`), `patience` or
            `evaluate_every` is taken on; any other must be what the run has already.
        device: "auto", "cpu", "gpu" or "gpu:N".
        observer: Whom to tell how it goes.
        callbacks: Keras callbacks.
        sample: Writes a sample at each evaluation.
        began: When `minutes` began to count, on `time.monotonic`; now by default.

    Returns:
        How it ended.

    Raises:
        CheckpointError: There is nothing to resume, the text or the settings are others, or
            the run is finished and no longer budget is given.
        CorpusError: The text cannot be read.
        DeviceError: The device is not there.
        DivergenceError: The loss became NaN.
        TrainingInterrupted: SIGINT or SIGTERM came; everything is saved.
    """
    watchers = _Watchers(observer or SilentObserver(), callbacks, sample, began)
    writer = CheckpointWriter(Path(directory))
    record = read_record(writer.directory)
    training = changed_training(record, changes or {}, writer.directory)
    if not isinstance(corpus, Corpus):
        sources = corpus or sources_of(record, writer.directory)
        corpus = _read(sources, record.reading, watchers.observer)
    if corpus.digest != record.corpus.digest:
        raise CheckpointError(
            f"{writer.directory} was trained on another text ({record.corpus.name}, "
            f"{record.corpus.characters:,} characters) than this one ({corpus.name}, "
            f"{len(corpus.text):,}). Give the text it began with, or start a new run with --name."
        )
    with writer.held():
        return _go_on(
            writer,
            corpus,
            training=training,
            new_budget=has_new_budget(changes or {}),
            device=device,
            watchers=watchers,
        )


@dataclass(frozen=True, slots=True)
class _Watchers:
    """Those who are told how a run goes, and when its time began."""

    observer: TrainingObserver
    callbacks: Sequence[keras.callbacks.Callback]
    sample: SampleWriter | None
    began: float | None

    def pace(self, training: TrainingConfig, spent: float) -> Pace | None:
        """The clock of a run, on which some seconds were spent before; None without a budget."""
        if training.minutes is None:
            return None
        began = time.monotonic() if self.began is None else self.began
        return Pace(began - spent + 60 * training.minutes)


def _begin(
    writer: CheckpointWriter,
    corpus: Corpus,
    *,
    reading: CorpusConfig,
    model: ModelConfig,
    training: TrainingConfig,
    device: str,
    watchers: _Watchers,
) -> Outcome:
    """Settle what is open, and train from the beginning."""
    pace = watchers.pace(training, spent=0.0)
    text = TrainingText(corpus, reading, training)
    chosen = choose_device(device)
    devices = chosen.strategy.num_replicas_in_sync
    architecture = settle_architecture(model, len(text.training), text.vocabulary.size)
    settled = settle_training(training, architecture, len(text.training), devices)
    record = RunRecord(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        versions=_versions(),
        architecture=architecture,
        vocabulary=text.vocabulary.characters,
        corpus=corpus.record(),
        reading=reading,
        training=settled,
        device=chosen.description,
        baselines=text.baselines,
    )
    step = TrainingStep(architecture, settled, chosen.strategy)
    position = Position(schedule=new_schedule(settled, text.streams(settled)), next_evaluation=None)
    trainer = _trainer(
        writer,
        record,
        text,
        step,
        position=position,
        state=step.zero_state(),
        pace=pace,
        watchers=watchers,
        begun=False,
    )
    return _run(trainer, watchers.observer)


def _go_on(
    writer: CheckpointWriter,
    corpus: Corpus,
    *,
    training: TrainingConfig,
    new_budget: bool,
    device: str,
    watchers: _Watchers,
) -> Outcome:
    """Train on from the saved state."""
    record = read_record(writer.directory)
    text = TrainingText(corpus, record.reading, training, record.vocabulary)
    chosen = choose_device(device)
    check_batch(training, chosen.strategy.num_replicas_in_sync)
    step = TrainingStep(record.architecture, training, chosen.strategy)
    position, arrays = load_state(writer.directory / RESUME_DIRECTORY, step.shapes())
    if new_budget:
        position = lengthened(position, training, text.streams(training))
    record = dataclasses.replace(record, training=training, device=chosen.description)
    pace = watchers.pace(training, spent=position.seconds - position.budget_began)
    trainer = _trainer(
        writer,
        record,
        text,
        step,
        position=position,
        state=step.restore(arrays),
        pace=pace,
        watchers=watchers,
        begun=True,
    )
    refuse_finished(trainer, writer.directory)
    writer.sweep()
    writer.cut_history(position.step)
    writer.write_record(record)
    return _run(trainer, watchers.observer)


def _trainer(
    writer: CheckpointWriter,
    record: RunRecord,
    text: TrainingText,
    step: TrainingStep,
    *,
    position: Position,
    state: State,
    pace: Pace | None,
    watchers: _Watchers,
    begun: bool,
) -> Trainer:
    kept = [line for line in read_history(writer.directory) if line["step"] <= position.step]
    epoch = len(kept) if begun else 0
    return Trainer(
        step=step,
        streams=text.streams(record.training),
        evaluator=Evaluator(text.validation, text.vocabulary.size),
        validation_characters=len(text.validation),
        position=position,
        state=state,
        writer=writer,
        record=record,
        observer=watchers.observer,
        callbacks=CallbackDriver(watchers.callbacks, step.network.model, step.optimizer, epoch),
        pace=pace,
        sample=watchers.sample,
        begun=begun,
    )


def _run(trainer: Trainer, observer: TrainingObserver) -> Outcome:
    """Tell the plan, and train."""
    record, streams = trainer.record, trainer.streams
    observer.started(
        Plan(
            directory=trainer.writer.directory,
            architecture=record.architecture,
            device=record.device,
            training_characters=len(streams.ids),
            validation_characters=trainer.validation_characters,
            batch_size=streams.batch_size,
            window=streams.window,
            steps=trainer.position.schedule.total,
            steps_per_epoch=streams.steps_per_epoch,
            minutes=record.training.minutes,
            baselines=record.baselines,
            begins_at=trainer.position.step,
        )
    )
    return trainer.run()


def _read(
    corpus: str | Path | Sequence[str | Path], reading: CorpusConfig, observer: TrainingObserver
) -> Corpus:
    sources = [corpus] if isinstance(corpus, str | Path) else corpus
    text = read_corpus([str(source) for source in sources], reading)
    for note in text.notes:
        observer.noted(note)
    return text


def _versions() -> dict[str, str]:
    return {
        "charrnn": metadata.version("charrnn"),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
