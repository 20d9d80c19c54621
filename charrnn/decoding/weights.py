"""Reads the weights of a network from `model.keras` without Keras.

Nothing in the file is executed. The description in the file tells the layers; a file that does not
fit the architecture is refused.
"""

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import numpy.typing as npt

from charrnn.decoding.hdf5 import KerasArrays
from charrnn.errors import CheckpointError
from charrnn.settings.architecture import CELL_NAMES, GATES, PEEPHOLES, Architecture

if TYPE_CHECKING:
    from charrnn.settings.configuration import Cell

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
"""Where Keras stores the arrays of a layer; `{}` is empty, then _1, _2 for more of a class."""


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
        """The weights, given kernel and bias of the last layer."""
        if architecture.output == "own":
            return cls(embedding, recurrent, *last)
        no_bias = np.zeros(architecture.vocabulary_size, np.float32)
        return cls(embedding, recurrent, embedding.T, no_bias, last)

    @classmethod
    @contextmanager
    def open(cls, path: Path, architecture: Architecture) -> Iterator[Self]:
        """Open a saved network; its recurrent layers are read on iteration.

        Args:
            path: A `model.keras` file.
            architecture: The sizes it must have.

        Raises:
            CheckpointError: The file is damaged, or is not a network of that architecture; here,
                or when a layer is read.
        """
        units, embedding_size = architecture.units, architecture.embedding
        outputs = architecture.vocabulary_size if architecture.output == "own" else embedding_size
        with _errors_of(path):
            archive = zipfile.ZipFile(path)
        with archive:
            with _errors_of(path):
                layers = _described_layers(json.loads(archive.read(DESCRIPTION)))
                _check_layers(layers, architecture)
                arrays = KerasArrays(archive)
                first, *recurrent, last = layers
                (embedding,) = _read(
                    arrays, first, [(architecture.vocabulary_size, embedding_size)]
                )
                kernel, bias = _read(arrays, last, [(units, outputs), (outputs,)])
            read_later = _read_recurrent(path, arrays, recurrent, architecture)
            yield cls._with_output(embedding, read_later, (kernel, bias), architecture)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Turn errors of reading into CheckpointErrors that name the file."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(
            f"{path} is not the network that its checkpoint describes: {error} "
            "Copy the checkpoint again from where it came, or train again."
        ) from error
    except (
        OSError,
        OverflowError,
        zipfile.BadZipFile,
        LookupError,
        ValueError,
        TypeError,
    ) as error:
        raise CheckpointError(
            f"{path} is damaged, or was not saved by Keras 3 ({error}). "
            "Copy the checkpoint again from where it came, or train again."
        ) from error


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer of the description: its class, name, settings, and path in the HDF5 file."""

    kind: str
    name: str
    settings: dict[str, Any]
    path: str


def _described_layers(description: dict[str, Any]) -> list[_Layer]:
    """The layers that have arrays, in order."""
    layers = []
    seen: Counter[str] = Counter()
    for values in description["config"]["layers"]:
        kind = (values.get("registered_name") or values["class_name"]).removeprefix("charrnn>")
        if kind in {"InputLayer", "Dropout"}:
            continue
        number = f"_{seen[kind]}" if seen[kind] else ""
        seen[kind] += 1
        path = PATHS_OF_CLASSES.get(kind, "").format(number)
        layers.append(_Layer(kind, values["config"]["name"], values["config"], path))
    return layers


def _check_layers(layers: list[_Layer], architecture: Architecture) -> None:
    """Refuse layers whose class or equations differ from charrnn's."""
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
    for layer in layers[1:-1]:
        _check_settings(layer, equations[architecture.cell] | {"go_backwards": False})
    if architecture.output == "tied":
        _check_settings(layers[0], {"tie_weights": True, "logit_soft_cap": None})


def _check_settings(layer: _Layer, expected: dict[str, Any]) -> None:
    for name, wanted in expected.items():
        if layer.settings[name] != wanted:
            raise CheckpointError(
                f"{layer.name} has {name} {layer.settings[name]}, where {wanted} was expected."
            )


def _read_recurrent(
    path: Path, arrays: KerasArrays, layers: Sequence[_Layer], architecture: Architecture
) -> Iterator[RecurrentWeights]:
    """Read the recurrent layers one after the other."""
    inputs = architecture.embedding
    for layer in layers:
        with _errors_of(path):
            weights = _read(arrays, layer, _recurrent_shapes(architecture, inputs))
        yield RecurrentWeights(*weights)
        inputs = architecture.units


def _recurrent_shapes(architecture: Architecture, inputs: int) -> list[tuple[int, ...]]:
    """The shapes of a recurrent layer's arrays, in the order of `RecurrentWeights`."""
    units = architecture.units
    sums = GATES[architecture.cell] * units
    bias = (2, sums) if architecture.cell == "gru" else (sums,)
    peepholes = PEEPHOLES[architecture.cell]
    return [(inputs, sums), (units, sums), bias, *([(peepholes, units)] if peepholes else [])]


def _read(arrays: KerasArrays, layer: _Layer, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Read and check the arrays of a layer."""
    read = []
    for number, shape in enumerate(shapes):
        stored, name = arrays[f"{layer.path}/{number}"], f"array {number} of layer {layer.name}"
        if stored.shape != shape or stored.dtype.kind != "f":
            raise CheckpointError(
                f"{name} is {stored.dtype} of shape {stored.shape}, "
                f"where float32 of shape {shape} was expected."
            )
        values = np.asarray(stored[...], np.float32)
        # Minimum and maximum are NaN if any number is, and need no boolean array.
        if not (np.isfinite(values.min()) and np.isfinite(values.max())):
            raise CheckpointError(f"{name} holds a value that is not finite.")
        read.append(values)
    return read
