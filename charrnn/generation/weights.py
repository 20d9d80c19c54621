"""The arrays of `model.keras`, read without Keras: a zip of a description and an HDF5 file.

Nothing of the file is run. Layers are found by the description, and what does not fit the
architecture is refused.
"""

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from charrnn.architecture import CELL_NAMES, GATES, PEEPHOLES, Architecture
from charrnn.errors import CheckpointError
from charrnn.generation.archive import Group, open_arrays

if TYPE_CHECKING:
    from charrnn.config import Cell

Array = npt.NDArray[np.float32]

Projection = tuple[Array, Array]
"""Kernel and bias."""

DESCRIPTION: Final = "config.json"

PATHS_OF_CLASSES: Final = {
    "Embedding": "layers/embedding{}/vars",
    "ReversibleEmbedding": "layers/reversible_embedding{}/vars",
    "LSTM": "layers/lstm{}/cell/vars",
    "GRU": "layers/gru{}/cell/vars",
    "SimpleRNN": "layers/simple_rnn{}/cell/vars",
    "PeepholeLSTM": "layers/peephole_lstm{}/cell/vars",
    "Dense": "layers/dense{}/vars",
}
"""Where Keras puts the arrays of a layer; `{}` is empty, then _1, _2 for more of the class."""


@dataclass(frozen=True, slots=True)
class RecurrentWeights:
    """The arrays of one recurrent layer, as Keras orders them.

    Attributes:
        kernel: `(inputs, gates * units)`.
        recurrent_kernel: `(units, gates * units)`.
        bias: `(gates * units,)`; for a GRU `(2, gates * units)`, of the input and of the state.
        peephole: `(3, units)`, of the gates of input, forgetting and output; None for a cell
            without.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array
    peephole: Array | None = None


@dataclass(frozen=True, slots=True)
class NetworkWeights:
    """The arrays of a network, all float32.

    Attributes:
        embedding: `(vocabulary_size, embedding)`.
        recurrent: One for each recurrent layer, the one next to the embedding first.
        logits_kernel: `(units, vocabulary_size)`; of a tied output the embedding, turned round.
        logits_bias: `(vocabulary_size,)`; zeros of a tied output.
        projection: Of a tied output the kernel `(units, embedding)` and the bias of what comes
            between; None of another.
    """

    embedding: Array
    recurrent: tuple[RecurrentWeights, ...]
    logits_kernel: Array
    logits_bias: Array
    projection: Projection | None = None

    @classmethod
    def from_keras(cls, arrays: Sequence[Array], architecture: Architecture) -> Self:
        """Name the arrays that `get_weights` of a network returns.

        Args:
            arrays: The embedding; kernel, recurrent kernel, bias and, where it has one, peephole
                of each recurrent layer; kernel and bias of the last layer.
            architecture: Its sizes.
        """
        embedding, *recurrent, kernel, bias = arrays
        count = len(recurrent) // architecture.layers
        parts = (recurrent[first : first + count] for first in range(0, len(recurrent), count))
        layers = tuple(RecurrentWeights(*part) for part in parts)
        if architecture.output == "own":
            return cls(embedding, layers, kernel, bias)
        return cls(embedding, layers, embedding.T, _no_bias(architecture), (kernel, bias))


class Weights(Protocol):
    """The arrays of a network, there already or read when they are asked for; see NetworkWeights.

    Each is asked for once, so that whoever makes something else of it holds no second copy of all.
    """

    @property
    def embedding(self) -> Array:
        """`(vocabulary_size, embedding)`."""

    @property
    def recurrent(self) -> Iterable[RecurrentWeights]:
        """One for each recurrent layer, the one next to the embedding first."""

    @property
    def logits_kernel(self) -> Array:
        """`(units, vocabulary_size)`, or `(embedding, vocabulary_size)`."""

    @property
    def logits_bias(self) -> Array:
        """`(vocabulary_size,)`."""

    @property
    def projection(self) -> Projection | None:
        """Kernel `(units, embedding)` and bias of a tied output."""


def _no_bias(architecture: Architecture) -> Array:
    return np.zeros(architecture.vocabulary_size, np.float32)


@contextmanager
def stored_weights(path: Path, architecture: Architecture) -> Iterator[Weights]:
    """Open a saved network, to read its arrays one after the other.

    Args:
        path: A `model.keras` file.
        architecture: The sizes it must have.

    Raises:
        CheckpointError: The file is damaged, or is not a network of that architecture; here, or
            where an array is read.
    """
    with ExitStack() as stack:
        with _told_of(path):
            archive = stack.enter_context(zipfile.ZipFile(path))
            layers = _described_layers(json.loads(archive.read(DESCRIPTION)))
            _check_layers(layers, architecture)
            arrays = stack.enter_context(open_arrays(archive))
        yield _StoredWeights(path, arrays, layers, architecture)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Say of what is wrong with a file in which file it is."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(
            f"{path} is not the network that its checkpoint describes: {error} "
            "Copy the checkpoint again from where it came, or train again."
        ) from error
    except (OSError, zipfile.BadZipFile, LookupError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path} is damaged, or was not saved by Keras 3 ({error}). "
            "Copy the checkpoint again from where it came, or train again."
        ) from error


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer of the description: its class, its name, its settings, its place in the file."""

    kind: str
    name: str
    settings: dict[str, Any]
    path: str


