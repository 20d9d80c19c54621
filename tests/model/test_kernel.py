"""The loops forward and back against Keras's layers, and against differences in double precision."""

import functools
from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.model.cells import CELLS, Weights
from charrnn.model.kernel import LONGEST_UNROLLED, read_window
from charrnn.model.kernel_config import KernelConfig
from charrnn.model.network import build_network
from charrnn.model.recurrent import weights_of
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import Activation, Cell

Kind = tuple[Cell, Activation]
Sizes = tuple[int, int, int, int]
"""Inputs, units, time, batch."""

KINDS: Final[tuple[Kind, ...]] = tuple(CELLS)
FEATURES: Final = 3
UNITS: Final = 4

# Each shape is compiled once, so the cases share what they can.
CASES: Final = [
    (1, 5, KernelConfig(tf.float32, 9)),
    (7, 5, KernelConfig(tf.float32, 3)),
    (16, 5, KernelConfig(tf.float32, 1)),
    (200, 1, KernelConfig(tf.float32, 2)),
    (1, 5, KernelConfig(tf.float32, 1, "batch")),
    (200, 1, KernelConfig(tf.float32, 2, "batch")),
]
"""Time, batch; three shards of four units are uneven, nine are more than there are units.

Shards of the batch are made by `kernel_network`; here they are batch first, and one piece.
"""


def every_kind() -> Any:
    return pytest.mark.parametrize("kind", KINDS, ids=["-".join(kind) for kind in KINDS])


@functools.cache
def layer(kind: Kind, features: int, units: int) -> keras.layers.Layer:
    """Keras's layer, with random weights: none is zero, none lets a long window explode."""
    cell, activation = kind
    architecture = Architecture(
        cell=cell,
        vocabulary_size=2,
        embedding=features,
        layers=1,
        units=units,
        dropout=0.0,
        activation=activation,
    )
    made = build_network(architecture).get_layer("recurrent_1")
    generator = np.random.default_rng(units)
    made.set_weights(
        [generator.normal(0, 0.4 / units**0.5, weight.shape) for weight in made.weights]
    )
    made.cell.kernel.assign(2 * made.cell.kernel)
    return made


def random(number: int, *shape: int, dtype: tf.DType = tf.float32) -> tf.Tensor:
    return tf.constant(np.random.default_rng(number).normal(0, 1, shape), dtype)


def loss_of(outputs: tf.Tensor, output: tf.Tensor, cell_state: tf.Tensor) -> tf.Tensor:
    """A number that hangs on all that is read; `outputs` is `(units, time, batch)`."""
    dtype = cell_state.dtype
    return (
        tf.reduce_sum(tf.cast(outputs, dtype) * random(1, *outputs.shape, dtype=dtype))
        + tf.reduce_sum(output * random(2, *output.shape, dtype=dtype))
        + tf.reduce_sum(cell_state * random(3, *cell_state.shape, dtype=dtype))
    )


def before(kind: Kind, sizes: Sizes) -> list[tf.Tensor]:
    """The inputs `(batch, time, inputs)` and the states `(batch, units)` of a case."""
    features, units, time, batch = sizes
    states = 1 if CELLS[kind].output_is_cell_state else 2
    return [
        random(4, batch, time, features),
        *[random(5 + state, batch, units) for state in range(states)],
    ]


