"""Reading sources into a corpus: one normalised text, and the positions of its poems."""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from charrnn.checkpoint.record import CorpusRecord
from charrnn.corpus.catalogue import Catalogue, open_catalogue
from charrnn.corpus.download import DownloadProgress, untold
from charrnn.corpus.encoding import Normaliser, decoded, find_encoding
from charrnn.corpus.layout import Spans, choose_layout, cut
from charrnn.corpus.sources import Source, corpus_name, find_sources
from charrnn.corpus.store import StoredText, Text, pieces
from charrnn.errors import CorpusError
from charrnn.settings.configuration import CorpusConfig

_BETWEEN_FILES: Final = "\n\n\n"
_MOST_NAMED: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Corpus(CorpusRecord):
    """A corpus with its text. Long texts are stored in temporary files, not in memory.

    Attributes:
        text: The normalised text, with two blank lines between files.
        spans: `(poems, 2)` start and stop of each poem in the text.
        notes: Sentences for the user: what was detected, chosen or removed.
        removed: Number of removed control characters.
    """

    text: Text
    spans: Spans
    notes: tuple[str, ...]
    removed: int

    def poem(self, number: int) -> str:
        """One poem, counted from 0."""
        ((start, stop),) = self.spans[number : number + 1].tolist()
        return self.text[start:stop]

    def record(self) -> CorpusRecord:
        """The description of the corpus in a checkpoint."""
        names = [field.name for field in dataclasses.fields(CorpusRecord)]
        return CorpusRecord(**{name: getattr(self, name) for name in names})


def read_corpus(
    sources: Sequence[str],
    config: CorpusConfig | None = None,
    *,
    stanzas: bool | None = None,
    catalogue: Catalogue | None = None,
    progress: DownloadProgress = untold,
    standard_input: BinaryIO | None = None,
) -> Corpus:
    """Read a corpus. A text that is named twice is read once.

    Args:
        sources: Files; directories, of which all *.txt files are read except empty ones; "-" for
            standard input; names of the catalogue, with `catalogue:` before them or without. An
            existing path comes before a name, unless it is the directory of a run or has no text.
        config: Settings; with layout "auto", the catalogue knows the layout of its corpora.
        stanzas: Whether one blank line separates stanzas and two or more separate poems; None
            detects it.
        catalogue: The known corpora; None is the catalogue of charrnn.
        progress: Receives the progress of each download.
        standard_input: Stream for "-"; None is that of the process.

    Raises:
        CorpusError: A source is missing, unreadable, binary, empty or in another encoding, or the
            disk is full.
    """
    config = config or CorpusConfig()
    if not sources:
        raise CorpusError("no text was named; give a file, a directory or a name.")
    catalogue = catalogue or open_catalogue()
    found = list(find_sources(sources, catalogue, progress, standard_input))
    loader = _Loader(config.encoding)
    loader.add_all(found)
    text, notes = loader.finish(), loader.notes()
    name = corpus_name(sources, catalogue)
    _require_two_characters(text, name)
    layouts = {source.layout for source in found}
    known = layouts.pop() if len(layouts) == 1 else None
    layout = known or "auto" if config.layout == "auto" else config.layout
    choice = choose_layout(text, layout, stanzas)
    if layout == "auto":
        notes.append(f"{choice.reason} Choose another with --layout.")
    poems = cut(text, choice.gap)
    return Corpus(
        name=name,
        text=text,
        layout=choice.layout,
        stanzas=choice.stanzas,
        spans=poems.spans,
        poems_by_lines=poems.by_lines if choice.layout == "blocks" else (),
        sources=tuple(loader.references),
        encoding=", ".join(sorted(loader.encodings)),
        notes=tuple(notes),
        removed=loader.normaliser.removed,
        digest=_digest(text),
        characters=len(text),
        poems=len(poems.spans),
    )


class _Loader:
    """Decodes, normalises and joins the texts of several sources."""

    def __init__(self, encoding: str | None) -> None:
        self.encodings: set[str] = set()
        self.references: list[str] = []
        self.normaliser = Normaliser()
        self._wanted = encoding
        self._text = StoredText()
        self._guesses: list[str] = []
        self._repeated: list[str] = []
        self._empty: list[str] = []

    def add_all(self, sources: Iterable[Source]) -> None:
        """Add all sources, each of them once."""
        distinct: dict[str, Source] = {}
        for source in sources:
            first = distinct.setdefault(source.identity, source)
            if first is not source:
                self._repeated.append(source.name)
                asked_for = first.asked_for or source.asked_for
                distinct[source.identity] = dataclasses.replace(first, asked_for=asked_for)
        for source in distinct.values():
            self._add(source)

    def _add(self, source: Source) -> None:
        with source.open() as file:
            encoding = find_encoding(file, source.name, source.encoding or self._wanted)
            try:
                is_blank = self._append(decoded(file, encoding))
            except UnicodeDecodeError as error:
                raise CorpusError(
                    f"{source.name} changed while it was read; run the same command again."
                ) from error
            if is_blank and source.asked_for:
                content = "nothing but white space" if file.tell() else "no characters"
                raise CorpusError(f"{source.name} is empty: it holds {content}.")
        if is_blank:
            self._empty.append(source.name)
            return
        if encoding.note is not None:
            self._guesses.append(encoding.note)
        self.encodings.add(encoding.name)
        self.references.append(source.reference)

    def _append(self, decoded_pieces: Iterable[str]) -> bool:
        """Append a text unless it is blank; returns whether it is."""
        waiting: list[str] | None = [_BETWEEN_FILES] if len(self._text) else []
        for piece in self.normaliser.normalise(decoded_pieces):
            if waiting is None:
                self._text.append(piece)
                continue
            waiting.append(piece)
            if piece.strip():
                self._text.append("".join(waiting))
                waiting = None
        return waiting is not None

    def finish(self) -> Text:
        """The whole text."""
        if not len(self._text):
            raise CorpusError(f"there is no text in {_first_few(self._empty)}: nothing to learn.")
        return self._text.finish()

    def notes(self) -> list[str]:
        """Sentences for the user."""
        notes = self._guesses[:_MOST_NAMED]
        if more := len(self._guesses) - len(notes):
            notes.append(f"the encodings of {more:,} more files were detected in the same way.")
        if self._repeated:
            verb = "was" if len(self._repeated) == 1 else "were"
            notes.append(f"{_first_few(self._repeated)} {verb} named more than once and read once.")
        if self._empty:
            verb = "is" if len(self._empty) == 1 else "are"
            notes.append(f"{_first_few(self._empty)} {verb} empty and left out.")
        if removed := self.normaliser.removed:
            verb = "s were" if removed > 1 else " was"
            notes.append(f"{removed:,} control character{verb} removed.")
        return notes


def _first_few(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _require_two_characters(text: Text, name: str) -> None:
    """Refuse a text with less than two distinct characters other than white space."""
    seen: set[str] = set()
    for piece in pieces(text):
        seen.update(character for character in set(piece) if not character.isspace())
        if len(seen) > 1:
            return
    if not seen:
        raise CorpusError(f"{name} is empty: there is nothing to learn.")
    raise CorpusError(
        f"{name} has only one distinct character ({seen.pop()}): there is nothing to learn."
    )


def _digest(text: Text) -> str:
    digest = hashlib.sha256()
    for piece in pieces(text):
        digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
