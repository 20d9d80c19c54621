from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from charrnn.checkpoint import MODEL_FILE, Checkpoint
from charrnn.training import dynamic
from charrnn.training.dynamic import SEGMENT, WARM_UP, DynamicEvaluation
from tests.training.runs import save_random_run

CHARACTERS = "abcdefgh"
LEARNS_AFTER = WARM_UP * SEGMENT
"""Characters that are foreseen before the first step."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return save_random_run(tmp_path_factory.mktemp("dynamic"), CHARACTERS)


@pytest.fixture(autouse=True)
def eager_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps long enough to be seen in a short text."""
    monkeypatch.setattr(dynamic, "RATE", 0.01)


def text(length: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(2, 10, length).astype(np.uint8)


def static_nats(checkpoint: Checkpoint, ids: np.ndarray) -> np.ndarray:
    """Surprise of all characters but the first, by Keras's own layers, which learn nothing."""
    model = keras.saving.load_model(checkpoint.model_path, compile=False)
    logits = np.asarray(model(ids[None, :-1].astype(np.int32)), np.float64)[0]
    log_sum = np.log(np.exp(logits).sum(axis=-1))
    return np.asarray(log_sum - logits[np.arange(len(ids) - 1), ids[1:]])


def nats_of_segments(checkpoint: Checkpoint, ids: np.ndarray) -> np.ndarray:
    """Nats of each segment, as they were summed up."""
    evaluation, found = DynamicEvaluation.of(checkpoint, 1), []
    compiled = evaluation._compiled

    def kept(*arguments: Any) -> Any:
        nats, state = compiled(*arguments)
        found.append(float(nats))
        return nats, state

    evaluation._compiled = kept  # type: ignore[assignment]
    assert evaluation.nats(ids) == pytest.approx(sum(found))
    return np.array(found)


def test_a_text_is_foreseen_as_ever_until_the_first_step_and_otherwise_afterwards(
    checkpoint: Checkpoint,
) -> None:
    ids = text(LEARNS_AFTER + 3 * SEGMENT + 1)
    found = nats_of_segments(checkpoint, ids)
    expected = static_nats(checkpoint, ids).reshape(-1, SEGMENT).sum(axis=1)
    # The segment of the first step is foreseen before it is learned from.
    np.testing.assert_allclose(found[: WARM_UP + 1], expected[: WARM_UP + 1], rtol=1e-5)
    assert np.all(np.abs(found / expected - 1)[WARM_UP + 1 :] > 1e-4)


def test_without_steps_every_character_is_foreseen_as_ever(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamic, "RATE", 0.0)
    ids = text(LEARNS_AFTER + 50)  # The last segment is a short one.
    reports: list[int] = []
    found = DynamicEvaluation.of(checkpoint, 1).nats(ids, reports.append)
    assert found == pytest.approx(static_nats(checkpoint, ids).sum(), rel=1e-5)
    assert sum(reports) == len(ids) - 1
    assert set(reports) == {SEGMENT, (len(ids) - 1) % SEGMENT}


def test_what_is_foreseen_does_not_depend_on_what_comes_later(checkpoint: Checkpoint) -> None:
    known = (WARM_UP + 4) * SEGMENT
    one, other = text(known + 2 * SEGMENT + 1), text(known + 2 * SEGMENT + 1)
    other[known + 1 :] = text(2 * SEGMENT, seed=2)
    found = [nats_of_segments(checkpoint, ids) for ids in (one, other)]
    np.testing.assert_array_equal(*(nats[: WARM_UP + 4] for nats in found))
    assert found[0][-2] != found[1][-2]


@pytest.mark.parametrize("sizes", [{}, {"cell": "gru", "output": "tied", "layers": 2}])
def test_a_text_that_repeats_itself_is_foreseen_better_and_better(
    tmp_path: Path, sizes: dict[str, Any]
) -> None:
    checkpoint = save_random_run(tmp_path, CHARACTERS, **sizes)
    ids = np.tile(text(SEGMENT), 3 * WARM_UP)
    found = nats_of_segments(checkpoint, np.append(ids, ids[0]))
    unlearned, *learned = found[WARM_UP:]
    quarters = [np.mean(part) for part in np.array_split(learned, 4)]
    assert unlearned > quarters[0] > quarters[1] > quarters[3]
    assert quarters[3] < 0.9 * unlearned


def test_a_step_is_scaled_by_the_gradients_so_far_and_drawn_back_a_little() -> None:
    generator = np.random.default_rng(3)
    weight, before, gradient = generator.normal(size=(3, 2, 5)).astype(np.float32)
    squares = generator.uniform(size=(2, 5)).astype(np.float32)
    mean = (squares * 3 + gradient**2) / 4
    stepped = weight - 0.5 * gradient / (np.sqrt(mean) + dynamic.SMALLEST)
    expected = (1 - dynamic.RETURN) * stepped + dynamic.RETURN * before
    arrays = tuple(map(tf.constant, (weight, before, gradient, squares)))
    found, squares_so_far = dynamic._stepped(arrays, tf.constant(3.0), tf.constant(0.5))
    np.testing.assert_allclose(squares_so_far, mean, rtol=1e-5)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_the_checkpoint_stays_as_it_is(checkpoint: Checkpoint) -> None:
    def files() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in checkpoint.directory.iterdir()}

    before = files()
    ids = text(LEARNS_AFTER + 4 * SEGMENT)
    # A second reading begins with the weights of the file, and not where the first one ended.
    first, second = (DynamicEvaluation.of(checkpoint, 1).nats(ids) for _ in range(2))
    assert first == second
    assert files() == before
    assert MODEL_FILE in before
