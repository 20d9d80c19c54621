import dataclasses
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.model.kernel_config import KernelConfig
from charrnn.model.kernel_network import KernelNetwork
from charrnn.model.network import NO_MASKS, StatefulNetwork, build_network
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import TrainingConfig
from charrnn.training.data import TrainingStreams
from charrnn.training.optimizer import SECOND_MOMENT
from charrnn.training.state import state_shapes
from charrnn.training.step import TrainingStep

ARCHITECTURE = Architecture(
    cell="lstm", vocabulary_size=13, embedding=4, layers=2, units=6, dropout=0.0, activation="tanh"
)
CONFIG = TrainingConfig(batch_size=4, window=8, learning_rate=0.01, clip_norm=0.05)
THINNED = {"dropout": 0.3, "weight_dropout": 0.2, "embedding_dropout": 0.1}


def streams() -> TrainingStreams:
    ids = np.random.default_rng(1).integers(0, 13, 400).astype(np.uint8)
    return TrainingStreams(ids, 4, 8, seed=0)


def make_step(dropout: float = 0.0, cores: int = 0, **changes: Any) -> TrainingStep:
    architecture = dataclasses.replace(ARCHITECTURE, dropout=dropout)
    config = dataclasses.replace(CONFIG, **changes)
    return TrainingStep(architecture, config, tf.distribute.get_strategy(), cores)


def test_without_cores_the_layers_are_those_of_keras() -> None:
    step = make_step()
    assert type(step.network) is type(step.ema) is StatefulNetwork


def test_the_average_is_always_computed_in_full_precision() -> None:
    step = make_step(precision="bfloat16", cores=2)
    assert isinstance(step.network, KernelNetwork)
    assert isinstance(step.ema, KernelNetwork)
    assert step.network.config == KernelConfig(tf.bfloat16, 2, "batch")
    assert step.ema.config == KernelConfig(tf.float32, 2, "batch")