def _described_layers(description: dict[str, Any]) -> list[_Layer]:
    """The layers that hold arrays, in order."""
    layers = []
    seen: Counter[str] = Counter()
    for values in description["config"]["layers"]:
        kind = _kind(values)
        if kind in {"InputLayer", "Dropout"}:
            continue
        number = f"_{seen[kind]}" if seen[kind] else ""
        seen[kind] += 1
        path = PATHS_OF_CLASSES.get(kind, "").format(number)
        layers.append(_Layer(kind, values["config"]["name"], values["config"], path))
    return layers


def _kind(layer: dict[str, Any]) -> str:
    """The class of a layer; with the package of one that is neither Keras's nor charrnn's."""
    kind: str = layer.get("registered_name") or layer["class_name"]
    return kind.removeprefix("charrnn>")


def _check_layers(layers: list[_Layer], architecture: Architecture) -> None:
    """Refuse layers whose class or equations are others than charrnn's."""
    recurrent = CELL_NAMES[architecture.cell]
    first = "Embedding" if architecture.output == "own" else "ReversibleEmbedding"
    expected = [first, *[recurrent] * architecture.layers, "Dense"]
    found = [layer.kind for layer in layers]
    if found != expected:
        raise CheckpointError(
            f"its layers are {', '.join(found)}, where {', '.join(expected)} were expected."
        )
    equations: dict[Cell, dict[str, Any]] = {
        "lstm": {"activation": "tanh", "recurrent_activation": "sigmoid"},
        "gru": {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True},
        "simple_rnn": {"activation": architecture.activation},
        "peephole_lstm": {},
    }
    if architecture.output == "tied":
        _check_tied(layers[0])
    for layer in layers[1:-1]:
        for name, wanted in (equations[architecture.cell] | {"go_backwards": False}).items():
            if layer.settings[name] != wanted:
                raise CheckpointError(
                    f"{layer.name} has {name} {layer.settings[name]}, where {wanted} was expected."
                )


def _check_tied(embedding: _Layer) -> None:
    for name, wanted in {"tie_weights": True, "logit_soft_cap": None}.items():
        if embedding.settings[name] != wanted:
            raise CheckpointError(
                f"{embedding.name} has {name} {embedding.settings[name]}, where {wanted} was "
                "expected."
            )


class _StoredWeights:
    """Arrays in a file, each checked when it is read."""

    def __init__(
        self, path: Path, arrays: Group, layers: list[_Layer], architecture: Architecture
    ) -> None:
        self._path = path
        self._arrays = arrays
        self._embedding, *self._recurrent, self._last = layers
        self._sizes = architecture

    @property
    def embedding(self) -> Array:
        shape = (self._sizes.vocabulary_size, self._sizes.embedding)
        return self._read(self._embedding, 0, shape)

    @property
    def recurrent(self) -> Iterator[RecurrentWeights]:
        inputs = self._sizes.embedding
        for layer in self._recurrent:
            shapes = enumerate(_recurrent_shapes(self._sizes, inputs))
            yield RecurrentWeights(*(self._read(layer, number, shape) for number, shape in shapes))
            inputs = self._sizes.units

    @property
    def logits_kernel(self) -> Array:
        if self._is_tied:
            return self.embedding.T
        return self._read(self._last, 0, (self._sizes.units, self._sizes.vocabulary_size))

    @property
    def logits_bias(self) -> Array:
        if self._is_tied:
            return _no_bias(self._sizes)
        return self._read(self._last, 1, (self._sizes.vocabulary_size,))

    @property
    def projection(self) -> Projection | None:
        if not self._is_tied:
            return None
        kernel = self._read(self._last, 0, (self._sizes.units, self._sizes.embedding))
        return kernel, self._read(self._last, 1, (self._sizes.embedding,))

    @property
    def _is_tied(self) -> bool:
        return self._sizes.output == "tied"

    def _read(self, layer: _Layer, number: int, shape: tuple[int, ...]) -> Array:
        with _told_of(self._path):
            return _read(self._arrays[f"{layer.path}/{number}"], layer.name, number, shape)


def _recurrent_shapes(architecture: Architecture, inputs: int) -> list[tuple[int, ...]]:
    """The shapes of what a recurrent layer holds, in the order of `RecurrentWeights`."""
    units = architecture.units
    sums = GATES[architecture.cell] * units
    bias = (2, sums) if architecture.cell == "gru" else (sums,)
    peepholes = PEEPHOLES[architecture.cell]
    return [(inputs, sums), (units, sums), bias, *([(peepholes, units)] if peepholes else [])]


def _read(stored: Any, layer: str, number: int, shape: tuple[int, ...]) -> Array:
    """Read array `number` of a layer."""
    if stored.shape != shape or stored.dtype.kind != "f":
        raise CheckpointError(
            f"array {number} of layer {layer} is {stored.dtype} of shape {stored.shape}, "
            f"where float32 of shape {shape} was expected."
        )
    values = np.empty(shape, np.float32)
    stored.read_direct(values)
    # Both are NaN where any number is, and need no array of truths beside it.
    if not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise CheckpointError(f"array {number} of layer {layer} holds what is no number.")
    return values
