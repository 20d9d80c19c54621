"""Stand-ins for what is slow or needs a trained network."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from charrnn.checkpoint.directory import CheckpointWriter
from charrnn.checkpoint.history import append_history
from charrnn.checkpoint.record import CorpusRecord, ModelRecord, RunRecord
from charrnn.corpus.variants import Substitution
from charrnn.errors import CharrnnError
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import CorpusConfig, SamplingConfig, TrainingConfig

ARCHITECTURE = Architecture(
    cell="lstm",
    vocabulary_size=6,
    embedding=3,
    layers=2,
    units=5,
    dropout=0.25,
    activation="tanh",
)

RECORD = RunRecord(
    created="2026-01-02T03:04:05+00:00",
    versions={"charrnn": "0.1.0", "python": "3.12.0", "keras": "3.15.0"},
    architecture=ARCHITECTURE,
    vocabulary=("\n", "a", "b", "月"),
    corpus=CorpusRecord(
        name="moons",
        sources=("/poems/moons.txt",),
        layout="blocks",
        stanzas=False,
        encoding="utf-8",
        digest="0" * 64,
        characters=12_345,
        poems=67,
        poems_by_lines=(),
    ),
    corpus_config=CorpusConfig(layout="blocks"),
    training=TrainingConfig(steps=200, batch_size=8, window=64, learning_rate=0.005),
    device="the CPU (2 cores)",
    baselines={"unigram": 2.5, "xz": 1.75},
)

MODEL = ModelRecord(sha256="", step=150, epoch=3.25, training_loss=1.25, validation_loss=1.5)


def write_run(directory: Path, content: bytes = b"weights", **changes: object) -> RunRecord:
    """Write a checkpoint whose network is a few bytes, with three evaluations."""
    writer = CheckpointWriter(directory)
    record = writer.write_model(
        dataclasses.replace(RECORD, **changes), MODEL, lambda path: save_bytes(path, content)
    )
    for step, loss in ((50, 2.0), (100, 1.75), (150, 1.5)):
        append_history(writer.directory, {"step": step, "validation_loss": loss})
    return record


def save_bytes(path: Path, content: bytes) -> None:
    """Save a network that is a few bytes."""
    path.write_bytes(content)


@dataclasses.dataclass(frozen=True)
class ScriptedDraft:
    """A text, who has read it, and whether its poem has ended."""

    text: str
    reader: object
    ended: bool = False
    dead_end: bool = False
    substitutions: tuple[Substitution, ...] = ()


@dataclasses.dataclass(frozen=True)
class ScriptedStep:
    """A character, and the text with it."""

    character: str
    hypothesis: ScriptedDraft


class ScriptedGenerator:
    """Writes what it was told to, one continuation after the other.

    In a continuation `.` ends the poem, `|` strands it, `*` stands for Ctrl-C, and `!` for a fault.
    A dash that is read is told as a substitution, and a dash that is favoured as unknown.

    Attributes:
        settings: Those of each turn, in order.
    """

    layout = "blocks"

    def __init__(self, *continuations: str) -> None:
        self.continuations = list(continuations)
        self.settings: list[SamplingConfig] = []

    def begin(self, prompt: str = "") -> ScriptedDraft:
        return ScriptedDraft(prompt, self, substitutions=_dashes(prompt))

    def extend(self, draft: ScriptedDraft, text: str) -> ScriptedDraft:
        assert draft.reader is self, "a state belongs to the network that made it"
        text = draft.text + text
        return ScriptedDraft(text, self, substitutions=_dashes(text))

    def conditioned(self, settings: SamplingConfig) -> "ScriptedGenerator":
        del settings
        return self

    def notes(self, settings: SamplingConfig) -> tuple[str, ...]:
        return ("— cannot be favoured.",) if "—" in (settings.favour or "") else ()

    def stream(self, draft: ScriptedDraft, settings: SamplingConfig) -> Iterator[ScriptedStep]:
        assert draft.reader is self, "a state belongs to the network that made it"
        self.settings.append(settings)
        for character in self.continuations.pop(0)[: settings.length]:
            if character == "*":
                raise KeyboardInterrupt
            if character == "!":
                raise CharrnnError("the network is tired.")
            ended, dead_end = character == ".", character == "|"
            written = "" if ended or dead_end else character
            draft = dataclasses.replace(
                draft, text=draft.text + written, ended=ended, dead_end=dead_end
            )
            yield ScriptedStep(written, draft)


def _dashes(text: str) -> tuple[Substitution, ...]:
    return (Substitution("—", "-"),) if "—" in text else ()
