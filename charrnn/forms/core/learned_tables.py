"""What the poems of a run taught, as it is kept beside its network.

Each language has a table of its own: the tones and rhymes of Chinese characters, the words of English
text. A table names the corpus that it is from, and a network can do without any.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.lookup import spoken_name
from charrnn.errors import CheckpointError, FormError
from charrnn.typecheck import conforms

_FORMAT: Final = 1


class LearnedTable(Protocol):
    """What poems taught."""

    @property
    def corpus(self) -> str:
        """Digest of the corpus that the poems come from; "" where that is not known."""

    def to_json(self) -> str:
        """The content of its file."""


Table = TypeVar("Table", bound=LearnedTable)

Read = Callable[[str, str], Table]
"""Makes a table of the content of its file, and of the name to use in an error."""


def open_table(checkpoint: Checkpoint, file: str, read: Read[Table]) -> Table | None:
    """What the poems of a network taught.

    Args:
        checkpoint: The network.
        file: The file of the table.
        read: Reads it.

    Returns:
        The table; None where there is none.

    Raises:
        CheckpointError: It is damaged, of another format, or that of another text.
    """
    path = checkpoint.directory / file
    try:
        table = read_table(path, read)
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


def read_table(path: Path, read: Read[Table]) -> Table:
    """Read the file of a table.

    Raises:
        FormError: It is not what charrnn writes.
        OSError: It is missing or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormError(f"{path} is not UTF-8 text.") from error
    return read(text, str(path))


def write_document(corpus: str, **content: Any) -> str:
    """The file of a table: JSON with its format and its corpus."""
    document = {"format": _FORMAT, "corpus": corpus} | content
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def read_document(text: str, name: str, kinds: dict[str, Any]) -> dict[str, Any] | None:
    """The content that `write_document` wrote.

    Args:
        text: The JSON document.
        name: What to call it in an error.
        kinds: The type of each entry besides format and corpus.

    Returns:
        The entries; None where they are not these, or not of these types.

    Raises:
        FormError: It is not JSON.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormError(f"{name} is not JSON: {error}.") from error
    expected = kinds | {"format": int, "corpus": str}
    fits = (
        isinstance(document, dict)
        and document.setdefault("corpus", "") is not None
        and document.keys() == expected.keys()
        and document["format"] == _FORMAT
        and all(conforms(document[key], kind) for key, kind in expected.items())
    )
    return document if fits else None
