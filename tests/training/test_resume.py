from pathlib import Path

import numpy as np
import pytest

from charrnn.checkpoint.directory import STATE_FILE
from charrnn.errors import CheckpointError
from charrnn.training.resume import Meters, Position, load_state, save_state
from charrnn.training.schedule import Schedule

ARRAYS = {"network_0": np.arange(6, dtype=np.float32).reshape(2, 3), "state_0": np.ones((4, 2))}
SHAPES: dict[str, tuple[int, ...]] = {"network_0": (2, 3), "state_0": (4, 2)}
POSITION = Position(
    schedule=Schedule(peak=0.1 + 0.2, total=None, anchor=3, anchor_progress=1 / 3),
    next_evaluation=17,
    step=12,
    seconds=1 / 7,
    best_loss=2.5,
    best_step=9,
    without_gain=2,
    meters=Meters(steps=3, loss=1 / 3, gradient_norm=0.7, clipped=1, seconds=0.2),
)


def test_what_was_saved_comes_back_to_the_bit(tmp_path: Path) -> None:
    save_state(tmp_path, POSITION, ARRAYS)
    position, arrays = load_state(tmp_path, SHAPES)
    assert position == POSITION
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_an_infinite_best_loss_survives(tmp_path: Path) -> None:
    save_state(tmp_path, Position(schedule=POSITION.schedule, next_evaluation=None), ARRAYS)
    assert load_state(tmp_path, SHAPES)[0].best_loss == float("inf")


def test_nothing_saved_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no state to resume from"):
        load_state(tmp_path / "resume", SHAPES)


def test_the_state_of_another_network_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path, POSITION, ARRAYS)
    with pytest.raises(CheckpointError, match="another shape"):
        load_state(tmp_path, SHAPES | {"network_0": (3, 2)})


@pytest.mark.parametrize("kept", [0, 10, 300])
def test_a_state_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    save_state(tmp_path, POSITION, ARRAYS)
    path = tmp_path / STATE_FILE
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="damaged"):
        load_state(tmp_path, SHAPES)


def test_a_state_with_a_changed_byte_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path, POSITION, ARRAYS)
    path = tmp_path / STATE_FILE
    content = bytearray(path.read_bytes())
    content[content.index(b"\x00\x00\x80\x3f")] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="damaged"):
        load_state(tmp_path, SHAPES)


def test_a_crash_while_saving_leaves_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_state(tmp_path, POSITION, ARRAYS)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        save_state(tmp_path, Position(schedule=POSITION.schedule, next_evaluation=1), ARRAYS)
    assert load_state(tmp_path, SHAPES)[0] == POSITION
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]
