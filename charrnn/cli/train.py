"""`charrnn train`: learn poems."""

import dataclasses
import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.cli.download_display import download_progress
from charrnn.cli.options import (
    checkpoints_option,
    config_options,
    examples,
    given_settings,
    json_option,
)
from charrnn.cli.startup import quiet_startup
from charrnn.config import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    import numpy as np
    import numpy.typing as npt

    from charrnn.cli.training_display import LiveDisplay, PlainDisplay
    from charrnn.record import RunRecord

DEFAULT_CORPUS = "quatrains"

SAMPLE_CHARACTERS = 300
"""Length of a sample shown while a network learns."""


@click.command(
    epilog=examples(
        ("charrnn train", "learn the bundled English quatrains"),
        ("charrnn train jueju --minutes 2", "the bundled Chinese quatrains, for two minutes"),
        ("charrnn train poems.txt more/ --cell gru", "a file and a directory of your own"),
        ("cat *.txt | charrnn train - --name mine", "whatever comes in"),
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
    help="auto, cpu, gpu or gpu:N; auto takes a GPU where TensorFlow finds one.  [default: auto]",
)
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
    began = time.monotonic()
    observer = _observer()
    try:
        with observer.loading(), quiet_startup():
            from charrnn.corpus.reading import read_corpus
            from charrnn.model.device import available_gpus
            from charrnn.training import run

            available_gpus()  # Its libraries complain once, where there is no GPU.
        callbacks = _callbacks(tensorboard)
        if resume:
            from charrnn.checkpoint import find_checkpoint

            given = {
                key: getattr(configuration, key)
                for configuration in (model_config, training_config, corpus_config)
                for key in given_settings(context, type(configuration))
            }
            outcome = run.resume(
                find_checkpoint(name or _only_name(corpus), checkpoints),
                corpus=corpus or None,
                changes=given,
                device=device,
                observer=observer,
                callbacks=callbacks,
                sample=_write_sample,
                began=began,
            )
        else:
            with download_progress() as progress:
                text = read_corpus(corpus or (DEFAULT_CORPUS,), corpus_config, progress=progress)
            for note in text.notes:
                observer.noted(note)
            outcome = run.train(
                text,
                name=name,
                checkpoints=checkpoints,
                model=model_config,
                training=training_config,
                reading=corpus_config,
                device=device,
                overwrite=overwrite,
                observer=observer,
                callbacks=callbacks,
                sample=_write_sample,
                began=began,
            )
    finally:
        observer.close()
    if as_json:
        values = dataclasses.asdict(outcome) | {"directory": str(outcome.directory)}
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))


def _observer() -> "LiveDisplay | PlainDisplay":
    """A live picture on a terminal, plain lines elsewhere; both on standard error."""
    from charrnn.cli.training_display import LiveDisplay, PlainDisplay

    if sys.stderr.isatty():
        from rich.console import Console

        return LiveDisplay(Console(stderr=True))
    return PlainDisplay(lambda line: click.echo(line, err=True))


def _only_name(corpus: tuple[str, ...]) -> str | None:
    """The name of the run that a corpus would have begun; None asks for the newest run."""
    return Path(corpus[0]).stem if corpus else None


def _callbacks(tensorboard: Path | None) -> "list[keras.callbacks.Callback]":
    if tensorboard is None:
        return []
    if find_spec("tensorboard") is None:
        raise ConfigurationError(
            "--tensorboard needs a package of its own; install it with: "
            "pip install 'charrnn[tensorboard]'"
        )
    import keras

    return [keras.callbacks.TensorBoard(str(tensorboard), write_graph=False)]


def _write_sample(record: "RunRecord", arrays: "Sequence[npt.NDArray[np.float32]]") -> str:
    """Write a poem with a network in training, from what Keras's `get_weights` returns."""
    from charrnn.config import SamplingConfig
    from charrnn.corpus.vocabulary import Vocabulary
    from charrnn.generation.engine import NumpyEngine
    from charrnn.generation.weights import NetworkWeights, RecurrentWeights
    from charrnn.generation.writer import TextGenerator

    recurrent = arrays[1:-2]
    weights = NetworkWeights(
        embedding=arrays[0],
        recurrent=tuple(
            RecurrentWeights(*recurrent[first : first + 3]) for first in range(0, len(recurrent), 3)
        ),
        logits_kernel=arrays[-2],
        logits_bias=arrays[-1],
    )
    writer = TextGenerator(
        NumpyEngine(weights, record.architecture),
        Vocabulary(record.vocabulary),
        record.corpus.layout,
        stanzas=record.corpus.stanzas,
    )
    config = SamplingConfig(seed=record.training.seed, length=SAMPLE_CHARACTERS)
    return str(writer.write(config=config))
