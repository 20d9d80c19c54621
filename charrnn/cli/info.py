"""`charrnn info`: what a network is made of, and how well it learned."""

import dataclasses
import datetime
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from charrnn.checkpoint.directory import Checkpoint, read_record
from charrnn.checkpoint.history import read_history
from charrnn.checkpoint.lookup import find_checkpoint, last_written, networks_in
from charrnn.checkpoint.record import MODEL_FILE, ModelRecord, RunRecord
from charrnn.cli.options import checkpoint_argument, checkpoints_option, examples, json_option
from charrnn.cli.process import print_json
from charrnn.errors import CheckpointError


@click.command(
    epilog=examples(
        ("charrnn info", "all networks"),
        ("charrnn info quatrains", "one of them, layer by layer"),
        ("charrnn info quatrains --json", "the same for programs"),
    ),
)
@checkpoint_argument
@checkpoints_option
@json_option
def info(checkpoint: str | None, checkpoints: Path, as_json: bool) -> None:
    """Show what a network is made of, and how well it learned.

    CHECKPOINT is a name or a path. Without it, all networks are listed: your own,
    the newest first, then the bundled ones.
    """
    if checkpoint is not None:
        run = usable_run(find_checkpoint(checkpoint, checkpoints))
        if as_json:
            print_json(run.details())
        else:
            _draw(run)
        return
    runs = [any_run(directory) for directory in networks_in(checkpoints)]
    if as_json:
        print_json({"runs": [run.summary() for run in runs]})
    elif runs:
        _draw(runs)
    else:
        find_checkpoint(None, checkpoints)  # Raises: there is none.


def _draw(runs: "RunFacts | list[RunFacts]") -> None:
    from charrnn.cli.console import safe_console
    from charrnn.cli.tables import show_run, show_runs

    console = safe_console()
    now = datetime.datetime.now(datetime.UTC)
    if isinstance(runs, RunFacts):
        show_run(console, runs, now)
    else:
        show_runs(console, runs, now)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run on the disk, usable or not.

    Attributes:
        directory: Its directory.
        record: What `charrnn.json` says; None if it cannot be read.
        model: What is known of `model.keras`; None if there is no usable network.
        history: Its evaluations, oldest first.
        problem: Why the network cannot be used; None if it can.
    """

    directory: Path
    record: RunRecord | None = None
    model: ModelRecord | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    problem: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        # Unlike Path.is_file, os.path.isfile is false for what cannot be looked at.
        files = filter(os.path.isfile, self.directory.rglob("*"))
        return sum(path.stat().st_size for path in files)

    @property
    def saved(self) -> datetime.datetime:
        """When it was last written."""
        return datetime.datetime.fromtimestamp(last_written(self.directory), datetime.UTC)

    @property
    def state(self) -> str:
        """Either "whole", "unfinished" (no network yet) or "damaged"."""
        if self.problem is None:
            return "whole"
        started = self.record is not None and not (self.directory / MODEL_FILE).exists()
        return "unfinished" if started else "damaged"

    def learned(self) -> dict[str, Any]:
        """The learned tables of a usable run: tones of `characters` from `poems`, and `words`.

        The numbers are None without a table, and `problem` says why one cannot be used.
        """
        from charrnn.forms.chinese.sounds import open_sounds
        from charrnn.forms.english.words import open_words

        sounds = words = problem = None
        try:
            checkpoint = Checkpoint.open(self.directory)
            sounds, words = open_sounds(checkpoint), open_words(checkpoint)
        except CheckpointError as error:
            problem = str(error)
        return {
            "characters": sounds and len(sounds.sounds().table),
            "poems": sounds and sounds.poems,
            "words": words and len(words.counts),
            "problem": problem,
        }

    def summary(self) -> dict[str, Any]:
        """The entry of the run in a list, for JSON."""
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

    def details(self) -> dict[str, Any]:
        """All that is known of a usable run, for JSON. Losses are in nats per character."""
        assert self.record is not None, "a usable run has a record"
        assert self.model is not None, "a usable run has a network"
        details = dataclasses.asdict(self.record)
        del details["models"]
        return (
            self.summary()
            | details
            | {
                "model": dataclasses.asdict(self.model),
                "vocabulary": "".join(self.record.vocabulary),
                "layers": [layer._asdict() for layer in self.record.architecture.table()],
                "learned": self.learned(),
                "history": self.history,
            }
        )


def usable_run(directory: Path) -> RunFacts:
    """The facts of a usable run; raises CheckpointError for any other."""
    checkpoint = Checkpoint.open(directory)
    return RunFacts(directory, checkpoint.record, checkpoint.model, read_history(directory))


def any_run(directory: Path) -> RunFacts:
    """The facts of a run in whatever state."""
    try:
        return usable_run(directory)
    except CheckpointError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename or directory} cannot be read: {error.strerror or error}."
    try:
        return RunFacts(directory, read_record(directory), problem=problem)
    except CheckpointError:
        return RunFacts(directory, problem=problem)
