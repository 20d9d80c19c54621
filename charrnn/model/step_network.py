"""One step of a network in TensorFlow, from its arrays alone; whatever calls it may compile it."""

from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.model.equations import EQUATIONS
from charrnn.settings.architecture import GATES, STATES, Architecture

State = list[list[tf.Tensor]]
"""For each recurrent layer its tensors `(batch, units)`: h, and for an LSTM also c."""

Array = npt.NDArray[np.float32]

LARGEST_TABLE: Final = 2**25
"""Numbers (128 MiB) up to which the first layer's product is worked out for every symbol."""


class LayerArrays(Protocol):
    """The arrays of a recurrent layer, as Keras orders them; see `generation.weights`."""

    @property
    def kernel(self) -> Array:
        """`(inputs, gates * units)`."""

    @property
    def recurrent_kernel(self) -> Array:
        """`(units, gates * units)`."""

    @property
    def bias(self) -> Array:
        """`(gates * units,)`, or two of it."""

    @property
    def peephole(self) -> Array | None:
        """`(3, units)`; None where there is none."""


class NetworkArrays(Protocol):
    """The arrays of a network."""

    @property
    def embedding(self) -> Array:
        """`(vocabulary_size, embedding)`."""

    @property
    def recurrent(self) -> Iterable[LayerArrays]:
        """The recurrent layers, the one next to the embedding first."""

    @property
    def projection(self) -> tuple[Array, Array] | None:
        """Kernel `(units, embedding)` and bias of a tied output; None of another."""

    @property
    def logits_kernel(self) -> Array:
        """`(units, vocabulary_size)`, or `(embedding, vocabulary_size)`."""

    @property
    def logits_bias(self) -> Array:
        """`(vocabulary_size,)`."""


class StepNetwork:
    """A network that reads one symbol of each text, by the equations that training computes.

    Args:
        arrays: Its arrays; they are copied to the device.
        architecture: Its sizes.
    """

    def __init__(self, arrays: NetworkArrays, architecture: Architecture) -> None:
        self.architecture = architecture
        self._layers = [_Layer(layer, architecture) for layer in arrays.recurrent]
        self._embedding = tf.constant(arrays.embedding)
        projection = arrays.projection
        self._projection = projection and tuple(map(tf.constant, projection))
        self._logits_kernel = tf.constant(arrays.logits_kernel)
        self._logits_bias = tf.constant(arrays.logits_bias)
        table = architecture.vocabulary_size * GATES[architecture.cell] * architecture.units
        self._table = self._layers[0].project(self._embedding) if table <= LARGEST_TABLE else None

    def step(self, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Read one symbol of each text.

        Args:
            ids: `(batch,)` int32.
            state: Where the texts stand.

        Returns:
            Logits `(batch, vocabulary_size)` float32 for the symbol after, and the new state.
        """
        table = self._embedding if self._table is None else self._table
        hidden = tf.gather(table, ids)
        after = []
        for number, (layer, before) in enumerate(zip(self._layers, state, strict=True)):
            is_projected = number == 0 and self._table is not None
            hidden, layer_state = layer.advance(
                hidden if is_projected else layer.project(hidden), before
            )
            after.append(layer_state)
        if self._projection is not None:
            kernel, bias = self._projection
            hidden = tf.matmul(hidden, kernel) + bias
        return tf.matmul(hidden, self._logits_kernel) + self._logits_bias, after

    def zero_state(self, batch: int) -> State:
        """The state before the first symbol."""
        shape = (batch, self.architecture.units)
        tensors = STATES[self.architecture.cell]
        return [[tf.zeros(shape) for _ in range(tensors)] for _ in self._layers]


class _Layer:
    """A recurrent layer: its products, whose sums the equations of its cell take."""

    def __init__(self, arrays: LayerArrays, architecture: Architecture) -> None:
        self._equations = EQUATIONS[architecture.cell, architecture.activation]
        self._kernel = tf.constant(arrays.kernel)
        self._recurrent_kernel = tf.constant(arrays.recurrent_kernel)
        vectors = list(arrays.bias.reshape(-1, architecture.units))
        if arrays.peephole is not None:
            vectors += list(arrays.peephole)
        folded = [sum(vectors[one] for one in gate) for gate in self._equations.folded]
        self._bias = tf.constant(np.concatenate(folded))
        self._constants = [tf.constant(vectors[one]) for one in self._equations.constants]

    def project(self, inputs: tf.Tensor) -> tf.Tensor:
        """What inputs add to the sums: `(n, inputs)` to `(n, gates * units)`."""
        return tf.matmul(inputs, self._kernel) + self._bias

    def advance(
        self, projected: tf.Tensor, state: list[tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """One step, from what `project` made of the inputs, to the output and the state after."""
        gates = self._equations.gates
        output, memory, _ = self._equations.forward(
            tf.split(projected, gates, axis=1),
            tf.split(tf.matmul(state[0], self._recurrent_kernel), gates, axis=1),
            self._constants,
            state[-1],
        )
        return output, [memory] if self._equations.output_is_memory else [output, memory]
