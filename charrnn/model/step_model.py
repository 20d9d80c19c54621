"""A network in TensorFlow that writes as the one in NumPy does, on a CPU or a GPU."""

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.model.step_network import NetworkArrays, State, StepNetwork
from charrnn.model.writing_loop import WritingLoop
from charrnn.rules import Beginning, Rules
from charrnn.settings.architecture import Architecture

Logits = npt.NDArray[np.float32]

ArrayState = tuple[tuple[npt.NDArray[np.float32], ...], ...]
"""What a network remembers, as writing keeps it: arrays `(batch, units)` for each layer."""


class TensorFlowEngine:
    """The network of a checkpoint in TensorFlow: the step model of `generation.engine`, and a loop.

    Args:
        arrays: Its arrays.
        architecture: Its sizes.
    """

    def __init__(self, arrays: NetworkArrays, architecture: Architecture) -> None:
        self._network = StepNetwork(arrays, architecture)
        # Texts of any number and length are read by one graph, made at the first call.
        shape = (None, architecture.units)
        spec = [
            [tf.TensorSpec(shape) for _ in layer] for layer in self._network.zero_state(batch=1)
        ]
        self._compute = tf.function(
            self._read,
            input_signature=[tf.TensorSpec((None, None), tf.int32), spec],
            autograph=False,
        )

    @property
    def vocabulary_size(self) -> int:
        """Symbols it reads and predicts."""
        return self._network.architecture.vocabulary_size

    def initial_state(self, batch: int) -> ArrayState:
        """The state before the first symbol: zeros."""
        return _as_arrays(self._network.zero_state(batch))

    def step(self, ids: npt.NDArray[np.integer], state: ArrayState) -> tuple[Logits, ArrayState]:
        """Read one symbol of each text, `(batch,)`; gives logits `(batch, vocabulary_size)`."""
        logits, after = self.read(ids[:, None], state)
        return logits[:, 0], after

    def read(self, ids: npt.NDArray[np.integer], state: ArrayState) -> tuple[Logits, ArrayState]:
        """Read several symbols of each text, `(batch, time)`.

        Returns:
            Logits `(batch, time, vocabulary_size)` after each symbol, and the state after the last.
        """
        logits, after = self._compute(
            tf.constant(ids.T, tf.int32), tf.nest.map_structure(tf.constant, _as_lists(state))
        )
        return logits.numpy().swapaxes(0, 1), _as_arrays(after)

    def loop(self, rules: Rules, beginning: Beginning, batch: int) -> WritingLoop:
        """What writes many poems by itself.

        Args:
            rules: What holds for all of them.
            beginning: Where all of them go on.
            batch: How many it writes side by side.
        """
        return WritingLoop(self._network, rules, beginning, batch)

    def _read(self, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Read `(time, batch)`, giving logits `(time, batch, vocabulary_size)`."""
        no_logits = tf.zeros((tf.shape(ids)[1], self.vocabulary_size))

        def advance(carried: tuple[tf.Tensor, State], symbols: tf.Tensor) -> Any:
            return self._network.step(symbols, carried[1])

        logits, states = tf.scan(advance, ids, (no_logits, state))
        return logits, tf.nest.map_structure(lambda steps: steps[-1], states)


def _as_lists(state: ArrayState) -> list[list[npt.NDArray[np.float32]]]:
    return [list(layer) for layer in state]


def _as_arrays(state: State) -> ArrayState:
    return tuple(tuple(tensor.numpy() for tensor in layer) for layer in state)
