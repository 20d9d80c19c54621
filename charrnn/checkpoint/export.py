"""A finished network made ready to be given away: half as large, and without its training.

Keras and charrnn read its float16 weights as they read any others, and compute in float32. The
n-gram filter and the learned tables of sounds and words go along.
"""

import contextlib
import dataclasses
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from charrnn.checkpoint.atomic_files import write_text
from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    SOUNDS_FILE,
    WEIGHTS_MEMBER,
    WORDS_FILE,
    Checkpoint,
    CheckpointWriter,
)
from charrnn.checkpoint.model_card import CARD_FILE, model_card
from charrnn.checkpoint.record import IN_CATALOGUE
from charrnn.errors import CheckpointError

HALF_PRECISION: Final = np.dtype(np.float16)


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported network, and what rounding cost it.

    Attributes:
        checkpoint: The exported network.
        size: Bytes of all its files.
        before: Nats per character of the network on its validation part, as it was; None where
            that text is not at hand.
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
) -> Exported:
    """Write a checkpoint with weights in float16 and a model card.

    Args:
        checkpoint: What to export, which stays as it is.
        directory: Where to; nothing may stand there.
        measure: The nats per character of a network on the validation part, called before and
            after rounding; None where that text is not at hand.
        write: Writes the sample of the card with the exported network.
        text: What the card tells of the text that was learned, by name.

    Raises:
        CheckpointError: Something stands there, or the weights cannot be rounded.
        OSError: The directory cannot be written.
    """
    if directory.exists():
        raise CheckpointError(
            f"{directory} is there already, and nothing is replaced. Give another place, or move "
            "it away first."
        )
    made = [parent for parent in directory.parents if not parent.exists()]
    writer = CheckpointWriter(directory)
    corpus = checkpoint.record.corpus
    # Every machine knows the catalogue; a path is of one machine alone, and a part of the sources
    # would be taken for the whole text, and its licence for that of all.
    known = all(source.startswith(IN_CATALOGUE) for source in corpus.sources)
    sources = corpus.sources if known else ()
    record = dataclasses.replace(
        checkpoint.record, corpus=dataclasses.replace(corpus, sources=sources), models=()
    )
    try:
        record = writer.write_model(
            record, checkpoint.model, lambda path: round_weights(checkpoint.model_path, path)
        )
        for name in (NGRAM_FILTER_FILE, SOUNDS_FILE, WORDS_FILE):
            if (checkpoint.directory / name).exists():
                shutil.copyfile(checkpoint.directory / name, directory / name)
        before = after = None
        if measure is not None:
            before = measure(checkpoint)
            after = measure(Checkpoint.open(directory))
            model = dataclasses.replace(record.models[0], validation_loss=after)
            writer.write_record(dataclasses.replace(record, models=(model,)))
        exported = Checkpoint.open(directory)
        write_text(directory / CARD_FILE, model_card(exported, before, write(exported), text))
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):  # Something else has come there.
                parent.rmdir()
        raise
    size = sum(file.stat().st_size for file in directory.iterdir())
    return Exported(exported, size, before, after)


def round_weights(path: Path, rounded: Path) -> None:
    """Write a copy of `model.keras` whose numbers are float16.

    Args:
        path: The network.
        rounded: The copy, which is replaced where it is there already.

    Raises:
        CheckpointError: A number is larger than float16 has any.
    """
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(rounded, "w") as copy:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename == WEIGHTS_MEMBER:
                content = _rounded(content, path)
            # The same bytes at any time of day.
            copy.writestr(zipfile.ZipInfo(member.filename), content)


def _rounded(content: bytes, path: Path) -> bytes:
    """An HDF5 file with its arrays rounded, all else as it was."""
    result = BytesIO()
    with h5py.File(BytesIO(content)) as file, h5py.File(result, "w") as copy:

        def take(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                copy[name] = _halved(item[...], name, path)
            else:
                copy.require_group(name)
            for key, value in item.attrs.items():
                copy[name].attrs[key] = value

        file.visititems(take)
        for key, value in file.attrs.items():
            copy.attrs[key] = value
    return result.getvalue()


def _halved(values: Any, name: str, path: Path) -> Any:
    if values.dtype.kind != "f":
        return values
    largest = np.finfo(HALF_PRECISION).max
    if not np.all(np.abs(values) <= largest):
        raise CheckpointError(
            f"{path} cannot be rounded to float16: {name} holds a number above {largest:,.0f}. "
            "Give it away as it is."
        )
    return values.astype(HALF_PRECISION)
