import pytest

from charrnn.corpus.recipes.verse_books import FoundPoem, poems_of_book

BOOK = """The Project Gutenberg EBook of Lamps, by Ada Vane

This eBook is for the use of anyone anywhere at no cost.

*** START OF THIS PROJECT GUTENBERG EBOOK LAMPS ***

Produced by several volunteers, who read every page of it
twice and more.

LAMPS AND HARBOURS

BY ADA VANE

CONTENTS

  The Lamp of the Harbour .... 3
  To an Owl .... 7
  The Ferry .... 12

PREFACE

These verses were written by the sea in the course of one long winter, and
the author has been asked by her friends to print them. She thanks them for
their patience, which has been of the greatest help to her.



THE LAMP OF THE HARBOUR

  The lamp that burns above the quay
    Has seen a thousand sails go by,
  And still it watches, patiently,
    The \u201clow\u201d grey water, the _high_ sky.[1]

[Pg 4]

  And when the boats come in at last
    With silver in their holds, and rain,            10
  It leans a little from its mast
    To count the fishermen again.

[1] A lamp of oil.

II

  There is no keeper now\u2014the stair
    Is dark, the door is locked with rust,
  And yet the flame is always there,
    As if it lived upon our trust.

TO AN OWL

  O thou that sittest in the ruined tower and askest
                              who has been
  There in the night, and who will be tomorrow,
  Tell me a little of what thou hast seen
  And I will tell thee nothing of my sorrow.



  The second poem has no name, and stands
  Three blank lines under what was there before it;
  And neither of them knows the other's hands,
  Nor knows the reader, nor the hand that bore it.

THE FERRY

[A room.]

Enter a FERRYMAN.

FERRYMAN.
  The river is too wide tonight,
  The river is too deep for me;
LADY.
  And yet I see a little light
  Beyond the water, by the tree.

Exeunt.

THE END

Transcriber's note: the spelling of the book is kept as it was printed in it.

*** END OF THIS PROJECT GUTENBERG EBOOK LAMPS ***

The licence follows,
And Would Look Like Verse,
If It Were Read,
But It Is Not.
"""

LAMP = """The lamp that burns above the quay
  Has seen a thousand sails go by,
And still it watches, patiently,
  The "low" grey water, the high sky.

And when the boats come in at last
  With silver in their holds, and rain,
It leans a little from its mast
  To count the fishermen again."""

STAIR = """There is no keeper now--the stair
  Is dark, the door is locked with rust,
And yet the flame is always there,
  As if it lived upon our trust."""

OWL = """O thou that sittest in the ruined tower and askest who has been
There in the night, and who will be tomorrow,
Tell me a little of what thou hast seen
And I will tell thee nothing of my sorrow."""

NAMELESS = """The second poem has no name, and stands
Three blank lines under what was there before it;
And neither of them knows the other's hands,
Nor knows the reader, nor the hand that bore it."""

FERRY = """The river is too wide tonight,
The river is too deep for me;
And yet I see a little light
Beyond the water, by the tree."""

FOUND = [
    ("THE LAMP OF THE HARBOUR", LAMP),
    ("II", STAIR),
    ("TO AN OWL", OWL),
    ("", NAMELESS),
    ("THE FERRY", FERRY),
]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_book_gives_its_verse_with_headings_and_nothing_else(encoding, line_end):
    book = BOOK.replace("\n", line_end).encode(encoding)
    expected = [FoundPoem(heading, "Ada Vane", text) for heading, text in FOUND]
    assert list(poems_of_book(book, "Ada Vane")) == expected


ANTHOLOGY = """
ANNABEL VANE

By Robert Lorne

  The lamp that burns above the quay
  Has seen a thousand sails go by.

DAWN

  The morning comes across the hill,
  And finds the village sleeping still.

                      Ada Vane [1850-1899]

NOON

  The bell has rung, the street is white;
  The noon is stiller than the night.
"""


def test_an_anthology_names_its_authors_above_or_under_their_poems():
    found = [(poem.heading, poem.author) for poem in poems_of_book(ANTHOLOGY.encode())]
    assert found == [("ANNABEL VANE", "Robert Lorne"), ("DAWN", "Ada Vane"), ("NOON", "")]


def test_a_single_line_is_verse_within_a_poem_only():
    book = (
        "To one who went away\n\n  The lamp is lit,\n  The sea is grey.\n\n  Come home.\n\n\n"
        "Written at night.\n\n  The bell has rung,\n  The noon is bright.\n"
    )
    assert [(poem.heading, poem.text) for poem in poems_of_book(book.encode(), "A")] == [
        ("To one who went away", "The lamp is lit,\nThe sea is grey.\n\nCome home."),
        ("", "The bell has rung,\nThe noon is bright."),
    ]


def test_accents_and_ligatures_become_plain_letters():
    book = "  A fa\u00e7ade of \u00e6ther, caf\u00e9 and \u2018na\u00efve\u2019 song,\n  And all was well\u2026\n"
    (poem,) = poems_of_book(book.encode(), "A")
    assert poem.text == "A facade of aether, cafe and 'naive' song,\nAnd all was well..."
