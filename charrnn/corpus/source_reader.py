"""Reading sources one after the other: decoded, normalised, and joined to one text."""

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

from charrnn.corpus.encoding import Encoding, Normaliser, decoded, find_encoding
from charrnn.corpus.poem_files import PoemRecord, read_poem_file
from charrnn.corpus.sources import Source
from charrnn.corpus.store import StoredText, Text
from charrnn.corpus.text_formats import (
    BEGINNING,
    is_gutenberg_book,
    structured_format,
    without_licence,
)
from charrnn.errors import CorpusError

_BETWEEN_FILES: Final = "\n\n\n"
_MOST_NAMED: Final = 3


class SourceReader:
    """Decodes, normalises and joins the texts of several sources.

    Attributes:
        joints: Where each text begins, with the white space before it.
        groups: What each text belongs to, see `Source`.
        records: Poems with fields, of sources that are no plain text.
    """

    def __init__(self, encoding: str | None, *, reads_data: bool) -> None:
        self.encodings: set[str] = set()
        self.references: list[str] = []
        self.joints: list[int] = []
        self.groups: list[str] = []
        self.records: list[PoemRecord] = []
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
                beginning = self._beginning(file, encoding)
                holds_data = self._holds_data(beginning, source.name)
            except CorpusError as error:
                if source.asked_for:
                    raise
                self._left_out.append(f"{error} It was left out.")
                return
            is_book = is_gutenberg_book(beginning)
            try:
                if holds_data:
                    content = "".join(decoded(file, encoding))
                    self.records += read_poem_file(content, source.name)
                    is_blank = False
                else:
                    is_blank = self._append(decoded(file, encoding), source, is_book=is_book)
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

    def _beginning(self, file: BinaryIO, encoding: Encoding) -> str:
        text = _beginning(decoded(file, encoding))
        return "".join(Normaliser().normalise([text]))

    def _holds_data(self, beginning: str, name: str) -> bool:
        """Whether a file holds poems with fields; raises CorpusError for what cannot be read."""
        data = None if self._reads_data else structured_format(beginning)
        if self.records if data is None else self.joints:
            raise CorpusError(
                f"{name} is {data or 'plain text'}, and the texts before it are not: poems with "
                "fields and plain texts are not learned together."
            )
        if data is None:
            return False
        if data in {"HTML", "XML"}:
            raise CorpusError(
                f"{name} is {data}, not plain text: save its poems as plain text, with blank lines "
                "between them. To learn it as it stands, give --layout text."
            )
        return True

    def _append(self, decoded_pieces: Iterable[str], source: Source, *, is_book: bool) -> bool:
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
                self.groups.append(source.group)
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


def _first_few(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
