"""The state of a run that has not ended: saved in one file, read back whole or refused."""

import contextlib
import dataclasses
import errno
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.atomic_files import replacing
from charrnn.checkpoint.directory import RESUME_DIRECTORY, STATE_FILE, how_to_go_on
from charrnn.errors import CheckpointError
from charrnn.settings.from_json import from_json, parse_json
from charrnn.training.learning_rate import LearningRateSchedule

Arrays = dict[str, npt.NDArray[Any]]


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
    stored: dict[str, Any] = arrays | {"state": np.array(json.dumps(dataclasses.asdict(state)))}
    with replacing(directory / STATE_FILE) as temporary, temporary.open("wb") as file:
        np.savez(file, **stored)


def read_state(directory: Path) -> bytes:
    """The saved state of the run in a checkpoint; raises CheckpointError where there is none."""
    try:
        return (directory / RESUME_DIRECTORY / STATE_FILE).read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"{directory} has no state to resume from. {how_to_go_on(directory)}"
        ) from None
    except OSError as error:
        raise CheckpointError(f"the state in {directory} cannot be read: {error}.") from error


def load_state(
    content: bytes, directory: Path, shapes: dict[str, tuple[int, ...]]
) -> tuple[TrainerState, Arrays]:
    """Take the saved state of a run apart.

    Args:
        content: What `read_state` returns.
        directory: The checkpoint, for messages.
        shapes: The arrays that the network to be trained needs, by name.

    Raises:
        CheckpointError: It is damaged, or belongs to another network.
    """
    path = directory / RESUME_DIRECTORY / STATE_FILE
    try:
        with np.load(BytesIO(content), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        values = parse_json(str(arrays.pop("state")), CheckpointError)
        state = from_json(values, TrainerState, CheckpointError)
    except (CheckpointError, OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is damaged and cannot be resumed from ({error}).") from error
    found = {name: array.shape for name, array in arrays.items()}
    if found != shapes:
        raise CheckpointError(f"{path} holds the state of a network of another shape.")
    return state, arrays
