"""The catalogue: corpora known by name, bundled or downloaded.

A recipe (`charrnn.corpus.recipes`) makes the text of a corpus from its files. `corpora/README.md`
describes what each recipe keeps and drops.
"""

import contextlib
import functools
import hashlib
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from charrnn.checkpoint.atomic_files import locked, sweep, write_text
from charrnn.checkpoint.record import IN_CATALOGUE, CorpusRecord
from charrnn.corpus.download import DownloadProgress, download, untold
from charrnn.corpus.recipes.chinese_poetry import tang, tangsong
from charrnn.corpus.recipes.english_verse import english_verse
from charrnn.corpus.recipes.lyric_books import english_lyric
from charrnn.corpus.recipes.source_file import SourceFile
from charrnn.corpus.store import CACHE_VARIABLE, cache_directory, disk_errors
from charrnn.errors import CorpusError
from charrnn.settings.configuration import ResolvedLayout
from charrnn.wording import counted

Availability = Literal["bundled", "downloaded", "available"]
Recipe = Callable[[Sequence[SourceFile]], str]

RECIPES: Final[dict[str, Recipe]] = {
    "english-lyric": english_lyric,
    "english-verse": english_verse,
    "tang": tang,
    "tangsong": tangsong,
}
"""The recipes by their names in the catalogue."""

_DIGEST_IN_NAME: Final = 16
_LOCK_FILE: Final = ".lock"
_FILE_TO_TEXT: Final = 8
_SHORT_FILE: Final = 1 << 20
_LONGEST_FILE: Final = 1 << 26


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One corpus of the catalogue.

    Attributes:
        name: Name on the command line.
        licence: SPDX name or description of the licence.
        source: Description of the source.
        size: Bytes of the text in UTF-8.
        sha256: Digest of the text; None if only the digests of the files are known.
        base: Address of the directory of its files; empty for a bundled corpus.
        files: Digest of each file to download, by its name after `base`, in order.
        authors: Who wrote all poems of a file, by its name after `base`.
        recipe: Name of its recipe; None for a single file.
        format: Plain text, or poems with fields as JSON Lines.
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
    authors: Mapping[str, str] = field(default_factory=dict)
    recipe: str | None = None
    format: Literal["txt", "jsonl"] = "txt"

    @property
    def longest_file(self) -> int:
        """Most bytes that one of its files may have; a recipe keeps only a part of them."""
        return min(_FILE_TO_TEXT * self.size + _SHORT_FILE, _LONGEST_FILE)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The known corpora.

    Attributes:
        entries: The corpora by name.
        bundled: Directory of bundled corpora.
        cache: Directory of downloaded corpora.
    """

    entries: Mapping[str, Entry]
    bundled: Path
    cache: Path

    def availability(self, entry: Entry) -> Availability:
        """Whether a corpus is bundled, already downloaded, or available for download."""
        if not entry.files:
            return "bundled"
        return "available" if self._cached(entry) is None else "downloaded"

    def local_file(self, entry: Entry) -> Path | None:
        """The file of a corpus; None if it must be downloaded first."""
        return self.bundled / f"{entry.name}.txt" if not entry.files else self._cached(entry)

    def fetch(self, entry: Entry, progress: DownloadProgress = untold) -> Path:
        """The UTF-8 file of a corpus, downloaded on first use; raises CorpusError if that fails."""
        path = self.local_file(entry)
        parts = self.cache / f"{entry.name}.parts"
        if path is None:
            with _held(parts, entry.name):
                # Another process may have downloaded it before we had the lock.
                path = self._cached(entry) or self._download(entry, parts, progress)
                shutil.rmtree(parts, ignore_errors=True)
        elif parts.exists():  # Left by a process that was killed at the end.
            with contextlib.suppress(CorpusError), _held(parts, entry.name):
                sweep(self.cache)
                shutil.rmtree(parts, ignore_errors=True)
        return path

    def _download(self, entry: Entry, parts: Path, progress: DownloadProgress) -> Path:
        sources = []
        for number, (name, sha256) in enumerate(entry.files.items(), 1):
            part = parts / name.rsplit("/", 1)[-1]
            if not part.exists() or _digest(part.read_bytes()) != sha256:
                told = _numbered(progress, number, len(entry.files))
                download(entry.base + name, part, sha256, most=entry.longest_file, progress=told)
            author = entry.authors.get(name, "")
            sources.append(SourceFile(part.name, part.read_bytes(), author))
        return self._keep(entry, _text_of(entry, sources))

    def _keep(self, entry: Entry, text: str) -> Path:
        digest = _digest(text.encode())
        if entry.sha256 is not None and digest != entry.sha256:
            raise CorpusError(f"{entry.name} has SHA-256 {digest}; it should be {entry.sha256}.")
        # The digest in the name reveals a damaged file.
        path = self.cache / f"{entry.name}-{digest[:_DIGEST_IN_NAME]}.{entry.format}"
        try:
            write_text(path, text)
        except OSError as error:
            raise CorpusError(
                f"{entry.name} cannot be written to {self.cache} ({error.strerror}). Make room "
                f"there, or set {CACHE_VARIABLE} to another directory."
            ) from error
        return path

    def _cached(self, entry: Entry) -> Path | None:
        for path in sorted(self.cache.glob(f"{entry.name}-*.{entry.format}")):
            digest = _digest(path.read_bytes())
            if path.stem == f"{entry.name}-{digest[:_DIGEST_IN_NAME]}" and (
                entry.sha256 in (None, digest)
            ):
                return path
        return None


@contextlib.contextmanager
def _held(parts: Path, name: str) -> Iterator[None]:
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
    """The catalogue of charrnn, with the cache directory of the user."""
    directory = _bundled_directory()
    entries = read_entries((directory / "catalogue.toml").read_text(encoding="utf-8"))
    return Catalogue(entries, directory, cache_directory())


def read_entries(text: str) -> dict[str, Entry]:
    """Parse a catalogue in TOML into entries by name."""
    return {name: Entry(name=name, **values) for name, values in tomllib.loads(text).items()}


def _numbered(progress: DownloadProgress, number: int, files: int) -> DownloadProgress:
    """Tell of several files which of them a file is."""

    def tell(name: str, received: int, size: int | None) -> None:
        progress(f"{name}, file {number} of {files}", received, size)

    return tell if files > 1 else progress


def _text_of(entry: Entry, sources: Sequence[SourceFile]) -> str:
    if entry.recipe is not None:
        return RECIPES[entry.recipe](sources)
    return b"".join(source.content for source in sources).decode("utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def text_facts(corpus: CorpusRecord) -> dict[str, str]:
    """Facts about the training text of a run, by name: title and size, source, licence."""
    amount = counted(corpus.characters, "character") + (
        f", {corpus.poems:,} poems" if corpus.poems > 1 else ""
    )
    entries = open_catalogue().entries
    names = [source.removeprefix(IN_CATALOGUE) for source in corpus.sources]
    known = [entries[name] for name in names if name in entries]
    digest = f"charrnn's digest of it `{corpus.digest[:16]}`"
    if not known:
        return {"text": f"{corpus.name}, {amount}; {digest}"}
    titles, sources, licences = (
        " + ".join(dict.fromkeys(getattr(entry, what) for entry in known))
        for what in ("title", "source", "licence")
    )
    return {
        "text": f"{titles}: {amount}; {digest}",
        "source": sources,
        "licence of the text": licences,
    }
