"""One run, from a text and settings to a trained checkpoint."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from charrnn.checkpoint.directory import CheckpointWriter, claim, read_record
from charrnn.cluster import Cluster
from charrnn.errors import CheckpointError
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.training.agreement import named_settings
from charrnn.training.continuation import changed_training, has_new_budget, sources_of
from charrnn.training.follower import follow
from charrnn.training.meeting import led
from charrnn.training.observer import Outcome, SilentObserver, TrainingObserver
from charrnn.training.preparation import Watchers, begin, go_on, take_place
from charrnn.training.reading import CorpusSource, read_text
from charrnn.training.trainer import SampleWriter
from charrnn.training.transfer import Origin


def train(
    corpus: CorpusSource,
    *,
    name: str | None = None,
    checkpoints: str | Path = "checkpoints",
    model: ModelConfig | None = None,
    training: TrainingConfig | None = None,
    reading: CorpusConfig | None = None,
    device: str = "auto",
    cluster: Cluster | None = None,
    overwrite: bool = False,
    origin: str | Path | None = None,
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
        cluster: The workers that train together, each called with the same but for its index. Only
            the chief writes, and tells its observer, its callbacks and its sample.
        overwrite: Whether a run of that name may be replaced.
        origin: A checkpoint directory, whose network this one begins with; it has the same
            architecture. On a cluster only the chief needs it.
        observer: Whom to tell how it goes.
        callbacks: Keras callbacks; their epochs are the stretches between evaluations.
        sample: Writes a sample at each evaluation.
        began: When `minutes` began to count, on `time.monotonic`; now by default.

    Returns:
        How it ended, and where the checkpoint is.

    Raises:
        CorpusError: The text cannot be read or learned from.
        CheckpointError: A run of that name is in the way, or the origin cannot be read or is of
            another architecture than the network asked for.
        ConfigurationError: Settings contradict each other or the text.
        DeviceError: The device is not there.
        DivergenceError: The loss became NaN.
        TrainingInterrupted: SIGINT or SIGTERM came; everything is saved.
        WorkersError: The workers do not find one another, do not fit, or one is gone.
    """
    watchers = Watchers(observer or SilentObserver(), callbacks, sample, began)
    reading, training = reading or CorpusConfig(), training or TrainingConfig()
    settings = named_settings(reading, model or ModelConfig(), training)
    if cluster is not None and not cluster.is_chief:
        return follow(
            cluster,
            corpus,
            settings=settings,
            reading=reading,
            device=device,
            observer=watchers.observer,
        )
    with led(cluster, watchers.observer.noted) as team:
        text = read_text(corpus, reading, watchers.observer)
        writer = claim(Path(checkpoints), name or text.name, overwrite=overwrite)
        with writer.held():
            # Another process may have finished a run of that name since.
            claim(Path(checkpoints), name or text.name, overwrite=overwrite)
            place = take_place(team, cluster, device, text, settings)
            # Loading a network runs TensorFlow, which several workers must have configured before.
            known = None if origin is None else Origin.open(Path(origin))
            return begin(
                writer,
                text,
                reading=reading,
                model=model,
                training=training,
                place=place,
                watchers=watchers,
                origin=known,
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
    began: float | None = None,
) -> Outcome:
    """Go on with a run exactly where it was stopped, or make a finished one longer.

    Args:
        directory: The checkpoint; on a cluster only the chief needs it.
        corpus: Its text, where that has moved; it must be the same to the letter.
        changes: Settings by name. A new budget (`epochs`, `steps`, `minutes`), `patience` or
            `evaluate_every` is taken on; any other must be what the run has already.
        device: "auto", "cpu", "gpu" or "gpu:N".
        cluster: The workers that go on together, each called with the same but for its index; they
            need not be as many as before.
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
        WorkersError: The workers do not find one another, do not fit, or one is gone.
    """
    watchers = Watchers(observer or SilentObserver(), callbacks, sample, began)
    changes = changes or {}
    if cluster is not None and not cluster.is_chief:
        return follow(
            cluster,
            corpus,
            settings=changes,
            reading=None,
            device=device,
            observer=watchers.observer,
        )
    writer = CheckpointWriter(Path(directory))
    record = read_record(writer.directory)
    training = changed_training(record, changes, writer.directory)
    sources = corpus or sources_of(record, writer.directory)
    with led(cluster, watchers.observer.noted, record) as team:
        # The layout is the one recorded: detection may have changed since the run began.
        reading = dataclasses.replace(record.corpus_config, layout=record.corpus.layout)
        text = read_text(sources, reading, watchers.observer, record.corpus.stanzas)
        if text.digest != record.corpus.digest:
            raise CheckpointError(
                f"{writer.directory} was trained on another text ({record.corpus.name}, "
                f"{record.corpus.characters:,} characters) than this one ({text.name}, "
                f"{len(text.text):,}). Give the text it began with, or start a new run with --name."
            )
        if (text.layout, text.stanzas) != (record.corpus.layout, record.corpus.stanzas):
            raise CheckpointError(
                f"{writer.directory} was trained on poems that stand otherwise in its text (layout "
                f"{record.corpus.layout}) than in this corpus (layout {text.layout}). Give the path "
                "of the text, which is then read as before."
            )
        with writer.held():
            return go_on(
                writer,
                text,
                training=training,
                new_budget=has_new_budget(changes),
                place=take_place(team, cluster, device, text, changes),
                watchers=watchers,
            )
