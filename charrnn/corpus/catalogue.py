"""The corpora that charrnn knows by name: bundled ones, and ones it can fetch."""

import contextlib
import functools
import hashlib
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from charrnn.cache import CACHE_VARIABLE
from charrnn.corpus.cache import cache_directory, disk_errors
from charrnn.corpus.download import DownloadProgress, download, untold
from charrnn.corpus.layout import ResolvedLayout
from charrnn.corpus.recipes import RECIPES
from charrnn.errors import CorpusError
from charrnn.files import locked, write_text

Availability = Literal["bundled", "downloaded", "available"]
_DIGEST_IN_NAME: Final = 16
_LOCK_FILE: Final = ".lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One corpus of the catalogue.

    Attributes:
        name: What it is called on the command line.
        title: What it is.
        language: Its language.
        layout: How its poems stand in it.
        licence: Its licence, as an SPDX name or in words.
        source: Where it comes from, in words.
        size: Bytes of its text, as UTF-8.
        sha256: Digest of its text; None when only the files it is made from are pinned.
        base: Address before the names of its files; empty for a bundled corpus.
        files: Digest of each file to fetch, by its name after `base`, in order.
        recipe: How its text is made from the files; None for a single file taken as it is.
    """

    name: str
    title: str
    language: str
    layout: ResolvedLayout
    licence: str
    source: str
    size: int
    sha256: str | None = None
    base: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    recipe: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The corpora known by name, and where they are kept.

    Attributes:
        entries: The corpora by name.
        bundled: Directory of the bundled ones.
        cache: Directory of the downloaded ones.
    """

    entries: Mapping[str, Entry]
    bundled: Path
    cache: Path

    def availability(self, entry: Entry) -> Availability:
        """Whether a corpus can be read at once."""
        if not entry.files:
            return "bundled"
        return "available" if self._cached(entry) is None else "downloaded"

    def local_file(self, entry: Entry) -> Path | None:
        """Where a corpus is kept on this machine; None when it must be downloaded first."""
        return self.bundled / f"{entry.name}.txt" if not entry.files else self._cached(entry)

    def fetch(self, entry: Entry, progress: DownloadProgress = untold) -> Path:
        """The file of a corpus, downloaded on first use.

        Args:
            entry: The corpus.
            progress: Is told how far each file of a download has come.

        Returns:
            A UTF-8 text file with the digest it should have.

        Raises:
            CorpusError: It cannot be downloaded, is not what was expected, or another process
                is downloading it.
        """
        path = self.local_file(entry)
        if path is not None:
            return path
        parts = self.cache / f"{entry.name}.parts"
        with _held(parts, entry.name):
            # Another process may have fetched it since we looked.
            return self._cached(entry) or self._download(entry, parts, progress)

    def _download(self, entry: Entry, parts: Path, progress: DownloadProgress) -> Path:
        contents = {}
        for name, sha256 in entry.files.items():
            part = parts / name.rsplit("/", 1)[-1]
            if not part.exists() or _digest(part.read_bytes()) != sha256:
                download(entry.base + name, part, sha256, progress)
            contents[part.name] = part.read_bytes()
        path = self._keep(entry, _text_of(entry, contents))
        shutil.rmtree(parts, ignore_errors=True)
        return path

    def _keep(self, entry: Entry, text: str) -> Path:
        digest = _digest(text.encode())
        if entry.sha256 is not None and digest != entry.sha256:
            raise CorpusError(f"{entry.name} has SHA-256 {digest}; it should be {entry.sha256}.")
        # A name that holds the digest lets a damaged file be told from a whole one for ever.
        path = self.cache / f"{entry.name}-{digest[:_DIGEST_IN_NAME]}.txt"
        try:
            write_text(path, text)
        except OSError as error:
            raise CorpusError(
                f"{self.cache} cannot take {entry.name} ({error.strerror}). Make room there, or "
                f"set {CACHE_VARIABLE} to another directory."
            ) from error
        return path

    def _cached(self, entry: Entry) -> Path | None:
        for path in sorted(self.cache.glob(f"{entry.name}-*.txt")):
            digest = _digest(path.read_bytes())
            if path.stem == f"{entry.name}-{digest[:_DIGEST_IN_NAME]}" and (
                entry.sha256 in (None, digest)
            ):
                return path
        return None


@contextlib.contextmanager
def _held(parts: Path, name: str) -> Iterator[None]:
    """Keep other processes from downloading into a directory."""
    lock = parts / _LOCK_FILE
    with contextlib.ExitStack() as stack:
        with disk_errors(lock.parent):
            try:
                stack.enter_context(locked(lock))
            except BlockingIOError as error:
                raise CorpusError(
                    f"{name} is being downloaded by another process; run the same command again "
                    "when that has finished."
                ) from error
        yield


@functools.cache
def _bundled_directory() -> Path:
    package = Path(__file__).parent.parent
    installed = package / "corpora"
    return installed if installed.is_dir() else package.parent / "corpora"


def open_catalogue() -> Catalogue:
    """The catalogue that comes with charrnn, with the cache directory of the user."""
    directory = _bundled_directory()
    entries = read_entries((directory / "catalogue.toml").read_text(encoding="utf-8"))
    return Catalogue(entries, directory, cache_directory())


def read_entries(text: str) -> dict[str, Entry]:
    """The corpora that a catalogue in TOML lists, by name."""
    return {name: Entry(name=name, **values) for name, values in tomllib.loads(text).items()}


def _text_of(entry: Entry, contents: dict[str, bytes]) -> str:
    if entry.recipe is not None:
        return RECIPES[entry.recipe](contents)
    return b"".join(contents.values()).decode("utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
