"""Keras layers of charrnn: LSTM, GRU and SimpleRNN on the fast CPU kernels, and a peephole LSTM.

    from charrnn.model import recurrent

    recurrent.LSTM(512, return_sequences=True)  # instead of keras.layers.LSTM

These layers have Keras's weights and results. Keras computes what the kernels do not support: other
activations, dropout in the layer, masks, going backwards, GPUs, and shapes unknown before the call,
like those of `fit` on arrays. `charrnn train` uses `charrnn.model.kernel_network` instead, which
hands arrays from layer to layer without transposing them.

A checkpoint with a PeepholeLSTM opens with `keras.saving.load_model` after this module is imported.
"""

from typing import Any, ClassVar, Self

import keras
import tensorflow as tf

from charrnn.model.cells import CELLS, CellSpec, Weights
from charrnn.model.device import available_cores
from charrnn.model.kernel import read_window
from charrnn.model.kernel_config import KernelConfig
from charrnn.settings.architecture import GATES, PEEPHOLES
from charrnn.settings.configuration import Activation, Cell


def weights_of(layer: keras.layers.Layer) -> Weights:
    """The weights of a Keras layer in the form of the kernels."""
    cell = layer.cell
    constants = tf.reshape(cell.bias, (-1, layer.units))
    if hasattr(cell, "peephole"):
        constants = tf.concat([constants, cell.peephole], 0)
    return Weights(
        tf.convert_to_tensor(cell.kernel), tf.convert_to_tensor(cell.recurrent_kernel), constants
    )


