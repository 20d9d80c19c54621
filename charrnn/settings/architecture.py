"""The sizes of a network, its layers and their numbers of parameters."""

import dataclasses
from dataclasses import dataclass
from typing import Final, NamedTuple

from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import Activation, Cell, ModelConfig, Output

SPECIAL: Final = 2
"""Number of token ids before the first character: end of poem and unknown."""

GATES: Final[dict[Cell, int]] = {"simple_rnn": 1, "gru": 3, "lstm": 4, "peephole_lstm": 4}
"""Blocks of `units` columns in a kernel, one for each gate and for the candidate."""

PEEPHOLES: Final[dict[Cell, int]] = {"simple_rnn": 0, "gru": 0, "lstm": 0, "peephole_lstm": 3}
"""Gates that read the cell state: input, forget and output gate."""

STATES: Final[dict[Cell, int]] = {"simple_rnn": 1, "gru": 1, "lstm": 2, "peephole_lstm": 2}
"""State tensors: the output h, and for an LSTM also the cell state c."""

CELL_NAMES: Final[dict[Cell, str]] = {
    "lstm": "LSTM",
    "gru": "GRU",
    "simple_rnn": "SimpleRNN",
    "peephole_lstm": "PeepholeLSTM",
}
"""Display names of the cells, which are also the class names of the layers."""


class Layer(NamedTuple):
    """One row of the table of layers.

    Attributes:
        name: Kind of layer.
        output: Length of its output vector.
        parameters: Number of weights.
        formula: The calculation of that number.
    """

    name: str
    output: int
    parameters: int
    formula: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The sizes of a network: Embedding, recurrent layers, Dense.

    With a tied output (Press & Wolf, 2017), Dense has the length of an embedding vector, and the
    logits are the products of its output and the embedding matrix.

    Attributes:
        cell: Kind of recurrent layer.
        vocabulary_size: Number of token ids.
        embedding: Length of an embedding vector.
        layers: Number of recurrent layers.
        units: Units of each recurrent layer.
        dropout: Share of each recurrent layer's outputs dropped in training.
        activation: Activation of simple_rnn layers; the other cells have tanh.
        output: Whether the output layer has its own weights or is tied to the embedding.
    """

    cell: Cell
    vocabulary_size: int
    embedding: int
    layers: int
    units: int
    dropout: float
    activation: Activation
    output: Output = "own"

    def __post_init__(self) -> None:
        """Refuse sizes out of range with a ConfigurationError."""
        sizes = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        vocabulary_size = sizes.pop("vocabulary_size")
        ModelConfig(**sizes)
        if vocabulary_size < 1:
            raise ConfigurationError(
                f"a vocabulary has at least 1 token. Received: {vocabulary_size}."
            )

    def table(self) -> list[Layer]:
        """The layers in order, with their numbers of parameters."""
        rows = [
            Layer(
                "Embedding",
                self.embedding,
                self.vocabulary_size * self.embedding,
                f"{self.vocabulary_size:,} tokens x {self.embedding:,}",
            )
        ]
        inputs = self.embedding
        for _ in range(self.layers):
            rows.append(self._recurrent(inputs))
            inputs = self.units
        if self.output == "own":
            return [*rows, self._dense(self.vocabulary_size, "tokens")]
        tied = Layer("Embedding, tied", self.vocabulary_size, 0, "the first layer, transposed")
        return [*rows, self._dense(self.embedding, "numbers"), tied]

    def _dense(self, output: int, what: str) -> Layer:
        formula = f"({self.units:,} inputs + 1 bias) x {output:,} {what}"
        return Layer("Dense", output, (self.units + 1) * output, formula)

    def _recurrent(self, inputs: int) -> Layer:
        gates, peepholes = GATES[self.cell], PEEPHOLES[self.cell]
        # Keras's GRU with reset_after has one bias for the input and one for the state.
        biases = 2 if self.cell == "gru" else 1
        formula = (
            f"{gates} x {self.units:,} units x ({inputs:,} inputs + {self.units:,} state "
            f"+ {biases} bias{'es' if biases > 1 else ''})"
        )
        if peepholes:
            formula += f" + {peepholes} x {self.units:,} peepholes"
        parameters = (gates * (inputs + self.units + biases) + peepholes) * self.units
        return Layer(CELL_NAMES[self.cell], self.units, parameters, formula)

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(layer.parameters for layer in self.table())
