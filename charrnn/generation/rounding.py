"""A saved network in half the space: the same file, its numbers rounded to float16.

Keras and charrnn read it as they read any other, and compute in float32 as ever.
"""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from charrnn.errors import CheckpointError
from charrnn.generation.hdf5 import ARRAYS

HALF_PRECISION: Final = np.dtype(np.float16)


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
            if member.filename == ARRAYS:
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
