"""An LSTM whose gates see the memory: the one layer of a network that is not Keras's own.

A checkpoint with it opens with `keras.saving.load_model` once this module has been imported.
"""

from typing import Any, Self

import keras
import tensorflow as tf

from charrnn.settings.architecture import GATES, PEEPHOLES


class PeepholeLSTMCell(keras.layers.Layer):
    """One step of an LSTM with peepholes (Gers & Schmidhuber, 2000).

        i = sigmoid(x W_i + h U_i + b_i + p_i * c)      c' = f * c + i * tanh(x W_c + h U_c + b_c)
        f = sigmoid(x W_f + h U_f + b_f + p_f * c)      h' = o * tanh(c')
        o = sigmoid(x W_o + h U_o + b_o + p_o * c')

    Its weights are those of Keras's LSTM, with gates in the order i, f, c, o; and p, `(3, units)`,
    in the order i, f, o.

    Args:
        units: Its units.
        kernel_initializer: Of W, `(inputs, 4 * units)`.
        recurrent_initializer: Of U, `(units, 4 * units)`.
        arguments: Those of every Keras layer.
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
        """Make the weights; the gates of forgetting begin open, as Keras's do."""
        width = GATES["peephole_lstm"] * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], width), name="kernel", initializer=self.kernel_initializer
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, width),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
        )
        self.bias = self.add_weight(shape=(width,), name="bias", initializer=self._first_bias)
        # From zeros it begins as an LSTM does. Their gradients are not zero, so they learn.
        self.peephole = self.add_weight(
            shape=(PEEPHOLES["peephole_lstm"], self.units), name="peephole", initializer="zeros"
        )

    def _first_bias(self, shape: tuple[int, ...], dtype: Any) -> tf.Tensor:
        gate = tf.range(shape[0]) // self.units
        return tf.cast(gate == 1, dtype)

    def call(self, inputs: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Read on by one character.

        Args:
            inputs: `(batch, inputs)`.
            states: h and c, `(batch, units)` each.

        Returns:
            The output `(batch, units)`, and the states after it.
        """
        output, memory = states
        sums = tf.matmul(inputs, self.kernel) + tf.matmul(output, self.recurrent_kernel) + self.bias
        i, f, candidate, o = tf.split(sums, 4, axis=1)
        p_i, p_f, p_o = tf.unstack(tf.convert_to_tensor(self.peephole))
        i = tf.sigmoid(i + p_i * memory)
        f = tf.sigmoid(f + p_f * memory)
        memory = f * memory + i * tf.tanh(candidate)
        o = tf.sigmoid(o + p_o * memory)
        output = o * tf.tanh(memory)
        return output, [output, memory]

    def own_config(self) -> dict[str, Any]:
        """What was given to it, as JSON holds it; without what every layer has."""
        return {
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
        }

    def get_config(self) -> dict[str, Any]:
        """What the cell can be made of again."""
        config: dict[str, Any] = super().get_config()
        return config | self.own_config()


@keras.saving.register_keras_serializable(package="charrnn")
class PeepholeLSTM(keras.layers.RNN):
    """A recurrent layer of `PeepholeLSTMCell`, called as `keras.layers.LSTM` is.

    cuDNN has no peepholes: where it would read an LSTM, on a GPU, this is read by Keras's own loop.

    Args:
        units: Its units.
        kernel_initializer: As in `keras.layers.LSTM`.
        recurrent_initializer: As in `keras.layers.LSTM`.
        arguments: Those of `keras.layers.RNN`: `return_sequences`, `return_state`, `name` ...
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
        """Its units."""
        return int(self.cell.units)

    def get_config(self) -> dict[str, Any]:
        """What `from_config` makes the layer of again; the cell is made of the same."""
        config: dict[str, Any] = super().get_config()
        del config["cell"]
        own: dict[str, Any] = self.cell.own_config()
        return config | own

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the layer that `get_config` described."""
        return cls(**config)
