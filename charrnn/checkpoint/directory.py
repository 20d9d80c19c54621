"""One checkpoint directory: its files, read and written so that a crash leaves it readable.

    NAME/
      model.keras      the best network so far, which plain Keras can load
      charrnn.json     architecture, vocabulary, corpus, settings, losses, versions
      history.jsonl    one line for each evaluation (see `charrnn.checkpoint.history`)
      ngrams.filter    n-grams of the training text (see `charrnn.corpus.ngram_filter`)
      sounds.json      learned sounds of Chinese characters
      words.json       learned words of an English text
      resume/          the latest training state (see `charrnn.training.state`)

`ngrams.filter`, `sounds.json` and `words.json` (see `charrnn.corpus.text_files`) depend on the text
alone. `charrnn.json` says which of them belong to the run.

A run begins with all that resuming needs, and `charrnn.json` last. So a directory with a
`charrnn.json` can be resumed, and one without it is no run; `.incomplete` tells that its files are
the rest of one, which the next run removes.

`charrnn.json` names the SHA-256 of `model.keras`. Two files cannot be replaced in one step, so
`charrnn.json` is written first and names both models, the new and the old one. After a crash,
whichever model is in place is known, with its losses.
"""

import contextlib
import dataclasses
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from charrnn.checkpoint.atomic_files import (
    LOCK_FILE,
    UNFINISHED,
    locked,
    make_directory,
    replacing,
    sweep,
    sync,
    write_text,
)
from charrnn.checkpoint.history import HISTORY_FILE
from charrnn.checkpoint.keras_layers import largest_network_file
from charrnn.checkpoint.lookup import spoken_name
from charrnn.checkpoint.record import (
    MODEL_FILE,
    RECORD_FILE,
    ModelRecord,
    RunRecord,
    holds_run,
    is_there,
)
from charrnn.checkpoint.regular_files import open_regular, read_regular
from charrnn.errors import CharrnnError, CheckpointError, ConfigurationError
from charrnn.settings.architecture import Architecture

NGRAM_FILTER_FILE: Final = "ngrams.filter"
SOUNDS_FILE: Final = "sounds.json"
WORDS_FILE: Final = "words.json"
RESUME_DIRECTORY: Final = "resume"
STATE_FILE: Final = "state.npz"
INCOMPLETE_FILE: Final = ".incomplete"

LONGEST_NAME: Final = 200

