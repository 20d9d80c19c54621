"""The filters in TensorFlow give what those in NumPy give, where they are and compiled."""

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from charrnn.generation import sampling
from charrnn.generation.ending import Ending
from charrnn.generation.sampling import temperature_at
from charrnn.model import filters
from charrnn.settings.configuration import SamplingConfig

ROWS, SYMBOLS = 40, 23
LINE_END = 5

SETTINGS: list[dict[str, Any]] = [
    {},
    {"top_k": 1},
    {"top_k": 4},
    {"top_k": 100},
    {"top_p": 0.001},
    {"top_p": 0.7},
    {"min_p": 0.2},
    {"min_p": 1.0},
    {"typical_p": 0.5},
    {"typical_p": 0.001},
    {"repetition_penalty": 1.7},
    {
        "top_k": 12,
        "top_p": 0.9,
        "min_p": 0.01,
        "typical_p": 0.95,
        "repetition_penalty": 1.2,
    },
]


@pytest.fixture(scope="module")
def logits() -> np.ndarray:
    """Predictions: sharp ones and flat ones, and some with symbols that are equally likely."""
    generator = np.random.default_rng(3)
    random = generator.normal(0, generator.gamma(1, 3, (ROWS, 1)), (ROWS, SYMBOLS))
    random[::4] = np.round(random[::4])
    return random.astype(np.float32)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("temperature", [0.8, 0.0, "1.5:0"])
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda one: " ".join(one) or "plain")
def test_all_settings_give_the_distribution_of_numpy(
    logits: np.ndarray, settings: dict[str, Any], temperature: float | str, compiled: bool
) -> None:
    generator = np.random.default_rng(4)
    config = SamplingConfig(temperature=temperature, **settings)
    progress = np.linspace(-0.2, 1.2, ROWS)
    recent = generator.random(logits.shape) < 0.3
    barred = generator.random(logits.shape) < 0.2
    bias = generator.normal(0, 1, SYMBOLS)

    def prepared(predictions: tf.Tensor) -> tf.Tensor:
        return filters.prepare(
            predictions,
            config,
            barred=tf.constant(barred),
            temperature=filters.temperature_at(temperature, tf.constant(progress)),
            recent=tf.constant(recent),
            bias=bias,
        )

    found = tf.function(prepared, jit_compile=True)(logits) if compiled else prepared(logits)
    expected = sampling.prepare(
        logits,
        config,
        barred=barred,
        temperature=temperature_at(temperature, progress),
        recent=recent,
        bias=bias,
    )
    assert found.dtype == tf.float64
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("symbols", [SYMBOLS, 3_000])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_the_same_random_number_draws_the_same_symbol(symbols: int, compiled: bool) -> None:
    generator = np.random.default_rng(5)
    logits = generator.normal(0, 3, (200, symbols))
    logits[generator.random(logits.shape) < 0.3] = -math.inf
    uniforms = generator.random(200)
    uniforms[:2] = 0, np.nextafter(1, 0)
    draw = tf.function(filters.draw, jit_compile=True) if compiled else filters.draw
    drawn = draw(logits, uniforms)
    np.testing.assert_array_equal(drawn, sampling.draw(logits, uniforms))


@pytest.mark.parametrize("poems", [(0, 2, 1), (4,), (0, 0, 0, 9)])
def test_the_end_of_a_poem_is_weighed_alike(logits: np.ndarray, poems: tuple[int, ...]) -> None:
    ending = Ending(poems, LINE_END)
    lines = np.arange(ROWS) % 6
    places = np.clip(lines - 1, 0, len(ending.break_odds) - 1)
    found = filters.weigh_ending(
        tf.constant(logits, tf.float64), tf.gather(ending.break_odds, places), 0, LINE_END
    )
    np.testing.assert_allclose(found, ending.weigh(logits, lines.tolist()), rtol=1e-5, atol=1e-5)
