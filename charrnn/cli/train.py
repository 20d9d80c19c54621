"""`charrnn train`: learn poems."""

import contextlib
import dataclasses
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.checkpoint.directory import claim, find_checkpoint, find_run, read_record
from charrnn.cli.download_display import download_progress
from charrnn.cli.options import (
    checkpoints_option,
    config_options,
    examples,
    given_settings,
    json_option,
    origin_option,
)
from charrnn.cli.startup import quiet_startup
from charrnn.cluster import find_cluster
from charrnn.errors import ConfigurationError
from charrnn.model.backend import require_tensorflow
from charrnn.settings.configuration import (
    DEVICE_NAME,
    CorpusConfig,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
)
from charrnn.settings.setting import Configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    import numpy as np
    import numpy.typing as npt

    from charrnn.checkpoint.record import RunRecord
    from charrnn.cli.training_display import LiveDisplay, PlainDisplay
    from charrnn.corpus.loading import Corpus

DEFAULT_CORPUS = "quatrains"

SAMPLE_CHARACTERS = 300
"""Length of a sample shown while a network learns."""


def _check_device(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if DEVICE_NAME.fullmatch(value) is None:
        raise click.BadParameter(
            f"it must be auto, cpu, gpu or gpu:N. Received: {value}.", context, parameter
        )
    return value


@click.command(
    epilog=examples(
        ("charrnn train", "learn the bundled English quatrains"),
        ("charrnn train jueju --minutes 2", "the bundled Chinese quatrains, for two minutes"),
        ("charrnn train poems.txt more/ --cell gru", "a file and a directory of your own"),
        ("cat *.txt | charrnn train - --name mine", "whatever comes in"),
        ("charrnn train poems.txt --from tang", "with what the bundled Tang poems taught"),
        ("charrnn train --resume --name mine", "go on where it was stopped"),
    ),
)
@click.argument("corpus", nargs=-1)
@click.option("--name", metavar="NAME", help="Name of the checkpoint.  [default: of the corpus]")
@config_options(ModelConfig)
@config_options(TrainingConfig)
@config_options(CorpusConfig)
@click.option(
    "--device",
    default="auto",
    metavar="DEVICE",
    callback=_check_device,
    help="auto, cpu, gpu or gpu:N; auto takes a GPU where TensorFlow finds one.  [default: auto]",
)
@click.option(
    "--workers",
    metavar="HOST:PORT,...",
    help="Train together with other machines: the addresses of all, the same on each; the first "
    "writes.  [default: as TF_CONFIG says, else alone]",
)
@click.option(
    "--worker-index",
    type=click.IntRange(min=0),
    metavar="N",
    help="Which of the workers this one is; 0 writes.",
)
@origin_option
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped, or lengthen it.")
@click.option("--overwrite", is_flag=True, help="Replace a run of the same name.")
@click.option(
    "--tensorboard",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write TensorBoard logs there.",
)
@checkpoints_option
@json_option
@click.pass_context
def train(
    context: click.Context,
    *,
    corpus: tuple[str, ...],
    name: str | None,
    model_config: ModelConfig,
    training_config: TrainingConfig,
    corpus_config: CorpusConfig,
    device: str,
    workers: str | None,
    worker_index: int | None,
    origin: str | None,
    resume: bool,
    overwrite: bool,
    tensorboard: Path | None,
    checkpoints: Path,
    as_json: bool,
) -> None:
    """Learn poems from CORPUS and keep the network as a checkpoint.

    CORPUS is a file, several, a directory, - for what comes in on standard input, or a name that
    `charrnn corpus list` shows. Without one the bundled English quatrains are learned.
    """
    if resume and overwrite:
        raise click.UsageError("--resume goes on with a run, --overwrite replaces it: give one.")
    if resume and origin is not None:
        raise click.UsageError(
            "--resume goes on with a run as it is, --from begins another one: give one."
        )
    began = time.monotonic()
    cluster = find_cluster(workers, worker_index, os.environ)
    writes = cluster is None or cluster.index == 0
    from charrnn.corpus.sources import corpus_name

    run_name = name or (corpus_name(corpus) if corpus else None if resume else DEFAULT_CORPUS)
    if not writes:
        directory = checkpoints / (run_name or DEFAULT_CORPUS)  # It is not touched.
    elif resume:
        directory = find_run(run_name, checkpoints)
    else:
        # Refused here already, before TensorFlow is loaded and a text downloaded.
        directory = claim(checkpoints, run_name or DEFAULT_CORPUS, overwrite=overwrite).directory
    begins_with = None if origin is None else find_checkpoint(origin, checkpoints)
    require_tensorflow()
    if cluster is not None and not cluster.is_alone:
        # TensorFlow logs every lost connection; what is to be said of one is said in a sentence.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    callbacks = _callbacks(tensorboard) if writes else []
    observer = _observer()
    with contextlib.closing(observer):
        with observer.loading(), quiet_startup():
            from charrnn import finishers
            from charrnn.model.device import available_gpus
            from charrnn.training import run

            available_gpus()  # Its libraries complain once, where there is no GPU.
        watching: dict[str, Any] = {
            "device": device,
            "cluster": cluster,
            "observer": observer,
            "callbacks": callbacks,
            "sample": _write_sample,
            "finishers": finishers(),
            "began": began,
        }
        if resume:
            changes = _given(context, model_config, training_config, corpus_config)
            result = run.resume(directory, corpus=corpus or None, changes=changes, **watching)
        else:
            result = run.train(
                _read(corpus or (DEFAULT_CORPUS,), corpus_config, observer),
                name=directory.name,
                checkpoints=checkpoints,
                model=_beginning_with(begins_with, context, model_config),
                training=training_config,
                corpus_config=corpus_config,
                overwrite=overwrite,
                warm_start=begins_with,
                **watching,
            )
    if as_json and writes:
        values = dataclasses.asdict(result) | {"directory": str(result.directory)}
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))


