"""`charrnn train`: train a network on poems."""

import contextlib
import dataclasses
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn import require_tensorflow
from charrnn.checkpoint.directory import claim, read_record
from charrnn.checkpoint.lookup import find_checkpoint, find_run
from charrnn.cli.bundled_start import SCRATCH, bundled_start
from charrnn.cli.options import (
    checkpoints_option,
    config_options,
    examples,
    flag,
    given_settings,
    json_option,
    origin_option,
)
from charrnn.cli.process import print_json, quiet_startup, tell
from charrnn.cli.texts import read_shown
from charrnn.cluster import find_cluster
from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import (
    DEVICE_NAME,
    CorpusConfig,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
)

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
"""Length of a sample shown during training."""


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
        ("charrnn train poems.txt more/ --cell gru", "your own file and directory"),
        ("cat *.txt | charrnn train - --name mine", "standard input"),
        ("charrnn train poems.txt --from mine", "start from another network of yours"),
        ("charrnn train poems.txt --from scratch", "start from nothing, however small the text"),
        ("charrnn train --resume --name mine", "continue an interrupted run"),
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
    help="auto, cpu, gpu or gpu:N; auto uses a GPU if TensorFlow finds one.  [default: auto]",
)
@click.option(
    "--workers",
    metavar="HOST:PORT,...",
    help="Train on several machines: the addresses of all, the same list on each; the "
    "first one writes.  [default: TF_CONFIG, else one machine]",
)
@click.option(
    "--worker-index",
    type=click.IntRange(min=0),
    metavar="N",
    help="Index of this machine in --workers, from 0.",
)
@origin_option
@flag("--resume", "Continue an interrupted run, or lengthen one.")
@flag("--overwrite", "Replace a run of the same name.")
@click.option(
    "--tensorboard",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write TensorBoard logs to DIR.",
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
    """Train a network on CORPUS and save it as a checkpoint.

    CORPUS is one or more files or directories, - for standard input, or a name that
    `charrnn corpus list` shows. Without it, the bundled English quatrains are learned.
    """
    if resume and overwrite:
        raise click.UsageError("--resume continues a run, --overwrite replaces it: give one.")
    if resume and origin is not None:
        raise click.UsageError(
            "--resume continues a run as it is, --from starts another one: give one."
        )
    cluster = find_cluster(workers, worker_index, os.environ)
    writes = cluster is None or cluster.index == 0
    from charrnn.corpus.sources import corpus_name

    run_name = name or (corpus_name(corpus) if corpus else None if resume else DEFAULT_CORPUS)
    if not writes:
        directory = checkpoints / (run_name or DEFAULT_CORPUS)  # It is not touched.
    elif resume:
        directory = find_run(run_name, checkpoints)
    else:
        # Fails before TensorFlow is loaded and a text downloaded.
        directory = claim(checkpoints, run_name or DEFAULT_CORPUS, overwrite=overwrite).directory
    warm_start = None if origin in {None, SCRATCH} else find_checkpoint(origin, checkpoints)
    require_tensorflow()
    if cluster is not None and not cluster.is_alone:
        # TensorFlow would log every lost connection; ours is one sentence.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    callbacks = _callbacks(tensorboard) if writes else []
    observer = _observer()
    with contextlib.closing(observer):
        with observer.loading(), quiet_startup():
            from charrnn import text_files
            from charrnn.model.device import available_gpus
            from charrnn.training import run

            available_gpus()  # Without a GPU, TensorFlow prints warnings once: here.
        shared: dict[str, Any] = {
            "device": device,
            "cluster": cluster,
            "observer": observer,
            "callbacks": callbacks,
            "sample": _write_sample,
            "text_files": text_files(),
        }
        if resume:
            changes = {
                setting: getattr(configuration, setting)
                for configuration in (model_config, training_config, corpus_config)
                for setting in given_settings(context, type(configuration))
            }
            result = run.resume(directory, corpus=corpus or None, changes=changes, **shared)
        else:
            text = _read(corpus or (DEFAULT_CORPUS,), corpus_config, observer)
            if origin is None and cluster is None:
                begins = bundled_start(text, model_config, given_settings(context, ModelConfig))
                warm_start = begins.directory
                if begins.told:
                    observer.noted(begins.told)
            result = run.train(
                text,
                name=directory.name,
                checkpoints=checkpoints,
                model=_model_settings(warm_start, context, model_config),
                training=training_config,
                corpus_config=corpus_config,
                overwrite=overwrite,
                warm_start=warm_start,
                **shared,
            )
    if as_json and writes:
        print_json(dataclasses.asdict(result) | {"directory": str(result.directory)})


def _model_settings(
    warm_start: Path | None, context: click.Context, model: ModelConfig
) -> ModelConfig:
    """The model asked for; cell and activation, if not given, are those of the warm start."""
    if warm_start is None:
        return model
    sizes, given = read_record(warm_start).architecture, given_settings(context, ModelConfig)
    if "cell" in given and model.cell != sizes.cell:
        return model  # Refused later, for that.
    missing = {"cell", "activation"} - given
    return dataclasses.replace(model, **{name: getattr(sizes, name) for name in missing})


def _read(
    sources: tuple[str, ...], config: CorpusConfig, observer: "LiveDisplay | PlainDisplay"
) -> "Corpus":
    corpus = read_shown(sources, config)
    for note in corpus.notes:
        observer.noted(note)
    return corpus


def _observer() -> "LiveDisplay | PlainDisplay":
    """A live display on a terminal, plain lines elsewhere; both on standard error."""
    from charrnn.cli.training_display import LiveDisplay, PlainDisplay

    if sys.stderr.isatty():
        from charrnn.cli.console import safe_console

        return LiveDisplay(safe_console(stderr=True))
    return PlainDisplay(tell)


def _callbacks(tensorboard: Path | None) -> "list[keras.callbacks.Callback]":
    if tensorboard is None:
        return []
    if find_spec("tensorboard") is None:
        raise ConfigurationError(
            "--tensorboard needs the package tensorboard; install it with: "
            "pip install 'charrnn[tensorboard]'"
        )
    with quiet_startup():
        import keras

    return [keras.callbacks.TensorBoard(str(tensorboard), write_graph=False)]


def _write_sample(
    record: "RunRecord", arrays: "Sequence[npt.NDArray[np.float32]]", seed: int
) -> str:
    """Write a poem with the weights that Keras's `get_weights` returned during training."""
    from charrnn.decoding.weights import NetworkWeights
    from charrnn.decoding.writer import TextGenerator

    weights = NetworkWeights.from_keras(arrays, record.architecture)
    writer = TextGenerator.of_weights(weights, record)
    return str(writer.write(config=SamplingConfig(seed=seed, length=SAMPLE_CHARACTERS)))
