"""Exporting a network to give away: float16 weights, a model card, no training state.

Keras and charrnn read float16 weights like any others and compute in float32. The n-gram filter and
the learned tables of sounds and words are copied.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from charrnn.checkpoint.atomic_files import make_directory, replacing, sweep, write_text
from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    SOUNDS_FILE,
    WORDS_FILE,
    Checkpoint,
    CheckpointWriter,
)
from charrnn.checkpoint.network_file import read_network, write_network
from charrnn.checkpoint.record import IN_CATALOGUE, RunRecord
from charrnn.checkpoint.regular_files import copy_regular
from charrnn.errors import CheckpointError
from charrnn.settings.architecture import CELL_NAMES, Architecture
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.settings.setting import settings_of
from charrnn.wording import counted, printable

CARD_FILE: Final = "README.md"

NOT_IN_CARD: Final = frozenset({"evaluate_every", "patience"})
"""Settings without influence on what a network learns in its steps."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported network.

    Attributes:
        checkpoint: The exported network.
        size: Bytes of all files.
        before: Nats per character on the validation split with the original weights; None if the
            text is not available.
        after: The same with rounded weights.
    """

    checkpoint: Checkpoint
    size: int
    before: float | None
    after: float | None


def export(
    checkpoint: Checkpoint,
    directory: Path,
    *,
    measure: Callable[[Checkpoint], float] | None,
    write: Callable[[Checkpoint], str],
    text: Mapping[str, str],
    writing: Mapping[str, str] | None = None,
) -> Exported:
    """Write a copy of a checkpoint with float16 weights and a model card to a new directory.

    It is written beside its place and renamed as a whole.

    Args:
        checkpoint: The checkpoint, which stays unchanged.
        directory: The new directory.
        measure: Gives the nats per character of a network on the validation split; None if the
            text is not available.
        write: Writes the sample text of the model card.
        text: Facts about the training text for the model card, by name.
        writing: The network's settings for writing; None keeps those that it has.

    Raises:
        CheckpointError: The directory exists, or the weights cannot be rounded.
        OSError: The directory cannot be written.
    """
    sweep(directory.parent)
    if directory.exists():
        raise CheckpointError(
            f"{directory} exists already, and nothing is replaced. Name another directory, or move "
            "this one away first."
        )
    corpus = checkpoint.record.corpus
    # Only catalogue names mean something on other machines. A part of the sources would look like
    # the whole text, and its licence like the licence of all.
    known = all(source.startswith(IN_CATALOGUE) for source in corpus.sources)
    corpus = dataclasses.replace(corpus, sources=corpus.sources if known else ())
    writing = checkpoint.record.writing if writing is None else dict(writing)
    record = dataclasses.replace(checkpoint.record, corpus=corpus, models=(), writing=writing)
    before = after = None
    with _removed_on_failure(directory.parent), replacing(directory) as unfinished:
        writer = CheckpointWriter(unfinished)
        record = writer.write_model(
            record,
            checkpoint.model,
            lambda path: round_weights(checkpoint.model_path, path, record.architecture),
        )
        for name in (NGRAM_FILTER_FILE, SOUNDS_FILE, WORDS_FILE):
            if (checkpoint.directory / name).exists():
                copy_regular(checkpoint.directory / name, unfinished / name)
        if measure is not None:
            before, after = measure(checkpoint), measure(Checkpoint.open(unfinished))
            model = dataclasses.replace(record.models[0], validation_loss=after)
            writer.write_record(dataclasses.replace(record, models=(model,)))
        exported = Checkpoint.open(unfinished)
        write_text(unfinished / CARD_FILE, model_card(exported, before, write(exported), text))
    size = sum(file.stat().st_size for file in directory.iterdir())
    return Exported(Checkpoint.open(directory), size, before, after)


@contextlib.contextmanager
def _removed_on_failure(directory: Path) -> Iterator[None]:
    """Make a directory, and remove it and those made above it if the context fails."""
    made = [path for path in (directory, *directory.parents) if not path.exists()]
    try:
        make_directory(directory)
        yield
    except BaseException:
        for path in made:
            with contextlib.suppress(OSError):  # It is missing, or holds other files now.
                path.rmdir()
        raise


def round_weights(path: Path, rounded: Path, architecture: Architecture) -> None:
    """Write a float16 copy of `model.keras`; raises CheckpointError if a number is too large."""
    largest = float(np.finfo(np.float16).max)
    arrays = read_network(path, architecture)
    highest = max(float(np.abs(array).max()) for array in arrays)
    if highest > largest:
        raise CheckpointError(
            f"{path} cannot be rounded to float16: it holds the number {highest:,.0f}, above "
            f"{largest:,.0f}. Give it away as it is."
        )
    write_network(rounded, architecture, arrays, np.float16)


def model_card(
    checkpoint: Checkpoint, before: float | None, sample: str, text: Mapping[str, str]
) -> str:
    """The model card of a network, in Markdown, with a sample that it wrote.

    `before` is the loss before rounding, if known. `text` holds facts about the training text by
    name, such as its source and its licence.
    """
    record, model = checkpoint.record, checkpoint.model
    name = printable(checkpoint.directory.name)
    rounded = "" if before is None else f"; {_loss(before)} before its weights were rounded"
    facts = {
        "network": _network(record),
        **text,
        "training": f"{counted(model.epoch, 'epoch')} in {counted(model.step, 'step')}, on {record.device}",
        **_origin(record),
        "settings": _settings(record),
        **_writing(record),
        "loss": f"{_loss(model.validation_loss)} on the validation split "
        f"({record.corpus_config.validation_fraction:.3g} of the text){rounded}",
        "weights": "float16 on disk, float32 in use; plain Keras opens `model.keras`",
    }
    rows = "\n".join(f"| {what} | {printable(value)} |" for what, value in facts.items())
    quoted = sample.strip().replace("\n", "\n    ")
    version = printable(record.versions.get("charrnn", "of an unknown version"))
    return (
        f"# {name}\n\nA character-level network made with charrnn {version}.\n\n"
        f"| | |\n|---|---|\n{rows}\n\n## Sample\n\n"
        f"    {quoted}\n\nTo write more: `charrnn generate {name}`. To train it further on a text "
        f"of your own: `charrnn train poems.txt --from {name}`.\n"
    )


def _loss(nats: float) -> str:
    return f"{nats:.4f} nats ({nats / math.log(2):.4f} bits) per character"


def _network(record: RunRecord) -> str:
    sizes = record.architecture
    output = ", output tied to the embedding" if sizes.output == "tied" else ""
    return (
        f"{CELL_NAMES[sizes.cell]}, {counted(sizes.layers, 'layer')} of {sizes.units:,} units, "
        f"embedding of {sizes.embedding} for {sizes.vocabulary_size:,} tokens{output}; "
        f"{sizes.parameters:,} weights"
    )


def _origin(record: RunRecord) -> dict[str, str]:
    """The network of a warm start, because its text has a part in this one."""
    if record.origin is None:
        return {}
    origin = record.origin
    return {"warm start": f"{origin.name} (`model.keras` with SHA-256 `{origin.sha256}`)"}


def _writing(record: RunRecord) -> dict[str, str]:
    """The settings that it writes with, as options of `charrnn generate`."""
    options = [f"--{name} {value}" for name, value in record.writing.items()]
    return {"writes with": f"`{' '.join(options)}`"} if options else {}


def _settings(record: RunRecord) -> str:
    """The settings of the run as options of `charrnn train`."""
    options = [
        f"--{name.replace('_', '-')} {getattr(values, name)}"
        for configuration, values in (
            (CorpusConfig, record.corpus_config),
            (ModelConfig, record.architecture),
            (TrainingConfig, record.training),
        )
        for name in settings_of(configuration)
        if name not in NOT_IN_CARD and getattr(values, name) is not None
    ]
    return f"`{' '.join(options)}`"