def _given(context: click.Context, *configurations: Configuration) -> dict[str, Any]:
    """The settings that the user named, of all configurations."""
    return {
        name: getattr(configuration, name)
        for configuration in configurations
        for name in given_settings(context, type(configuration))
    }


def _beginning_with(origin: Path | None, context: click.Context, model: ModelConfig) -> ModelConfig:
    """The network asked for, with a cell and an activation that nobody asked for as the origin's."""
    if origin is None:
        return model
    sizes, given = read_record(origin).architecture, given_settings(context, ModelConfig)
    if "cell" in given and model.cell != sizes.cell:
        return model  # It is refused for that.
    unasked = {"cell", "activation"} - given
    return dataclasses.replace(model, **{name: getattr(sizes, name) for name in unasked})


def _read(
    sources: tuple[str, ...], config: CorpusConfig, observer: "LiveDisplay | PlainDisplay"
) -> "Corpus":
    from charrnn.corpus.loading import read_corpus

    with download_progress() as progress:
        corpus = read_corpus(sources, config, progress=progress)
    for note in corpus.notes:
        observer.noted(note)
    return corpus


def _observer() -> "LiveDisplay | PlainDisplay":
    """A live picture on a terminal, plain lines elsewhere; both on standard error."""
    from charrnn.cli.training_display import LiveDisplay, PlainDisplay

    if sys.stderr.isatty():
        from rich.console import Console

        return LiveDisplay(Console(stderr=True))
    return PlainDisplay(lambda line: click.echo(line, err=True))


def _callbacks(tensorboard: Path | None) -> "list[keras.callbacks.Callback]":
    if tensorboard is None:
        return []
    if find_spec("tensorboard") is None:
        raise ConfigurationError(
            "--tensorboard needs a package of its own; install it with: "
            "pip install 'charrnn[tensorboard]'"
        )
    with quiet_startup():
        import keras

    return [keras.callbacks.TensorBoard(str(tensorboard), write_graph=False)]


def _write_sample(
    record: "RunRecord", arrays: "Sequence[npt.NDArray[np.float32]]", seed: int
) -> str:
    """Write a poem with a network in training, from what Keras's `get_weights` returns."""
    from charrnn.decoding.weights import NetworkWeights
    from charrnn.decoding.writer import TextGenerator

    weights = NetworkWeights.from_keras(arrays, record.architecture)
    writer = TextGenerator.of_weights(weights, record)
    return str(writer.write(config=SamplingConfig(seed=seed, length=SAMPLE_CHARACTERS)))
