"""The state of a run that has not ended: saved in one file, read back whole or refused."""

import dataclasses
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.atomic_files import replacing
from charrnn.checkpoint.directory import STATE_FILE
from charrnn.errors import CheckpointError
from charrnn.training.schedule import Schedule

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(kw_only=True, slots=True)
class Meters:
    """Sums over the steps since the last evaluation."""

    steps: int = 0
    loss: float = 0.0
    gradient_norm: float = 0.0
    clipped: int = 0
    seconds: float = 0.0


@dataclass(kw_only=True, slots=True)
class Position:
    """Where a run stands, but for its arrays.

    Attributes:
        schedule: Learning rates, and the length of the run.
        next_evaluation: Step after which the validation part is measured; None while the speed
            of the run is unknown.
        step: Steps done.
        seconds: Time spent, in all sessions.
        budget_began: What `seconds` was when the budget was given that the run follows now.
        best_loss: Lowest validation loss; infinity before the first evaluation.
        best_step: Step it was measured at.
        without_gain: Evaluations since then, but for those while names are spelled anew.
        meters: Sums since the last evaluation.
    """

    schedule: Schedule
    next_evaluation: int | None
    step: int = 0
    seconds: float = 0.0
    budget_began: float = 0.0
    best_loss: float = float("inf")
    best_step: int = 0
    without_gain: int = 0
    meters: Meters = field(default_factory=Meters)

    @property
    def is_measured(self) -> bool:
        """Whether the validation part was measured after the last step."""
        return self.meters.steps == 0


def save_state(directory: Path, position: Position, arrays: Arrays) -> None:
    """Write the state of a run; a crash leaves the one before."""
    stored: dict[str, Any] = arrays | {
        "position": np.array(json.dumps(dataclasses.asdict(position)))
    }
    with replacing(directory / STATE_FILE) as temporary, temporary.open("wb") as file:
        np.savez(file, **stored)


def load_state(directory: Path, shapes: dict[str, tuple[int, ...]]) -> tuple[Position, Arrays]:
    """Read the state of a run.

    Args:
        directory: The `resume` directory of a checkpoint.
        shapes: The arrays that the network to be trained needs, by name.

    Raises:
        CheckpointError: There is none, it is damaged, or it belongs to another network.
    """
    path = directory / STATE_FILE
    if not path.exists():
        raise CheckpointError(
            f"{directory.parent} has no state to resume from: the run was stopped before it "
            "saved one. Start it again with --overwrite."
        )
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        position = _position(json.loads(str(arrays.pop("position"))))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is damaged and cannot be resumed from ({error}).") from error
    found = {name: array.shape for name, array in arrays.items()}
    if found != shapes:
        raise CheckpointError(f"{path} holds the state of a network of another shape.")
    return position, arrays


def _position(values: dict[str, Any]) -> Position:
    schedule = Schedule(**values.pop("schedule"))
    return Position(schedule=schedule, meters=Meters(**values.pop("meters")), **values)
