"""From sources to a corpus: one normalised text, and where each of its poems stands."""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from charrnn.checkpoint.record import CorpusRecord
from charrnn.corpus.catalogue import Catalogue, open_catalogue
from charrnn.corpus.download import DownloadProgress, untold
from charrnn.corpus.encoding import Normaliser, decoded, find_encoding
from charrnn.corpus.layout import ResolvedLayout, Spans, choose_layout, cut
from charrnn.corpus.sources import Source, corpus_name, find_sources
from charrnn.corpus.store import StoredText, Text, pieces
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig, Layout

_JOINT: Final = "\n\n\n"
_MOST_TOLD: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Corpus:
    """A text to learn, and its poems.

    A long text and the places of its poems stand in temporary files, and in memory only as much of
    them as is looked at.

    Attributes:
        name: What to call it, safe as the name of a directory.
        text: The whole text, normalised; the texts of several files are two blank lines apart.
        layout: How the poems stand in it.
        stanzas: Whether one blank line parts stanzas, and only a longer gap poems.
        spans: `(poems, 2)` position of the first character of every poem, and after its last one.
        poems_by_lines: How many poems have 1, 2, 3 ... lines, where lines are counted.
        sources: What it can be read from again: absolute paths, or `catalogue:` and a name.
        encoding: The encoding or encodings it was read in.
        notes: Sentences to tell the user: what was detected, chosen or taken out.
        removed: Control characters that were taken out.
        digest: SHA-256 of the normalised text, as UTF-8.
    """

    name: str
    text: Text
    layout: ResolvedLayout
    stanzas: bool
    spans: Spans
    poems_by_lines: tuple[int, ...]
    sources: tuple[str, ...]
    encoding: str
    notes: tuple[str, ...]
    removed: int
    digest: str

    @property
    def poems(self) -> int:
        """Number of poems; 1 for continuous text."""
        return len(self.spans)

    def poem(self, number: int) -> str:
        """One poem, counted from 0."""
        ((start, stop),) = self.spans[number : number + 1].tolist()
        return self.text[start:stop]

    def record(self) -> CorpusRecord:
        """What a checkpoint keeps of it."""
        return CorpusRecord(
            name=self.name,
            sources=self.sources,
            layout=self.layout,
            stanzas=self.stanzas,
            encoding=self.encoding,
            digest=self.digest,
            characters=len(self.text),
            poems=self.poems,
            poems_by_lines=self.poems_by_lines,
        )


def read_corpus(
    sources: Sequence[str],
    config: CorpusConfig | None = None,
    *,
    stanzas: bool | None = None,
    catalogue: Catalogue | None = None,
    progress: DownloadProgress = untold,
    standard_input: BinaryIO | None = None,
) -> Corpus:
    """Read a corpus.

    Args:
        sources: Paths of files and directories (read with all they hold, *.txt files only), "-"
            for standard input, or names of the catalogue, downloaded on first use. A path that
            exists wins over a name, unless it is the directory of a run. What is named twice is
            read once, and empty files of a directory are left out.
        config: How to read; for corpora of the catalogue its layout stands in for "auto".
        stanzas: Whether one blank line parts stanzas, and only a longer gap poems; None finds out.
        catalogue: The corpora known by name; None takes those that come with charrnn.
        progress: Is told how far a download has come.
        standard_input: What "-" stands for; None is the standard input of the process.

    Returns:
        The corpus. Its notes are to be told to the user.

    Raises:
        CorpusError: A source is missing, unreadable, binary, empty, or not in its encoding; or the
            disk has no room for a long text.
    """
    config = config or CorpusConfig()
    if not sources:
        raise CorpusError("no text was named; give a file, a directory or a name.")
    catalogue = catalogue or open_catalogue()
    found = list(find_sources(sources, catalogue, progress, standard_input))
    reading = _Reading(config.encoding)
    for source in reading.each_once(found):
        reading.add(source)
    return _corpus(
        reading.text(),
        _layout(config.layout, found),
        stanzas,
        name=corpus_name(sources, catalogue),
        sources=tuple(reading.references),
        encoding=", ".join(sorted(reading.encodings)),
        notes=reading.notes(),
        removed=reading.normaliser.removed,
    )


