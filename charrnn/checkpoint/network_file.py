"""`model.keras`: the file of a network, read within bounds and written alike each time.

Plain Keras opens what is written here. Reading needs no Keras and no h5py, and executes nothing: what
the file says must be the network that `charrnn.json` describes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.archive import (
    BinaryFile,
    DamagedFileError,
    read_member,
    stored_members,
    write_archive,
)
from charrnn.checkpoint.hdf5 import Hdf5Arrays
from charrnn.checkpoint.keras_layers import (
    KerasLayer,
    check_description,
    described,
    keras_layers,
    largest_network_file,
)
from charrnn.checkpoint.regular_files import open_regular
from charrnn.errors import CheckpointError
from charrnn.settings.architecture import Architecture

Array = npt.NDArray[np.float32]

DESCRIPTION: Final = "config.json"
METADATA: Final = "metadata.json"
WEIGHTS: Final = "model.weights.h5"

OLDEST_KERAS: Final = '{"keras_version": "3.12.0"}'
"""Content of `metadata.json`: the oldest Keras that reads the file."""


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """An open `model.keras` whose description was checked.

    Attributes:
        layers: The layers that have arrays, in order.
    """

    path: Path
    layers: list[KerasLayer]
    _arrays: Hdf5Arrays

    def read(self, layer: KerasLayer) -> list[Array]:
        """Read the arrays of a layer; raises CheckpointError if they are others."""
        with _errors_of(self.path):
            return [
                self._read(path, shape, f"array {number} of layer {layer.name}")
                for number, (path, shape) in enumerate(layer.arrays.items())
            ]

    def _read(self, path: str, shape: tuple[int, ...], name: str) -> Array:
        stored = self._arrays.find(path)
        if stored.shape != shape:
            raise CheckpointError(
                f"{name} has the shape {stored.shape}, where {shape} was expected."
            )
        values = np.asarray(stored.read(), np.float32)
        # Minimum and maximum are NaN if any number is, and need no boolean array.
        if not (np.isfinite(values.min()) and np.isfinite(values.max())):
            raise CheckpointError(f"{name} holds a value that is not finite.")
        return values


@contextmanager
def open_network(path: Path, architecture: Architecture) -> Iterator[NetworkFile]:
    """Open a `model.keras` file, whose arrays are read layer by layer.

    Raises:
        CheckpointError: The file is damaged, or is not a network of that architecture; here, or when
            a layer is read.
    """
    layers = keras_layers(architecture)
    try:
        file = open_regular(path, largest_network_file(architecture))
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        with _errors_of(path):
            arrays = _checked_arrays(file, layers)
        yield NetworkFile(path, [layer for layer in layers if layer.arrays], arrays)


def read_network(path: Path, architecture: Architecture) -> list[Array]:
    """All arrays of a `model.keras` file, in the order of Keras's `get_weights`.

    Raises:
        CheckpointError: The file is damaged, or is not a network of that architecture.
    """
    with open_network(path, architecture) as file:
        return [array for layer in file.layers for array in file.read(layer)]


def write_network(
    path: Path,
    architecture: Architecture,
    arrays: Sequence[Array],
    dtype: npt.DTypeLike = np.float32,
) -> None:
    """Write a `model.keras` file.

    Args:
        path: Where to.
        architecture: The sizes.
        arrays: All arrays, in the order of Keras's `get_weights`.
        dtype: float32, or float16, which Keras reads all the same.
    """
    import h5py  # Here, because writing poems needs none.

    layers = keras_layers(architecture)
    places = [place for layer in layers for place in layer.arrays]
    content = BytesIO()
    with h5py.File(content, "w") as file:
        for place, array in zip(places, arrays, strict=True):
            file[place] = np.asarray(array, dtype)
    write_archive(
        path,
        {
            METADATA: OLDEST_KERAS.encode(),
            DESCRIPTION: described(layers).encode(),
            WEIGHTS: content.getvalue(),
        },
    )


def _checked_arrays(file: BinaryFile, layers: list[KerasLayer]) -> Hdf5Arrays:
    members = stored_members(file)
    if unknown := members.keys() - {METADATA, DESCRIPTION, WEIGHTS}:
        raise DamagedFileError(f"it has a member {min(unknown)!r:.50}")
    if missing := {DESCRIPTION, WEIGHTS} - members.keys():
        raise DamagedFileError(f"it has no member {min(missing)}")
    check_description(read_member(file, members[DESCRIPTION]), layers)
    weights = members[WEIGHTS]
    return Hdf5Arrays(file, weights.offset, weights.size)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Turn errors of reading into CheckpointErrors that name the file."""
    remedy = "Copy the checkpoint again from where it came, or train again."
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(
            f"{path} is not the network that its checkpoint describes: {error} {remedy}"
        ) from error
    except (DamagedFileError, OSError, RecursionError) as error:
        raise CheckpointError(
            f"{path} is damaged, or was not saved by charrnn or Keras 3 ({error}). {remedy}"
        ) from error
