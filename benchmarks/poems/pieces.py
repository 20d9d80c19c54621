"""Poems cut to what can be compared: whole poems, or stanzas, that have the lines of a form."""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.form_quality import has_shape, tokens_of
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.poem_files import read_poem_file
from charrnn.forms.core.form import Judgement, LanguageName
from charrnn.forms.core.language import FormRules, language_named, language_of

POEM_FIELDS = frozenset({".json", ".jsonl", ".csv", ".tsv"})
"""Endings of files of poems with fields."""

_GAP = re.compile(r"\n\s*\n")


class Source(NamedTuple):
    """A poem as it was read: its text, its author ("" if unknown), its part ("" if undivided)."""

    text: str
    author: str = ""
    split: str = ""


class Piece(NamedTuple):
    """What is compared.

    Attributes:
        text: A poem or a stanza.
        poem: Number of the poem that it is from.
        author: Its author; "" if unknown.
        lines: Its lines as tokens: characters, or words in small letters.
        judged: What the verifier says of it.
    """

    text: str
    poem: int
    author: str
    lines: tuple[tuple[str, ...], ...]
    judged: Judgement


def read_sources(file: Path, split: Sequence[str] | None) -> list[Source]:
    """The poems of a file.

    Args:
        file: Poems with fields ("author" and "split" are used), or plain text in any layout.
        split: The values of the field "split" that are wanted, beside poems without it; None wants all.
    """
    if file.suffix not in POEM_FIELDS:
        corpus = read_corpus([str(file)])
        return [Source(corpus.poem(number)) for number in range(corpus.poems)]
    records = read_poem_file(file.read_text(encoding="utf-8"), file.name)
    found = (
        Source(one.text, one.fields.get("author", ""), one.fields.get("split", ""))
        for one in records
    )
    return [source for source in found if split is None or source.split in {"", *split}]


def lines_as_tokens(text: str, language: LanguageName) -> tuple[tuple[str, ...], ...]:
    """The lines of a text, each as its tokens."""
    return tuple(
        tuple(tokens_of(line, language)) for line in language_named(language).lines_of(text)
    )


def pieces_of(sources: Iterable[Source], rules: FormRules) -> Iterator[Piece]:
    """The pieces with as many lines as a form, as long as it has them, in order.

    A poem that does not have them as a whole is cut at its blank lines.
    """
    form = rules.form
    count = language_of(form).lines_of
    for number, source in enumerate(sources):
        whole = len(count(source.text)) == form.lines
        for text in [source.text] if whole else _GAP.split(source.text.strip()):
            if len(count(text)) == form.lines and has_shape(judged := rules.verify(text)):
                lines = lines_as_tokens(text, form.language)
                yield Piece(text.strip(), number, source.author, lines, judged)


def shuffled(sources: Sequence[Source], seed: int) -> list[Source]:
    """The same poems in another order."""
    return random.Random(seed).sample(sources, len(sources))


def halves(pieces: Sequence[Piece], count: int) -> tuple[list[Piece], list[Piece]]:
    """Two parts of at most `count` pieces, as long as one another, that share no poem."""
    size = min(count, len(pieces) // 2)
    first = list(pieces[:size])
    last = first[-1].poem if first else -1
    return first, [piece for piece in pieces[size:] if piece.poem != last][:size]
