"""Who writes: each in a module of its own, loaded in a process of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol

TEMPERATURE: Final = 0.8
POEMS_AT_ONCE: Final = (1, 64)

Write = Callable[[int, int], object]
"""Writes so many poems at once, each of so many characters, drawn at `TEMPERATURE`."""


class WriterModule(Protocol):
    """A module that knows one way to write."""

    def open_writer(self, checkpoint: Path) -> Write:
        """Load the network of a checkpoint."""


class Contestant(NamedTuple):
    """One way to write.

    Attributes:
        name: What a table calls it.
        module: The module of this package that knows it.
        characters: Length of the poems that its speed is measured with.
    """

    name: str
    module: str
    characters: int = 200


CHARRNN: Final = "charrnn"
PYTORCH: Final = "PyTorch"
PYTORCH_PLAIN: Final = "PyTorch, no oneDNN"
MEMORY: Final = "memory"

WINDOW: Final = 40
"""Characters that `model.predict` reads for each one written."""

CONTESTANTS: Final = (
    Contestant(CHARRNN, "charrnn_writer"),
    Contestant("`model.predict`", "keras_predict", characters=4),
    Contestant("`tf.function`", "tensorflow_step"),
    Contestant("`tf.function`, XLA", "tensorflow_step_compiled"),
    Contestant(PYTORCH, "pytorch_step"),
    Contestant(PYTORCH_PLAIN, "pytorch_step_plain"),
    Contestant(MEMORY, "memory_reader"),
)

RIVALS: Final = tuple(entry.name for entry in CONTESTANTS if entry.name not in {CHARRNN, MEMORY})
