"""The network on the CPU kernels of `charrnn.model.kernel`, with the weights of its Keras layers.

Arrays between the layers have the memory layout of the kernels (`charrnn.model.kernel_config`).
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from charrnn.model.cells import CELLS, Weights
from charrnn.model.kernel import read_window
from charrnn.model.kernel_config import KernelConfig, split_sizes
from charrnn.model.network import NO_MASKS, Masks, State, StatefulNetwork
from charrnn.model.recurrent import weights_of
from charrnn.settings.architecture import Architecture


@tf.function(jit_compile=True, autograph=False)
def _transposed(ids: tf.Tensor) -> tf.Tensor:
    """Transpose `(batch, time)` ids; compiled, or TensorFlow warns about integers."""
    return tf.transpose(ids)


def _batch_shards(nested: Any, sizes: list[int]) -> list[Any]:
    """Split the batch of nested tensors into shards."""
    flat = [tf.split(tensor, sizes, 0) for tensor in tf.nest.flatten(nested)]
    return [
        tf.nest.pack_sequence_as(nested, [shards[number] for shards in flat])
        for number in range(len(sizes))
    ]


def _masked(weights: Weights, masks: Masks, number: int) -> Weights:
    """The weights of a layer with dropped recurrent weights."""
    if not masks.weights:
        return weights
    return weights._replace(recurrent_kernel=weights.recurrent_kernel * masks.weights[number])


class KernelNetwork(StatefulNetwork):
    """A network whose loss is computed by the CPU kernels.

    Only `nats` runs on them; a call computes Keras's own layers.

    Args:
        model: A model of `build_network`, or one loaded from a checkpoint.
        architecture: The sizes.
        config: How the kernels compute.
    """

    def __init__(
        self, model: keras.Model, architecture: Architecture, config: KernelConfig
    ) -> None:
        super().__init__(model, architecture)
        self.config = config
        self._cell = CELLS[architecture.cell, architecture.activation]

    def nats(
        self, ids: tf.Tensor, targets: tf.Tensor, state: State, masks: Masks = NO_MASKS
    ) -> tuple[tf.Tensor, State]:
        """The loss of each target, as in `StatefulNetwork`."""
        sizes = split_sizes(ids.shape[0], self.config.batch_shards)
        shards = [_batch_shards(array, sizes) for array in (ids, targets, state)]
        shard_masks = [
            Masks(outputs, masks.weights, tokens)
            for outputs, tokens in zip(
                _batch_shards(masks.outputs, sizes), _batch_shards(masks.tokens, sizes), strict=True
            )
        ]
        read = [self._nats(*shard) for shard in zip(*shards, shard_masks, strict=True)]
        states = [shard[1] for shard in read]
        after = tf.nest.map_structure(lambda *rows: tf.concat(rows, 0), *states)
        return tf.concat([shard[0] for shard in read], 0), after

    def _nats(
        self, ids: tf.Tensor, targets: tf.Tensor, state: State, masks: Masks
    ) -> tuple[tf.Tensor, State]:
        """`nats` of one shard of the batch."""
        hidden, after = self._read(ids, state, masks)
        layout, (batch, time) = self.config.layout, ids.shape
        sizes = [batch * steps for steps in split_sizes(time, self.config.unit_shards)]
        wanted = tf.reshape(_transposed(targets), (-1,))
        logits_of = self._output()
        nats = []
        for columns, tokens in zip(
            tf.split(hidden, sizes, 1 - layout.axis), tf.split(wanted, sizes), strict=True
        ):
            logits = tf.cast(logits_of(columns), tf.float32)
            nats.append(tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits))
        return tf.transpose(tf.reshape(tf.concat(nats, 0), (time, batch))), after

    def _output(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """A function from a matrix of the last layer's outputs to logits `(n, vocabulary_size)`."""
        dtype, last = self.config.dtype, self._last
        transposed = self.config.layout.axis == 0
        kernel = tf.cast(last.kernel, dtype)

        def own(hidden: tf.Tensor) -> tf.Tensor:
            product = tf.matmul(hidden, kernel, transpose_a=transposed)
            return tf.cast(product, tf.float32) + last.bias

        if not self._is_tied:
            return own
        vectors = tf.cast(self._embedding.embeddings, dtype)
        return lambda hidden: tf.matmul(tf.cast(own(hidden), dtype), vectors, transpose_b=True)

    def _read(self, ids: tf.Tensor, state: State, masks: Masks) -> tuple[tf.Tensor, State]:
        """The outputs of the last recurrent layer as a matrix, and the new state."""
        layout, dtype = self.config.layout, self.config.dtype
        rows = tf.gather(self._embedding.embeddings, _transposed(ids))
        for mask in masks.tokens:
            rows *= _transposed(tf.gather(mask, ids, batch_dims=1))[:, :, None]
        hidden = layout.sequence(tf.cast(rows, dtype))
        after: State = []
        for number, layer in enumerate(self._recurrent):
            before = [layout.transposed(tensor) for tensor in state[number]]
            hidden, *last = read_window(
                self._cell,
                self.config,
                hidden,
                _masked(weights_of(layer), masks, number),
                (before[0], before[-1]),
            )
            kept = last[1:] if self._cell.output_is_cell_state else last
            after.append([layout.transposed(tensor) for tensor in kept])
            if masks.outputs:
                hidden *= layout.transposed(tf.cast(masks.outputs[number], dtype))
        return layout.matrix(hidden), after
