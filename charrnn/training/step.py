"""One step of training: loss, gradients, update, average."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from charrnn.model.kernel_config import KernelConfig
from charrnn.model.kernel_network import KernelNetwork
from charrnn.model.network import Masks, State, StatefulNetwork, build_network
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import Precision, TrainingConfig
from charrnn.training.data import Batch
from charrnn.training.dropout import Dropout
from charrnn.training.optimizer import AdamWWithEMA

NOTHING: Final = np.zeros(0, np.float32)
"""The report of a worker that has nobody to tell anything."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step measured.

    Attributes:
        loss: Nats per character.
        gradient_norm: Norm of the gradients before clipping.
        reports: What all workers reported with the step, summed (`charrnn.training.workers`).
    """

    loss: float
    gradient_norm: float
    reports: npt.NDArray[np.float32]


class TrainingStep:
    """The network in training, its optimizer and the average of its weights.

    The average is a second network of the same shape, which is measured, saved and sampled
    while the first one learns (Polyak & Juditsky, 1992). With several devices each holds a copy
    and works on its slice of the batch; the sum of the gradients is clipped, not the parts.

    Args:
        architecture: Sizes of the network.
        config: Settled settings; `batch_size` and `learning_rate` are not None.
        strategy: Where it runs.
        cores: Cores that the kernels use; 0 computes Keras's own layers.
    """

    def __init__(
        self,
        architecture: Architecture,
        config: TrainingConfig,
        strategy: tf.distribute.Strategy,
        cores: int = 0,
    ) -> None:
        assert config.batch_size is not None, "a settled training has a batch size"
        assert config.window is not None, "a settled training has a window"
        self.architecture = architecture
        self.config = config
        self.batch_size = config.batch_size
        self.step_characters = config.batch_size * config.window
        self.strategy = strategy
        self.replicas = strategy.num_replicas_in_sync
        self.cores = cores
        self._dropout = Dropout(architecture, config)
        self.network = self._network(config.precision or "float32")
        # What is measured and saved is measured in full precision.
        self.ema = self._network("float32")
        self.optimizer = AdamWWithEMA(
            self.network.model.trainable_variables,
            self.ema.model.trainable_variables,
            config,
            strategy,
            cores,
        )
        # TensorFlow counts the tracings of a function over all runs, and would warn; not of a partial.
        self._compiled = tf.function(partial(self._step), autograph=False)

    def _network(self, precision: Precision) -> StatefulNetwork:
        """A network with its initial weights, computed as the settings say."""
        with self.strategy.scope():
            model = build_network(self.architecture, self.config.seed)
        if not self.cores:
            if self.architecture.activation == "relu":
                # TensorFlow's remapper fails on Relu in a loop, with many lines of errors. The
                # speed is the same without it.
                tf.config.optimizer.set_experimental_options({"remapping": False})
            return StatefulNetwork(model, self.architecture)
        rows = self.batch_size // self.replicas
        config = KernelConfig.fastest(precision, self.architecture.units, rows, self.cores)
        return KernelNetwork(model, self.architecture, config)

    def zero_state(self) -> State:
        """The state at the beginning of the streams, laid out for the devices."""
        state: State = self._distributed(self._gathered_zero_state())
        return state

    def __call__(
        self,
        batch: Batch,
        state: State,
        step: int,
        rate: float,
        report: npt.NDArray[np.float32] = NOTHING,
    ) -> tuple[StepResult, State]:
        """Learn from a batch.

        Args:
            batch: What is read.
            state: Where the streams stand.
            step: Number of this step, from 0; with the seed it decides the dropout.
            rate: Learning rate.
            report: What this worker tells the others, to be summed with the gradients.

        Returns:
            What was measured, and where the streams stand now.
        """
        # A young average forgets faster, or it would remember the initial weights for long.
        ema_decay = min(self.config.ema_decay, (1 + step) / (10 + step))
        loss, norm, reports, state = self._compiled(
            (self._distributed(batch.inputs), self._distributed(batch.targets)),
            state,
            tf.constant(step, tf.int64),
            (tf.constant(rate, tf.float32), tf.constant(ema_decay, tf.float32)),
            tf.constant(report),
        )
        return StepResult(float(loss), float(norm), reports.numpy()), state

    def _step(
        self,
        batch: tuple[tf.Tensor, tf.Tensor],
        state: State,
        step: tf.Tensor,
        rates: tuple[tf.Tensor, tf.Tensor],
        report: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, State]:
        measured, state = self.strategy.run(self._replica_step, args=(*batch, state, step, report))
        loss, reports, *gradients = self._summed(measured, report.shape)
        norm = self.optimizer.apply(gradients, step, *rates)
        return loss, norm, reports, state

    def _replica_step(
        self,
        inputs: tf.Tensor,
        targets: tf.Tensor,
        state: State,
        step: tf.Tensor,
        report: tf.Tensor,
    ) -> tuple[list[tf.Tensor], State]:
        """Share of one device in loss, reports and gradients, in one array where they are summed."""
        variables = [variable.value for variable in self.network.model.trainable_variables]
        with tf.GradientTape() as tape:
            nats, state = self.network.nats(inputs, targets, state, self._masks(step))
            loss = tf.reduce_sum(nats) / self.step_characters
        gradients = tape.gradient(loss, variables)
        # Each device of a worker contributes its part of the worker's report.
        if self.replicas > 1:
            report /= len(self.strategy.extended.worker_devices)
        measured = [loss, report, *map(tf.convert_to_tensor, gradients)]
        if self.replicas > 1:
            # One exchange between devices, or machines, takes less time than one for each array.
            measured = [tf.concat([tf.reshape(array, (-1,)) for array in measured], 0)]
        return measured, state

    def _summed(self, measured: Any, report_shape: tf.TensorShape) -> list[tf.Tensor]:
        """Loss, reports and gradients, the shares of all devices added."""
        if self.replicas == 1:
            return list(measured)
        shapes = [
            (),
            report_shape,
            *(weight.shape for weight in self.network.model.trainable_variables),
        ]
        sizes = [math.prod(shape) for shape in shapes]
        whole = self.strategy.reduce(tf.distribute.ReduceOp.SUM, measured[0], axis=None)
        arrays = zip(tf.split(whole, sizes), shapes, strict=True)
        return [tf.reshape(array, shape) for array, shape in arrays]

    def _masks(self, step: tf.Tensor) -> Masks:
        """What this device leaves out of a step."""
        context = tf.distribute.get_replica_context()
        rows = self.batch_size // self.replicas
        first = context.replica_id_in_sync_group * rows
        return self._dropout.masks(step, slice(first, first + rows))

    def adopt(self, weights: list[npt.NDArray[np.float32]]) -> None:
        """Begin with weights, as `get_weights` orders them."""
        for network in (self.network, self.ema):
            network.model.set_weights(weights)

    # What a resumed run needs: every array that a step changes.

    def arrays(self, state: State) -> dict[str, npt.NDArray[Any]]:
        """Weights, averages, optimizer slots and carried state, by name."""
        groups = {
            "network": self.network.model.get_weights(),
            "ema": self.ema.model.get_weights(),
            "optimizer": self.optimizer.arrays(),
        }
        arrays = {
            f"{group}_{number}": array
            for group, arrays in groups.items()
            for number, array in enumerate(arrays)
        }
        return arrays | self.carried(state)

    def carried(self, state: State) -> dict[str, npt.NDArray[Any]]:
        """The rows of the carried state that the devices of this process hold, by name."""
        tensors = enumerate(tf.nest.flatten(state))
        return {f"state_{number}": self._gathered(tensor) for number, tensor in tensors}

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> State:
        """Take on what `arrays` gave; returns the carried state."""
        for group, network in (("network", self.network), ("ema", self.ema)):
            for number, variable in enumerate(network.model.weights):
                variable.assign(arrays[f"{group}_{number}"])
        moments = 2 * len(self.network.model.trainable_variables)
        self.optimizer.restore([arrays[f"optimizer_{number}"] for number in range(moments)])
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
            def own_rows(context: Any) -> tf.Tensor:
                first = context.replica_id_in_sync_group * rows
                return tf.convert_to_tensor(array[first : first + rows])

            dealt = self.strategy.experimental_distribute_values_from_function(own_rows)
            # A worker with one device hands back plain tensors, and should be given such.
            local = self.strategy.experimental_local_results(dealt)
            return local[0] if len(local) == 1 else dealt

        return tf.nest.map_structure(deal, nested)

    def _gathered(self, value: Any) -> npt.NDArray[Any]:
        """Rows of all devices as one array."""
        parts = self.strategy.experimental_local_results(value)
        return np.concatenate([part.numpy() for part in parts])