def differentiated(
    function: Callable[..., tuple[tf.Tensor, ...]], arguments: list[tf.Tensor], weights: list[Any]
) -> dict[str, np.ndarray]:
    """What a layer hands on, and the gradients of `loss_of` in what comes in, by name."""

    @tf.function(autograph=False)
    def compiled(*arguments: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            results = function(*arguments)
            loss = loss_of(*results)
        return results, tape.gradient(loss, [*arguments, *weights])

    results, gradients = compiled(*arguments)
    names = ["outputs", "output", "cell state", "d inputs"]
    names += [f"d state {number}" for number in range(len(arguments) - 1)]
    names += [f"d {weight.name}" for weight in weights]
    return dict(zip(names, [*results, *gradients], strict=True))


@functools.cache
def by_keras(kind: Kind, sizes: Sizes) -> dict[str, np.ndarray]:
    own = layer(kind, *sizes[:2])

    def read(inputs: tf.Tensor, *states: tf.Tensor) -> tuple[tf.Tensor, ...]:
        outputs, *after = own(inputs, initial_state=list(states))
        return tf.transpose(outputs, (2, 1, 0)), tf.transpose(after[0]), tf.transpose(after[-1])

    weights = [variable.value for variable in own.trainable_variables]
    return differentiated(read, before(kind, sizes), weights)


@functools.cache
def by_kernel(kind: Kind, sizes: Sizes, config: KernelConfig) -> dict[str, np.ndarray]:
    own = layer(kind, *sizes[:2])
    layout = config.layout

    def read(inputs: tf.Tensor, *states: tf.Tensor) -> tuple[tf.Tensor, ...]:
        rows = [layout.transposed(state) for state in states]
        outputs, *after = read_window(
            CELLS[kind],
            config,
            layout.sequence(tf.transpose(inputs, (1, 0, 2))),
            weights_of(own),
            (rows[0], rows[-1]),
        )
        order = (1, 0, 2) if layout.axis == 0 else (2, 0, 1)
        return tf.transpose(outputs, order), *(
            tf.transpose(layout.transposed(state)) for state in after
        )

    weights = [variable.value for variable in own.trainable_variables]
    return differentiated(read, before(kind, sizes), weights)


def assert_close(
    found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float
) -> None:
    """Every array is as expected, measured by the largest number in it."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        difference = np.abs(np.subtract(found[name], array, dtype=np.float64)).max()
        assert difference <= tolerance * np.abs(array).max(), name


@every_kind()
@pytest.mark.parametrize(("time", "batch", "config"), CASES)
def test_a_window_and_its_gradients_are_those_of_keras(
    kind: Kind, time: int, batch: int, config: KernelConfig
) -> None:
    sizes = (FEATURES, UNITS, time, batch)
    assert_close(by_kernel(kind, sizes, config), by_keras(kind, sizes), 1e-4)


@every_kind()
def test_shards_do_not_change_what_is_computed(kind: Kind) -> None:
    sizes = (FEATURES, UNITS, 7, 5)
    three, one = (by_kernel(kind, sizes, KernelConfig(tf.float32, shards)) for shards in (3, 1))
    assert_close(three, one, 1e-6)


@settings(max_examples=3, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(KINDS),
    features=st.integers(1, 5),
    units=st.integers(1, 6),
    time=st.integers(1, 3 * LONGEST_UNROLLED),
    batch=st.integers(1, 3),
    config=st.builds(
        KernelConfig, st.just(tf.float32), st.integers(1, 4), st.sampled_from(["units", "batch"])
    ),
)
def test_any_shape_is_read_as_keras_reads_it(
    *, kind: Kind, features: int, units: int, time: int, batch: int, config: KernelConfig
) -> None:
    sizes = (features, units, time, batch)
    assert_close(by_kernel(kind, sizes, config), by_keras(kind, sizes), 1e-4)


@every_kind()
@pytest.mark.parametrize("shard_axis", ["units", "batch"])
def test_gradients_are_differences_in_double_precision(kind: Kind, shard_axis: Any) -> None:
    spec, units, features, batch = CELLS[kind], 3, 2, 2
    constants = len(spec.constant_blocks) + len(spec.peepholes)
    width = spec.gates * units
    config = KernelConfig(tf.float64, 2, shard_axis)
    layout = config.layout
    shapes = [layout.sequence(tf.zeros((3, batch, features))).shape]
    shapes += [(features, width), (units, width), (constants, units)]
    # Output and cell_state before the window are one thing where the output is the cell_state.
    shapes += [layout.shape(units, batch=batch)] * (1 if spec.output_is_cell_state else 2)
    sizes = [int(np.prod(shape)) for shape in shapes]

    @tf.function(autograph=False)
    def loss_and_gradient(numbers: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(numbers)
            pieces = zip(tf.split(numbers, sizes), shapes, strict=True)
            inputs, *weights, last = [tf.reshape(piece, shape) for piece, shape in pieces]
            state = (last, last) if spec.output_is_cell_state else (weights.pop(), last)
            loss = loss_of(*read_window(spec, config, inputs, Weights(*weights), state))
        return loss, tape.gradient(loss, numbers)

    at = random(10, sum(sizes), dtype=tf.float64).numpy()
    differences = [
        loss_and_gradient(at + step)[0] - loss_and_gradient(at - step)[0]
        for step in 1e-5 * np.eye(len(at))
    ]
    gradient = loss_and_gradient(at)[1]
    np.testing.assert_allclose(gradient, np.array(differences) / 2e-5, atol=1e-8)
    assert all(np.abs(piece).max() > 0 for piece in tf.split(gradient, sizes))


@every_kind()
def test_bfloat16_is_close_and_keeps_the_cell_state_in_full(kind: Kind) -> None:
    sizes = (FEATURES, UNITS, 7, 5)
    found, expected = (
        by_kernel(kind, sizes, KernelConfig(dtype, 1)) for dtype in (tf.bfloat16, tf.float32)
    )
    assert found["outputs"].dtype == tf.bfloat16
    assert {found[name].dtype for name in found.keys() - {"outputs"}} == {tf.float32}
    for name, array in expected.items():
        difference = np.linalg.norm(np.subtract(found[name], array, dtype=np.float64))
        assert difference <= 0.02 * np.linalg.norm(array), name
    cell_state = found["cell state"]
    assert np.any(cell_state != tf.cast(tf.cast(cell_state, tf.bfloat16), tf.float32))