class _Reading:
    """Gathers the texts of several sources, holding little more than their characters."""

    def __init__(self, encoding: str | None) -> None:
        self.encodings: set[str] = set()
        self.references: list[str] = []
        self.normaliser = Normaliser()
        self._wanted = encoding
        self._text = StoredText()
        self._guesses: list[str] = []
        self._repeated: list[str] = []
        self._empty: list[str] = []

    def each_once(self, sources: Iterable[Source]) -> list[Source]:
        """The sources, without those that stand among them already."""
        kept: dict[str, Source] = {}
        for source in sources:
            first = kept.setdefault(source.identity, source)
            if first is not source:
                self._repeated.append(source.name)
                asked_for = first.asked_for or source.asked_for
                kept[source.identity] = dataclasses.replace(first, asked_for=asked_for)
        return list(kept.values())

    def add(self, source: Source) -> None:
        with source.open() as file:
            encoding = find_encoding(file, source.name, source.encoding or self._wanted)
            try:
                blank = self._take(decoded(file, encoding))
            except UnicodeDecodeError as error:
                raise CorpusError(
                    f"{source.name} was changed while it was read; run the same command again."
                ) from error
            if blank and source.asked_for:
                held = "nothing but white space" if file.tell() else "no characters"
                raise CorpusError(f"{source.name} is empty: it holds {held}.")
        if blank:
            self._empty.append(source.name)
            return
        if encoding.note is not None:
            self._guesses.append(encoding.note)
        self.encodings.add(encoding.name)
        self.references.append(source.reference)

    def _take(self, decoded_pieces: Iterable[str]) -> bool:
        """Add a text to those before; returns whether it is blank, and was left out."""
        waiting: list[str] | None = [_JOINT] if len(self._text) else []
        for piece in self.normaliser.normalise(decoded_pieces):
            if waiting is None:
                self._text.append(piece)
                continue
            waiting.append(piece)
            if piece.strip():
                self._text.append("".join(waiting))
                waiting = None
        return waiting is not None

    def text(self) -> Text:
        """All texts as one; can be called once."""
        if not len(self._text):
            raise CorpusError(f"there is no text in {_first_few(self._empty)}: nothing to learn.")
        return self._text.finish()

    def notes(self) -> tuple[str, ...]:
        notes = self._guesses[:_MOST_TOLD]
        more = len(self._guesses) - len(notes)
        if more:
            notes.append(f"the encodings of {more:,} more files were detected in the same way.")
        if self._repeated:
            verb = "was" if len(self._repeated) == 1 else "were"
            notes.append(f"{_first_few(self._repeated)} {verb} named more than once and read once.")
        if self._empty:
            verb = "is" if len(self._empty) == 1 else "are"
            notes.append(f"{_first_few(self._empty)} {verb} empty and left out.")
        return (*notes, *_removal_notes(self.normaliser.removed))


def _first_few(names: Sequence[str]) -> str:
    """Names in a sentence, the first few of many."""
    told = ", ".join(names[:_MOST_TOLD])
    more = len(names) - _MOST_TOLD
    return f"{told} and {more:,} more" if more > 0 else told


def _corpus(
    text: Text,
    layout: Layout,
    stanzas: bool | None,
    *,
    name: str,
    sources: tuple[str, ...],
    encoding: str,
    notes: tuple[str, ...],
    removed: int,
) -> Corpus:
    _refuse_monotony(text, name)
    choice = choose_layout(text, layout, stanzas)
    found = cut(text, choice.gap)
    if layout == "auto":
        notes = (*notes, f"{choice.reason} Choose another with --layout.")
    return Corpus(
        name=name,
        text=text,
        layout=choice.layout,
        stanzas=choice.stanzas,
        spans=found.spans,
        poems_by_lines=found.by_lines if choice.layout == "blocks" else (),
        sources=sources,
        encoding=encoding,
        notes=notes,
        removed=removed,
        digest=_digest(text),
    )


def _refuse_monotony(text: Text, name: str) -> None:
    seen: set[str] = set()
    for piece in pieces(text):
        seen.update(piece)
        if sum(not character.isspace() for character in seen) > 1:
            return
    letters = [character for character in seen if not character.isspace()]
    if not letters:
        raise CorpusError(f"{name} is empty: there is nothing to learn.")
    raise CorpusError(
        f"{name} has only one distinct character ({letters[0]}): there is nothing to learn."
    )


def _layout(wanted: Layout, sources: Iterable[Source]) -> Layout:
    known = {source.layout for source in sources}
    if wanted == "auto" and len(known) == 1:
        return known.pop() or wanted
    return wanted


def _removal_notes(removed: int) -> tuple[str, ...]:
    if not removed:
        return ()
    return (f"{removed:,} control character{'s were' if removed > 1 else ' was'} taken out.",)


def _digest(text: Text) -> str:
    digest = hashlib.sha256()
    for piece in pieces(text):
        digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