@pytest.mark.parametrize("cores", [0, 2])
def test_a_step_is_what_keras_would_do(cores: int) -> None:
    step, batch = make_step(cores=cores), streams().batch(0)
    model = build_network(ARCHITECTURE, CONFIG.seed)
    optimizer = keras.optimizers.AdamW(
        0.003, weight_decay=CONFIG.weight_decay, beta_2=SECOND_MOMENT, global_clipnorm=0.05
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    state = step.zero_state()
    for number in range(3):
        with tf.GradientTape() as tape:
            loss = loss_function(batch.targets, model(batch.inputs, training=False))
        gradients = tape.gradient(loss, model.trainable_variables)
        norm = tf.linalg.global_norm([tf.convert_to_tensor(one) for one in gradients])
        optimizer.apply(gradients, model.trainable_variables)
        result, _ = step(batch, state, number, 0.003)
        assert result.loss == pytest.approx(float(loss), abs=1e-6)
        assert result.gradient_norm == pytest.approx(float(norm), rel=1e-5)
    for ours, theirs in zip(step.network.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_average_follows_the_weights_at_its_momentum() -> None:
    step, batch = make_step(ema_decay=0.5), streams().batch(0)
    before = step.ema.model.get_weights()
    step(batch, step.zero_state(), 100, 0.01)
    after = step.network.model.get_weights()
    for average, old, new in zip(step.ema.model.get_weights(), before, after, strict=True):
        np.testing.assert_allclose(average, 0.5 * old + 0.5 * new, atol=1e-7)


def test_without_averaging_the_weights_themselves_are_kept() -> None:
    step = make_step(ema_decay=0.0)
    step(streams().batch(0), step.zero_state(), 0, 0.01)
    for average, weight in zip(
        step.ema.model.get_weights(), step.network.model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(average, weight, atol=1e-7)


def test_dropout_follows_seed_and_step_alone() -> None:
    batch = streams().batch(0)

    def loss(step: TrainingStep, number: int) -> float:
        return step(batch, step.zero_state(), number, 0.0)[0].loss

    one, other = make_step(dropout=0.5), make_step(dropout=0.5)
    assert loss(one, 5) == loss(other, 5) != loss(one, 6)


def test_a_step_leaves_out_what_the_settings_say() -> None:
    masks = make_step(**THINNED)._masks(tf.constant(3, tf.int64))
    assert [mask.shape for mask in masks.outputs] == [(4, 6)] * 2
    assert [mask.shape for mask in masks.weights] == [(6, 24)] * 2
    assert [mask.shape for mask in masks.tokens] == [(4, 13)]
    assert make_step()._masks(tf.constant(3, tf.int64)) == NO_MASKS


@pytest.mark.parametrize("share", ["weight_dropout", "embedding_dropout"])
def test_what_is_left_out_changes_what_is_learned_and_not_what_is_measured(share: str) -> None:
    batch, thinned, whole = streams().batch(0), make_step(**{share: 0.5}), make_step()
    losses = [step(batch, step.zero_state(), 0, 0.0)[0].loss for step in (thinned, whole)]
    assert losses[0] != losses[1]
    ids, state = batch.inputs, whole.zero_state()
    for network in (thinned.ema, thinned.network):
        nats, _ = network.nats(ids, batch.targets, state)
        assert float(tf.reduce_mean(nats)) == pytest.approx(losses[1], abs=1e-6)


def test_a_step_begins_with_weights_that_it_adopts() -> None:
    step, batch = make_step(ema_decay=0.5), streams().batch(0)
    given = [array + 1 for array in build_network(ARCHITECTURE, seed=9).get_weights()]
    step.adopt(given)
    for network in (step.network, step.ema):
        for found, wanted in zip(network.model.get_weights(), given, strict=True):
            np.testing.assert_array_equal(found, wanted)
    step(batch, step.zero_state(), 100, 0.01)
    learned = step.network.model.get_weights()
    for average, old, new in zip(step.ema.model.get_weights(), given, learned, strict=True):
        assert (new != old).any()
        np.testing.assert_allclose(average, 0.5 * old + 0.5 * new, atol=1e-6)


@pytest.mark.parametrize("kernels", [{}, {"precision": "bfloat16", "cores": 2}])
def test_what_is_restored_goes_on_to_the_bit(kernels: dict[str, Any]) -> None:
    text = streams()
    straight = make_step(**THINNED, **kernels)
    state = straight.zero_state()
    for number in range(6):
        if number == 3:
            saved = straight.arrays(state)
        _, state = straight(text.batch(number), state, number, 0.01)

    resumed = make_step(**THINNED, **kernels)
    state_again = resumed.restore(saved)
    for number in range(3, 6):
        _, state_again = resumed(text.batch(number), state_again, number, 0.01)
    expected, found = straight.arrays(state), resumed.arrays(state_again)
    shapes = state_shapes(resumed.architecture, resumed.batch_size)
    assert expected.keys() == found.keys() == shapes.keys()
    for name, array in expected.items():
        assert (array.shape, array.dtype) == (shapes[name], np.float32)
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_bfloat16_learns_nearly_what_float32_learns() -> None:
    text = streams()
    losses = []
    for precision in ("float32", "bfloat16"):
        step = make_step(dropout=0.3, precision=precision, cores=2)
        state = step.zero_state()
        for number in range(10):
            result, state = step(text.batch(number), state, number, 0.01)
        losses.append(result.loss)
    assert losses[1] == pytest.approx(losses[0], rel=0.01)
    assert losses[1] != losses[0]


TWO_DEVICES = """
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import TrainingConfig
from charrnn.training.step import TrainingStep
from tests.training.test_step import ARCHITECTURE, CONFIG, streams
import dataclasses

architecture = dataclasses.replace(ARCHITECTURE, dropout=0.3)
config = dataclasses.replace(CONFIG, weight_dropout=0.2, embedding_dropout=0.1)
text = streams()
losses = []
for strategy in (
    tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
):
    step = TrainingStep(architecture, config, strategy, cores=2)
    assert step.replicas == strategy.num_replicas_in_sync
    state = step.zero_state()
    run = []
    for number in range(20):
        batch = text.batch(number)
        if batch.begins:
            state = step.zero_state()
        if number == 10:
            state = step.restore(step.arrays(state))
        result, state = step(batch, state, number, 0.01)
        run.append((result.loss, result.gradient_norm))
    losses.append(run)
    arrays = step.arrays(state)
    losses[-1].extend([(float(np.abs(arrays[name]).sum()), 0.0) for name in sorted(arrays)])
difference = np.abs(np.array(losses[0]) - np.array(losses[1])).max()
assert difference < 1e-5 * 20, difference
assert np.abs(np.array(losses[0])[:20] - np.array(losses[1])[:20]).max() < 1e-5
print("same")
"""


def test_two_devices_learn_what_one_learns() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip().endswith("same"), ran.stderr[-2000:]
