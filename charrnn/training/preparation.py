"""From a text and settled settings to a trainer that is ready, and to the end of its run."""

import dataclasses
import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from charrnn.checkpoint.directory import (
    RESUME_DIRECTORY,
    CheckpointWriter,
    read_history,
    read_record,
)
from charrnn.checkpoint.record import RunRecord
from charrnn.cluster import Cluster
from charrnn.corpus.loading import Corpus
from charrnn.corpus.ngram_filter import keep_ngram_filter
from charrnn.forms.core.table_keeping import keep_learned_tables
from charrnn.model.device import choose_device
from charrnn.model.network import State
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training.agreement import facts, versions
from charrnn.training.budget import budget_of, measured_speed
from charrnn.training.callbacks import CallbackDriver
from charrnn.training.continuation import lengthened, new_schedule, refuse_finished
from charrnn.training.course import Course
from charrnn.training.evaluation import Evaluator
from charrnn.training.observer import Outcome, Plan, TrainingObserver
from charrnn.training.pace import Pace
from charrnn.training.plan import check_batch, settle_architecture, settle_training
from charrnn.training.precision import kernel_cores, precision_on, settle_precision
from charrnn.training.resume import Position, load_state
from charrnn.training.step import TrainingStep
from charrnn.training.team import RUN, STATE, Team, packed
from charrnn.training.text import TrainingText
from charrnn.training.trainer import SampleWriter, Trainer
from charrnn.training.transfer import Origin


