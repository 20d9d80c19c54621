"""The recipe of English verse: the poems of many books, each once, with titles and authors."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from charrnn.corpus.recipes.headings import clean_author, clean_titles
from charrnn.corpus.recipes.source_file import SourceFile, json_lines
from charrnn.corpus.recipes.verse_books import FoundPoem, poems_of_book

_FEWEST_LINES: Final = 4
_MOST_LINES: Final = 100
_LEAST_COMMON: Final = 0.15
"""Share of the words of an English poem that are among the commonest, at least."""

_COMMONEST: Final = frozenset(
    [
        "a",
        "all",
        "and",
        "as",
        "at",
        "be",
        "but",
        "by",
        "do",
        "for",
        "from",
        "have",
        "he",
        "her",
        "his",
        "i",
        "in",
        "is",
        "it",
        "me",
        "my",
        "no",
        "not",
        "o",
        "of",
        "on",
        "or",
        "our",
        "she",
        "so",
        "that",
        "the",
        "thee",
        "their",
        "they",
        "this",
        "thou",
        "thy",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "who",
        "with",
        "ye",
        "you",
        "your",
    ]
)
_WORD: Final = re.compile(r"[a-z']+")


def english_verse(sources: Sequence[SourceFile]) -> str:
    """The poems of books of Project Gutenberg, as JSON Lines with title, author and text.

    Kept are English poems of 4 to 100 lines, of which fewer than half of the lines have been in
    earlier ones. Books of one author come before anthologies.

    Args:
        sources: The books, with their authors; a book without one is an anthology.
    """
    books = sorted(sources, key=lambda book: not book.author)  # Otherwise in their order.
    found = (poem for book in books for poem in poems_of_book(book.content, book.author))
    poems = list(_each_once(poem for poem in found if _is_wanted(poem.text)))
    authors = [clean_author(poem.author) for poem in poems]
    titles = clean_titles([poem.heading for poem in poems], authors)
    return json_lines(
        {"title": title, "author": author, "text": poem.text}
        for title, author, poem in zip(titles, authors, poems, strict=True)
    )


def _is_wanted(text: str) -> bool:
    lines = text.split("\n")
    if len(lines) > _MOST_LINES or sum(map(bool, lines)) < _FEWEST_LINES:
        return False
    words = _WORD.findall(text.lower())
    return sum(word in _COMMONEST for word in words) >= _LEAST_COMMON * len(words)


def _each_once(poems: Iterable[FoundPoem]) -> Iterator[FoundPoem]:
    earlier: set[str] = set()
    for poem in poems:
        lines = [" ".join(_WORD.findall(line.lower())) for line in poem.text.split("\n") if line]
        if sum(line in earlier for line in lines) * 2 < len(lines):
            yield poem
        earlier.update(lines)
