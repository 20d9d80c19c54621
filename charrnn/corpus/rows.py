"""Rows of numbers that may be many: in memory while they are few, in a temporary file otherwise."""

from collections.abc import Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from charrnn.corpus import temporary
from charrnn.corpus.temporary import TemporaryStore

Number = TypeVar("Number", bound=np.generic)
Number_co = TypeVar("Number_co", bound=np.generic, covariant=True)

_BLOCK: Final = 1 << 20


class Rows(Protocol[Number_co]):
    """Rows of numbers, read a slice at a time; every NumPy array is one.

    What stands in a file is read anew for each slice, so a slice costs memory for its own length.
    """

    @property
    def dtype(self) -> np.dtype[Number_co]:
        """The type of the numbers."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __getitem__(self, places: slice, /) -> npt.NDArray[Number_co]:
        """Some of the rows, in order, as an array."""


class RowsWriter(Generic[Number]):
    """Gathers rows at the end of others.

    Args:
        dtype: The type of the numbers.
        row: The shape of one row; empty for single numbers.
    """

    def __init__(self, dtype: type[Number], row: tuple[int, ...] = ()) -> None:
        self._dtype = np.dtype(dtype)
        self._row = row
        self._held: list[npt.NDArray[Number]] = []
        self._held_bytes = 0
        self._store: TemporaryStore | None = None

    def append(self, rows: npt.NDArray[Number]) -> None:
        """Add `(n, *row)` rows, which are not changed later; raises CorpusError on a full disk."""
        rows = np.ascontiguousarray(rows, self._dtype)
        if self._store is None:
            self._held.append(rows)
            self._held_bytes += rows.nbytes
            if self._held_bytes > temporary.LONG:
                self._store = TemporaryStore()
                for held in self._held:
                    self._store.append(held.data)
                self._held = []
        else:
            self._store.append(rows.data)

    def finish(self) -> Rows[Number]:
        """All rows; nothing can be added afterwards."""
        if self._store is not None:
            return _StoredRows(self._store, self._dtype, self._row)
        held, self._held = self._held, []
        empty: npt.NDArray[Number] = np.empty((0, *self._row), self._dtype)
        return np.concatenate(held) if held else empty


class _StoredRows(Generic[Number]):
    """Rows in a temporary file."""

    def __init__(
        self, store: TemporaryStore, dtype: np.dtype[Number], row: tuple[int, ...]
    ) -> None:
        self.dtype = dtype
        self._store = store
        self._row = row
        self._row_bytes = dtype.itemsize * int(np.prod(row, dtype=np.int64))

    def __len__(self) -> int:
        return self._store.size // self._row_bytes

    def __getitem__(self, places: slice, /) -> npt.NDArray[Number]:
        start, stop, step = places.indices(len(self))
        if step != 1:
            raise ValueError("stored rows are read in order, one after the other.")
        data = self._store.read(start * self._row_bytes, max(start, stop) * self._row_bytes)
        return np.frombuffer(data, self.dtype).reshape(-1, *self._row)


def blocks(rows: Rows[Number], size: int = _BLOCK) -> Iterator[npt.NDArray[Number]]:
    """All rows, `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def as_array(rows: Rows[Any]) -> npt.NDArray[Any]:
    """All rows in memory, for those that are known to be few."""
    return rows[:]
