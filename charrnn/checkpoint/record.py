"""The content of `charrnn.json`: network, corpus, settings and losses of a run."""

import dataclasses
import json
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from charrnn.errors import CheckpointError
from charrnn.settings.architecture import SPECIAL, Architecture
from charrnn.settings.configuration import CorpusConfig, ResolvedLayout, TrainingConfig
from charrnn.settings.from_json import read_document

FORMAT: Final = 2

RECORD_FILE: Final = "charrnn.json"
MODEL_FILE: Final = "model.keras"

IN_CATALOGUE: Final = "catalogue:"
"""Prefix of a source that is a corpus of the catalogue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRecord:
    """A label that poems of a corpus have, such as the author 李白, and how many have it."""

    field: str
    value: str
    poems: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusRecord:
    """A description of the corpus, without the text.

    Attributes:
        name: Catalogue name or file name.
        sources: Absolute paths, or `catalogue:` and a name.
        layout: Arrangement of poems in the text.
        stanzas: Whether one blank line separates stanzas and two or more separate poems.
        encoding: Encoding of the sources.
        digest: SHA-256 of the normalised text in UTF-8.
        characters: Length of the text.
        poems: Number of poems; 1 for continuous text.
        poems_by_lines: Number of poems with 1, 2, 3 ... lines; empty if lines are not counted.
        labels: The labels that are learned, in the order of their ids.
        titles: Number of poems whose titles are learned.
    """

    name: str
    sources: tuple[str, ...]
    layout: ResolvedLayout
    stanzas: bool
    encoding: str
    digest: str
    characters: int
    poems: int
    poems_by_lines: tuple[int, ...]
    labels: tuple[LabelRecord, ...] = ()
    titles: int = 0

    @property
    def header_tokens(self) -> int:
        """Number of token ids that only headers of poems have: the end of a header, and labels."""
        return 1 + len(self.labels) if self.labels or self.titles else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginRecord:
    """The network of a warm start: the name of its checkpoint, the digest of its `model.keras`."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRecord:
    """One saved network.

    Attributes:
        sha256: Digest of `model.keras`.
        step: Training steps so far.
        epoch: Epochs so far.
        training_loss: Mean since the previous evaluation, in nats per character.
        validation_loss: On the validation split, in nats per character.
    """

    sha256: str
    step: int
    epoch: float
    training_loss: float
    validation_loss: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """Content of `charrnn.json`.

    Attributes:
        created: Start of the run, in ISO 8601.
        versions: Versions of charrnn, Python and important packages.
        architecture: Sizes of the network.
        vocabulary: Characters in the order of their ids.
        corpus: The text.
        corpus_config: Settings for reading and splitting the text.
        training: Settings for training, with all defaults filled in.
        device: Training device.
        baselines: Losses to compare with, in nats per character, by name.
        models: The network in `model.keras`; both networks while the new replaces the old one.
        origin: The network of a warm start.
        text_files: The files that depend on the text alone, each with the reason why this text
            cannot give it; with None it can, so a run without the file lacks it.
        writing: Settings for writing with it that differ from the general defaults, as they are
            typed, by the names of their options.
    """

    created: str
    versions: dict[str, str]
    architecture: Architecture
    vocabulary: tuple[str, ...]
    corpus: CorpusRecord
    corpus_config: CorpusConfig
    training: TrainingConfig
    device: str
    baselines: dict[str, float]
    models: tuple[ModelRecord, ...] = ()
    origin: OriginRecord | None = None
    text_files: dict[str, str | None] = field(default_factory=dict)
    writing: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The content of `charrnn.json`."""
        values = {"format": FORMAT} | dataclasses.asdict(self)
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunRecord":
        """Read what `to_json` wrote; raises CheckpointError for anything else."""
        record = read_document(text, FORMAT, cls, CheckpointError)
        _check_vocabulary(record.vocabulary)
        _check_labels(record.corpus.labels)
        tokens = SPECIAL + len(record.vocabulary) + record.corpus.header_tokens
        if record.architecture.vocabulary_size != tokens:
            raise CheckpointError(
                f"its network has {record.architecture.vocabulary_size:,} tokens, and its vocabulary "
                f"{tokens:,}."
            )
        return record


def holds_run(directory: Path) -> bool:
    """Whether a directory holds a run, finished or not; true where we may not look into it."""
    try:
        (directory / RECORD_FILE).stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def is_there(path: Path) -> bool:
    """Whether there is something at a path; false where we may not look."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def _check_vocabulary(vocabulary: tuple[str, ...]) -> None:
    if not all(len(character) == 1 for character in vocabulary):
        raise CheckpointError("its vocabulary must be a list of single characters.")
    if list(vocabulary) != sorted(set(vocabulary)):
        raise CheckpointError("its vocabulary must be sorted and name each character once.")
    # A checkpoint from elsewhere must not send control characters to the terminal.
    if any(unicodedata.category(one) in {"Cc", "Cs"} for one in vocabulary if one not in "\t\n"):
        raise CheckpointError("its vocabulary must not hold control characters.")


def _check_labels(labels: tuple[LabelRecord, ...]) -> None:
    names = [(label.field, label.value) for label in labels]
    if len(set(names)) < len(names) or not all(field and value for field, value in names):
        raise CheckpointError("its labels must have names, each of its own.")