READING_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint: its directory, `charrnn.json`, and the record of `model.keras`."""

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
            digest = _model_digest(directory, record.architecture)
            for model in record.models:
                if model.sha256 == digest:
                    return cls(directory, record, model)
            # A run in training may have replaced both files between the two reads.
            time.sleep(0.1 * attempt)
        raise CheckpointError(
            f"{directory / MODEL_FILE} is not the file that {RECORD_FILE} describes: it was "
            "changed or damaged. Copy the directory again, or train again."
        )

    @property
    def model_path(self) -> Path:
        """The network, which plain Keras can load."""
        return self.directory / MODEL_FILE


class CheckpointWriter:
    """Writes one checkpoint directory, which is made with its first file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write_record(self, record: RunRecord) -> None:
        """Write `charrnn.json`, which makes the directory a run."""
        write_text(self.directory / RECORD_FILE, record.to_json())
        (self.directory / INCOMPLETE_FILE).unlink(missing_ok=True)

    def write_model(
        self, record: RunRecord, model: ModelRecord, save: Callable[[Path], None]
    ) -> RunRecord:
        """Replace `model.keras` by what `save` writes to a path, and fill in its `sha256`.

        The record given holds the model that is in the directory now. The one returned holds only
        the new model.
        """
        path = self.directory / MODEL_FILE
        with replacing(path) as temporary:
            save(temporary)
            model = dataclasses.replace(model, sha256=_sha256(temporary))
            self.write_record(dataclasses.replace(record, models=(model, *record.models)))
        record = dataclasses.replace(record, models=(model,))
        self.write_record(record)
        return record

    @contextlib.contextmanager
    def beginning(self, record: RunRecord, files: Path) -> Iterator[None]:
        """Begin a run, in place of the run that is there.

        The old record goes first and the new one comes last, so a crash leaves no half run. Between
        them come copies of all `files` of a directory, and what is written inside.
        """
        make_directory(self.directory)
        self._remove_run()
        try:
            for path in files.iterdir():
                with replacing(self.directory / path.name) as temporary:
                    shutil.copyfile(path, temporary)
            yield
            self.write_record(record)
        except BaseException:
            self._remove_run()
            (self.directory / INCOMPLETE_FILE).unlink()
            raise

    def _remove_run(self) -> None:
        """Remove the files of a run, and no others, and mark the directory as incomplete."""
        record, incomplete = self.directory / RECORD_FILE, self.directory / INCOMPLETE_FILE
        if record.exists():
            record.replace(incomplete)
        else:
            incomplete.touch()
        sync(self.directory)
        state = f"{RESUME_DIRECTORY}/{STATE_FILE}"
        for name in (MODEL_FILE, HISTORY_FILE, NGRAM_FILTER_FILE, SOUNDS_FILE, WORDS_FILE, state):
            (self.directory / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # It is missing, or holds files of the user.
            (self.directory / RESUME_DIRECTORY).rmdir()
        sync(self.directory)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Lock the directory against other training processes; raises CheckpointError."""
        root = self.directory.parent
        root_was_there = root.exists()
        try:
            with locked(self.directory / LOCK_FILE):
                for place in (self.directory, self.directory / RESUME_DIRECTORY):
                    sweep(place)
                try:
                    yield
                finally:
                    self._remove_if_empty()
        except BlockingIOError:
            raise CheckpointError(
                f"another process is training in {self.directory}. Wait for it, or give this "
                "run another name (--name)."
            ) from None
        finally:
            if not root_was_there:
                with contextlib.suppress(OSError):  # It holds a run now.
                    root.rmdir()

    def _remove_if_empty(self) -> None:
        with contextlib.suppress(OSError):
            if [path.name for path in self.directory.iterdir()] == [LOCK_FILE]:
                (self.directory / LOCK_FILE).unlink()
                self.directory.rmdir()


def claim(root: Path, name: str, *, overwrite: bool) -> CheckpointWriter:
    """The writer of a new run's directory in `root`, which is unchanged until the first write.

    Raises:
        ConfigurationError: The name is not a valid directory name.
        CheckpointError: The directory holds a run or other files.
    """
    directory = root / name
    if name in {"", ".", ".."} or not name.isprintable() or set(name) & set("/\\:"):
        raise ConfigurationError(
            "the name of a run is a plain name, not a path; --checkpoints names the directory. "
            f"Received: {name!r}."
        )
    if len(name.encode()) > LONGEST_NAME:
        raise ConfigurationError(
            f"the name of a run has at most {LONGEST_NAME} bytes. Received: {len(name.encode())}."
        )
    _refuse_no_directory(directory)
    if holds_run(directory) and not overwrite:
        ways = "Continue it (--resume), replace it" if resumes(directory) else "Replace it"
        raise CheckpointError(
            f"{directory} already holds a run. {ways} (--overwrite), or give this run another name "
            "(--name)."
        )
    if not holds_run(directory) and _holds_other_files(directory):
        raise CheckpointError(
            f"{directory} holds files of something else. Give this run another name (--name)."
        )
    return CheckpointWriter(directory)


def how_to_go_on(directory: Path) -> str:
    """What to do about a run that was cut short, by what it has saved."""
    if resumes(directory):
        return f"Go on with: charrnn train --resume --name {spoken_name(directory)}"
    if holds_run(directory):
        again = "to train it again, add --overwrite to the command that began it."
        return f"It has no state to resume from, as a packed network has none: {again}"
    return "Nothing of it is saved: to train it again, give the command that began it."


def resumes(directory: Path) -> bool:
    """Whether a run has saved a state that it can be resumed from."""
    return is_there(directory / RESUME_DIRECTORY / STATE_FILE)


def _refuse_no_directory(path: Path) -> None:
    """Refuse a path that cannot become a directory; raises CheckpointError."""
    for place in (path, *path.parents):
        if place.is_symlink() and not is_there(place):
            raise CheckpointError(
                f"{place} is a link to {place.readlink()}, which does not exist. Remove the link."
            )
        if is_there(place) and not place.is_dir():
            raise CheckpointError(
                f"{place} is a file, and a run is a directory. Give another --name or "
                "--checkpoints."
            )


def read_record(directory: Path) -> RunRecord:
    """Read `charrnn.json`; raises CheckpointError if it is missing or invalid."""
    path = directory / RECORD_FILE
    try:
        text = read_regular(path).decode()
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


def _holds_other_files(directory: Path) -> bool:
    """Whether a directory holds more than the rest of a run."""
    if not directory.exists():
        return False
    names = {path.name for path in directory.iterdir()}
    return INCOMPLETE_FILE not in names and any(
        name != LOCK_FILE and not name.startswith(UNFINISHED) for name in names
    )


def _model_digest(directory: Path, architecture: Architecture) -> str:
    path = directory / MODEL_FILE
    try:
        with open_regular(path, largest_network_file(architecture)) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise CheckpointError(
            f"{directory} holds no {MODEL_FILE} yet: the run was stopped before its first "
            f"evaluation. {how_to_go_on(directory)}"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class OfCorpus(Protocol):
    """What was made from a corpus."""

    @property
    def corpus(self) -> str:
        """SHA-256 of the corpus."""


Opened = TypeVar("Opened", bound=OfCorpus)


def open_of_corpus(
    checkpoint: Checkpoint, file: str, read: Callable[[Path], Opened], what: str, remedy: str
) -> Opened | None:
    """Open a file that was made from the corpus of a checkpoint; None if there is none.

    Args:
        checkpoint: The checkpoint.
        file: Name of the file.
        read: Reads it.
        what: What the file is, for the error.
        remedy: What to do, for the error.

    Raises:
        CheckpointError: The file is damaged, of another format, or of another corpus.
    """
    path = checkpoint.directory / file
    try:
        opened = read(path)
    except FileNotFoundError:
        return None
    except CharrnnError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{path}: {error.strerror}."
    else:
        if opened.corpus == checkpoint.record.corpus.digest:
            return opened
        reason = f"{path} belongs to another corpus."
    raise CheckpointError(f"{what} cannot be used: {reason} {remedy}")
