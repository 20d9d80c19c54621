from typing import Final

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.settings.configuration import TrainingConfig
from charrnn.training import optimizer
from charrnn.training.optimizer import AdamWWithEMA

SHAPES: Final = {"kernel": (7, 5), "bias": (5,), "recurrent_kernel": (4, 3), "peephole": (3, 4)}
NOT_DECAYED: Final = {"bias", "peephole"}
RATES: Final = (0.01, 0.02, 0.005, 0.01, 0.03)
MOMENTUM: Final = 0.75


@pytest.fixture(autouse=True)
def everything_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deal even these small kernels to parts; a bias of five is still one piece."""
    monkeypatch.setattr(optimizer, "SHARED", 9)


def variables(seed: int) -> list[keras.Variable]:
    generator = np.random.default_rng(seed)
    return [
        keras.Variable(generator.normal(0, 1, shape), name=name, dtype="float32")
        for name, shape in SHAPES.items()
    ]


def made(
    cores: int, gradient_norm: float = 2.0
) -> tuple[AdamWWithEMA, list[keras.Variable], list[keras.Variable]]:
    """An optimizer, the weights and their averages."""
    weights, averages = variables(0), variables(1)
    config = TrainingConfig(weight_decay=0.1, clip_norm=gradient_norm)
    return (
        AdamWWithEMA(weights, averages, config, tf.distribute.get_strategy(), cores),
        weights,
        averages,
    )


def gradients(step: int) -> list[tf.Tensor]:
    """Those of the first steps are clipped, those of the last are not."""
    generator = np.random.default_rng(100 + step)
    size = 1.0 if step < 3 else 0.01
    return [tf.constant(generator.normal(0, size, shape), tf.float32) for shape in SHAPES.values()]


def learn(adamw: AdamWWithEMA, steps: range) -> list[float]:
    return [
        float(
            adamw.apply(
                gradients(step), tf.constant(step), tf.constant(RATES[step]), tf.constant(MOMENTUM)
            )
        )
        for step in steps
    ]


def assert_same(
    found: list[keras.Variable], expected: list[keras.Variable], tolerance: float = 1e-6
) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=tolerance, err_msg=one.name)


@pytest.mark.parametrize("cores", [0, 3, 100])
def test_the_weights_learn_as_with_keras(cores: int) -> None:
    adamw, weights, _ = made(cores)
    expected = variables(0)
    theirs = keras.optimizers.AdamW(
        weight_decay=0.1,
        beta_1=optimizer.FIRST_MOMENT,
        beta_2=optimizer.SECOND_MOMENT,
        epsilon=optimizer.EPSILON,
        global_clipnorm=2.0,
    )
    theirs.exclude_from_weight_decay(var_names=sorted(NOT_DECAYED))
    norms = learn(adamw, range(5))
    for step, rate in enumerate(RATES):
        theirs.learning_rate = rate
        theirs.apply(gradients(step), expected)
        norm = float(tf.linalg.global_norm(gradients(step)))
        assert norms[step] == pytest.approx(norm, rel=1e-6)
        assert (norm > 2.0) == (step < 3)
    assert_same(weights, expected)


def test_biases_and_peepholes_do_not_decay() -> None:
    adamw, weights, _ = made(2)
    nothing = [tf.zeros(shape) for shape in SHAPES.values()]
    before = [weight.numpy() for weight in weights]
    adamw.apply(nothing, tf.constant(0), tf.constant(0.5), tf.constant(MOMENTUM))
    for weight, old in zip(weights, before, strict=True):
        kept = 1.0 if weight.name in NOT_DECAYED else 1 - 0.5 * 0.1
        np.testing.assert_allclose(weight.numpy(), kept * old, rtol=1e-6, err_msg=weight.name)


def test_the_averages_follow_the_new_weights() -> None:
    adamw, weights, averages = made(3)
    expected = [average.numpy() for average in averages]
    for step in range(5):
        learn(adamw, range(step, step + 1))
        expected = [
            MOMENTUM * average + (1 - MOMENTUM) * weight.numpy()
            for average, weight in zip(expected, weights, strict=True)
        ]
    for average, array in zip(averages, expected, strict=True):
        np.testing.assert_allclose(average.numpy(), array, atol=1e-6)


def test_parts_change_nothing() -> None:
    whole, divided = made(1), made(3)
    for adamw, _, _ in (whole, divided):
        learn(adamw, range(5))
    assert_same(divided[1], whole[1])
    assert_same(divided[2], whole[2])
    for one, other in zip(divided[0].arrays(), whole[0].arrays(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_large_weights_have_as_many_parts_as_asked_for_and_rows_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel, bias, recurrent_kernel, _ = variables(0)
    assert optimizer._row_parts(kernel, 3) == [2, 3, 2]
    assert optimizer._row_parts(kernel, 0) == [7]
    assert optimizer._row_parts(recurrent_kernel, 100) == [1, 1, 1, 1]
    assert optimizer._row_parts(bias, 3) == [5]
    monkeypatch.setattr(optimizer, "SHARED", 35)
    assert optimizer._row_parts(kernel, 3) == [7]


@pytest.mark.parametrize(("cores", "later_cores"), [(3, 3), (100, 2)])
def test_what_is_restored_goes_on(cores: int, later_cores: int) -> None:
    straight, weights, averages = made(cores)
    learn(straight, range(3))
    saved = straight.arrays()
    assert [array.shape for array in saved] == [
        shape for shape in SHAPES.values() for _ in ("first", "second")
    ]
    again, weights_again, averages_again = made(later_cores)
    for variable, value in zip(
        [*weights_again, *averages_again], [*weights, *averages], strict=True
    ):
        variable.assign(value.numpy())
    again.restore(saved)
    for found, array in zip(again.arrays(), saved, strict=True):
        np.testing.assert_array_equal(found, array)
    for adamw in (straight, again):
        learn(adamw, range(3, 5))
    tolerance = 0.0 if cores == later_cores else 1e-6
    assert_same(weights_again, weights, tolerance)
    assert_same(averages_again, averages, tolerance)
