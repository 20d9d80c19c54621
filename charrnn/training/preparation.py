"""From a text and settings to a trainer that is ready."""

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from charrnn.checkpoint.directory import CheckpointWriter
from charrnn.checkpoint.history import HISTORY_FILE, cut_history
from charrnn.checkpoint.record import RECORD_FILE, RunRecord
from charrnn.cluster import Cluster
from charrnn.corpus.loading import Corpus
from charrnn.model.device import choose_device
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training.budget import budget_of, measured_speed
from charrnn.training.data import TrainingText
from charrnn.training.defaults import (
    check_batch,
    kernel_cores,
    precision_on,
    settle_architecture,
    settle_precision,
    settle_training,
    with_warm_budget,
)
from charrnn.training.evaluation import Evaluator
from charrnn.training.observer import TrainingObserver
from charrnn.training.resume_policy import new_schedule, refuse_finished, with_new_budget
from charrnn.training.state import (
    TrainerState,
    load_state,
    read_state,
    state_shapes,
    writing_told,
)
from charrnn.training.step import TrainingStep
from charrnn.training.trainer import RunHooks, Trainer
from charrnn.training.warm_start import WarmStart
from charrnn.training.workers import (
    NOT_AUTHENTICATED,
    SeveralWorkers,
    Workers,
    check_agreement,
    versions,
)


@dataclass(frozen=True, slots=True)
class ComputeContext:
    """Where a run is computed, and by whom.

    Attributes:
        description: In words, for people and for the record.
        strategy: TensorFlow's way to run there.
        cores: CPU cores that compute; 0 on a GPU.
        workers: The processes that train together.
    """

    description: str
    strategy: tf.distribute.Strategy
    cores: int
    workers: Workers


def connect_devices(
    device: str, cluster: Cluster | None, observer: TrainingObserver, *, resumes: bool
) -> ComputeContext:
    """Settle on a device; with several workers, wait until all of them are connected.

    Args:
        device: "auto", "cpu", "gpu" or "gpu:N".
        cluster: The workers; None trains alone.
        observer: Is told of the other workers.
        resumes: Whether a run is resumed.

    Raises:
        DeviceError: The device is not there.
        WorkersError: The workers do not find one another, or cannot train together.
    """
    chosen = choose_device(device)
    if cluster is None or cluster.is_alone:
        return ComputeContext(chosen.description, chosen.strategy, chosen.cores, Workers())
    observer.noted(NOT_AUTHENTICATED)
    observer.noted(f"waiting for all {len(cluster.addresses)} workers (Ctrl-C gives up) ...")
    strategy = chosen.strategy_in(cluster)
    description = f"{len(cluster.addresses)} workers, the first on {chosen.description}"
    workers = SeveralWorkers(strategy, cluster)
    facts = {
        "the versions of their packages": versions() | {"python": "any"},
        "the devices": chosen.kind,
        "whether they resume a run": resumes,
    }
    check_agreement(workers, facts)
    return ComputeContext(description, strategy, chosen.cores, workers)


def check_workers(context: ComputeContext, corpus: Corpus, settings: Mapping[str, Any]) -> None:
    """Make sure that all workers learn the same text in the same way; raises WorkersError."""
    facts = {"the text": corpus.digest, "the settings": dict(settings)}
    check_agreement(context.workers, facts)


