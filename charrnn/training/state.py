"""The state of a run that has not ended: saved in one file, read back whole or refused."""

import contextlib
import dataclasses
import errno
import json
import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.archive import DamagedFileError, read_member, stored_members
from charrnn.checkpoint.atomic_files import replacing
from charrnn.checkpoint.directory import RESUME_DIRECTORY, STATE_FILE, how_to_go_on
from charrnn.checkpoint.keras_layers import array_shapes
from charrnn.checkpoint.regular_files import read_regular
from charrnn.errors import CheckpointError
from charrnn.settings.architecture import STATES, Architecture
from charrnn.settings.from_json import from_json, parse_json
from charrnn.training.learning_rate import LearningRateSchedule

Arrays = dict[str, npt.NDArray[Any]]
Shapes = dict[str, tuple[int, ...]]

POSITION: Final = "state"
"""Name of the member that holds a `TrainerState`."""

LARGEST_POSITION: Final = 2**16
MOST_STEPS: Final = 2**53

_PREFIX: Final = 10
"""Bytes before the header of an array: a signature, a version, the length of the header."""


@dataclass(kw_only=True, slots=True)
class RunningMetrics:
    """Sums over the steps since the last evaluation."""

    steps: int = 0
    loss: float = 0.0
    gradient_norm: float = 0.0
    clipped: int = 0
    seconds: float = 0.0


@dataclass(kw_only=True, slots=True)
class TrainerState:
    """Where a run stands, but for its arrays.

    Attributes:
        learning_rate_schedule: Learning rates, and the length of the run.
        next_evaluation: Step after which the validation split is evaluated; None while the speed
            of the run is unknown.
        step: Steps done.
        seconds: Time of training, in all sessions, without starting and compiling.
        budget_began: What `seconds` was when the budget was given that the run follows now.
        best_loss: Lowest validation loss; None before the first evaluation.
        best_step: Step it was measured at.
        evaluations_since_best: Evaluations since then, except those while names are replaced.
        metrics: Sums since the last evaluation.
    """

    learning_rate_schedule: LearningRateSchedule
    next_evaluation: int | None = None
    step: int = 0
    seconds: float = 0.0
    budget_began: float = 0.0
    best_loss: float | None = None
    best_step: int = 0
    evaluations_since_best: int = 0
    metrics: RunningMetrics = field(default_factory=RunningMetrics)

    @property
    def is_evaluated(self) -> bool:
        """Whether the validation split was evaluated after the last step."""
        return self.metrics.steps == 0

    @property
    def evaluated_until(self) -> int:
        """The last step whose evaluation is part of this state, if it had one."""
        return self.step if self.is_evaluated else self.step - 1