@dataclass(frozen=True, slots=True)
class Watchers:
    """Those who are told how a run goes, and when its time began.

    Attributes:
        observer: Is told of everything.
        callbacks: Keras's observers.
        sample: Writes a sample at each evaluation.
        began: When `minutes` began to count, on `time.monotonic`; None counts from now on.
    """

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is trained, and with whom.

    Attributes:
        description: In words, for people and for the record.
        strategy: TensorFlow's way to run there.
        cores: Cores that compute side by side where the CPU trains; 0 on a GPU.
        team: Those who train together.
    """

    description: str
    strategy: tf.distribute.Strategy
    cores: int
    team: Team


def take_place(
    team: Team, cluster: Cluster | None, device: str, text: Corpus, settings: Mapping[str, Any]
) -> Place:
    """Settle on a device, and begin to compute there once all workers agree on what.

    Args:
        team: Those who train together.
        cluster: Where they are; None trains alone.
        device: "auto", "cpu", "gpu" or "gpu:N".
        text: What is learned.
        settings: What this worker was started with, by name.
    """
    chosen = choose_device(device)
    team.agree(facts(text, settings, chosen.kind))
    strategy = chosen.strategy_in(cluster)
    return Place(chosen.description_in(cluster), strategy, chosen.cores, team)


def begin(
    writer: CheckpointWriter,
    corpus: Corpus,
    *,
    reading: CorpusConfig,
    model: ModelConfig | None,
    training: TrainingConfig,
    place: Place,
    watchers: Watchers,
    origin: Origin | None = None,
) -> Outcome:
    """Settle what is open, and train from the beginning.

    Args:
        writer: The directory, which is held.
        corpus: The text.
        reading: How it is divided.
        model: The network asked for; None leaves it open.
        training: How to train it.
        place: Where, and with whom.
        watchers: Whom to tell.
        origin: The network that it begins with; None begins with nothing.
    """
    pace = watchers.pace(training, spent=0.0)
    model = (model or ModelConfig()) if origin is None else origin.settled(model)
    known = origin.vocabulary.characters if origin is not None else ()
    text = TrainingText(corpus, reading, training, known=known)
    devices = place.strategy.num_replicas_in_sync
    characters = len(text.training)
    budget = budget_of(
        training, characters, partial(measured_speed, place.cores, training.precision)
    )
    architecture = settle_architecture(model, budget, characters, text.vocabulary.size)
    settled = settle_training(
        training, architecture, budget, characters, devices=devices, layout=corpus.layout
    )
    settled = settle_precision(
        settled, architecture, training_characters=characters, cores=place.cores
    )
    if training.precision is None and settled.precision == "bfloat16":
        watchers.observer.noted(
            "Matrix products are computed in bfloat16, all else in float32; --precision float32 "
            "computes them in float32 too."
        )
    record = RunRecord(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        versions=versions(),
        architecture=architecture,
        vocabulary=text.vocabulary.characters,
        corpus=corpus.record(),
        corpus_config=reading,
        training=settled,
        device=place.description,
        baselines=text.baselines,
        origin=None if origin is None else origin.record,
    )
    place.team.order(RUN, record.to_json().encode())
    cores = kernel_cores(settled, architecture, characters, place.cores)
    step = TrainingStep(architecture, settled, place.strategy, cores)
    if origin is None:
        place.team.order(STATE)
    else:
        step.adopt(origin.transferred(step.network.model.get_weights(), text.vocabulary))
        place.team.order(STATE, packed(step.arrays(step.zero_state())))
        watchers.observer.noted(origin.told(text.vocabulary))
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
        team=place.team,
    )
    return _run(trainer, corpus, watchers.observer)


def go_on(
    writer: CheckpointWriter,
    corpus: Corpus,
    *,
    training: TrainingConfig,
    new_budget: bool,
    place: Place,
    watchers: Watchers,
) -> Outcome:
    """Train on from the saved state.

    Args:
        writer: The directory of the run, which is held.
        corpus: Its text.
        training: Its settings, with those that were changed now.
        new_budget: Whether its length was.
        place: Where, and with whom.
        watchers: Whom to tell.
    """
    record = read_record(writer.directory)
    text = TrainingText(corpus, record.corpus_config, training, record.vocabulary)
    check_batch(training, place.strategy.num_replicas_in_sync)
    training = precision_on(training, place.cores)
    record = dataclasses.replace(record, training=training, device=place.description)
    place.team.order(RUN, record.to_json().encode())
    cores = kernel_cores(training, record.architecture, len(text.training), place.cores)
    step = TrainingStep(record.architecture, training, place.strategy, cores)
    position, arrays = load_state(writer.directory / RESUME_DIRECTORY, step.shapes())
    place.team.order(STATE, packed(arrays))
    if new_budget:
        position = lengthened(position, training, text.streams(training))
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
        team=place.team,
    )
    refuse_finished(trainer, writer.directory)
    writer.sweep()
    writer.cut_history(position.step)
    writer.write_record(record)
    return _run(trainer, corpus, watchers.observer)


def _trainer(
    writer: CheckpointWriter,
    record: RunRecord,
    text: TrainingText,
    step: TrainingStep,
    *,
    position: Position,
    state: State,
    pace: Pace | None,
    watchers: Watchers,
    begun: bool,
    team: Team,
) -> Trainer:
    kept = [line for line in read_history(writer.directory) if line["step"] <= position.step]
    epoch = len(kept) if begun else 0
    evaluator = Evaluator(text.validation, text.vocabulary.size, share=(0, team.workers))
    return Trainer(
        step=step,
        streams=text.streams(record.training),
        evaluator=evaluator,
        validation_characters=len(text.validation),
        position=position,
        state=state,
        writer=writer,
        record=record,
        observer=watchers.observer,
        callbacks=CallbackDriver(watchers.callbacks, step.network.model, epoch),
        course=Course(
            position,
            step.config,
            step_characters=step.step_characters,
            evaluation_characters=evaluator.reading,
            pace=pace,
        ),
        sample=watchers.sample,
        begun=begun,
        team=team,
    )


def _run(trainer: Trainer, corpus: Corpus, observer: TrainingObserver) -> Outcome:
    """Tell the plan, train, and keep the n-grams of the text and what its poems teach."""
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
    if not trainer.evaluator.whole:
        observer.noted(
            f"Each evaluation measures the same {trainer.evaluator.characters:,} of the "
            f"{trainer.validation_characters:,} characters kept aside, taken evenly."
        )
    outcome = trainer.run()
    keep_ngram_filter(trainer.writer, corpus, trainer.record, observer.noted)
    keep_learned_tables(trainer.writer, corpus, trainer.record, observer.noted)
    observer.finished(outcome)
    return outcome