def start_run(
    writer: CheckpointWriter,
    corpus: Corpus,
    *,
    corpus_config: CorpusConfig,
    model: ModelConfig | None,
    training: TrainingConfig,
    context: ComputeContext,
    hooks: RunHooks,
    warm_start: WarmStart | None = None,
) -> Trainer:
    """Settle what is open; the trainer begins at step 0.

    Args:
        writer: The directory, which is held.
        corpus: The text.
        corpus_config: How it is divided.
        model: The network asked for; None leaves it open.
        training: How to train it.
        context: Where it is computed.
        hooks: What is called on the way.
        warm_start: The network that it begins with; None begins with random weights.
    """
    model = warm_start.settled(model) if warm_start is not None else model or ModelConfig()
    known = warm_start.vocabulary.characters if warm_start is not None else ()
    text = TrainingText(corpus, corpus_config, training, known=known)
    devices = context.strategy.num_replicas_in_sync
    characters = text.length
    if warm_start is not None:
        training = with_warm_budget(training, characters)
    speed = partial(_common_speed, context, training)
    budget = budget_of(training, characters, speed)
    architecture = settle_architecture(model, budget, characters, text.vocabulary.size)
    settled = settle_training(
        training,
        architecture,
        budget,
        characters,
        devices=devices,
        layout=corpus.layout,
        warm=warm_start is not None,
    )
    settled = settle_precision(
        settled, architecture, training_characters=characters, cores=context.cores
    )
    if training.precision is None and settled.precision == "bfloat16":
        hooks.observer.noted(
            "Matrix products are computed in bfloat16, all else in float32; --precision float32 "
            "computes all of it in float32."
        )
    # Processors choose the precision, and a slow one a smaller network.
    settings = [dataclasses.asdict(architecture), dataclasses.asdict(settled)]
    check_agreement(context.workers, {"the settings that they choose by themselves": settings})
    record = RunRecord(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        versions=versions(),
        architecture=architecture,
        vocabulary=text.vocabulary.characters,
        corpus=corpus.record(),
        corpus_config=corpus_config,
        training=settled,
        device=context.description,
        baselines=text.baselines(corpus),
        origin=None if warm_start is None else warm_start.record,
    )
    step = _training_step(record, context, characters)
    if warm_start is not None:
        step.adopt(warm_start.transferred(step.network.model.get_weights(), text.vocabulary))
        hooks.observer.noted(warm_start.told(text.vocabulary))
    streams = text.streams(settled)
    return Trainer(
        step=step,
        streams=streams,
        evaluator=_evaluator(text, context.workers),
        corpus=corpus,
        state=TrainerState(learning_rate_schedule=new_schedule(settled, streams)),
        carried=step.zero_state(),
        writer=writer,
        record=record,
        hooks=hooks,
        workers=context.workers,
    )


def resume_run(
    writer: CheckpointWriter,
    corpus: Corpus,
    *,
    record: RunRecord,
    training: TrainingConfig,
    new_budget: bool,
    context: ComputeContext,
    hooks: RunHooks,
) -> Trainer:
    """Go on from the saved state, which the first worker reads for all of them.

    Args:
        writer: The directory of the run, which is held.
        corpus: Its text.
        record: What its `charrnn.json` says.
        training: Its settings, with those that were changed now.
        new_budget: Whether its length was.
        context: Where it is computed.
        hooks: What is called on the way.

    Raises:
        CheckpointError: There is nothing to resume, or nothing left to do.
    """
    text = TrainingText(corpus, record.corpus_config, training, record.vocabulary)
    check_batch(training, context.strategy.num_replicas_in_sync)
    training = precision_on(training, context.cores)
    record = dataclasses.replace(record, training=training, device=context.description)
    workers = context.workers
    assert training.batch_size is not None, "a settled training has a batch size"
    # Before the network is made, so that what it takes is known to be there.
    shapes = state_shapes(record.architecture, training.batch_size)
    saved = workers.share(read_state(writer.directory, shapes) if workers.index == 0 else b"")
    state, arrays = load_state(saved, writer.directory, shapes)
    step = _training_step(record, context, text.length)
    streams = text.streams(training)
    if new_budget:
        state = with_new_budget(state, training, streams)
    trainer = Trainer(
        step=step,
        streams=streams,
        evaluator=_evaluator(text, workers),
        corpus=corpus,
        state=state,
        carried=step.restore(arrays),
        writer=writer,
        record=record,
        hooks=hooks,
        workers=workers,
        resumed=True,
    )
    missing = (one.name for one in hooks.text_files if one.is_missing(writer.directory, record))
    lacks = workers.share(", ".join(missing).encode()).decode()
    if lacks:
        hooks.observer.noted(f"{writer.directory} lacks {lacks}; to be made now from its text.")
    else:
        refuse_finished(state, trainer.schedule, writer.directory)
    if workers.index == 0:
        with writing_told(writer.directory, HISTORY_FILE, state.step):
            cut_history(writer.directory, state.evaluated_until)
        with writing_told(writer.directory, RECORD_FILE, state.step):
            writer.write_record(record)
    return trainer


def _common_speed(context: ComputeContext, training: TrainingConfig) -> float:
    """Operations in a second of one worker, the mean of all, so that all settle the same."""
    speed = measured_speed(context.cores, training.precision)
    return float(context.workers.total(np.array([speed]))[0]) / context.workers.count


def _training_step(record: RunRecord, context: ComputeContext, characters: int) -> TrainingStep:
    cores = kernel_cores(record.training, record.architecture, characters, context.cores)
    return TrainingStep(record.architecture, record.training, context.strategy, cores)


def _evaluator(text: TrainingText, workers: Workers) -> Evaluator:
    """Evaluates this worker's share of the validation split."""
    share = (workers.index, workers.count)
    return Evaluator(text.validation, text.vocabulary.size, share, text.measured)
