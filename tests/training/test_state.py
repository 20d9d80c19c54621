from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charrnn.checkpoint.directory import RESUME_DIRECTORY, STATE_FILE
from charrnn.errors import CheckpointError
from charrnn.training.learning_rate import LearningRateSchedule
from charrnn.training.state import RunningMetrics, TrainerState, load_state, read_state, save_state
from tests import hostile

ARRAYS = {
    "network_0": np.arange(6, dtype=np.float32).reshape(2, 3),
    "network_1": np.ones(3, np.float32),
    "state_0": np.ones((4, 2), np.float32),
}
SHAPES: dict[str, tuple[int, ...]] = {"network_0": (2, 3), "network_1": (3,), "state_0": (4, 2)}
STATE = TrainerState(
    learning_rate_schedule=LearningRateSchedule(
        peak=0.1 + 0.2, total=None, anchor=3, anchor_progress=1 / 3
    ),
    next_evaluation=17,
    step=12,
    seconds=1 / 7,
    best_loss=2.5,
    best_step=9,
    evaluations_since_best=2,
    metrics=RunningMetrics(steps=3, loss=1 / 3, gradient_norm=0.7, clipped=1, seconds=0.2),
)


def loaded(directory: Path, shapes: dict[str, tuple[int, ...]] = SHAPES) -> Any:
    return load_state(read_state(directory, shapes), directory, shapes)


def test_what_was_saved_comes_back_to_the_bit(tmp_path: Path) -> None:
    save_state(tmp_path / RESUME_DIRECTORY, STATE, ARRAYS)
    state, arrays = loaded(tmp_path)
    assert state == STATE
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_a_run_without_an_evaluation_has_no_best_loss(tmp_path: Path) -> None:
    begun = TrainerState(learning_rate_schedule=LearningRateSchedule(peak=0.1, total=None))
    save_state(tmp_path / RESUME_DIRECTORY, begun, ARRAYS)
    assert loaded(tmp_path)[0].best_loss is None


def test_nothing_saved_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot be resumed\. Nothing of it is saved"):
        read_state(tmp_path, SHAPES)


def test_the_state_of_another_network_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path / RESUME_DIRECTORY, STATE, ARRAYS)
    with pytest.raises(CheckpointError, match="another shape"):
        loaded(tmp_path, SHAPES | {"network_0": (3, 2)})
    with pytest.raises(CheckpointError, match="another shape"):
        loaded(tmp_path, SHAPES | {"network_2": (1,)})


@pytest.mark.parametrize("kept", [0, 10, 300])
def test_a_state_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    save_state(tmp_path / RESUME_DIRECTORY, STATE, ARRAYS)
    path = tmp_path / RESUME_DIRECTORY / STATE_FILE
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="damaged"):
        loaded(tmp_path)


def test_a_state_with_a_changed_byte_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path / RESUME_DIRECTORY, STATE, ARRAYS)
    path = tmp_path / RESUME_DIRECTORY / STATE_FILE
    content = bytearray(path.read_bytes())
    content[content.index(b"\x00\x00\x80\x3f")] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="damaged"):
        loaded(tmp_path)


def test_a_crash_while_saving_leaves_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_state(tmp_path / RESUME_DIRECTORY, STATE, ARRAYS)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        save_state(
            tmp_path / RESUME_DIRECTORY,
            TrainerState(learning_rate_schedule=STATE.learning_rate_schedule, next_evaluation=1),
            ARRAYS,
        )
    assert loaded(tmp_path)[0] == STATE
    assert [path.name for path in (tmp_path / RESUME_DIRECTORY).iterdir()] == [STATE_FILE]


# Files of strangers

MOST_MEMORY = 4 * 2**20
"""Bytes that refusing a tiny state may take. A bomb would unpack to more."""


@pytest.mark.parametrize("make", hostile.STATES.values(), ids=hostile.STATES)
def test_a_hostile_state_is_refused_in_a_sentence(tmp_path: Path, make: hostile.Hostile) -> None:
    save_state(tmp_path / RESUME_DIRECTORY, STATE, ARRAYS)
    make(tmp_path)
    assert STATE_FILE in hostile.refusal(lambda: loaded(tmp_path), MOST_MEMORY)


def test_the_position_of_a_hostile_state_is_what_is_wrong_with_it(tmp_path: Path) -> None:
    save_state(tmp_path / RESUME_DIRECTORY, STATE, ARRAYS)
    hostile.with_position(step=12)(tmp_path)
    assert loaded(tmp_path)[0] == STATE
