"""The weights of a network as the engine uses them, in the order in which Keras stores them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.network_file import open_network
from charrnn.settings.architecture import Architecture

Array = npt.NDArray[np.float32]

Projection = tuple[Array, Array]
"""Kernel and bias."""


@dataclass(frozen=True, slots=True)
class RecurrentWeights:
    """The arrays of one recurrent layer, as Keras orders them.

    Attributes:
        kernel: `(inputs, gates * units)`.
        recurrent_kernel: `(units, gates * units)`.
        bias: `(gates * units,)`; for a GRU `(2, gates * units)`, of the inputs and of the state.
        peephole: `(3, units)`, of the input, forget and output gates; None for other cells.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array
    peephole: Array | None = None


@dataclass(frozen=True, slots=True)
class NetworkWeights:
    """The weights of a network, all float32.

    Attributes:
        embedding: `(vocabulary_size, embedding)`.
        recurrent: One for each recurrent layer, the one next to the embedding first. An iterator
            if they come from a file: the engine copies layer after layer, so that memory never holds
            all of them twice.
        logits_kernel: `(units, vocabulary_size)`; for a tied output the embedding, transposed.
        logits_bias: `(vocabulary_size,)`; zeros for a tied output.
        projection: For a tied output the kernel `(units, embedding)` and the bias of the layer
            before it; otherwise None.
    """

    embedding: Array
    recurrent: Iterable[RecurrentWeights]
    logits_kernel: Array
    logits_bias: Array
    projection: Projection | None = None

    @classmethod
    def from_keras(cls, arrays: Sequence[Array], architecture: Architecture) -> Self:
        """The arrays that `get_weights` of a network returns.

        Args:
            arrays: The embedding; the arrays of each recurrent layer in the order of
                `RecurrentWeights`; kernel and bias of the last layer.
            architecture: Its sizes.
        """
        embedding, *recurrent, kernel, bias = arrays
        count = len(recurrent) // architecture.layers
        parts = (recurrent[first : first + count] for first in range(0, len(recurrent), count))
        layers = tuple(RecurrentWeights(*part) for part in parts)
        return cls._with_output(embedding, layers, (kernel, bias), architecture)

    @classmethod
    def _with_output(
        cls,
        embedding: Array,
        recurrent: Iterable[RecurrentWeights],
        last: Projection,
        architecture: Architecture,
    ) -> Self:
        if architecture.output == "own":
            return cls(embedding, recurrent, *last)
        no_bias = np.zeros(architecture.vocabulary_size, np.float32)
        return cls(embedding, recurrent, embedding.T, no_bias, last)

    @classmethod
    @contextmanager
    def open(cls, path: Path, architecture: Architecture) -> Iterator[Self]:
        """Open a `model.keras` file; its recurrent layers are read on iteration.

        Raises:
            CheckpointError: The file is damaged, or is not a network of that architecture; here,
                or when a layer is read.
        """
        with open_network(path, architecture) as file:
            first, *layers, last = file.layers
            (embedding,), (kernel, bias) = file.read(first), file.read(last)
            recurrent = (RecurrentWeights(*file.read(layer)) for layer in layers)
            yield cls._with_output(embedding, recurrent, (kernel, bias), architecture)