@contextlib.contextmanager
def writing_told(directory: Path, file: str, saved_step: int | None) -> Iterator[None]:
    """Tell of a file of a run that cannot be written, and of what is safe.

    Args:
        directory: Where the run is.
        file: What is written, in that directory.
        saved_step: The step of the state that was saved last; None before the first.

    Raises:
        CheckpointError: It cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        safe = "" if saved_step is None else f"All is saved up to step {saved_step:,}. "
        room = "Make room on the disk. " if error.errno == errno.ENOSPC else ""
        raise CheckpointError(
            f"{directory / file} cannot be written: {reason}. {safe}{room}{how_to_go_on(directory)}"
        ) from error


def save_state(directory: Path, state: TrainerState, arrays: Arrays) -> None:
    """Write the state of a run; a crash leaves the one before."""
    stored: dict[str, Any] = arrays | {POSITION: np.array(json.dumps(dataclasses.asdict(state)))}
    with replacing(directory / STATE_FILE) as temporary, temporary.open("wb") as file:
        np.savez(file, **stored)


def state_shapes(architecture: Architecture, batch_size: int) -> Shapes:
    """The arrays that a state holds, by name; all of them are float32."""
    weights = array_shapes(architecture)
    groups: dict[str, list[tuple[int, ...]]] = {
        "network": weights,
        "ema": weights,
        "optimizer": [shape for shape in weights for _ in ("first moment", "second moment")],
        "state": [(batch_size, architecture.units)]
        * (STATES[architecture.cell] * architecture.layers),
    }
    return {
        f"{group}_{number}": shape
        for group, shapes in groups.items()
        for number, shape in enumerate(shapes)
    }


def read_state(directory: Path, shapes: Shapes) -> bytes:
    """The saved state of the run in a checkpoint.

    Args:
        directory: The checkpoint.
        shapes: The arrays that it should hold.

    Raises:
        CheckpointError: There is none, or it is too large.
    """
    try:
        return read_regular(directory / RESUME_DIRECTORY / STATE_FILE, _largest_file(shapes))
    except FileNotFoundError:
        raise CheckpointError(f"{directory} cannot be resumed. {how_to_go_on(directory)}") from None
    except OSError as error:
        raise CheckpointError(f"the state in {directory} cannot be read: {error}.") from error


def load_state(content: bytes, directory: Path, shapes: Shapes) -> tuple[TrainerState, Arrays]:
    """Take the saved state of a run apart.

    Args:
        content: What `read_state` returns.
        directory: The checkpoint, for messages.
        shapes: The arrays that the network to be trained needs, by name.

    Raises:
        CheckpointError: It is damaged, or belongs to another network.
    """
    path = directory / RESUME_DIRECTORY / STATE_FILE
    file = BytesIO(content)
    try:
        members = stored_members(file)
        if members.keys() != {f"{name}.npy" for name in (*shapes, POSITION)}:
            raise CheckpointError(f"{path} holds the state of a network of another shape.")
        arrays = {
            name: _array(read_member(file, members[f"{name}.npy"]), shape, path)
            for name, shape in shapes.items()
        }
        text = _text(read_member(file, members[f"{POSITION}.npy"]))
        values = parse_json(text, DamagedFileError)
        state = from_json(values, TrainerState, DamagedFileError)
        if dataclasses.asdict(state) != values:
            raise DamagedFileError("its position is incomplete")
        _check_position(state)
    except DamagedFileError as error:
        raise CheckpointError(f"{path} is damaged and cannot be resumed from ({error}).") from error
    return state, arrays


def _largest_file(shapes: Shapes) -> int:
    """Most bytes of a state; a member has up to 500 besides its numbers."""
    return 4 * sum(map(math.prod, shapes.values())) + 500 * len(shapes) + LARGEST_POSITION


def _array(content: bytes, shape: tuple[int, ...], path: Path) -> npt.NDArray[np.float32]:
    """The array in a member; NumPy is not asked to read the header, which may say anything."""
    start = _data_start(content)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    if content[_PREFIX:start].strip() != header.encode() or len(content) != (
        start + 4 * math.prod(shape)
    ):
        raise CheckpointError(f"{path} holds the state of a network of another shape.")
    return np.frombuffer(content, "<f4", offset=start).reshape(shape).copy()


def _text(content: bytes) -> str:
    """The text in a member: an array without dimensions, of UTF-32."""
    start = _data_start(content)
    characters = (len(content) - start) // 4
    header = f"{{'descr': '<U{characters}', 'fortran_order': False, 'shape': (), }}"
    if content[_PREFIX:start].strip() != header.encode():
        raise DamagedFileError("its position is no text")
    return content[start:].decode("utf-32-le", "replace")


def _data_start(content: bytes) -> int:
    """Where the numbers begin in the format of NumPy: after a prefix, and a header of that length."""
    if not content.startswith(b"\x93NUMPY\x01\x00"):
        raise DamagedFileError("an array is not as NumPy writes it")
    return _PREFIX + int.from_bytes(content[_PREFIX - 2 : _PREFIX], "little")


def _check_position(state: TrainerState) -> None:
    """Refuse a position that no run has; its types are checked already, and NaN is no JSON."""
    metrics, schedule = state.metrics, state.learning_rate_schedule
    total = 1 if schedule.total is None else schedule.total
    bounds = {
        "step": (0, state.step, MOST_STEPS),
        "seconds": (0, state.seconds, math.inf),
        "budget_began": (0, state.budget_began, state.seconds),
        "best_step": (0, state.best_step, state.step),
        "best_loss": (0, state.best_loss or 0, math.inf),
        "evaluations_since_best": (0, state.evaluations_since_best, state.step),
        "next_evaluation": (0, state.next_evaluation or 0, MOST_STEPS),
        "metrics.steps": (0, metrics.steps, state.step),
        "metrics.loss": (0, metrics.loss, math.inf),
        "metrics.gradient_norm": (0, metrics.gradient_norm, math.inf),
        "metrics.clipped": (0, metrics.clipped, metrics.steps),
        "metrics.seconds": (0, metrics.seconds, math.inf),
        "peak": (sys.float_info.min, schedule.peak, 1),
        "total": (1, total, MOST_STEPS),
        "anchor": (0, schedule.anchor, state.step),
        "anchor_progress": (0, schedule.anchor_progress, 1),
    }
    for name, (least, value, most) in bounds.items():
        if not least <= value <= most:
            raise DamagedFileError(f"its {name} is {value}")
