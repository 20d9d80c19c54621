"""Stock Keras: the same layers, `compile` and `fit`, at their best."""

import functools
import itertools
import time
from collections.abc import Iterator
from typing import Any, get_args

import keras
import tensorflow as tf

from benchmarks.training.contestants import KERAS, Contestant, random_windows
from benchmarks.training.workloads import Workload
from charrnn.settings.configuration import Cell, Precision

LAYERS: dict[Cell, type[keras.layers.Layer]] = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "simple_rnn": keras.layers.SimpleRNN,
}
POLICIES: dict[Precision, str] = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
"""Keras's name for bfloat16 in products and activations, with weights in float32."""

MOST_STEPS_PER_EXECUTION = 10
LONGEST_EXECUTION_SECONDS = 3.0
"""Where steps are slow fewer go into one execution, or a slice would take a minute."""


def contestants(workload: Workload) -> Iterator[Contestant]:
    """Both precisions, with XLA and without, one step to an execution and several.

    Windows are read from a zero state, because `fit` carries none from batch to batch.
    """
    data = _dataset(workload)
    for precision, jit_compile in itertools.product(get_args(Precision), (True, False)):
        fit = functools.partial(_Fit, workload, data, precision=precision, jit_compile=jit_compile)
        one = fit(steps_per_execution=1)
        yield one.contestant()
        step_seconds = workload.step_characters / one.measure(1.0)
        several = round(LONGEST_EXECUTION_SECONDS / step_seconds)
        several = max(2, min(MOST_STEPS_PER_EXECUTION, several))
        yield fit(steps_per_execution=several).contestant()


def _dataset(workload: Workload) -> tf.data.Dataset:
    inputs, targets = random_windows(workload, 16)
    window = workload.size.window
    windows = (inputs.reshape(-1, window), targets.reshape(-1, window))
    batches = tf.data.Dataset.from_tensor_slices(windows).batch(
        workload.size.batch_size, drop_remainder=True
    )
    return batches.repeat().prefetch(tf.data.AUTOTUNE)


def _network(workload: Workload, policy: str) -> keras.Model:
    size = workload.size
    ids = keras.Input((size.window,), dtype="int32")
    hidden = keras.layers.Embedding(size.vocabulary_size, size.embedding, dtype=policy)(ids)
    for _ in range(size.layers):
        layer = LAYERS[workload.cell](size.units, return_sequences=True, dtype=policy)
        hidden = layer(hidden)
    # Keras's loss takes the logits in float32.
    return keras.Model(ids, keras.layers.Dense(size.vocabulary_size, dtype=policy)(hidden))


class _Fit:
    """A compiled model that `fit` trains for as long as it is told."""

    def __init__(
        self,
        workload: Workload,
        data: tf.data.Dataset,
        *,
        precision: Precision,
        jit_compile: bool,
        steps_per_execution: int,
    ) -> None:
        self.workload = workload
        self.data = data
        self.steps_per_execution = steps_per_execution
        self.precision = precision
        self.model = _network(workload, POLICIES[precision])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.01, global_clipnorm=1.0)
        self.model.compile(optimizer, loss)
        self.comes_compiled = bool(self.model.jit_compile)
        self.jit_compile = jit_compile
        self.model.compile(
            optimizer, loss, jit_compile=jit_compile, steps_per_execution=steps_per_execution
        )

    def contestant(self) -> Contestant:
        words = [f"jit_compile={self.jit_compile}"]
        if self.steps_per_execution > 1:
            words.append(f"steps_per_execution={self.steps_per_execution}")
        elif self.jit_compile == self.comes_compiled:
            words.append("as it comes")
        return Contestant(KERAS, ", ".join(words), self.precision, self.measure)

    def measure(self, seconds: float) -> float:
        """Characters a second."""
        stopwatch = _Stopwatch(seconds)
        steps = 10**6 * self.steps_per_execution
        self.model.fit(
            self.data, steps_per_epoch=steps, shuffle=False, verbose=0, callbacks=[stopwatch]
        )
        characters = self.workload.step_characters * self.steps_per_execution
        return characters * stopwatch.executions / stopwatch.passed


class _Stopwatch(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends `fit` in time; the first execution is not counted."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.executions = -1
        self.began = self.passed = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 (Keras's)
        """Count an execution, whose loss Keras has read by now."""
        self.executions += 1
        if self.executions == 0:
            self.began = time.perf_counter()
        self.passed = time.perf_counter() - self.began
        self.model.stop_training = self.executions > 0 and self.passed >= self.seconds
