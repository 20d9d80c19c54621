from typing import Any, get_args

import numpy as np
import pytest
import tensorflow as tf

from charrnn.model.network import NO_MASKS, Masks, build_network
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import LARGEST_SEED, Cell, TrainingConfig
from charrnn.training.dropout import LEVELS, Dropout

WHOLE = slice(0, 8)
ALL = {"dropout": 0.5, "weight_dropout": 0.5, "embedding_dropout": 0.5}


def dropout(cell: Cell = "lstm", units: int = 6, dropout: float = 0.0, **settings: Any) -> Dropout:
    architecture = Architecture(
        cell=cell,
        vocabulary_size=13,
        embedding=4,
        layers=2,
        units=units,
        dropout=dropout,
        activation="tanh",
    )
    return Dropout(architecture, TrainingConfig(batch_size=8, **settings))


def masks(dropout: Dropout, step: int = 0, rows: slice = WHOLE) -> Masks:
    return dropout.masks(tf.constant(step, tf.int64), rows)


def flat(masks: Masks) -> list[np.ndarray]:
    return [mask.numpy() for kind in masks for mask in kind]


def same(one: Masks, other: Masks) -> list[bool]:
    return [bool((a == b).all()) for a, b in zip(flat(one), flat(other), strict=True)]


def test_masks_follow_seed_and_step_alone() -> None:
    first = masks(dropout(**ALL, seed=3), 7)
    drawing = dropout(**ALL, seed=3)
    for step in (2, 9):
        masks(drawing, step)
    assert same(first, masks(drawing, 7)) == [True] * 5
    assert same(first, masks(drawing, 8)) == [False] * 5
    assert same(first, masks(dropout(**ALL, seed=100), 7)) == [False] * 5


def test_a_compiled_step_draws_what_one_that_is_not_compiled_draws() -> None:
    drawing = dropout(**ALL)
    compiled = tf.function(lambda step: drawing.masks(step, WHOLE), autograph=False)
    assert same(compiled(tf.constant(5, tf.int64)), masks(drawing, 5)) == [True] * 5


def test_no_two_masks_of_a_step_are_alike() -> None:
    drawn = masks(dropout(**ALL, units=13))
    assert not same(Masks(outputs=drawn.outputs[:1]), Masks(outputs=drawn.outputs[1:]))[0]
    assert not same(Masks(weights=drawn.weights[:1]), Masks(weights=drawn.weights[1:]))[0]
    assert not same(Masks(outputs=drawn.outputs[1:]), Masks(outputs=drawn.tokens))[0]


def test_neighbouring_seeds_share_no_mask() -> None:
    mine, next_ones = (flat(masks(dropout(**ALL, units=13, seed=seed))) for seed in (5, 6))
    for one in mine:
        for other in next_ones:
            assert one.shape != other.shape or not (one == other).all()


def test_the_largest_seed_has_masks_too() -> None:
    drawn = masks(dropout(**ALL, seed=LARGEST_SEED))
    assert same(drawn, masks(dropout(**ALL, seed=0))) == [False] * 5


