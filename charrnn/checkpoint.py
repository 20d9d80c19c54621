"""One checkpoint directory: its files, its JSON, its crash-proof writes. Needs no TensorFlow.

    NAME/
      model.keras      the best network so far, loadable with plain Keras
      charrnn.json     what it is: architecture, vocabulary, corpus, settings, losses, versions
      history.jsonl    one line for each evaluation
      resume/          the latest state of training (see `charrnn.training.resume`)

`charrnn.json` names the SHA-256 of `model.keras`. Two files cannot be renamed in one step, so it
is written first and names the old model beside the new one: whichever of them a crash leaves in
place is known, with its losses.
"""

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from charrnn.errors import CheckpointError
from charrnn.files import UNFINISHED, replacing, write_text
from charrnn.record import ModelRecord, RunRecord

MODEL_FILE: Final = "model.keras"
RECORD_FILE: Final = "charrnn.json"
HISTORY_FILE: Final = "history.jsonl"
RESUME_DIRECTORY: Final = "resume"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint directory that has been read and found whole.

    Attributes:
        directory: Where it is.
        record: What `charrnn.json` says.
        model: The record of the network that stands in `model.keras`.
    """

    directory: Path
    record: RunRecord
    model: ModelRecord

    @classmethod
    def open(cls, directory: Path) -> "Checkpoint":
        """Read a checkpoint.

        Raises:
            CheckpointError: It is missing, unfinished, damaged or of another format.
        """
        record = read_record(directory)
        digest = _sha256(directory / MODEL_FILE) if (directory / MODEL_FILE).is_file() else None
        if digest is None:
            raise CheckpointError(
                f"{directory} holds no {MODEL_FILE} yet: the run was stopped before its first "
                "evaluation. Continue it with: charrnn train --resume --name "
                f"{directory.name}"
            )
        for model in record.models:
            if model.sha256 == digest:
                return cls(directory, record, model)
        raise CheckpointError(
            f"{directory / MODEL_FILE} is not the file that {RECORD_FILE} describes: it was "
            "changed or damaged. Copy the directory again from where it came, or train again."
        )

    @property
    def model_path(self) -> Path:
        """The network, loadable with plain Keras."""
        return self.directory / MODEL_FILE

    def history(self) -> list[dict[str, Any]]:
        """The evaluations of the run, oldest first, as `history.jsonl` has them."""
        return read_history(self.directory)


class CheckpointWriter:
    """Writes one checkpoint directory so that a crash at any instant leaves it readable.

    Args:
        directory: Made when the first file is written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write_record(self, record: RunRecord) -> None:
        """Write `charrnn.json`."""
        write_text(self.directory / RECORD_FILE, record.to_json())

    def write_model(
        self, record: RunRecord, model: ModelRecord, save: Callable[[Path], None]
    ) -> RunRecord:
        """Replace `model.keras`.

        Args:
            record: The run, with the model that stands in the directory.
            model: The new model; its `sha256` is filled in here.
            save: Writes the network to the path it is given.

        Returns:
            The record with the new model alone.
        """
        path = self.directory / MODEL_FILE
        with replacing(path) as temporary:
            save(temporary)
            model = dataclasses.replace(model, sha256=_sha256(temporary))
            self.write_record(dataclasses.replace(record, models=(model, *record.models)))
        record = dataclasses.replace(record, models=(model,))
        self.write_record(record)
        return record

    def append_history(self, evaluation: dict[str, Any]) -> None:
        """Add a line to `history.jsonl`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / HISTORY_FILE).open("a", encoding="utf-8") as history:
            history.write(json.dumps(evaluation, ensure_ascii=False) + "\n")
            history.flush()
            os.fsync(history.fileno())

    def cut_history(self, last_step: int) -> None:
        """Drop the evaluations after a step, which a resumed run will make again."""
        kept = [line for line in read_history(self.directory) if line["step"] <= last_step]
        lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in kept)
        write_text(self.directory / HISTORY_FILE, "".join(lines))

    def clear(self) -> None:
        """Remove the run that stands in the directory, and nothing else that stands there.

        The record goes first: what a crash leaves behind is no run, and is cleared next time.
        """
        for name in (RECORD_FILE, MODEL_FILE, HISTORY_FILE):
            (self.directory / name).unlink(missing_ok=True)
        shutil.rmtree(self.directory / RESUME_DIRECTORY, ignore_errors=True)
        self.sweep()

    def sweep(self) -> None:
        """Remove the unfinished files of a process that was killed while it wrote."""
        for unfinished in self.directory.rglob(f"{UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)


def holds_run(directory: Path) -> bool:
    """Whether a run has been written there, finished or not."""
    return (directory / RECORD_FILE).exists()


def free_for_run(directory: Path) -> bool:
    """Whether a directory is missing, or holds nothing but what a run leaves there."""
    ours = {RECORD_FILE, MODEL_FILE, HISTORY_FILE, RESUME_DIRECTORY}
    return not directory.exists() or (
        directory.is_dir()
        and all(
            path.name in ours or path.name.startswith(UNFINISHED) for path in directory.iterdir()
        )
    )


def read_record(directory: Path) -> RunRecord:
    """Read `charrnn.json`; raises CheckpointError when it is missing or not charrnn's."""
    path = directory / RECORD_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CheckpointError(
            f"{directory} is not a checkpoint: it has no {RECORD_FILE}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from error
    try:
        return RunRecord.from_json(text)
    except CheckpointError as error:
        raise CheckpointError(f"{path} cannot be used: {error}") from error


def read_history(directory: Path) -> list[dict[str, Any]]:
    """The lines of `history.jsonl`; a line that a crash cut short is left out."""
    path = directory / HISTORY_FILE
    if not path.exists():
        return []
    evaluations = []
    # Not splitlines: a sample may hold the line separators of Unicode.
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            evaluation = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(evaluation, dict) and isinstance(evaluation.get("step"), int):
            evaluations.append(evaluation)
    return evaluations


def find_checkpoint(reference: str | None, root: Path) -> Path:
    """The directory of a checkpoint.

    Args:
        reference: A name under `root`, or a path; None is the one written last.
        root: The directory that runs are kept in.

    Raises:
        CheckpointError: There is none; the sentence names those there are.
    """
    known = checkpoints_in(root)
    if reference is None:
        if not known:
            raise CheckpointError(
                f"there is no checkpoint in {root} yet. Train one first, with: charrnn train"
            )
        return next((path for path in known if (path / MODEL_FILE).exists()), known[0])
    for directory in (root / reference, Path(reference)):
        if holds_run(directory):
            return directory
    names = ", ".join(path.name for path in known) or "none"
    raise CheckpointError(
        f"there is no checkpoint named {reference} in {root}, nor is it the path of one. "
        f"There: {names}."
    )


def checkpoints_in(root: Path) -> list[Path]:
    """The runs under a directory, the one written last first."""
    if not root.is_dir():
        return []
    runs: Iterable[Path] = (path for path in root.iterdir() if holds_run(path))
    return sorted(runs, key=lambda path: (path / RECORD_FILE).stat().st_mtime, reverse=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
