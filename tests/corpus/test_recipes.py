import json

import pytest

from charrnn.corpus.recipes import gutenberg, tang
from charrnn.errors import CorpusError

HERON = "白日依山盡，黃河入海流。欲窮千里目，更上一層樓。"
HERON_SIMPLIFIED = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"


def tang_of(*bodies):
    return tang({"poet.json": json.dumps([{"paragraphs": [body]} for body in bodies]).encode()})


def test_a_record_becomes_a_line_of_simplified_text():
    records = [{"paragraphs": [HERON[:12], HERON[12:]], "title": "登鸛雀樓"}]
    assert tang({"a.json": json.dumps(records).encode()}) == HERON_SIMPLIFIED + "\n"


@pytest.mark.parametrize(
    "body",
    [
        "白日依山（一作峯）盡，黃河入海流。欲窮千里目，更上一層樓。(見全唐詩)",
        "白日依[山]盡，黃河入海流。欲窮千里目〖1〗，更上一層樓。",
        "“白日依山盡，　黃河入海流。。欲窮千里目，更上一層樓。”",
    ],
)
def test_notes_quotes_and_doubled_marks_go(body):
    assert tang_of(body) == HERON_SIMPLIFIED + "\n"


@pytest.mark.parametrize(
    "body",
    [
        HERON.replace("黃", "□"),
        HERON.replace("黃", "○"),
        HERON.replace("。", "．"),
        HERON[:-1],
        "，" + HERON,
        HERON[:12],
        "<b>" + HERON,
    ],
)
def test_fragments_and_poems_with_gaps_are_dropped(body):
    other = "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。"
    assert tang_of(body, other) == "床前明月光，疑是地上霜。举头望明月，低头思故乡。\n"


def test_a_poem_that_shares_half_of_its_verses_with_one_before_is_dropped():
    half = "白日依山盡，黃河入海流。床前明月光，疑是地上霜。"
    quarter = "白日依山盡，疑是地上霜。舉頭望明月，低頭思故鄉。"
    assert tang_of(HERON, HERON, half, quarter).count("\n") == 2


def test_a_file_of_another_shape_is_refused():
    with pytest.raises(CorpusError, match=r"poet\.json does not hold the records"):
        tang({"poet.json": b'{"poems": []}'})


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
    assert gutenberg({"2002.txt": book}).split("\n\n\n") == [
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
        gutenberg({"1041.txt": b"another book"})
