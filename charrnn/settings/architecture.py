"""The network in numbers: the sizes that are built, and the parameters they come to."""

import dataclasses
from dataclasses import dataclass
from typing import Final, NamedTuple

from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import Activation, Cell, ModelConfig, Output

GATES: Final[dict[Cell, int]] = {"simple_rnn": 1, "gru": 3, "lstm": 4, "peephole_lstm": 4}
"""Products of input and state that a cell forms at each step."""

PEEPHOLES: Final[dict[Cell, int]] = {"simple_rnn": 0, "gru": 0, "lstm": 0, "peephole_lstm": 3}
"""Gates of a cell that see its memory, each unit its own: those of input, forgetting, output."""

STATES: Final[dict[Cell, int]] = {"simple_rnn": 1, "gru": 1, "lstm": 2, "peephole_lstm": 2}
"""Arrays that a cell carries from step to step: its output h, and an LSTM its memory c too."""

CELL_NAMES: Final[dict[Cell, str]] = {
    "lstm": "LSTM",
    "gru": "GRU",
    "simple_rnn": "SimpleRNN",
    "peephole_lstm": "PeepholeLSTM",
}
"""What people call a cell; the class of its layer has the same name."""


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

    Where the output is tied (Press & Wolf, 2017), Dense leads back to the length of a character's
    vector, and the logits are its products with the vectors themselves.

    Attributes:
        cell: Kind of recurrent layer.
        vocabulary_size: Tokens read and predicted.
        embedding: Length of a character's vector.
        layers: Recurrent layers.
        units: Units of each recurrent layer.
        dropout: Share of each recurrent layer's output left out in training.
        activation: Activation of a simple_rnn layer; the other cells have tanh.
        output: Whether the output has weights of its own, or is tied to the embedding.
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
        """Refuse sizes that no network has, with a ConfigurationError."""
        # What is asked of a network has the same limits as what is built.
        asked = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        vocabulary_size = asked.pop("vocabulary_size")
        ModelConfig(**asked)
        if vocabulary_size < 1:
            raise ConfigurationError(
                f"a network reads at least 1 token. Received: a vocabulary of {vocabulary_size}."
            )

    def table(self) -> list[Layer]:
        """The layers in order, with their parameter counts and the formula of each count."""
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
        tied = Layer("Embedding, tied", self.vocabulary_size, 0, "the first layer's, turned round")
        return [*rows, self._dense(self.embedding, "numbers"), tied]

    def _dense(self, output: int, what: str) -> Layer:
        formula = f"({self.units:,} inputs + 1 bias) x {output:,} {what}"
        return Layer("Dense", output, (self.units + 1) * output, formula)

    def _recurrent(self, inputs: int) -> Layer:
        gates = GATES[self.cell]
        # Keras's GRU with reset_after keeps one bias for the input and one for the state.
        biases = 2 if self.cell == "gru" else 1
        peepholes = PEEPHOLES[self.cell]
        formula = (
            f"{gates} x {self.units:,} units x ({inputs:,} inputs + {self.units:,} state "
            f"+ {biases} bias{'es' if biases > 1 else ''})"
        )
        if peepholes:
            formula += f" + {peepholes} x {self.units:,} peepholes"
        return Layer(
            CELL_NAMES[self.cell],
            self.units,
            (gates * (inputs + self.units + biases) + peepholes) * self.units,
            formula,
        )

    @property
    def parameters(self) -> int:
        """Weights that the network learns."""
        return sum(layer.parameters for layer in self.table())
