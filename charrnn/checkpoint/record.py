"""What `charrnn.json` says of a run: the network, its text, its settings, its losses."""

import dataclasses
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from charrnn.errors import CheckpointError
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import CorpusConfig, Layout, TrainingConfig
from charrnn.settings.from_json import read_document

FORMAT: Final = 2

RECORD_FILE: Final = "charrnn.json"
"""The file of a checkpoint that holds its record."""

IN_CATALOGUE: Final = "catalogue:"
"""How a source begins that is known by its name in the catalogue of corpora."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CorpusRecord:
    """The text a network learned, without the text.

    Attributes:
        name: Catalogue name, or name of the file.
        sources: What it was read from: absolute paths, or `catalogue:` and a name.
        layout: How poems stood in it.
        stanzas: Whether one blank line parted stanzas, and only a longer gap poems.
        encoding: Encoding it was read in.
        digest: SHA-256 of the normalised text, as UTF-8.
        characters: Its length.
        poems: Its poems (1 for continuous text).
        poems_by_lines: How many of them have 1, 2, 3 ... lines, where lines are counted.
    """

    name: str
    sources: tuple[str, ...]
    layout: Layout
    stanzas: bool
    encoding: str
    digest: str
    characters: int
    poems: int
    poems_by_lines: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OriginRecord:
    """The network that a run began with.

    Attributes:
        name: Its checkpoint.
        sha256: Digest of its `model.keras`.
    """

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRecord:
    """One saved network: which file it is, and how well it did.

    Attributes:
        sha256: Digest of `model.keras`.
        step: Training steps behind it.
        epoch: Epochs behind it.
        training_loss: Mean since the evaluation before, in nats per character.
        validation_loss: On the validation part, in nats per character.
    """

    sha256: str
    step: int
    epoch: float
    training_loss: float
    validation_loss: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """What `charrnn.json` holds.

    Attributes:
        created: When the run began, in ISO 8601.
        versions: Versions of charrnn, Python and the packages that matter.
        architecture: Sizes of the network.
        vocabulary: Its characters, in the order of their ids.
        corpus: The text it learned.
        corpus_config: How that text was read and divided.
        training: How it was trained, every open setting settled.
        device: Where it was trained.
        baselines: Losses to compare with, in nats per character, by name.
        models: The network in `model.keras`; while it is being replaced, the new and the old.
        origin: The network that the run began with; None where it began with nothing.
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

    def to_json(self) -> str:
        """The content of `charrnn.json`."""
        values = {"format": FORMAT} | dataclasses.asdict(self)
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "RunRecord":
        """Read what `to_json` wrote; raises CheckpointError for anything else."""
        record = read_document(text, FORMAT, cls, CheckpointError)
        _check_vocabulary(record.vocabulary)
        return record


def holds_run(directory: Path) -> bool:
    """Whether a run has been written there, finished or not."""
    return (directory / RECORD_FILE).exists()


def _check_vocabulary(vocabulary: tuple[str, ...]) -> None:
    if not all(len(character) == 1 for character in vocabulary):
        raise CheckpointError("its vocabulary must be a list of single characters.")
    if list(vocabulary) != sorted(set(vocabulary)):
        raise CheckpointError("its vocabulary must be sorted and name each character once.")
    # Terminals obey control characters; a checkpoint from elsewhere must not speak to them.
    if any(unicodedata.category(one) in {"Cc", "Cs"} for one in vocabulary if one not in "\t\n"):
        raise CheckpointError("its vocabulary must not hold control characters.")