class _KernelLayer(keras.layers.Layer):
    """Base class that comes before Keras's class in the method resolution order.

    Args:
        dtype_of_products: "float32", or "bfloat16" if the processor is faster with it.
    """

    kind: ClassVar[Cell]

    def __init__(self, *arguments: Any, dtype_of_products: str = "float32", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.dtype_of_products = dtype_of_products

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer."""
        config: dict[str, Any] = super().get_config()
        return config | {"dtype_of_products": self.dtype_of_products}

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        """Read `(batch, time, features)` sequences, like the Keras layer."""
        cell = self._cell_spec()
        if cell is None or mask is not None or not _has_static_shape_on_cpu(sequences):
            return super().call(
                sequences, initial_state=initial_state, mask=mask, training=training
            )
        batch = sequences.shape[0]
        state = self.get_initial_state(batch) if initial_state is None else initial_state
        before = [tf.transpose(tensor) for tensor in tf.nest.flatten(state)]  # (units, batch)
        outputs, *last = read_window(
            cell,
            KernelConfig(tf.as_dtype(self.dtype_of_products), available_cores()),
            tf.transpose(sequences, (1, 2, 0)),
            weights_of(self),
            (before[0], before[-1]),
        )
        after = [tf.transpose(tensor) for tensor in (last[1:] if len(before) == 1 else last)]
        outputs = tf.cast(tf.transpose(outputs, (2, 0, 1)), sequences.dtype)
        result = outputs if self.return_sequences else outputs[:, -1]
        return (result, *after) if self.return_state else result

    def _cell_spec(self) -> CellSpec | None:
        """The cell of the layer, or None if the kernels do not support it."""
        config = self.get_config()
        supported = {
            "use_bias": True,
            "dropout": 0.0,
            "recurrent_dropout": 0.0,
            "go_backwards": False,
            "stateful": False,
            "reset_after": True,
            "recurrent_activation": "sigmoid",
        }
        if any(config.get(name, value) != value for name, value in supported.items()):
            return None
        activations: dict[str, Activation] = {"tanh": "tanh", "relu": "relu"}
        # The activation may be a dictionary, which describes a custom function.
        activation = activations.get(str(config.get("activation", "tanh")))
        return None if activation is None else CELLS.get((self.kind, activation))


@keras.saving.register_keras_serializable(package="charrnn")
class SimpleRNN(_KernelLayer, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN` on the kernels."""

    kind = "simple_rnn"


@keras.saving.register_keras_serializable(package="charrnn")
class GRU(_KernelLayer, keras.layers.GRU):
    """`keras.layers.GRU` with `reset_after=True` on the kernels."""

    kind = "gru"


@keras.saving.register_keras_serializable(package="charrnn")
class LSTM(_KernelLayer, keras.layers.LSTM):
    """`keras.layers.LSTM` on the kernels."""

    kind = "lstm"


def _has_static_shape_on_cpu(sequences: Any) -> bool:
    """Whether the shape is known and there is no GPU, where cuDNN is faster."""
    is_static = isinstance(sequences, tf.Tensor) and sequences.shape.is_fully_defined()
    return is_static and not tf.config.get_visible_devices("GPU")


class PeepholeLSTMCell(keras.layers.Layer):
    """One step of an LSTM with peepholes (Gers & Schmidhuber, 2000).

        i = sigmoid(x W_i + h U_i + b_i + p_i * c)      c' = f * c + i * tanh(x W_c + h U_c + b_c)
        f = sigmoid(x W_f + h U_f + b_f + p_f * c)      h' = o * tanh(c')
        o = sigmoid(x W_o + h U_o + b_o + p_o * c')

    The weights are those of Keras's LSTM with gates in the order i, f, c, o, and p, `(3, units)`,
    in the order i, f, o.

    Args:
        units: Number of units.
        kernel_initializer: Initializer of W, `(inputs, 4 * units)`.
        recurrent_initializer: Initializer of U, `(units, 4 * units)`.
        arguments: Arguments of every Keras layer.
    """

    def __init__(
        self, units: int, kernel_initializer: Any, recurrent_initializer: Any, **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        self.units = units
        self.state_size = [units, units]
        self.output_size = units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights; forget gates start open, like Keras's."""
        width = GATES["peephole_lstm"] * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], width), name="kernel", initializer=self.kernel_initializer
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, width),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
        )
        self.bias = self.add_weight(shape=(width,), name="bias", initializer=self._initial_bias)
        # With zeros, training starts as an LSTM. Their gradients are not zero.
        self.peephole = self.add_weight(
            shape=(PEEPHOLES["peephole_lstm"], self.units), name="peephole", initializer="zeros"
        )

    def _initial_bias(self, shape: tuple[int, ...], dtype: Any) -> tf.Tensor:
        gate = tf.range(shape[0]) // self.units
        return tf.cast(gate == 1, dtype)

    def call(self, inputs: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Read one step.

        Args:
            inputs: `(batch, inputs)`.
            states: h and c, `(batch, units)` each.

        Returns:
            The output `(batch, units)` and the new states.
        """
        output, c = states
        sums = tf.matmul(inputs, self.kernel) + tf.matmul(output, self.recurrent_kernel) + self.bias
        i, f, candidate, o = tf.split(sums, 4, axis=1)
        p_i, p_f, p_o = tf.unstack(tf.convert_to_tensor(self.peephole))
        i = tf.sigmoid(i + p_i * c)
        f = tf.sigmoid(f + p_f * c)
        c = f * c + i * tf.tanh(candidate)
        o = tf.sigmoid(o + p_o * c)
        output = o * tf.tanh(c)
        return output, [output, c]

    def own_config(self) -> dict[str, Any]:
        """The arguments other than those of every Keras layer."""
        return {
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
        }

    def get_config(self) -> dict[str, Any]:
        """All arguments."""
        config: dict[str, Any] = super().get_config()
        return config | self.own_config()


@keras.saving.register_keras_serializable(package="charrnn")
class PeepholeLSTM(keras.layers.RNN):
    """A layer of `PeepholeLSTMCell` with the interface of `keras.layers.LSTM`.

    cuDNN has no peepholes, so on a GPU this layer runs in Keras's own loop.

    Args:
        units: Number of units.
        kernel_initializer: As in `keras.layers.LSTM`.
        recurrent_initializer: As in `keras.layers.LSTM`.
        arguments: Arguments of `keras.layers.RNN`.
    """

    def __init__(
        self,
        units: int,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        **arguments: Any,
    ) -> None:
        cell = PeepholeLSTMCell(
            units,
            kernel_initializer,
            recurrent_initializer,
            dtype=arguments.get("dtype"),
            name="peephole_lstm_cell",
        )
        super().__init__(cell, **arguments)

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.cell.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer, which also make its cell."""
        config: dict[str, Any] = super().get_config()
        del config["cell"]
        own: dict[str, Any] = self.cell.own_config()
        return config | own

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer from its arguments."""
        return cls(**config)
