"""One step of training: loss, gradients, update, average."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.architecture import Architecture
from charrnn.config import TrainingConfig
from charrnn.model.network import Masks, State, StatefulNetwork, build_network
from charrnn.training.batches import Batch

SECOND_MOMENT = 0.99
"""AdamW's beta_2: shorter than usual, for runs of a few thousand steps."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step measured: loss in nats per character, norm of the gradients before clipping."""

    loss: float
    gradient_norm: float


class TrainingStep:
    """The network in training, its optimizer and the average of its weights.

    The average is a second network of the same shape, which is measured, saved and sampled
    while the first one learns (Polyak & Juditsky, 1992). With several devices each holds a copy
    and works on its slice of the batch; the sum of the gradients is clipped, not the parts.

    Args:
        architecture: Sizes of the network.
        config: Settled settings; `batch_size` and `learning_rate` are not None.
        strategy: Where it runs.
    """

    def __init__(
        self, architecture: Architecture, config: TrainingConfig, strategy: tf.distribute.Strategy
    ) -> None:
        assert config.batch_size is not None, "a settled training has a batch size"
        self.architecture = architecture
        self.config = config
        self.batch_size = config.batch_size
        self.step_characters = config.batch_size * config.window
        self.strategy = strategy
        self.replicas = strategy.num_replicas_in_sync
        with strategy.scope():
            self.network = StatefulNetwork(build_network(architecture, config.seed), architecture)
            self.averaged = StatefulNetwork(build_network(architecture, config.seed), architecture)
            self.optimizer = keras.optimizers.AdamW(
                learning_rate=config.learning_rate,
                weight_decay=config.weight_decay,
                beta_2=SECOND_MOMENT,
            )
            self.optimizer.exclude_from_weight_decay(var_names=["bias"])
            self.optimizer.build(self.network.model.trainable_variables)
        self._compiled = tf.function(self._step)

    def zero_state(self) -> State:
        """The state at the beginning of the streams, laid out for the devices."""
        state: State = self._distributed(self._gathered_zero_state())
        return state

    def __call__(
        self, batch: Batch, state: State, step: int, rate: float
    ) -> tuple[StepResult, State]:
        """Learn from a batch.

        Args:
            batch: What is read.
            state: Where the streams stand.
            step: Number of this step, from 0; with the seed it decides the dropout.
            rate: Learning rate.

        Returns:
            What was measured, and where the streams stand now.
        """
        self.optimizer.learning_rate.assign(rate)
        # A young average forgets faster, or it would remember the initial weights for long.
        momentum = min(self.config.averaging, (1 + step) / (10 + step))
        loss, norm, state = self._compiled(
            self._distributed(batch.inputs),
            self._distributed(batch.targets),
            state,
            tf.constant(step, tf.int64),
            tf.constant(momentum, tf.float32),
        )
        return StepResult(float(loss), float(norm)), state

    def _step(
        self,
        inputs: tf.Tensor,
        targets: tf.Tensor,
        state: State,
        step: tf.Tensor,
        momentum: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, State]:
        losses, gradients, state = self.strategy.run(
            self._replica_step, args=(inputs, targets, state, step)
        )
        loss = self._sum(losses)
        gradients, norm = tf.clip_by_global_norm(
            [self._sum(gradient) for gradient in gradients], self.config.gradient_norm
        )
        self.optimizer.apply(gradients, self.network.model.trainable_variables)
        for average, variable in zip(
            self.averaged.model.trainable_variables,
            self.network.model.trainable_variables,
            strict=True,
        ):
            self.strategy.extended.update(
                average.value,
                lambda average, value: average.assign_add((1 - momentum) * (value - average)),
                args=(variable.value,),
                group=False,
            )
        return loss, norm, state

    def _replica_step(
        self, inputs: tf.Tensor, targets: tf.Tensor, state: State, step: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor], State]:
        """Share of one device in the loss and its gradients."""
        variables = [variable.value for variable in self.network.model.trainable_variables]
        with tf.GradientTape() as tape:
            logits, state = self.network(inputs, state, self._masks(step))
            nats = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
            loss = tf.reduce_sum(nats) / self.step_characters
        gradients = tape.gradient(loss, variables)
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients], state

    def _masks(self, step: tf.Tensor) -> Masks | None:
        """This device's rows of the dropout masks, which depend on (seed, step) alone."""
        dropout = self.architecture.dropout
        if dropout == 0:
            return None
        context = tf.distribute.get_replica_context()
        rows = self.batch_size // self.replicas
        first = context.replica_id_in_sync_group * rows
        masks = []
        for layer in range(self.architecture.layers):
            uniform = tf.random.stateless_uniform(
                (self.batch_size, self.architecture.units),
                seed=tf.stack([tf.constant(self.config.seed + layer, tf.int64), step]),
            )
            kept = tf.cast(uniform[first : first + rows] >= dropout, tf.float32)
            masks.append(kept / (1 - dropout))
        return masks

    def _sum(self, value: Any) -> tf.Tensor:
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)

    # What a resumed run needs: every array that a step changes.

    def arrays(self, state: State) -> dict[str, npt.NDArray[Any]]:
        """Weights, averages, optimizer slots and carried state, by name."""
        groups = {
            "network": self.network.model.get_weights(),
            "averaged": self.averaged.model.get_weights(),
            "optimizer": [variable.numpy() for variable in self.optimizer.variables],
            "state": [self._gathered(tensor) for tensor in tf.nest.flatten(state)],
        }
        return {
            f"{group}_{number}": array
            for group, arrays in groups.items()
            for number, array in enumerate(arrays)
        }

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each of `arrays`."""
        return {name: array.shape for name, array in self.arrays(self.zero_state()).items()}

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> State:
        """Take on what `arrays` gave; returns the carried state."""
        for group, variables in (
            ("network", self.network.model.weights),
            ("averaged", self.averaged.model.weights),
            ("optimizer", self.optimizer.variables),
        ):
            for number, variable in enumerate(variables):
                variable.assign(arrays[f"{group}_{number}"])
        zero = self._gathered_zero_state()
        tensors = [arrays[f"state_{number}"] for number in range(len(tf.nest.flatten(zero)))]
        state: State = self._distributed(tf.nest.pack_sequence_as(zero, tensors))
        return state

    def _gathered_zero_state(self) -> State:
        return self.network.zero_state(self.batch_size)

    def _distributed(self, nested: Any) -> Any:
        """Rows of whole arrays dealt to the devices."""
        if self.replicas == 1:
            return tf.nest.map_structure(tf.convert_to_tensor, nested)
        rows = self.batch_size // self.replicas

        def deal(array: Any) -> Any:
            return self.strategy.experimental_distribute_values_from_function(
                lambda context: tf.convert_to_tensor(
                    array[
                        context.replica_id_in_sync_group * rows : (
                            context.replica_id_in_sync_group + 1
                        )
                        * rows
                    ]
                )
            )

        return tf.nest.map_structure(deal, nested)

    def _gathered(self, value: Any) -> npt.NDArray[Any]:
        """Rows of all devices as one array."""
        parts = self.strategy.experimental_local_results(value)
        return np.concatenate([part.numpy() for part in parts])
