"""Finding the sources of a corpus: files, directories, standard input, names of the catalogue."""

import contextlib
import dataclasses
import difflib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, Final

from charrnn.checkpoint.record import IN_CATALOGUE, holds_run
from charrnn.corpus.catalogue import Catalogue, Entry, open_catalogue
from charrnn.corpus.download import DownloadProgress
from charrnn.corpus.store import rereadable
from charrnn.errors import CorpusError
from charrnn.input_files import STANDARD_INPUT, open_input, opened_descriptor, standard_input
from charrnn.settings.configuration import ResolvedLayout

_UNSAFE: Final = re.compile(r"[^\w.-]+")
_LONGEST_NAME: Final = 64
_PLAIN: Final = ".txt"
_SUFFIXES: Final = {_PLAIN, ".json", ".jsonl", ".csv", ".tsv"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One text to read.

    Attributes:
        name: Name in messages.
        reference: An absolute path, `catalogue:` and a name, or "-" for what is read once.
        identity: Equal for different references to the same text.
        asked_for: Whether the user named it, not its directory.
        open: Opens a seekable file of its bytes; raises CorpusError.
        layout: Layout according to the catalogue.
        encoding: Encoding according to the catalogue.
        group: In a directory, the name of the subdirectory that it lies in, or its own without its
            ending; empty for a file that was named itself.
    """

    name: str
    reference: str
    identity: str
    asked_for: bool
    open: Callable[[], AbstractContextManager[BinaryIO]]
    layout: ResolvedLayout | None = None
    encoding: str | None = None
    group: str = ""


def find_sources(
    references: Sequence[str],
    catalogue: Catalogue,
    progress: DownloadProgress,
    standard_input: BinaryIO | None = None,
) -> Iterator[Source]:
    """Find texts, and download missing corpora of the catalogue; see `read_corpus`.

    Yields:
        The text of a reference, or all texts of a directory. What cannot be read in a directory is
        a source that raises CorpusError when it is opened.

    Raises:
        CorpusError: A reference is unknown, or a directory has no text.
    """
    for reference in references:
        if reference == STANDARD_INPUT:
            yield _standard_input(standard_input)
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
            yield from _require_texts(target)
        else:
            yield _file(target, asked_for=True)


def corpus_name(references: Sequence[str], catalogue: Catalogue | None = None) -> str:
    """A name for a corpus of some sources, which need not exist; it is safe for a directory.

    For example "my-poems", "stdin", "odes-and-1-more".
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
    return str(path), path.stem if opened_descriptor(target) is None else "stdin"


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


def _file(path: Path, *, asked_for: bool, group: str = "") -> Source:
    return Source(
        group=group,
        name=str(path),
        reference=str(path.absolute()) if opened_descriptor(path) is None else STANDARD_INPUT,
        identity=str(path.resolve()),
        asked_for=asked_for,
        open=lambda: _opened(path),
    )


def _standard_input(stream: BinaryIO | None) -> Source:
    return Source(
        name="standard input",
        reference=STANDARD_INPUT,
        identity=STANDARD_INPUT,
        asked_for=True,
        open=lambda: _copied("standard input", stream),
    )


def _require_texts(directory: Path) -> list[Source]:
    texts = _texts_in(directory)
    if not texts:
        raise CorpusError(
            f"{directory} is a directory without text: it has no file that ends in .txt. "
            "Name the files themselves if they end in something else."
        )
    return texts


def _texts_in(directory: Path) -> list[Source]:
    """The texts in a directory and below, in order, and what cannot be read there."""
    paths: list[Path] = []
    unread: list[Source] = []

    def fail(error: OSError) -> None:
        unread.append(_unreadable(str(error.filename), f"cannot be read: {error.strerror}."))

    for place, directories, files in os.walk(directory, onerror=fail):
        directories[:] = [name for name in directories if not name.startswith(".")]
        unread += (
            _unreadable(str(path), "is a link to a directory; name it itself to read it.")
            for path in (Path(place, name) for name in directories)
            if path.is_symlink()
        )
        paths += (
            Path(place, name)
            for name in files
            if Path(name).suffix.lower() in _SUFFIXES and not name.startswith(".")
        )
    plain = [path for path in paths if path.suffix.lower() == _PLAIN]
    texts = (
        _file(path, asked_for=False, group=_group(directory, path))
        for path in sorted(plain or paths)
    )
    return [*texts, *sorted(unread, key=attrgetter("name"))]


def _group(directory: Path, path: Path) -> str:
    first, *others = path.relative_to(directory).parts
    return first if others else path.stem


def _unreadable(name: str, why: str) -> Source:
    def fail() -> AbstractContextManager[BinaryIO]:
        raise CorpusError(f"{name} {why}")

    return Source(name=name, reference=name, identity=name, asked_for=False, open=fail)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with _read_errors(str(path)), open_input(path) as file:
        if file.seekable():
            yield file
        else:
            with rereadable(file) as copy:
                yield copy


@contextlib.contextmanager
def _copied(name: str, stream: BinaryIO | None) -> Iterator[BinaryIO]:
    with _read_errors(name), rereadable(stream or standard_input()) as copy:
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
    matches = difflib.get_close_matches(reference, [*catalogue.entries, *siblings], n=3)
    near = [match for match in matches if not holds_run(Path(match))]  # A run is no text.
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"there is no file, directory or corpus named {reference}.{meant} "
        "charrnn corpus list shows the corpora known by name."
    )
