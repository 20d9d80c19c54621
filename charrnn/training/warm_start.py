"""Warm start: a new network begins with the weights of another one.

The two differ only in their vocabulary: in the rows of the embedding, and in the columns of an
untied output. Characters that both know keep their rows and columns; all other weights are copied.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.network_file import read_network
from charrnn.checkpoint.record import OriginRecord
from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary
from charrnn.errors import CheckpointError
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import ModelConfig

Arrays = list[npt.NDArray[np.float32]]

EMBEDDING: Final = 0
"""Position of the embedding among the arrays of a network."""

SHARED: Final = ("cell", "layers", "units", "embedding", "activation", "output")
"""Sizes that the new network takes from the other one."""


@dataclass(frozen=True, slots=True)
class WarmStart:
    """The network that a new one begins with.

    Attributes:
        record: Which it is.
        architecture: Its sizes.
        vocabulary: Its characters.
        arrays: Its weights, as Keras's `get_weights` orders them.
    """

    record: OriginRecord
    architecture: Architecture
    vocabulary: Vocabulary
    arrays: Arrays

    @classmethod
    def open(cls, directory: Path) -> "WarmStart":
        """Read a checkpoint; raises CheckpointError where that cannot be done."""
        checkpoint = Checkpoint.open(directory)
        return cls(
            record=OriginRecord(name=directory.name, sha256=checkpoint.model.sha256),
            architecture=checkpoint.record.architecture,
            vocabulary=Vocabulary.of_record(checkpoint.record.vocabulary, checkpoint.record.corpus),
            arrays=read_network(checkpoint.model_path, checkpoint.record.architecture),
        )

    def settled(self, model: ModelConfig | None) -> ModelConfig:
        """The network asked for, with open sizes taken from this one.

        Raises:
            CheckpointError: It is of another architecture.
        """
        sizes: dict[str, Any] = {}
        for name in SHARED:
            own, asked = getattr(self.architecture, name), getattr(model, name, None)
            if asked not in (None, own):
                raise CheckpointError(
                    f"{self.record.name} has {name} {own}, and a network that begins with it has the "
                    f"same. Received: {name} {asked}. Give {own}, or train without --from."
                )
            sizes[name] = own
        return dataclasses.replace(model or ModelConfig(), **sizes)

    def transferred(
        self, fresh: Sequence[npt.NDArray[np.float32]], vocabulary: Vocabulary
    ) -> Arrays:
        """The weights of the new network: this one's, and `fresh` ones for characters it does not know.

        Args:
            fresh: Initial weights of the new network, as `get_weights` orders them.
            vocabulary: Its characters.
        """
        theirs = np.array([END_OF_POEM, UNKNOWN, *self._ids_of(vocabulary)])
        known = theirs != UNKNOWN
        known[UNKNOWN] = True
        arrays = [array.copy() for array in self.arrays]
        for place in _by_token(self.architecture):
            arrays[place] = fresh[place].copy()
            # Tokens stand along the last axis of an output, and along the first of an embedding.
            rows, kept = arrays[place].T, self.arrays[place].T
            if place == EMBEDDING:
                rows, kept = arrays[place], self.arrays[place]
            rows[known] = kept[theirs[known]]
        return arrays

    def _ids_of(self, vocabulary: Vocabulary) -> list[int]:
        """This network's ids of the characters, the end of headers and the labels of another."""
        ids = list(map(self.vocabulary.id_of, vocabulary.characters))
        if not vocabulary.has_headers:
            return ids
        labels = {
            (label.field, label.value): id_
            for id_, label in enumerate(self.vocabulary.labels, self.vocabulary.first_label)
        }
        end = self.vocabulary.end_of_header if self.vocabulary.has_headers else UNKNOWN
        return [
            *ids,
            end,
            *(labels.get((one.field, one.value), UNKNOWN) for one in vocabulary.labels),
        ]

    def told(self, vocabulary: Vocabulary) -> str:
        """A sentence on what the new network begins with."""
        known = sum(character in self.vocabulary for character in vocabulary.characters)
        return (
            f"it begins with what {self.record.name} has learned, which knows {known:,} of the "
            f"{len(vocabulary.characters):,} characters."
        )


def _by_token(architecture: Architecture) -> tuple[int, ...]:
    """Which arrays have a row or column for each token: the embedding, an untied kernel and bias."""
    return (EMBEDDING,) if architecture.output == "tied" else (EMBEDDING, -2, -1)
