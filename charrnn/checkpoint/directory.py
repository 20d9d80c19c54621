"""One checkpoint directory: its files, its JSON, its crash-proof writes. Needs no TensorFlow.

    NAME/
      model.keras      the best network so far, loadable with plain Keras
      charrnn.json     what it is: architecture, vocabulary, corpus, settings, losses, versions
      history.jsonl    one line for each evaluation
      ngrams.filter    which n-grams stand in its text (see `charrnn.corpus.ngram_filter`), from the
                       end of the run on; it names the text, and all else goes without it
      sounds.json      how Chinese characters sound, learned from its poems (see
                       `charrnn.forms.core.language`), and
      words.json       the words of an English text: both from the end of the run on, like the filter
      resume/          the latest state of training (see `charrnn.training.state`)

`charrnn.json` names the SHA-256 of `model.keras`. Two files cannot be renamed in one step, so it
is written first and names the old model beside the new one: whichever of them a crash leaves in
place is known, with its losses.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from charrnn.checkpoint.atomic_files import UNFINISHED, locked, replacing, write_text
from charrnn.checkpoint.lookup import BUNDLED, DEFAULT_CHECKPOINTS, spoken_name
from charrnn.checkpoint.record import RECORD_FILE, ModelRecord, RunRecord, holds_run
from charrnn.errors import CheckpointError, ConfigurationError

MODEL_FILE: Final = "model.keras"
WEIGHTS_MEMBER: Final = "model.weights.h5"
"""The HDF5 file with the arrays inside `model.keras`, a zip."""

HISTORY_FILE: Final = "history.jsonl"
NGRAM_FILTER_FILE: Final = "ngrams.filter"
SOUNDS_FILE: Final = "sounds.json"
WORDS_FILE: Final = "words.json"
RESUME_DIRECTORY: Final = "resume"
STATE_FILE: Final = "state.npz"
LOCK_FILE: Final = ".lock"
REMOVED_FILE: Final = ".removed"

FIRST_NETWORK: Final = "shakespeare"
"""The bundled one that is meant where none is named and nothing was trained yet."""

LONGEST_NAME: Final = 200
READING_ATTEMPTS: Final = 3


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
        for attempt in range(READING_ATTEMPTS):
            record = read_record(directory)
            digest = _model_digest(directory)
            for model in record.models:
                if model.sha256 == digest:
                    return cls(directory, record, model)
            # A run that is in training may have replaced both between the two looks.
            time.sleep(0.1 * attempt)
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

        The record goes last, under another name: what a crash leaves is known to be no run.
        """
        record, removed = self.directory / RECORD_FILE, self.directory / REMOVED_FILE
        if record.exists():
            record.replace(removed)
        if not removed.exists():
            return
        self.sweep()
        state = f"{RESUME_DIRECTORY}/{STATE_FILE}"
        for name in (MODEL_FILE, HISTORY_FILE, NGRAM_FILTER_FILE, SOUNDS_FILE, WORDS_FILE, state):
            (self.directory / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # Missing, or it holds something of the user's.
            (self.directory / RESUME_DIRECTORY).rmdir()
        removed.unlink()

    def sweep(self) -> None:
        """Remove the unfinished files of a process that was killed while it wrote."""
        for parent in (self.directory, self.directory / RESUME_DIRECTORY):
            for unfinished in parent.glob(f"{UNFINISHED}*"):
                shutil.rmtree(unfinished, ignore_errors=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from training into the directory; raises CheckpointError."""
        root = self.directory.parent
        root_was_there = root.exists()
        try:
            with locked(self.directory / LOCK_FILE):
                try:
                    yield
                finally:
                    self._vanish_if_empty()
        except BlockingIOError:
            raise CheckpointError(
                f"another process is training in {self.directory}. Wait for it, or give this "
                "run another name (--name)."
            ) from None
        finally:
            if not root_was_there:
                with contextlib.suppress(OSError):  # It holds a run now.
                    root.rmdir()

    def _vanish_if_empty(self) -> None:
        """Remove the directory of a run that came to nothing."""
        with contextlib.suppress(OSError):
            if [path.name for path in self.directory.iterdir()] == [LOCK_FILE]:
                (self.directory / LOCK_FILE).unlink()
                self.directory.rmdir()


def claim(root: Path, name: str, *, overwrite: bool) -> CheckpointWriter:
    """The directory of a new run, which is not touched before the run has something to keep.

    Args:
        root: The directory that runs are kept in.
        name: The name of the run.
        overwrite: Whether a run of that name may be replaced.

    Raises:
        ConfigurationError: The name cannot be that of a directory.
        CheckpointError: Something that must be kept stands there.
    """
    directory = root / name
    if name in {"", ".", ".."} or not name.isprintable() or set(name) & set("/\\:"):
        raise ConfigurationError(
            "a run has a plain name, without a path; --checkpoints says where it is kept. "
            f"Received: {name!r}."
        )
    if len(name.encode()) > LONGEST_NAME:
        raise ConfigurationError(
            f"the name of a run has {LONGEST_NAME} bytes at most. Received: {len(name.encode())}."
        )
    if holds_run(directory) and not overwrite:
        raise CheckpointError(
            f"{directory} already holds a run. Go on with it (--resume), replace it "
            "(--overwrite), or give this one another name (--name)."
        )
    if not holds_run(directory) and _holds_other_files(directory):
        raise CheckpointError(
            f"{directory} holds files that are no run. Give this run another name (--name)."
        )
    return CheckpointWriter(directory)


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
    """The directory of a network to write with.

    Args:
        reference: A name under `root`, a path, or the name of a bundled network, whichever is
            found first; None is the run written last, or where there is none `FIRST_NETWORK`.
        root: The directory that runs are kept in.

    Raises:
        CheckpointError: There is none; the sentence names those there are.
    """
    try:
        return find_run(reference, root)
    except CheckpointError:
        bundled = bundled_network(Path(FIRST_NETWORK if reference is None else reference))
        if bundled is None:
            raise
        return bundled


def bundled_network(name: Path) -> Path | None:
    """The bundled network of a name; None where a run stands under that path, or there is none."""
    # By its name alone: "../quatrains" is a path.
    bundled = BUNDLED / name
    return bundled if bundled in checkpoints_in(BUNDLED) and not holds_run(name) else None


def is_bundled(directory: Path) -> bool:
    """Whether a checkpoint came with charrnn."""
    return directory.parent == BUNDLED


def find_run(reference: str | None, root: Path) -> Path:
    """The directory of a run of the user's own; the rest as `find_checkpoint`."""
    known = checkpoints_in(root)
    if reference is None:
        if not known:
            raise CheckpointError(
                f"there is no checkpoint in {root} yet. Train one first, with: charrnn train"
                + ("" if root == DEFAULT_CHECKPOINTS else f" --checkpoints {root}")
            )
        return next((path for path in known if (path / MODEL_FILE).exists()), known[0])
    for directory in (root / reference, Path(reference)):
        if holds_run(directory):
            return directory
    names = ", ".join(path.name for path in known) or "none"
    come_along = ", ".join(sorted(path.name for path in checkpoints_in(BUNDLED)))
    raise CheckpointError(
        f"there is no checkpoint named {reference} in {root}, nor is it the path of one. "
        f"There: {names}."
        + (f" With charrnn come, to write or to begin with: {come_along}." if come_along else "")
    )


def networks_in(root: Path) -> list[Path]:
    """What `find_checkpoint` finds by name: the runs in a directory, then the bundled networks."""
    own = checkpoints_in(root)
    names = {path.name for path in own}
    bundled = sorted(checkpoints_in(BUNDLED))
    return [*own, *(path for path in bundled if path.name not in names)]


def checkpoints_in(root: Path) -> list[Path]:
    """The runs under a directory, the one written last first."""
    if not root.is_dir():
        return []
    runs: Iterable[Path] = (path for path in root.iterdir() if holds_run(path))
    return sorted(runs, key=lambda path: (path / RECORD_FILE).stat().st_mtime, reverse=True)


def _holds_other_files(directory: Path) -> bool:
    """Whether something stands there that is not left of a run begun or removed."""
    if not directory.exists():
        return False
    if not directory.is_dir():
        return True
    names = {path.name for path in directory.iterdir()}
    return REMOVED_FILE not in names and any(
        name != LOCK_FILE and not name.startswith(UNFINISHED) for name in names
    )


def _model_digest(directory: Path) -> str:
    path = directory / MODEL_FILE
    if not path.is_file():
        raise CheckpointError(
            f"{directory} holds no {MODEL_FILE} yet: the run was stopped before its first "
            f"evaluation. Go on with it: charrnn train --resume --name {spoken_name(directory)}"
        )
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
