"""Checkpoints with random weights, made by Keras."""

import dataclasses
from pathlib import Path
from typing import Any

from charrnn.checkpoint.directory import Checkpoint, CheckpointWriter
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.settings.architecture import Architecture
from tests.fakes import MODEL, RECORD


def small(vocabulary: Vocabulary, **sizes: Any) -> Architecture:
    """A network for an alphabet, with some sizes changed."""
    return dataclasses.replace(
        RECORD.architecture,
        **{"vocabulary_size": vocabulary.size, "layers": 1, "dropout": 0.0} | sizes,
    )


def save_random_run(
    directory: Path, characters: str, seed: int = 0, corpus: Any = None, **sizes: Any
) -> Checkpoint:
    """Write a checkpoint that knows some characters.

    Args:
        directory: Where to.
        characters: Its alphabet.
        seed: Decides the weights.
        corpus: What its record says of its text; None says that of `RECORD`.
        sizes: Of the network, where they are not those of `small`.
    """
    from charrnn.model.network import build_network

    vocabulary = Vocabulary.of_record(tuple(sorted(characters)), corpus or RECORD.corpus)
    architecture = small(vocabulary, **sizes)
    record = dataclasses.replace(
        RECORD,
        architecture=architecture,
        vocabulary=vocabulary.characters,
        corpus=corpus or RECORD.corpus,
    )
    model = build_network(architecture, seed)
    CheckpointWriter(directory).write_model(record, MODEL, model.save)
    return Checkpoint.open(directory)
