"""Finding the sources of a corpus: files, directories, standard input, names of the catalogue."""

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
from charrnn.corpus.store import rereadable
from charrnn.errors import CorpusError
from charrnn.settings.configuration import ResolvedLayout

STANDARD_INPUT: Final = "-"

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One text to read.

    Attributes:
        name: Name in messages.
        reference: An absolute path, or `catalogue:` and a name.
        identity: Equal for different references to the same text.
        asked_for: Whether the user named it, not its directory.
        open: Opens a seekable file of its bytes; raises CorpusError.
        layout: Layout according to the catalogue.
        encoding: Encoding according to the catalogue.
    """

    name: str
    reference: str
    identity: str
    asked_for: bool
    open: Callable[[], AbstractContextManager[BinaryIO]]
    layout: ResolvedLayout | None = None
    encoding: str | None = None


def find_sources(
    references: Sequence[str],
    catalogue: Catalogue,
    progress: DownloadProgress,
    standard_input: BinaryIO | None = None,
) -> Iterator[Source]:
    """Find texts, and download missing corpora of the catalogue.

    Args:
        references: As for `charrnn.corpus.loading.read_corpus`.
        catalogue: The known corpora.
        progress: Receives the progress of each download.
        standard_input: Stream for "-"; None is that of the process.

    Yields:
        The text of a reference, or all texts of a directory.

    Raises:
        CorpusError: A reference is unknown, or a directory has no text.
    """
    for reference in references:
        if reference == STANDARD_INPUT:
            yield _stream(standard_input or sys.stdin.buffer)
            continue
        target = _resolved(reference, catalogue)
        if isinstance(target, Entry):
            yield dataclasses.replace(
                _file(catalogue.fetch(target, progress), asked_for=True),
                name=target.name,
                reference=f"{IN_CATALOGUE}{target.name}",
                layout=target.layout,
                encoding="utf-8",
            )
        elif target is None:
            raise CorpusError(_unknown(reference, catalogue))
        elif target.is_dir():
            yield from (_file(text, asked_for=False) for text in _require_texts(target))
        else:
            yield _file(target, asked_for=True)


def corpus_name(references: Sequence[str], catalogue: Catalogue | None = None) -> str:
    """The name of a corpus of some sources, which need not exist.

    Args:
        references: As for `find_sources`, at least one.
        catalogue: The known corpora; None is the catalogue of charrnn.

    Returns:
        A name that is safe for a directory: "my-poems", "stdin", "odes-and-1-more".
    """
    catalogue = catalogue or open_catalogue()
    # By identity, because a text that is named twice is read once.
    stems = dict(_identity_and_stem(reference, catalogue) for reference in references)
    name = _UNSAFE.sub("-", next(iter(stems.values()))).strip(".-")[:_LONGEST_NAME] or "text"
    return f"{name}-and-{len(stems) - 1}-more" if len(stems) > 1 else name


def _identity_and_stem(reference: str, catalogue: Catalogue) -> tuple[str, str]:
    if reference == STANDARD_INPUT:
        return reference, "stdin"
    target = _resolved(reference, catalogue)
    if isinstance(target, Entry):
        return f"{IN_CATALOGUE}{target.name}", target.name
    if target is None:
        return reference, Path(reference.removeprefix(IN_CATALOGUE)).stem
    path = target.resolve()
    return str(path), path.stem


def _resolved(reference: str, catalogue: Catalogue) -> Path | Entry | None:
    """The existing path or the corpus that a reference names, or None."""
    if reference.startswith(IN_CATALOGUE):
        return catalogue.entries.get(reference.removeprefix(IN_CATALOGUE))
    path = _path(reference)
    entry = catalogue.entries.get(reference)
    if not reference or not _exists(path):
        return entry
    # The directory of a run has the name of its corpus, and must not hide the corpus.
    if entry is not None and path.is_dir() and (holds_run(path) or not _texts_in(path)):
        return entry
    return path


def _path(reference: str) -> Path:
    try:
        return Path(reference).expanduser()
    except RuntimeError:  # The user after ~ does not exist.
        return Path(reference)


def _exists(path: Path) -> bool:
    with _read_errors(str(path)):
        return path.exists()


def _file(path: Path, *, asked_for: bool) -> Source:
    return Source(
        name=str(path),
        reference=str(path.absolute()),
        identity=str(path.resolve()),
        asked_for=asked_for,
        open=lambda: _opened(path),
    )


def _stream(stream: BinaryIO) -> Source:
    name = "standard input"
    return Source(
        name=name,
        reference=STANDARD_INPUT,
        identity=STANDARD_INPUT,
        asked_for=True,
        open=lambda: _copied(name, stream),
    )


def _require_texts(directory: Path) -> list[Path]:
    texts = _texts_in(directory)
    if not texts:
        raise CorpusError(
            f"{directory} is a directory without text: it has no file that ends in .txt. "
            "Name the files themselves if they end in something else."
        )
    return texts


def _texts_in(directory: Path) -> list[Path]:
    with _read_errors(str(directory)):
        return sorted(
            path
            for path in directory.rglob("*")
            if path.suffix.lower() == ".txt"
            and path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(directory).parts)
        )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with _read_errors(str(path)), path.open("rb") as file:
        if file.seekable():
            yield file
        else:
            with rereadable(file) as copy:
                yield copy


@contextlib.contextmanager
def _copied(name: str, stream: BinaryIO) -> Iterator[BinaryIO]:
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
        siblings = [
            str(path.with_name(other.name)) for other in path.parent.iterdir() if other != path
        ]
    except (OSError, ValueError):
        siblings = []
    near = difflib.get_close_matches(reference, [*catalogue.entries, *siblings], n=3)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"there is no file, directory or corpus named {reference}.{meant} "
        "charrnn corpus list shows the corpora known by name."
    )
