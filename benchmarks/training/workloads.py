"""What is measured: networks, batches, and the arithmetic that they come to."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from charrnn.settings.architecture import CELL_NAMES, GATES, Architecture
from charrnn.settings.configuration import Cell


class Product(NamedTuple):
    """The shape of a matrix product: `(rows, inner)` by `(inner, columns)`."""

    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * self.rows * self.inner * self.columns

    def __str__(self) -> str:
        return f"{self.rows:,} x {self.inner:,} x {self.columns:,}"


LARGE_PRODUCT: Final = Product(2048, 2048, 2048)
"""A product large enough for the machine to reach its best rate."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a network and of what one step reads.

    Attributes:
        name: What the command line calls it.
        layers: Recurrent layers.
        units: Units of each.
        batch_size: Streams read side by side.
        window: Characters read from each in one step.
        vocabulary_size: Tokens read and predicted.
        embedding: Length of a character's vector.
    """

    name: str
    layers: int
    units: int
    batch_size: int
    window: int
    vocabulary_size: int = 65
    embedding: int = 64


SIZES: Final = (
    Size("1x128", layers=1, units=128, batch_size=64, window=100),
    Size("2x256", layers=2, units=256, batch_size=64, window=100),
    Size("2x512", layers=2, units=512, batch_size=128, window=100),
    Size("1x512", layers=1, units=512, batch_size=32, window=64),
    Size("1x1024", layers=1, units=1024, batch_size=32, window=64),
    # With 8,000 tokens the logits of a step take 66 MB at 32 x 64, and 410 MB at 128 x 100; each
    # contestant keeps several such arrays.
    Size("2x512-8000", 2, 512, batch_size=32, window=64, vocabulary_size=8_000, embedding=256),
)

EVERY_CELL_AT: Final = "2x512"
"""The size at which all cells are measured; elsewhere it is the LSTM alone."""


CELLS: Final[tuple[Cell, ...]] = ("simple_rnn", "gru", "lstm")
"""The cells that every contestant has; neither Keras nor PyTorch knows peepholes."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A network to train.

    Attributes:
        cell: Kind of its recurrent layers.
        size: Its size.
    """

    cell: Cell
    size: Size

    @property
    def name(self) -> str:
        """One word for the command line of a worker: "lstm-2x512"."""
        return f"{self.cell}-{self.size.name}"

    @property
    def title(self) -> str:
        """What a table calls it."""
        size = self.size
        tokens = f", {size.vocabulary_size:,} tokens" if size.vocabulary_size != 65 else ""
        network = f"{CELL_NAMES[self.cell]} {size.layers} x {size.units:,}{tokens}"
        return f"{network}, batch {size.batch_size} x {size.window}"

    @property
    def architecture(self) -> Architecture:
        """The network in charrnn's terms, without dropout."""
        return Architecture(
            cell=self.cell,
            vocabulary_size=self.size.vocabulary_size,
            embedding=self.size.embedding,
            layers=self.size.layers,
            units=self.size.units,
            dropout=0.0,
            activation="tanh",
        )

    @property
    def step_characters(self) -> int:
        """Characters that one step reads."""
        return self.size.batch_size * self.size.window

    @property
    def step_operations(self) -> int:
        """Floating-point operations of the matrix products of one training step.

        Backwards there are two products for each one forwards: one gives the gradient of its
        inputs, the other that of its weights. To look up an embedding costs nothing.
        """
        size, gates = self.size, GATES[self.cell]
        weights, inputs = size.units * size.vocabulary_size, size.embedding
        for _ in range(size.layers):
            weights += (inputs + size.units) * gates * size.units
            inputs = size.units
        return 3 * 2 * self.step_characters * weights

    @property
    def state_product(self) -> Product:
        """The product of the state that a layer forms at each character of a window."""
        size = self.size
        return Product(size.batch_size, size.units, GATES[self.cell] * size.units)


WORKLOADS: Final = tuple(
    Workload(cell, size)
    for cell in CELLS
    for size in SIZES
    if cell == "lstm" or size.name == EVERY_CELL_AT
)


def workload_named(name: str) -> Workload:
    """The workload whose `name` this is."""
    return next(workload for workload in WORKLOADS if workload.name == name)
