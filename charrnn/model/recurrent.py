"""Keras layers that read with the kernels on a CPU: the same weights, the same function.

    from charrnn.model import recurrent

    recurrent.LSTM(512, return_sequences=True)  # in the place of keras.layers.LSTM

What the kernels do not compute (another activation, dropout within the layer, masks, going
backwards, a GPU, inputs of a shape known only when they come, as those of `fit` on arrays) Keras
computes as always. `charrnn train` reads whole networks with `charrnn.model.fused_network`
instead, whose layers hand on arrays without transposing them.
"""

from typing import Any, ClassVar

import keras
import tensorflow as tf

from charrnn.model.cells import CELLS, CellSpec, Weights
from charrnn.model.device import available_cores
from charrnn.model.kernel import read_window
from charrnn.model.kernel_config import KernelConfig
from charrnn.settings.configuration import Activation, Cell


def weights_of(layer: keras.layers.Layer) -> Weights:
    """The weights of a Keras layer as the kernels take them."""
    own = layer.cell
    constants = tf.reshape(own.bias, (-1, layer.units))
    if hasattr(own, "peephole"):
        constants = tf.concat([constants, own.peephole], 0)
    return Weights(
        tf.convert_to_tensor(own.kernel), tf.convert_to_tensor(own.recurrent_kernel), constants
    )


class _Fast(keras.layers.Layer):
    """What the layers have in common; stands before Keras's class among the parents.

    Args:
        dtype_of_products: "float32", or "bfloat16" where the processor multiplies it faster.
    """

    kind: ClassVar[Cell]

    def __init__(
        self,
        *arguments: Any,
        dtype_of_products: str = "float32",
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.dtype_of_products = dtype_of_products

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        config: dict[str, Any] = super().get_config()
        return config | {"dtype_of_products": self.dtype_of_products}

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Read `(batch, time, features)`, as the parent does."""
        cell = self._cell_spec()
        if cell is None or mask is not None or not _is_shaped_on_cpu(sequences):
            return super().call(
                sequences, initial_state=initial_state, mask=mask, training=training
            )
        batch = sequences.shape[0]
        state = self.get_initial_state(batch) if initial_state is None else initial_state
        before = [tf.transpose(tensor) for tensor in tf.nest.flatten(state)]
        outputs, *last = read_window(
            cell,
            KernelConfig(tf.as_dtype(self.dtype_of_products), available_cores()),
            tf.transpose(sequences, (1, 2, 0)),
            weights_of(self),
            (before[0], before[-1]),
        )
        after = [tf.transpose(tensor) for tensor in (last[1:] if len(before) == 1 else last)]
        whole = tf.cast(tf.transpose(outputs, (2, 0, 1)), sequences.dtype)
        result = whole if self.return_sequences else whole[:, -1]
        return (result, *after) if self.return_state else result

    def _cell_spec(self) -> CellSpec | None:
        """The cell of the layer, or None where the kernels have none like it."""
        config = self.get_config()
        plain = {
            "use_bias": True,
            "dropout": 0.0,
            "recurrent_dropout": 0.0,
            "go_backwards": False,
            "stateful": False,
            "reset_after": True,
            "recurrent_activation": "sigmoid",
        }
        if any(config.get(name, wanted) != wanted for name, wanted in plain.items()):
            return None
        activations: dict[str, Activation] = {"tanh": "tanh", "relu": "relu"}
        # An activation of one's own is described by a dictionary.
        activation = activations.get(str(config.get("activation", "tanh")))
        return None if activation is None else CELLS.get((self.kind, activation))


@keras.saving.register_keras_serializable(package="charrnn")
class SimpleRNN(_Fast, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN`, read by the kernels; see `_Fast` for its own argument."""

    kind = "simple_rnn"


@keras.saving.register_keras_serializable(package="charrnn")
class GRU(_Fast, keras.layers.GRU):
    """`keras.layers.GRU` with `reset_after=True`, read by the kernels."""

    kind = "gru"


@keras.saving.register_keras_serializable(package="charrnn")
class LSTM(_Fast, keras.layers.LSTM):
    """`keras.layers.LSTM`, read by the kernels."""

    kind = "lstm"


def _is_shaped_on_cpu(sequences: Any) -> bool:
    """Whether the shape is known, and no GPU would read faster with cuDNN."""
    shaped = isinstance(sequences, tf.Tensor) and sequences.shape.is_fully_defined()
    return shaped and not tf.config.get_visible_devices("GPU")
