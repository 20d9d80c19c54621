"""The catalogue: corpora known by name, bundled or downloaded.

A recipe makes the text of a corpus from the contents of its files. `corpora/README.md` describes
what each recipe keeps and drops.
"""

import contextlib
import functools
import hashlib
import json
import re
import shutil
import textwrap
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from charrnn.checkpoint.atomic_files import locked, sweep, write_text
from charrnn.checkpoint.record import IN_CATALOGUE, CorpusRecord
from charrnn.corpus.chinese_script import simplify
from charrnn.corpus.download import DownloadProgress, download, untold
from charrnn.corpus.store import CACHE_VARIABLE, cache_directory, disk_errors
from charrnn.errors import CorpusError
from charrnn.settings.configuration import ResolvedLayout
from charrnn.wording import counted

Availability = Literal["bundled", "downloaded", "available"]
_DIGEST_IN_NAME: Final = 16
_LOCK_FILE: Final = ".lock"
_FILE_TO_TEXT: Final = 8
_SHORT_FILE: Final = 1 << 20


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
        recipe: Name of its recipe; None for a single file.
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

    @property
    def longest_file(self) -> int:
        """Most bytes that one of its files may have; a recipe keeps only a part of them."""
        return _FILE_TO_TEXT * self.size + _SHORT_FILE


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
        contents = {}
        for name, sha256 in entry.files.items():
            part = parts / name.rsplit("/", 1)[-1]
            if not part.exists() or _digest(part.read_bytes()) != sha256:
                download(
                    entry.base + name, part, sha256, most=entry.longest_file, progress=progress
                )
            contents[part.name] = part.read_bytes()
        return self._keep(entry, _text_of(entry, contents))

    def _keep(self, entry: Entry, text: str) -> Path:
        digest = _digest(text.encode())
        if entry.sha256 is not None and digest != entry.sha256:
            raise CorpusError(f"{entry.name} has SHA-256 {digest}; it should be {entry.sha256}.")
        # The digest in the name reveals a damaged file.
        path = self.cache / f"{entry.name}-{digest[:_DIGEST_IN_NAME]}.txt"
        try:
            write_text(path, text)
        except OSError as error:
            raise CorpusError(
                f"{entry.name} cannot be written to {self.cache} ({error.strerror}). Make room "
                f"there, or set {CACHE_VARIABLE} to another directory."
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


def _text_of(entry: Entry, contents: dict[str, bytes]) -> str:
    if entry.recipe is not None:
        return RECIPES[entry.recipe](contents)
    return b"".join(contents.values()).decode("utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han characters, as ranges of a regular expression."""

_NOTES: Final = re.compile(r"（[^（）]*）|\([^()]*\)|〖[^〖〗]*〗")
_EMENDED: Final = re.compile(r"\[([^\[\]]*)\]")
_QUOTES_AND_SPACES: Final = re.compile("[\\s“”‘’「」『』《》\"']")
_DOUBLED: Final = re.compile("([，。；？！、：])[，。；？！、：]+")
_CLEAN: Final = re.compile(f"[{HAN}][{HAN}，。；？！、：]*[。？！]")
_VERSE: Final = re.compile("[^，。；？！、：]{4,}")
_SHORTEST: Final = 20

_START_LINES: Final = {
    "1041.txt": "  I",
    "12242.txt": "I. LIFE.",
    "1934.txt": "SONGS OF INNOCENCE",
    "8209.txt": "POEMS.",
    "2002.txt": "I",
    "5720.txt": "I",
}
_STARTS_AT_LAST: Final = {"1934.txt"}
_END: Final = re.compile(r"^(?:End of (?:the )?Project Gutenberg|\*\*\* ?END)", re.MULTILINE)
_BRACKETED: Final = re.compile(r"\[[^\[\]]{0,2000}\]")
_HEADING: Final = re.compile(r"\s*(?:[IVXLC]+\.?|\d+\.?|[^a-z]*[A-Z][^a-z]*)\s*")
_SINGLE_VERSE_WORDS: Final = re.compile(r"\s*(?:I|O|A|[IO]['!,.].*)\s*")
_LONGEST_VERSE: Final = 64
_PLAIN: Final = str.maketrans({"‘": "'", "’": "'", "`": "'", "“": '"', "”": '"', "_": ""})


def tang(sources: dict[str, bytes]) -> str:
    """Clean the poems of chinese-poetry's JSON files, in simplified script.

    Args:
        sources: Files by name, each a list of records with `paragraphs`.

    Returns:
        One poem per line, with Han characters and ，。；？！、： only, without notes, fragments,
        poems with gaps, and repetitions.
    """
    kept: dict[str, None] = {}
    earlier: dict[str, set[int]] = defaultdict(set)
    for body in map(_clean_body, _bodies(sources)):
        if len(body) < _SHORTEST or body in kept or not _CLEAN.fullmatch(body):
            continue
        verses = _VERSE.findall(body)
        if _repeats(verses, earlier):
            continue
        for verse in verses:
            earlier[verse].add(len(kept))
        kept[body] = None
    return simplify("\n".join(kept) + "\n")


def gutenberg(sources: dict[str, bytes]) -> str:
    """Extract the poems from books of Project Gutenberg.

    Args:
        sources: Books by file name; each must be in `_START_LINES`.

    Returns:
        The verse, with one blank line between stanzas and two between poems.
    """
    poems = (poem for name, book in sources.items() for poem in _poems_of_book(name, book))
    return "\n\n\n".join(poems) + "\n"


RECIPES: Final[dict[str, Callable[[dict[str, bytes]], str]]] = {
    "tang": tang,
    "gutenberg": gutenberg,
}


def _bodies(sources: dict[str, bytes]) -> Iterator[str]:
    for name, content in sources.items():
        try:
            records: list[dict[str, Any]] = json.loads(content)
            yield from ("".join(record["paragraphs"]) for record in records)
        except (ValueError, TypeError, KeyError) as error:
            raise CorpusError(f"{name} does not have the expected records of poems.") from error


def _clean_body(body: str) -> str:
    body = _EMENDED.sub(r"\1", _NOTES.sub("", body))
    return _DOUBLED.sub(r"\1", _QUOTES_AND_SPACES.sub("", body))


def _repeats(verses: list[str], earlier: dict[str, set[int]]) -> bool:
    """Whether one earlier poem has at least half of the verses."""
    shared: dict[int, int] = defaultdict(int)
    for verse in verses:
        for poem in earlier.get(verse, ()):
            shared[poem] += 1
    return bool(shared) and max(shared.values()) * 2 >= len(verses)


def _poems_of_book(name: str, content: bytes) -> Iterator[str]:
    text = content.decode("latin-1").replace("\r\n", "\n")
    end = _END.search(text)
    lines = text[: end.start() if end else None].split("\n")
    start_line = _START_LINES[name]
    starts = [number for number, line in enumerate(lines) if line.rstrip() == start_line]
    if not starts:
        raise CorpusError(f"{name} has no line {start_line.strip()!r}, where its poems begin.")
    first = starts[-1 if name in _STARTS_AT_LAST else 0]
    verse = _BRACKETED.sub("", "\n".join(lines[first:])).translate(_PLAIN)
    for poem in _between_headings(verse.split("\n")):
        cleaned = _without_prose(poem)
        if cleaned.count("\n"):
            yield cleaned


def _between_headings(lines: Iterable[str]) -> Iterator[list[str]]:
    poem: list[str] = []
    blank = 0
    for line in map(str.rstrip, lines):
        if line and (blank >= 3 or _is_heading(line)):
            yield poem
            poem = []
        if not line or not _is_heading(line):
            poem.append(line)
        blank = 0 if line else blank + 1
    yield poem


def _is_heading(line: str) -> bool:
    return bool(_HEADING.fullmatch(line)) and (
        line.strip() == "I" or not _SINGLE_VERSE_WORDS.fullmatch(line)
    )


def _without_prose(lines: list[str]) -> str:
    stanzas = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))
    verse = (
        stanza
        for stanza in stanzas
        if max(len(line.strip()) for line in stanza.split("\n")) <= _LONGEST_VERSE
    )
    return textwrap.dedent("\n\n".join(verse)).strip()


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
