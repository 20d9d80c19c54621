import pytest

from charrnn.corpus.recipes.lyric_books import english_lyric
from charrnn.corpus.recipes.source_file import SourceFile
from charrnn.errors import CorpusError

BOOK = """The Project Gutenberg Etext of Sonnets
I is for header

I

  From fairest creatures we `desire' increase,
    That thereby _beauty's_ rose might never die, [1]
  But as the riper

  should by time decease.

II

When forty winters
shall besiege thy brow

[A note of the editor,
over two lines.]

1865.

A TITLE IN CAPITALS

I
saw no way
The heavens were stitched

This is an introduction in prose, and its lines are longer than any line of verse here.
It goes on.



Four
lines on.
alone

End of Project Gutenberg's Sonnets
License
"""


def test_a_book_gives_its_verse_alone():
    book = BOOK.replace("\n", "\r\n").encode("latin-1")
    assert english_lyric([SourceFile("2002.txt", book)]).split("\n\n\n") == [
        (
            "From fairest creatures we 'desire' increase,\n"
            "  That thereby beauty's rose might never die,\n"
            "But as the riper\n\nshould by time decease."
        ),
        "When forty winters\nshall besiege thy brow",
        "saw no way\nThe heavens were stitched",
        "Four\nlines on.\nalone\n",
    ]


def test_a_book_that_does_not_begin_as_expected_is_refused():
    with pytest.raises(CorpusError, match=r"1041.txt has no line 'I'"):
        english_lyric([SourceFile("1041.txt", b"another book")])
