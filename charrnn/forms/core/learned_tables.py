"""What the poems of a run taught, as it is kept beside its network.

Each language has a table of its own: the tones and rhymes of Chinese characters, the words of English
text. A table names the corpus that it is from, and a network can do without any.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import spoken_name
from charrnn.errors import CheckpointError, FormError
from charrnn.settings.from_json import read_document

_FORMAT: Final = 1


class LearnedTable(Protocol):
    """What poems taught: a frozen dataclass of what JSON knows."""

    @property
    def corpus(self) -> str:
        """Digest of the corpus that the poems come from; "" where that is not known."""


Table = TypeVar("Table", bound=LearnedTable)


def open_table(checkpoint: Checkpoint, file: str, kind: type[Table]) -> Table | None:
    """What the poems of a network taught.

    Args:
        checkpoint: The network.
        file: The file of the table.
        kind: The dataclass of the table.

    Returns:
        The table; None where there is none.

    Raises:
        CheckpointError: It is damaged, of another format, or that of another text.
    """
    path = checkpoint.directory / file
    try:
        table = read_table(path, kind)
    except FileNotFoundError:
        return None
    except FormError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{path}: {error.strerror}."
    else:
        if table.corpus == checkpoint.record.corpus.digest:
            return table
        reason = f"{path} is not that of the text which was learned."
    raise CheckpointError(
        f"what its poems taught cannot be used: {reason} Make it anew: charrnn forms sounds "
        f"{spoken_name(checkpoint.directory)}"
    )


def read_table(path: Path, kind: type[Table]) -> Table:
    """Read the file of a table.

    Raises:
        FormError: It is not what charrnn writes.
        OSError: It is missing or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text.") from error
    return table_from_json(text, str(path), kind)


def table_from_json(text: str, name: str, kind: type[Table]) -> Table:
    """Read what `table_to_json` wrote.

    Args:
        text: The JSON document.
        name: What to call it in an error: its path.
        kind: The dataclass of the table.

    Raises:
        FormError: It is not such a document.
    """
    try:
        return read_document(text, _FORMAT, kind, FormError)
    except FormError as error:
        raise FormError(f"{name} cannot be used: {error}") from error


def table_to_json(table: LearnedTable) -> str:
    """The file of a table: JSON with its format."""
    document = {"format": _FORMAT} | dataclasses.asdict(cast("Any", table))
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
