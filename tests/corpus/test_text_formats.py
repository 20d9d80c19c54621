import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.text_formats import (
    BEGINNING,
    is_gutenberg_book,
    structured_format,
    without_licence,
)

HEADER = "The Project Gutenberg EBook of Poems\n\nTitle: Poems\n\n"
START = "*** START OF THE PROJECT GUTENBERG EBOOK POEMS ***"
END = "*** END OF THE PROJECT GUTENBERG EBOOK POEMS ***"
LICENCE = "\n\nSection 1. General Terms of Use\n"
VERSE = "\nThe tide comes in,\nthe tide goes out.\n\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[{"title": "月", "paragraphs": ["床前明月光"]}]', "JSON"),
        ('\n {\n  "poems": []}', "JSON"),
        ('[["a", "b"]]', "JSON"),
        ('["the tide",\n "the moon"]', "JSON"),
        ('{"text": "the tide"}\n{"text": "the moon"}\n', "JSON Lines"),
        ('["a", "b"]\n["c", "d"]\n', "JSON Lines"),
        ("title,author,text\nTide,me,the tide\nMoon,me,the moon\n", "CSV"),
        (',Title,Poem,Poet\n0,Tide,"the tide,\nthe sea",me\n1,Moon,"the moon",me\n', "CSV"),
        ("题目\t作者\t内容\n静夜思\t李白\t床前明月光\n", "CSV"),
        ("id;poem\n1;the tide\n", "CSV"),
        ("<!DOCTYPE html>\n<p>the tide", "HTML"),
        ('<?xml version="1.0"?><poem/>', "XML"),
    ],
)
def test_data_is_recognised(text, kind):
    assert structured_format(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        VERSE,
        "[Verse 1]\nthe tide",
        '["Come in"\nhe said',
        "{the tide}",
        '"The tide," she said,\n"comes in."',
        "the tide, the sea\nthe moon, the sky\n",
        "Title, the tide\nthe moon\n",
        "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n",
        "poem\nthe tide\nthe moon\n",
        "text;\n\n; the tide; the sea\n",
    ],
)
def test_verse_is_not_taken_for_data(text):
    assert structured_format(text) is None


def test_a_row_that_is_cut_says_nothing():
    table = "title,text\n" + "Tide,the tide\n" * BEGINNING
    assert structured_format(table[:BEGINNING]) == "CSV"
    assert structured_format(table) == "CSV"


@pytest.mark.parametrize("text", ["[" * BEGINNING, '{"' + "\\" * BEGINNING, " " * BEGINNING])
def test_what_is_deep_or_long_takes_no_time(text):
    assert structured_format(text) is None


def cleaned(*pieces):
    return "".join(without_licence(pieces))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, END),
        ("***START OF THIS PROJECT GUTENBERG EBOOK POEMS***", "***END OF THIS PROJECT GUTENBERG"),
        ("*** START OF THE PROJECT GUTENBERG EBOOK POEMS BY ME,\nTHREE SERIES ***", END),
        ("*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*", END),
        (START, "End of the Project Gutenberg EBook of Poems, by Me\n" + END),
        (START, "End of Project Gutenberg's Poems, by Me"),
    ],
)
def test_a_book_is_what_stands_between_the_markers(start, end):
    book = HEADER + start + VERSE + end + LICENCE
    assert is_gutenberg_book(book)
    assert cleaned(book).strip() == VERSE.strip()


def test_a_book_may_be_followed_by_another_one_or_by_nothing():
    book = HEADER + START + VERSE + END + LICENCE
    assert cleaned(book, book) == 2 * VERSE
    assert cleaned(HEADER + START + VERSE) == VERSE
    assert cleaned(HEADER) == ""


def test_other_texts_are_no_books():
    assert not is_gutenberg_book(VERSE)
    assert not is_gutenberg_book(HEADER)
    assert not is_gutenberg_book(VERSE + END + LICENCE)


LINES = st.sampled_from([START, END, "the tide\n", "\n", "x" * 5000, "*** ", "End of ", HEADER])


@given(st.lists(LINES), st.lists(st.integers(0, 20_000)))
def test_how_a_book_is_cut_into_pieces_makes_no_difference(lines, cuts):
    book = "\n".join(lines)
    borders = [0, *sorted(cut % (len(book) + 1) for cut in cuts), len(book)]
    pieces = [book[a:b] for a, b in itertools.pairwise(borders)]
    assert cleaned(*pieces) == cleaned(book)