@pytest.mark.parametrize(
    ("shares", "drawn"),
    [
        ({}, (0, 0, 0)),
        ({"weight_dropout": 0.0, "embedding_dropout": 0.0}, (0, 0, 0)),
        ({"dropout": 0.25}, (2, 0, 0)),
        ({"weight_dropout": 0.25}, (0, 2, 0)),
        ({"embedding_dropout": 0.25}, (0, 0, 1)),
        ({"dropout": 0.25, "embedding_dropout": 0.25}, (2, 0, 1)),
    ],
    ids=str,
)
def test_nothing_is_drawn_where_nothing_is_left_out(
    shares: dict[str, float], drawn: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, draws = tf.random.stateless_uniform, []

    def counted(*arguments: Any, **options: Any) -> tf.Tensor:
        draws.append(1)
        return draw(*arguments, **options)

    monkeypatch.setattr(tf.random, "stateless_uniform", counted)
    found = masks(dropout(**shares))
    assert tuple(map(len, found)) == drawn
    assert len(draws) == sum(drawn)
    # What every network begins with is not what a step fills.
    assert NO_MASKS == ([], [], [])


def test_masks_have_the_shapes_of_what_they_multiply() -> None:
    found = masks(dropout(**ALL), rows=slice(2, 5))
    assert [mask.shape for mask in found.outputs] == [(3, 6), (3, 6)]
    assert [mask.shape for mask in found.tokens] == [(3, 13)]
    assert {mask.dtype for kind in found for mask in kind} == {tf.float32}


@pytest.mark.parametrize("cell", get_args(Cell))
def test_masks_of_weights_have_the_shape_of_recurrent_kernels(cell: Cell) -> None:
    # Three units have a number of weights that is no multiple of the four bytes of a word.
    drawing = dropout(cell=cell, units=3, weight_dropout=0.5)
    network = build_network(drawing._architecture)
    for number, mask in enumerate(masks(drawing).weights, 1):
        assert mask.shape == network.get_layer(f"recurrent_{number}").cell.recurrent_kernel.shape


def test_devices_draw_their_rows_of_one_batch_and_the_same_weights() -> None:
    drawing = dropout(**ALL)
    whole, first, second = (masks(drawing, 4, rows) for rows in (WHOLE, slice(0, 4), slice(4, 8)))
    for kind in ("outputs", "tokens"):
        parts = zip(getattr(first, kind), getattr(second, kind), strict=True)
        for mask, both in zip(getattr(whole, kind), parts, strict=True):
            np.testing.assert_array_equal(np.concatenate(both), mask)
    for mask, one, other in zip(whole.weights, first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one, mask)
        np.testing.assert_array_equal(other, mask)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.8])
def test_a_share_is_left_out_and_the_rest_makes_up_for_it(share: float) -> None:
    drawing = dropout(units=64, dropout=share, weight_dropout=share, embedding_dropout=share)
    steps = [masks(drawing, step) for step in range(20)]
    for kind in ("outputs", "weights", "tokens"):
        drawn = np.concatenate(
            [mask.numpy().ravel() for step in steps for mask in getattr(step, kind)]
        )
        # Shares of weights are those of 1/256 above or below.
        near = 1 / 256 if kind == "weights" else 1e-6
        assert 1 / drawn[drawn > 0] == pytest.approx(1 - share, abs=near), kind
        # Four standard deviations of so many draws.
        tolerance = 4 * np.sqrt(share * (1 - share) / len(drawn)) + near / 2
        assert (drawn == 0).mean() == pytest.approx(share, abs=tolerance), kind
        assert drawn.mean() == pytest.approx(1, abs=tolerance / (1 - share)), kind


@pytest.mark.parametrize("share", [0.001, 0.003, 0.3, 0.9995])
def test_a_share_of_weights_between_two_levels_is_exact_over_the_steps(share: float) -> None:
    drawing = dropout(units=64, weight_dropout=share)
    drawn = [masks(drawing, step).weights[0].numpy() for step in range(200)]
    levels = {round(float(LEVELS * (1 - 1 / mask.max()))) for mask in drawn}
    assert levels <= {int(share * LEVELS), min(int(share * LEVELS) + 1, LEVELS - 1)}
    found = np.mean([(mask == 0).mean() for mask in drawn])
    # Four standard deviations of 200 levels, each 1/256 from the next one.
    assert found == pytest.approx(
        share, abs=4 * 0.5 / 256 / np.sqrt(200) + 1 / 256 * (share > 0.99)
    )
    assert found > 0


def test_every_byte_of_a_random_word_decides_on_a_weight_of_its_own() -> None:
    (mask, _) = masks(dropout(units=64, weight_dropout=0.5)).weights
    lanes = (mask.numpy().reshape(-1, 4) == 0).astype(float)
    assert lanes.mean(axis=0) == pytest.approx([0.5] * 4, abs=4 * 0.5 / 64)
    alike = np.corrcoef(lanes.T) - np.eye(4)
    # Four standard deviations of what 4,096 words that are not related come to.
    assert np.abs(alike).max() < 4 / 64
