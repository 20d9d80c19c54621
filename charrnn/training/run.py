"""One run, from a text and settings to a trained checkpoint."""

import dataclasses
import datetime
import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from charrnn.checkpoint import (
    RESUME_DIRECTORY,
    CheckpointWriter,
    free_for_run,
    holds_run,
    read_record,
)
from charrnn.config import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.corpus.reading import Corpus, read_corpus
from charrnn.corpus.streams import natural_window
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.model.device import Device, choose_device
from charrnn.record import CorpusRecord, RunRecord
from charrnn.training.callbacks import CallbackDriver
from charrnn.training.continuation import (
    changed_training,
    has_new_budget,
    lengthened,
    new_schedule,
    sources_of,
)
from charrnn.training.evaluation import Evaluator
from charrnn.training.observer import Outcome, Plan, SilentObserver, TrainingObserver
from charrnn.training.pace import Pace
from charrnn.training.plan import settle_architecture, settle_training
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
    began = time.monotonic() if began is None else began
    observer = observer or SilentObserver()
    reading = reading or CorpusConfig()
    if not isinstance(corpus, Corpus):
        corpus = _read(corpus, reading, observer)
    writer = _writer(Path(checkpoints), name or corpus.name, overwrite)
    training = training or TrainingConfig()
    training = dataclasses.replace(training, window=training.window or natural_window(corpus))
    text = TrainingText(corpus, reading, training)
    chosen = choose_device(device)
    architecture = settle_architecture(
        model or ModelConfig(), len(text.training), text.vocabulary.size
    )
    settled = settle_training(
        training,
        architecture,
        len(text.training),
        chosen.strategy.num_replicas_in_sync,
    )
    record = RunRecord(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        versions=_versions(),
        architecture=architecture,
        vocabulary=text.vocabulary.characters,
        corpus=_corpus_record(corpus),
        reading=reading,
        training=settled,
        device=chosen.description,
        baselines=text.baselines(),
    )
    step = TrainingStep(architecture, settled, chosen.strategy)
    position = Position(schedule=new_schedule(settled, text.streams(settled)), next_evaluation=None)
    writer.clear()
    writer.write_record(record)
    return _train(
        text=text,
        step=step,
        position=position,
        state=step.zero_state(),
        writer=writer,
        record=record,
        observer=observer,
        callbacks=callbacks,
        pace=_pace(settled, began),
        sample=sample,
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
    began = time.monotonic() if began is None else began
    observer = observer or SilentObserver()
    writer = CheckpointWriter(Path(directory))
    record = read_record(writer.directory)
    changes = changes or {}
    training = changed_training(record, changes, writer.directory)
    if not isinstance(corpus, Corpus):
        corpus = _read(corpus or sources_of(record, writer.directory), record.reading, observer)
    if corpus.digest != record.corpus.digest:
        raise CheckpointError(
            f"{writer.directory} was trained on another text ({record.corpus.name}, "
            f"{record.corpus.characters:,} characters) than this one ({corpus.name}, "
            f"{len(corpus.text):,}). Give the text it began with, or start a new run with --name."
        )
    text = TrainingText(corpus, record.reading, training, record.vocabulary)
    chosen = choose_device(device)
    step = _step_for(record, training, chosen)
    position, arrays = load_state(writer.directory / RESUME_DIRECTORY, step.shapes())
    if has_new_budget(changes):
        position = lengthened(position, training, text.streams(training))
    elif position.schedule.total is not None and position.step >= position.schedule.total:
        raise CheckpointError(
            f"{writer.directory} is finished: {position.step:,} steps. To train it further, "
            "give a longer budget, such as --epochs or --minutes."
        )
    record = dataclasses.replace(record, training=training, device=chosen.description)
    writer.write_record(record)
    writer.sweep()
    writer.cut_history(position.step)
    spent = position.seconds if not has_new_budget(changes) else 0.0
    return _train(
        text=text,
        step=step,
        position=position,
        state=step.restore(arrays),
        writer=writer,
        record=record,
        observer=observer,
        callbacks=callbacks,
        pace=_pace(training, began - spent),
        sample=sample,
    )


def _writer(root: Path, name: str, overwrite: bool) -> CheckpointWriter:
    """The directory of a new run; refuses one that holds something to be kept."""
    directory = root / name
    if directory.parent != root or name in {".", ".."}:
        raise ConfigurationError(
            f"a run has a plain name, without a path; --checkpoints says where it is kept. "
            f"Received: {name}."
        )
    if holds_run(directory) and not overwrite:
        raise CheckpointError(
            f"{directory} already holds a run. Go on with it (--resume), replace it "
            "(--overwrite), or give this one another name (--name)."
        )
    if not holds_run(directory) and not free_for_run(directory):
        raise CheckpointError(
            f"{directory} holds files that are no run. Give this run another name (--name)."
        )
    return CheckpointWriter(directory)


def _train(
    *,
    text: TrainingText,
    step: TrainingStep,
    position: Position,
    state: Any,
    writer: CheckpointWriter,
    record: RunRecord,
    observer: TrainingObserver,
    callbacks: Sequence[keras.callbacks.Callback],
    pace: Pace | None,
    sample: SampleWriter | None,
) -> Outcome:
    streams = text.streams(record.training)
    observer.started(
        Plan(
            directory=writer.directory,
            architecture=record.architecture,
            device=record.device,
            training_characters=len(text.training),
            validation_characters=len(text.validation),
            batch_size=streams.batch_size,
            window=streams.window,
            steps=position.schedule.total,
            steps_per_epoch=streams.steps_per_epoch,
            minutes=record.training.minutes,
            baselines=record.baselines,
            begins_at=position.step,
        )
    )
    trainer = Trainer(
        step=step,
        streams=streams,
        evaluator=Evaluator(text.validation, text.vocabulary.size),
        validation_characters=len(text.validation),
        position=position,
        state=state,
        writer=writer,
        record=record,
        observer=observer,
        callbacks=CallbackDriver(callbacks, step.network.model, step.optimizer),
        pace=pace,
        sample=sample,
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


def _step_for(record: RunRecord, training: TrainingConfig, device: Device) -> TrainingStep:
    if training.batch_size is not None and training.batch_size % (
        devices := device.strategy.num_replicas_in_sync
    ):
        raise ConfigurationError(
            f"the run has batch-size {training.batch_size}, which {devices} devices cannot share. "
            "Choose one of them with --device gpu:0."
        )
    return TrainingStep(record.architecture, training, device.strategy)


def _pace(training: TrainingConfig, began: float) -> Pace | None:
    return None if training.minutes is None else Pace(began + 60 * training.minutes)


def _corpus_record(corpus: Corpus) -> CorpusRecord:
    return CorpusRecord(
        name=corpus.name,
        sources=corpus.sources,
        layout=corpus.layout,
        stanzas=corpus.stanzas,
        encoding=corpus.encoding,
        digest=corpus.digest,
        characters=len(corpus.text),
        poems=corpus.poems,
    )


def _versions() -> dict[str, str]:
    return {
        "charrnn": metadata.version("charrnn"),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "system": f"{platform.system()} {os.uname().machine if hasattr(os, 'uname') else ''}",
    }
