"""One run, from a text and settings to a trained checkpoint."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import keras

from charrnn.checkpoint.directory import CheckpointWriter, claim, read_record
from charrnn.checkpoint.lookup import spoken_name
from charrnn.checkpoint.record import RunRecord
from charrnn.cluster import Cluster
from charrnn.corpus.loading import Corpus
from charrnn.corpus.text_files import TextFile
from charrnn.errors import CheckpointError, CorpusError
from charrnn.settings.arguments import takes
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training.data import CorpusSource, read_text
from charrnn.training.observer import TrainingObserver, TrainingPlan, TrainingResult
from charrnn.training.preparation import check_workers, connect_devices, resume_run, start_run
from charrnn.training.resume_policy import changed_training, has_new_budget, sources_of
from charrnn.training.trainer import RunHooks, SampleWriter, Trainer
from charrnn.training.warm_start import WarmStart
from charrnn.training.workers import Workers, lost_workers_told
from charrnn.wording import counted

_OF_BOTH: Final[dict[str, Any]] = {
    "device": str,
    "cluster": Cluster | None,
    "observer": TrainingObserver | None,
    "callbacks": Sequence,
    "sample": Callable | None,
    "text_files": Sequence,
}


@takes(
    corpus=str | Path | Corpus | Sequence,
    name=str | None,
    checkpoints=str | Path,
    model=ModelConfig | None,
    training=TrainingConfig | None,
    corpus_config=CorpusConfig | None,
    warm_start=str | Path | None,
    **_OF_BOTH,
)
def train(
    corpus: CorpusSource,
    *,
    name: str | None = None,
    checkpoints: str | Path = "checkpoints",
    model: ModelConfig | None = None,
    training: TrainingConfig | None = None,
    corpus_config: CorpusConfig | None = None,
    device: str = "auto",
    cluster: Cluster | None = None,
    overwrite: bool = False,
    warm_start: str | Path | None = None,
    observer: TrainingObserver | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    sample: SampleWriter | None = None,
    text_files: Sequence[TextFile] = (),
) -> TrainingResult:
    """Train a network on poems and keep it as a checkpoint.

    Args:
        corpus: A path, several, a directory, a name of the catalogue, or a corpus already read.
        name: Name of the checkpoint; that of the corpus by default.
        checkpoints: The directory that runs are kept in.
        model: The network asked for.
        training: How to train it.
        corpus_config: How to read the text.
        device: "auto", "cpu", "gpu" or "gpu:N".
        cluster: The workers that train together, each called with the same but for its index. Only
            the first writes, and calls its observer, its sample and its text files.
        overwrite: Whether a run of that name may be replaced.
        warm_start: A checkpoint directory, whose network this one begins with; it has the same
            architecture. Each of several workers needs it.
        observer: Receives reports.
        callbacks: Keras callbacks; their epochs are the stretches between evaluations.
        sample: Writes a sample at each evaluation.
        text_files: What is kept beside the network and depends on the text alone.

    Returns:
        How it ended, and where the checkpoint is.

    Raises:
        CorpusError: The text cannot be read or learned from.
        CheckpointError: A run of that name is in the way, or `warm_start` cannot be read or has
            another architecture.
        ConfigurationError: Settings contradict each other or the text.
        DeviceError: The device is not there.
        DivergenceError: The loss became NaN.
        TrainingInterrupted: SIGINT, SIGHUP or SIGTERM came; everything is saved.
        WorkersError: The workers do not train the same, or one is gone.
    """
    observer = observer or TrainingObserver()
    hooks = RunHooks(observer, callbacks, sample, text_files).for_worker(cluster)
    training, corpus_config = training or TrainingConfig(), corpus_config or CorpusConfig()
    text = read_text(corpus, corpus_config, hooks.observer)
    directory = Path(checkpoints) / (name or text.name)
    if _writes(cluster):
        directory = claim(Path(checkpoints), name or text.name, overwrite=overwrite).directory
    writer = CheckpointWriter(directory)
    with _held(writer, cluster):
        if _writes(cluster):
            # Another process may have finished a run of that name since.
            claim(Path(checkpoints), name or text.name, overwrite=overwrite)
        context = connect_devices(device, cluster, observer, resumes=False)
        # Loading a network runs TensorFlow, which several workers must have configured before.
        begins_with = None if warm_start is None else WarmStart.open(Path(warm_start))
        settings = {
            "model": dataclasses.asdict(model or ModelConfig()),
            "training": dataclasses.asdict(training),
            "corpus": dataclasses.asdict(corpus_config),
            "warm_start": begins_with and begins_with.record.sha256,
        }
        check_workers(context, text, settings)
        trainer = start_run(
            writer,
            text,
            corpus_config=corpus_config,
            model=model,
            training=training,
            context=context,
            hooks=hooks,
            warm_start=begins_with,
        )
        return _run(trainer, hooks.observer)


@takes(
    directory=str | Path,
    corpus=str | Path | Corpus | Sequence | None,
    changes=Mapping | None,
    **_OF_BOTH,
)
def resume(
    directory: str | Path,
    *,
    corpus: CorpusSource | None = None,
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    cluster: Cluster | None = None,
    observer: TrainingObserver | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    sample: SampleWriter | None = None,
    text_files: Sequence[TextFile] = (),
) -> TrainingResult:
    """Go on with a run exactly where it was stopped, or make a finished one whole or longer.

    Args:
        directory: The checkpoint; of several workers only the first needs it.
        corpus: Its text, where that has moved; it must be the same to the letter.
        changes: Settings by name. A new budget (`epochs`, `steps`, `minutes`), `patience` or
            `evaluate_every` is taken on; any other must be what the run has already.
        device: "auto", "cpu", "gpu" or "gpu:N".
        cluster: The workers that go on together, each called with the same but for its index; they
            need not be as many as before.
        observer: Receives reports.
        callbacks: Keras callbacks.
        sample: Writes a sample at each evaluation.
        text_files: What is kept beside the network and depends on the text alone.

    Returns:
        How it ended.

    Raises:
        CheckpointError: There is nothing to resume, the text or the settings are others, or
            the run is finished, lacks no file, and no longer budget is given.
        CorpusError: The text cannot be read.
        DeviceError: The device is not there.
        DivergenceError: The loss became NaN.
        TrainingInterrupted: SIGINT, SIGHUP or SIGTERM came; everything is saved.
        WorkersError: The workers do not train the same, or one is gone.
    """
    observer = observer or TrainingObserver()
    hooks = RunHooks(observer, callbacks, sample, text_files).for_worker(cluster)
    changes = changes or {}
    writer = CheckpointWriter(Path(directory))
    if _writes(cluster):
        # Refused before TensorFlow starts, and before other workers are waited for.
        changed_training(read_record(writer.directory), changes, writer.directory)
    with _held(writer, cluster):
        context = connect_devices(device, cluster, observer, resumes=True)
        writer, record = _shared(context.workers, writer)
        training = changed_training(record, changes, writer.directory)
        text = _text_again(corpus, record, writer.directory, hooks.observer)
        check_workers(context, text, changes)
        _refuse_other_text(text, record, writer.directory)
        trainer = resume_run(
            writer,
            text,
            record=record,
            training=training,
            new_budget=has_new_budget(changes),
            context=context,
            hooks=hooks,
        )
        return _run(trainer, hooks.observer)


def _writes(cluster: Cluster | None) -> bool:
    """Whether this process is the one that writes the checkpoint."""
    return cluster is None or cluster.index == 0


@contextlib.contextmanager
def _held(writer: CheckpointWriter, cluster: Cluster | None) -> Iterator[None]:
    """Hold the directory where this process writes it; tell of workers that are lost meanwhile."""
    with (
        lost_workers_told(cluster, writer.directory),
        writer.held() if _writes(cluster) else contextlib.nullcontext(),
    ):
        yield


def _shared(workers: Workers, writer: CheckpointWriter) -> tuple[CheckpointWriter, RunRecord]:
    """The run that the first worker goes on with: its directory, which others only name, its record."""
    writes = workers.index == 0
    name = workers.share(str(writer.directory).encode())
    content = workers.share(read_record(writer.directory).to_json().encode() if writes else b"")
    return CheckpointWriter(Path(name.decode())), RunRecord.from_json(content.decode())


def _text_again(
    corpus: CorpusSource | None, record: RunRecord, directory: Path, observer: TrainingObserver
) -> Corpus:
    """Read the text of a run. What was settled for the run is not chosen again."""
    config = dataclasses.replace(
        record.corpus_config, layout=record.corpus.layout, stanzas=record.corpus.stanzas
    )
    if corpus is not None:
        return read_text(corpus, config, observer)
    sources = sources_of(record, directory)
    try:
        return read_text(sources, config, observer)
    except CorpusError as error:
        raise CheckpointError(
            f"the text of {directory} cannot be read again: {error} If it has moved, name its new "
            f"place: charrnn train PLACE --resume --name {spoken_name(directory)}"
        ) from error


def _refuse_other_text(text: Corpus, record: RunRecord, directory: Path) -> None:
    if text.digest != record.corpus.digest:
        raise CheckpointError(
            f"{directory} was trained on another text ({record.corpus.name}, "
            f"{counted(record.corpus.characters, 'character')}) than this one ({text.name}, "
            f"{len(text.text):,}). Give the text it began with, or start a new run with --name."
        )
    if (text.layout, text.stanzas) != (record.corpus.layout, record.corpus.stanzas):
        raise CheckpointError(
            f"{directory} was trained on poems that stand otherwise in its text (layout "
            f"{record.corpus.layout}) than in this corpus (layout {text.layout}). Give the path "
            "of the text, which is then read as before."
        )


def _run(trainer: Trainer, observer: TrainingObserver) -> TrainingResult:
    """Tell the plan, train, tell the result."""
    record, streams, evaluator = trainer.record, trainer.streams, trainer.evaluator
    observer.started(
        TrainingPlan(
            directory=trainer.writer.directory,
            architecture=record.architecture,
            device=record.device,
            training_characters=streams.length,
            validation_characters=evaluator.text_length,
            batch_size=streams.batch_size,
            window=streams.window,
            steps=trainer.state.learning_rate_schedule.total,
            steps_per_epoch=streams.steps_per_epoch,
            minutes=record.training.minutes,
            baselines=record.baselines,
            begins_at=trainer.state.step,
        )
    )
    if not evaluator.whole:
        observer.noted(
            f"Each evaluation measures the same {evaluator.characters:,} of the "
            f"{evaluator.text_length:,} characters of the validation split, taken evenly."
        )
    result = trainer.run()
    observer.finished(result)
    return result
