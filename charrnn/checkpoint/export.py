"""A finished network made ready to be given away: small, and without the text or its training.

What stays behind is the state of training, and the index of the text, from which the text could be
put together again. What poems taught of sounds and words goes along.
"""

import contextlib
import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from charrnn.checkpoint.atomic_files import write_text
from charrnn.checkpoint.directory import (
    SOUNDS_FILE,
    WORDS_FILE,
    Checkpoint,
    CheckpointWriter,
)
from charrnn.checkpoint.model_card import CARD_FILE, card
from charrnn.corpus.sources import IN_CATALOGUE
from charrnn.corpus.vocabulary import Ids
from charrnn.errors import CheckpointError
from charrnn.generation.rounding import round_weights
from charrnn.generation.scoring import text_loss
from charrnn.generation.writer import TextGenerator


@dataclass(frozen=True, slots=True)
class Packed:
    """What came of it.

    Attributes:
        checkpoint: The packed network.
        size: Bytes of all its files.
        before: Nats per character of the network on its validation part, as it was; None where
            that text is not at hand.
        after: The same with rounded weights.
    """

    checkpoint: Checkpoint
    size: int
    before: float | None
    after: float | None


def pack(
    checkpoint: Checkpoint,
    directory: Path,
    validation: Ids | None,
    write: Callable[[Checkpoint], str],
) -> Packed:
    """Write a checkpoint with rounded weights and a card.

    Args:
        checkpoint: What to pack, which stays as it is.
        directory: Where to; nothing may stand there.
        validation: `(length,)` ids to measure it on before and after; None measures nothing.
        write: Writes the sample of the card with what was packed.

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
        for name in (SOUNDS_FILE, WORDS_FILE):
            if (checkpoint.directory / name).exists():
                shutil.copyfile(checkpoint.directory / name, directory / name)
        before = after = None
        if validation is not None:
            before = _loss(checkpoint, validation)
            after = _loss(Checkpoint.open(directory), validation)
            model = dataclasses.replace(record.models[0], validation_loss=after)
            writer.write_record(dataclasses.replace(record, models=(model,)))
        packed = Checkpoint.open(directory)
        write_text(directory / CARD_FILE, card(packed, before, write(packed)))
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        for parent in made:
            with contextlib.suppress(OSError):  # Something else has come there.
                parent.rmdir()
        raise
    size = sum(file.stat().st_size for file in directory.iterdir())
    return Packed(packed, size, before, after)


def _loss(checkpoint: Checkpoint, ids: Ids) -> float:
    return text_loss(TextGenerator.open(checkpoint).model, ids).nats_per_character
