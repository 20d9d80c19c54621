"""The arrays of `model.keras`, read without Keras: a zip of a description and an HDF5 file.

Nothing of the file is run. Layers are found by the description, and what does not fit the
architecture is refused.
"""

import json
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from charrnn.architecture import CELL_NAMES, GATES, PEEPHOLES, Architecture
from charrnn.errors import CheckpointError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from charrnn.config import Cell

Array = npt.NDArray[np.float32]

DESCRIPTION: Final = "config.json"
ARRAYS: Final = "model.weights.h5"

PATHS_OF_CLASSES: Final = {
    "Embedding": "layers/embedding{}/vars",
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
        logits_kernel: `(units, vocabulary_size)`.
        logits_bias: `(vocabulary_size,)`.
    """

    embedding: Array
    recurrent: tuple[RecurrentWeights, ...]
    logits_kernel: Array
    logits_bias: Array

    @classmethod
    def from_keras(cls, arrays: Sequence[Array], layers: int) -> Self:
        """Name the arrays that `get_weights` of a network returns.

        Args:
            arrays: The embedding; kernel, recurrent kernel, bias and, where it has one, peephole
                of each recurrent layer; kernel and bias of the logits.
            layers: Recurrent layers.
        """
        embedding, *recurrent, logits_kernel, logits_bias = arrays
        count = len(recurrent) // layers
        parts = (recurrent[first : first + count] for first in range(0, len(recurrent), count))
        return cls(
            embedding,
            tuple(RecurrentWeights(*part) for part in parts),
            logits_kernel,
            logits_bias,
        )


class Group(Protocol):
    """What is used of an HDF5 file."""

    def __getitem__(self, path: str) -> Any:
        """The group or the array at a path."""


def read_weights(path: Path, architecture: Architecture) -> NetworkWeights:
    """Read the arrays of a saved network.

    Args:
        path: A `model.keras` file.
        architecture: The sizes it must have.

    Raises:
        CheckpointError: The file is damaged, or is not a network of that architecture.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            layers = _described_layers(json.loads(archive.read(DESCRIPTION)))
            _check_layers(layers, architecture)
            with _open_arrays(archive) as arrays:
                return _read_arrays(arrays, layers, architecture)
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
    expected = ["Embedding", *[recurrent] * architecture.layers, "Dense"]
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
        for name, wanted in (equations[architecture.cell] | {"go_backwards": False}).items():
            if layer.settings[name] != wanted:
                raise CheckpointError(
                    f"{layer.name} has {name} {layer.settings[name]}, where {wanted} was expected."
                )


def _read_arrays(arrays: Group, layers: list[_Layer], architecture: Architecture) -> NetworkWeights:
    """Read every array, checked for its shape."""
    embedding, *recurrent, logits = layers
    units, vocabulary_size = architecture.units, architecture.vocabulary_size
    widths = [architecture.embedding, *[units] * (architecture.layers - 1)]
    return NetworkWeights(
        embedding=_read(arrays, embedding, 0, (vocabulary_size, architecture.embedding)),
        recurrent=tuple(
            RecurrentWeights(
                *(
                    _read(arrays, layer, number, shape)
                    for number, shape in enumerate(_recurrent_shapes(architecture, width))
                )
            )
            for layer, width in zip(recurrent, widths, strict=True)
        ),
        logits_kernel=_read(arrays, logits, 0, (units, vocabulary_size)),
        logits_bias=_read(arrays, logits, 1, (vocabulary_size,)),
    )


def _recurrent_shapes(architecture: Architecture, inputs: int) -> list[tuple[int, ...]]:
    """The shapes of what a recurrent layer holds, in the order of `RecurrentWeights`."""
    units = architecture.units
    sums = GATES[architecture.cell] * units
    bias = (2, sums) if architecture.cell == "gru" else (sums,)
    peepholes = PEEPHOLES[architecture.cell]
    return [(inputs, sums), (units, sums), bias, *([(peepholes, units)] if peepholes else [])]


def _read(arrays: Group, layer: _Layer, number: int, shape: tuple[int, ...]) -> Array:
    """Read array `number` of a layer."""
    stored = arrays[f"{layer.path}/{number}"]
    if stored.shape != shape or stored.dtype.kind != "f":
        raise CheckpointError(
            f"array {number} of layer {layer.name} is {stored.dtype} of shape {stored.shape}, "
            f"where float32 of shape {shape} was expected."
        )
    values = np.empty(shape, np.float32)
    stored.read_direct(values)
    if not np.isfinite(values).all():
        raise CheckpointError(f"array {number} of layer {layer.name} holds what is no number.")
    return values


@contextmanager
def _open_arrays(archive: zipfile.ZipFile) -> Iterator[Group]:
    """Open the HDF5 file inside the zip; Keras stores it as it is, so it is read in place."""
    import h5py

    member = archive.getinfo(ARRAYS)
    file: IO[bytes] | RawIOBase
    if member.compress_type == zipfile.ZIP_STORED and archive.fp is not None:
        file = _StoredMember(archive.fp, member)
    else:
        file = BytesIO(archive.read(ARRAYS))
    with file, h5py.File(file, "r") as arrays:
        yield arrays


class _StoredMember(RawIOBase):
    """A member of a zip file that is not compressed, as a file that can be read anywhere.

    Args:
        file: The zip file; what else reads it must wait.
        member: Which member.
    """

    def __init__(self, file: IO[bytes], member: zipfile.ZipInfo) -> None:
        # The header before the data ends with a name and an extra field, whose lengths stand at
        # bytes 26 and 28 (APPNOTE.TXT of the ZIP format, 4.3.7).
        file.seek(member.header_offset)
        name_length, extra_length = struct.unpack("<26xHH", file.read(30))
        self._file = file
        self._start = member.header_offset + 30 + name_length + extra_length
        self._size = member.file_size
        self._position = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)[: max(0, self._size - self._position)]
        self._file.seek(self._start + self._position)
        read = self._file.readinto(view)  # type: ignore[attr-defined]
        self._position += read
        return int(read)
