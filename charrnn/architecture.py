"""The network in numbers: the sizes that are built, and the parameters they come to."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from charrnn.config import Activation, Cell, ModelConfig
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.typecheck import mistyped_fields

GATES: Final[dict[Cell, int]] = {"simple_rnn": 1, "gru": 3, "lstm": 4}
"""Products of input and state that a cell forms at each step."""

CELL_NAMES: Final[dict[Cell, str]] = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}
"""What people call a cell, and Keras its layer."""


class Layer(NamedTuple):
    """One line of a table of layers.

    Attributes:
        name: What the layer is.
        output: Length of what it hands on for each character.
        parameters: Weights it learns.
        formula: Where that count comes from, in numbers.
    """

    name: str
    output: int
    parameters: int
    formula: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The sizes of a network: Embedding, stacked recurrent layers, Dense.

    Attributes:
        cell: Kind of recurrent layer.
        vocabulary_size: Symbols read and predicted.
        embedding: Length of a character's vector.
        layers: Recurrent layers.
        units: Units of each recurrent layer.
        dropout: Share of each recurrent layer's output left out in training.
        activation: Activation of a simple_rnn layer; the other cells have tanh.
    """

    cell: Cell
    vocabulary_size: int
    embedding: int
    layers: int
    units: int
    dropout: float
    activation: Activation

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Architecture":
        """The architecture that `dataclasses.asdict` wrote down; raises CheckpointError."""
        names = {field.name for field in dataclasses.fields(cls)}
        if values.keys() != names:
            raise CheckpointError(
                f"the architecture must name {', '.join(sorted(names))}. "
                f"Received: {', '.join(sorted(values))}."
            )
        try:
            ModelConfig(**{name: values[name] for name in names - {"vocabulary_size"}})
        except ConfigurationError as error:
            raise CheckpointError(f"the architecture cannot be built: {error}") from error
        architecture = cls(**values)
        if mistyped_fields(architecture) or architecture.vocabulary_size < 1:
            raise CheckpointError(f"the architecture cannot be built. Received: {values}.")
        return architecture

    def table(self) -> list[Layer]:
        """The layers in order, with their parameter counts and the formula of each count."""
        rows = [
            Layer(
                "Embedding",
                self.embedding,
                self.vocabulary_size * self.embedding,
                f"{self.vocabulary_size:,} symbols x {self.embedding:,}",
            )
        ]
        inputs = self.embedding
        for _ in range(self.layers):
            rows.append(self._recurrent(inputs))
            inputs = self.units
        rows.append(
            Layer(
                "Dense",
                self.vocabulary_size,
                (self.units + 1) * self.vocabulary_size,
                f"({self.units:,} inputs + 1 bias) x {self.vocabulary_size:,} symbols",
            )
        )
        return rows

    def _recurrent(self, inputs: int) -> Layer:
        gates = GATES[self.cell]
        # Keras's GRU with reset_after keeps one bias for the input and one for the state.
        biases = 2 if self.cell == "gru" else 1
        return Layer(
            CELL_NAMES[self.cell],
            self.units,
            gates * self.units * (inputs + self.units + biases),
            f"{gates} x {self.units:,} units x ({inputs:,} inputs + {self.units:,} state "
            f"+ {biases} bias{'es' if biases > 1 else ''})",
        )

    @property
    def parameters(self) -> int:
        """Weights that the network learns."""
        return sum(layer.parameters for layer in self.table())
