"""Where a text comes from: paths, directories, standard input, and names of the catalogue."""

import difflib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from charrnn.corpus.catalogue import Catalogue
from charrnn.corpus.download import DownloadProgress
from charrnn.corpus.layout import ResolvedLayout
from charrnn.errors import CorpusError

STANDARD_INPUT: Final = "-"
"""The name that stands for standard input on a command line."""


@dataclass(frozen=True, slots=True)
class Source:
    """One text to read.

    Attributes:
        name: What to call it in a message.
        stem: A short name for a checkpoint of it.
        reference: The absolute path or catalogue name to find it by again.
        layout: Its layout, where the catalogue tells.
        encoding: Its encoding, where the catalogue tells.
        read: Gives its bytes.
    """

    name: str
    stem: str
    reference: str
    layout: ResolvedLayout | None
    encoding: str | None
    read: Callable[[], bytes]


def find_sources(
    references: Sequence[str],
    catalogue: Catalogue,
    progress: DownloadProgress,
    standard_input: Callable[[], bytes] | None = None,
) -> Iterator[list[Source]]:
    """Find the texts that were asked for, downloading those that must be.

    Args:
        references: Paths of files and directories, "-", or names of the catalogue. A path that
            exists wins over a name.
        catalogue: The corpora known by name.
        progress: Is told how far each download has come.
        standard_input: Gives the bytes of standard input; None reads those of the process.

    Yields:
        For each reference the texts it stands for: one, or those of a directory.

    Raises:
        CorpusError: A reference is neither, or a directory holds no text.
    """
    for reference in references:
        path = Path(reference).expanduser()
        if reference == STANDARD_INPUT:
            read = standard_input or sys.stdin.buffer.read
            yield [Source("standard input", "stdin", STANDARD_INPUT, None, None, read)]
        elif _exists(path) and reference:
            texts = _texts_in(path) if path.is_dir() else [path]
            yield [_file(text, path.resolve().stem) for text in texts]
        elif reference in catalogue.entries:
            entry = catalogue.entries[reference]
            read = _reader(catalogue.fetch(entry, progress))
            yield [Source(reference, reference, reference, entry.layout, "utf-8", read)]
        else:
            raise CorpusError(_unknown(reference, catalogue))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}.") from error


def _file(path: Path, stem: str) -> Source:
    return Source(str(path), stem, str(path.absolute()), None, None, _reader(path))


def _texts_in(directory: Path) -> list[Path]:
    try:
        texts = sorted(
            path
            for path in directory.rglob("*")
            if path.suffix.lower() == ".txt"
            and path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(directory).parts)
        )
    except OSError as error:
        raise CorpusError(f"{directory} cannot be read: {error.strerror}.") from error
    if not texts:
        raise CorpusError(
            f"{directory} is a directory without text: it holds no file that ends in .txt. "
            "Name the files themselves if they end in something else."
        )
    return texts


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CorpusError(f"{path} cannot be read: {error.strerror}.") from error

    return read


def _unknown(reference: str, catalogue: Catalogue) -> str:
    path = Path(reference).expanduser()
    try:
        neighbours = [
            str(path.with_name(other.name)) for other in path.parent.iterdir() if other != path
        ]
    except (OSError, ValueError):
        neighbours = []
    near = difflib.get_close_matches(reference, [*catalogue.entries, *neighbours], n=3)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"there is no file, directory or corpus named {reference}.{meant} "
        "charrnn corpus list shows the corpora known by name."
    )
