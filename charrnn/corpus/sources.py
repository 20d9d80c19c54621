"""Where a text comes from: paths, directories, standard input, and names of the catalogue."""

import contextlib
import dataclasses
import difflib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from charrnn.checkpoint.record import IN_CATALOGUE, holds_run
from charrnn.corpus.catalogue import Catalogue, Entry, open_catalogue
from charrnn.corpus.download import DownloadProgress
from charrnn.corpus.layout import ResolvedLayout
from charrnn.corpus.store import rereadable
from charrnn.errors import CorpusError

STANDARD_INPUT: Final = "-"
"""The name that stands for standard input on a command line."""

"""What stands before a name that is looked up in the catalogue only, never as a path."""

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Source:
    """One text to read.

    Attributes:
        name: What to call it in a message.
        reference: What finds it again from anywhere: an absolute path, or `catalogue:` and a name.
        identity: The same for every way to name the same text.
        asked_for: Whether it was named itself, not a directory that holds it.
        layout: Its layout, where the catalogue tells.
        encoding: Its encoding, where the catalogue tells.
        open: Gives its bytes as a file that can be read more than once; what is asked of it
            raises CorpusError where the text cannot be read.
    """

    name: str
    reference: str
    identity: str
    asked_for: bool
    layout: ResolvedLayout | None
    encoding: str | None
    open: Callable[[], AbstractContextManager[BinaryIO]]


def find_sources(
    references: Sequence[str],
    catalogue: Catalogue,
    progress: DownloadProgress,
    standard_input: BinaryIO | None = None,
) -> Iterator[Source]:
    """Find the texts that were asked for, downloading those that must be.

    Args:
        references: Paths of files and directories, "-", or names of the catalogue, with
            `catalogue:` before them or without. A path that exists wins over a bare name, unless
            it is a directory of a run or without text.
        catalogue: The corpora known by name.
        progress: Is told how far each download has come.
        standard_input: What "-" stands for; None is the standard input of the process.

    Yields:
        The text that a reference stands for, or those of a directory.

    Raises:
        CorpusError: A reference is neither, or a directory holds no text.
    """
    for reference in references:
        if reference == STANDARD_INPUT:
            yield _stream(reference, standard_input or sys.stdin.buffer)
            continue
        meant = _meaning(reference, catalogue)
        if isinstance(meant, Entry):
            source = _file(catalogue.fetch(meant, progress), asked_for=True)
            yield dataclasses.replace(
                source,
                name=meant.name,
                reference=f"{IN_CATALOGUE}{meant.name}",
                layout=meant.layout,
                encoding="utf-8",
            )
        elif meant is None:
            raise CorpusError(_unknown(reference, catalogue))
        elif meant.is_dir():
            yield from (_file(text, asked_for=False) for text in _require_texts(meant))
        else:
            yield _file(meant, asked_for=True)


def corpus_name(references: Sequence[str], catalogue: Catalogue | None = None) -> str:
    """What a corpus is called that is read from some sources, without reading them.

    Args:
        references: The sources, as `find_sources` takes them, at least one; they may be missing.
        catalogue: The corpora known by name; None takes those that come with charrnn.

    Returns:
        A name that is safe for a directory: "my-poems", "stdin", "odes-and-1-more".
    """
    catalogue = catalogue or open_catalogue()
    # What is named twice is read once.
    stems = dict(_identity_and_stem(reference, catalogue) for reference in references)
    more = f"-and-{len(stems) - 1}-more" if len(stems) > 1 else ""
    return f"{safe_name(next(iter(stems.values())))}{more}"


def safe_name(name: str) -> str:
    """A name that can be that of a directory everywhere, as near to another one as may be."""
    return _UNSAFE.sub("-", name).strip(".-")[:_LONGEST_NAME] or "text"


def _identity_and_stem(reference: str, catalogue: Catalogue) -> tuple[str, str]:
    if reference == STANDARD_INPUT:
        return reference, "stdin"
    meant = _meaning(reference, catalogue)
    if isinstance(meant, Entry):
        return f"{IN_CATALOGUE}{meant.name}", meant.name
    if meant is None:
        return reference, Path(reference.removeprefix(IN_CATALOGUE)).stem
    path = meant.resolve()
    return str(path), path.stem


def _meaning(reference: str, catalogue: Catalogue) -> Path | Entry | None:
    """The path that exists or the corpus that a reference stands for; None if there is neither."""
    if reference.startswith(IN_CATALOGUE):
        return catalogue.entries.get(reference.removeprefix(IN_CATALOGUE))
    path = _path(reference)
    entry = catalogue.entries.get(reference)
    if not reference or not _exists(path):
        return entry
    # Runs are directories named after corpora; started in such a directory, they hide nothing.
    if entry is not None and path.is_dir() and (holds_run(path) or not _texts_in(path)):
        return entry
    return path


def _path(reference: str) -> Path:
    try:
        return Path(reference).expanduser()
    except RuntimeError:  # It begins with ~, and there is no such user.
        return Path(reference)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}.") from error


def _file(path: Path, *, asked_for: bool) -> Source:
    return Source(
        name=str(path),
        reference=str(path.absolute()),
        identity=str(path.resolve()),
        asked_for=asked_for,
        layout=None,
        encoding=None,
        open=lambda: _opened(path),
    )


def _stream(reference: str, stream: BinaryIO) -> Source:
    return Source(
        name="standard input",
        reference=reference,
        identity=reference,
        asked_for=True,
        layout=None,
        encoding=None,
        open=lambda: _read_once("standard input", stream),
    )


def _require_texts(directory: Path) -> list[Path]:
    texts = _texts_in(directory)
    if not texts:
        raise CorpusError(
            f"{directory} is a directory without text: it holds no file that ends in .txt. "
            "Name the files themselves if they end in something else."
        )
    return texts


def _texts_in(directory: Path) -> list[Path]:
    try:
        return sorted(
            path
            for path in directory.rglob("*")
            if path.suffix.lower() == ".txt"
            and path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(directory).parts)
        )
    except OSError as error:
        raise CorpusError(f"{directory} cannot be read: {error.strerror}.") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with _read_errors(str(path)), path.open("rb") as file:
        if file.seekable():
            yield file
        else:
            with rereadable(file) as copy:
                yield copy


@contextlib.contextmanager
def _read_once(name: str, stream: BinaryIO) -> Iterator[BinaryIO]:
    with _read_errors(name), rereadable(stream) as copy:
        yield copy


@contextlib.contextmanager
def _read_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusError(f"{name} cannot be read: {error.strerror}.") from error


def _unknown(reference: str, catalogue: Catalogue) -> str:
    if reference.startswith(IN_CATALOGUE):
        known = ", ".join(catalogue.entries)
        return f"there is no corpus named {reference.removeprefix(IN_CATALOGUE)}. Known: {known}."
    path = _path(reference)
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
