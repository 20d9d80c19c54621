"""What is known of a run without opening its network: facts for people and for programs."""

import dataclasses
import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charrnn.checkpoint.directory import (
    MODEL_FILE,
    Checkpoint,
    read_record,
)
from charrnn.checkpoint.record import RECORD_FILE, ModelRecord, RunRecord
from charrnn.errors import CheckpointError
from charrnn.forms.chinese.sounds import open_sounds
from charrnn.forms.english.words import open_words


@dataclass(frozen=True, kw_only=True, slots=True)
class Taught:
    """What the poems of a run taught of sounds and words.

    Attributes:
        characters: Chinese characters whose tone is known; None where none were learned.
        poems: Regular poems that taught them.
        words: English words that were learned; None where none were.
        problem: Why it cannot be used, in a sentence.
    """

    characters: int | None = None
    poems: int | None = None
    words: int | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """One run as it lies on the disk.

    Attributes:
        directory: Where it is.
        size: Bytes of all its files.
        saved: When it was written last.
        record: What `charrnn.json` says; None when that cannot be used.
        model: The network that stands in `model.keras`; None when there is none to use.
        history: Its evaluations, oldest first.
        problem: Why no poem can be written with it, in a sentence; None when one can.
    """

    directory: Path
    size: int
    saved: datetime.datetime
    record: RunRecord | None
    model: ModelRecord | None
    history: list[dict[str, Any]]
    problem: str | None

    @property
    def state(self) -> str:
        """Either "whole", "unfinished" (no network yet) or "damaged"."""
        if self.problem is None:
            return "whole"
        begun = self.record is not None and not (self.directory / MODEL_FILE).exists()
        return "unfinished" if begun else "damaged"

    def taught(self) -> Taught:
        """What its poems taught of sounds and words; for a run that can be used."""
        assert self.record is not None, "a run that can be used has a record"
        assert self.model is not None, "a run that can be used has a network"
        checkpoint = Checkpoint(self.directory, self.record, self.model)
        try:
            sounds, words = open_sounds(checkpoint), open_words(checkpoint)
        except CheckpointError as error:
            return Taught(problem=str(error))
        return Taught(
            characters=None if sounds is None else len(sounds.sounds().table),
            poems=None if sounds is None else sounds.poems,
            words=None if words is None else len(words.counts),
        )

    def summary(self) -> dict[str, Any]:
        """A row of the list of runs, for JSON."""
        record, model = self.record, self.model
        return {
            "name": self.directory.name,
            "directory": str(self.directory.resolve()),
            "state": self.state,
            "problem": self.problem,
            "saved": self.saved.isoformat(timespec="seconds"),
            "bytes": self.size,
            "corpus": dataclasses.asdict(record.corpus) if record else None,
            "architecture": dataclasses.asdict(record.architecture) if record else None,
            "parameters": record.architecture.parameters if record else None,
            "step": model.step if model else None,
            "validation_loss": model.validation_loss if model else None,
        }

    def everything(self) -> dict[str, Any]:
        """All that is known, for JSON. Losses are in nats per character."""
        details: dict[str, Any] = {"model": self.model and dataclasses.asdict(self.model)}
        if self.record is not None:
            details |= dataclasses.asdict(self.record)
            details["vocabulary"] = "".join(self.record.vocabulary)
            details["layers"] = [layer._asdict() for layer in self.record.architecture.table()]
            del details["models"]
            details["taught"] = dataclasses.asdict(self.taught()) if self.model else None
        return self.summary() | details | {"history": self.history}


def whole_run(directory: Path) -> RunFacts:
    """The facts of a run that can be written with; raises CheckpointError for any other."""
    checkpoint = Checkpoint.open(directory)
    return _facts(directory, checkpoint.record, checkpoint.model, checkpoint.history())


def any_run(directory: Path) -> RunFacts:
    """The facts of a run, whatever state it is in."""
    try:
        return whole_run(directory)
    except CheckpointError as error:
        problem = str(error)
    try:
        record = read_record(directory)
    except CheckpointError:
        record = None
    return _facts(directory, record, None, [], problem)


def _facts(
    directory: Path,
    record: RunRecord | None,
    model: ModelRecord | None,
    history: list[dict[str, Any]],
    problem: str | None = None,
) -> RunFacts:
    written = (directory / RECORD_FILE).stat().st_mtime
    return RunFacts(
        directory=directory,
        size=sum(path.stat().st_size for path in directory.rglob("*") if path.is_file()),
        saved=datetime.datetime.fromtimestamp(written, datetime.UTC),
        record=record,
        model=model,
        history=history,
        problem=problem,
    )
