"""Reading sources into a corpus: one normalised text, and the positions of its poems."""

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from charrnn.checkpoint.record import CorpusRecord
from charrnn.corpus.catalogue import Catalogue, open_catalogue
from charrnn.corpus.download import DownloadProgress, untold
from charrnn.corpus.encoding import Encoding, Normaliser, decoded, find_encoding
from charrnn.corpus.layout import LayoutChoice, Spans, choose_layout, cut
from charrnn.corpus.sources import Source, corpus_name, find_sources
from charrnn.corpus.store import StoredText, Text, pieces
from charrnn.corpus.text_formats import (
    BEGINNING,
    is_gutenberg_book,
    structured_format,
    without_licence,
)
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
    catalogue: Catalogue | None = None,
    progress: DownloadProgress = untold,
    standard_input: BinaryIO | None = None,
) -> Corpus:
    """Read a corpus. A text that is named twice is read once.

    Args:
        sources: Files; directories, of which all *.txt files are read except empty ones and those
            that cannot be read, which the notes name; "-" for standard input; names of the
            catalogue, with `catalogue:` before them or without. An existing path comes before a
            name, unless it is the directory of a run or has no text.
        config: Settings; with layout "auto", the catalogue knows the layout of its corpora.
        catalogue: The known corpora; None is the catalogue of charrnn.
        progress: Receives the progress of each download.
        standard_input: Stream for "-"; None is that of the process.

    Raises:
        ConfigurationError: Stanzas are asked for in a layout that has none.
        CorpusError: A source is missing, unreadable, binary, empty, in another encoding or data, or
            the disk is full.
    """
    config = config or CorpusConfig()
    if not sources:
        raise CorpusError("no text was named; give a file, a directory or a name.")
    catalogue = catalogue or open_catalogue()
    found = list(find_sources(sources, catalogue, progress, standard_input))
    # Whoever asks for one continuous text may learn data too.
    loader = _Loader(config.encoding, reads_data=config.layout == "text")
    loader.add_all(found)
    text, notes = loader.finish(), loader.notes()
    name = corpus_name(sources, catalogue)
    layouts = {source.layout for source in found}
    known = layouts.pop() if len(layouts) == 1 else None
    layout = known or "auto" if config.layout == "auto" else config.layout
    choice = choose_layout(text, layout, config.stanzas, loader.joints)
    if layout == "auto":
        notes.append(f"{choice.reason} Choose another with {_ways_to_choose(choice, config)}.")
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

    def __init__(self, encoding: str | None, *, reads_data: bool) -> None:
        self.encodings: set[str] = set()
        self.references: list[str] = []
        self.joints: list[int] = []
        self.normaliser = Normaliser()
        self._wanted = encoding
        self._reads_data = reads_data
        self._text = StoredText()
        self._guesses: list[str] = []
        self._repeated: list[str] = []
        self._empty: list[str] = []
        self._left_out: list[str] = []
        self._books: list[str] = []

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
        with contextlib.ExitStack() as opened:
            try:
                file = opened.enter_context(source.open())
                encoding = find_encoding(file, source.name, source.encoding or self._wanted)
                is_book = self._is_book(file, encoding, source.name)
            except CorpusError as error:
                if source.asked_for:
                    raise
                self._left_out.append(f"{error} It was left out.")
                return
            try:
                is_blank = self._append(decoded(file, encoding), is_book=is_book)
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
        if is_book:
            self._books.append(source.name)
        self.encodings.add(encoding.name)
        self.references.append(source.reference)

    def _is_book(self, file: BinaryIO, encoding: Encoding, name: str) -> bool:
        """Whether it is a book of Project Gutenberg; raises CorpusError for data."""
        beginning = "".join(Normaliser().normalise([_beginning(decoded(file, encoding))]))
        data = structured_format(beginning)
        if data is not None and not self._reads_data:
            raise CorpusError(
                f"{name} is {data}, not plain text: save its poems as plain text, with blank lines "
                "between them. To learn it as it stands, give --layout text."
            )
        return is_gutenberg_book(beginning)

    def _append(self, decoded_pieces: Iterable[str], *, is_book: bool) -> bool:
        """Append a text unless it is blank; returns whether it is."""
        normalised = self.normaliser.normalise(decoded_pieces)
        joint = len(self._text)
        waiting: list[str] | None = [_BETWEEN_FILES] if joint else []
        for piece in without_licence(normalised) if is_book else normalised:
            if waiting is None:
                self._text.append(piece)
                continue
            waiting.append(piece)
            if piece.strip():
                self._text.append("".join(waiting))
                waiting = None
                self.joints.append(joint)
        return waiting is not None

    def finish(self) -> Text:
        """The whole text."""
        if not len(self._text):
            empty = f"there is no text in {_first_few(self._empty)}." if self._empty else ""
            raise CorpusError(" ".join(filter(None, (empty, *self._left_out[:_MOST_NAMED]))))
        return self._text.finish()

    def notes(self) -> list[str]:
        """Sentences for the user."""
        notes = self._guesses[:_MOST_NAMED]
        if more := len(self._guesses) - len(notes):
            notes.append(f"the encodings of {more:,} more files were detected in the same way.")
        notes += self._left_out[:_MOST_NAMED]
        if (more := len(self._left_out) - _MOST_NAMED) > 0:
            verb = "was" if more == 1 else "were"
            notes.append(f"{more:,} more {verb} left out in the same way.")
        if self._books:
            notes.append(
                f"the header and the licence of Project Gutenberg were left out of "
                f"{_first_few(self._books)}."
            )
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


def _beginning(decoded_pieces: Iterable[str]) -> str:
    """The first `BEGINNING` characters of a text, however short its pieces are."""
    text = ""
    for piece in decoded_pieces:
        text += piece
        if len(text) >= BEGINNING:
            break
    return text[:BEGINNING]


def _ways_to_choose(choice: LayoutChoice, config: CorpusConfig) -> str:
    if choice.layout != "blocks" or config.stanzas is not None:
        return "--layout"
    return f"--layout or {'--no-stanzas' if choice.stanzas else '--stanzas'}"


def _first_few(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _digest(text: Text) -> str:
    digest = hashlib.sha256()
    for piece in pieces(text):
        digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
