import json

from charrnn.corpus.recipes.english_verse import english_verse
from charrnn.corpus.recipes.source_file import SourceFile

LAMP = "The lamp that burns above the quay,\nThe lamp that looks upon the sea,\n"
RAIN = "And all the rain of all the year\nIs falling on the water here.\n"
OWL = "The owl is in the ruined tower,\nAnd no one knows of it but me;\n"
HILL = "I went at morning to the hill\nAnd found it in the shadow still.\n"
LATIN = "Arma virumque cano, Troiae qui,\nItaliam, fato profugus,\nLitora multum ille, et,\nVi;\n"


def poems_of(*sources):
    return [json.loads(line) for line in english_verse(sources).splitlines()]


def book(name, *poems, author=""):
    text = "\n\n".join(f"{heading}\n\n{verse}" for heading, verse in poems)
    return SourceFile(name, text.encode(), author)


def test_poems_have_their_titles_and_authors():
    lamps = book("1.txt", ("THE LAMP", LAMP + RAIN), ("II", OWL + HILL), author="Vane, Ada")
    assert poems_of(lamps) == [
        {"title": "The Lamp", "author": "Ada Vane", "text": (LAMP + RAIN).strip()},
        {"author": "Ada Vane", "text": (OWL + HILL).strip()},
    ]


def test_books_of_one_author_come_before_anthologies_and_a_poem_comes_once():
    anthology = book("1.txt", ("A LIGHT", LAMP + RAIN), ("OWLS", OWL + HILL))
    own = book("2.txt", ("THE LAMP", LAMP.upper().title() + RAIN), author="Ada Vane")
    assert [(poem["title"], poem.get("author")) for poem in poems_of(anthology, own)] == [
        ("The Lamp", "Ada Vane"),
        ("Owls", None),
    ]


def test_a_poem_that_has_half_of_its_lines_from_earlier_ones_is_dropped():
    poems = [("ONE", LAMP + RAIN), ("TWO", LAMP + OWL), ("THREE", LAMP + HILL + OWL + HILL)]
    assert [poem["title"] for poem in poems_of(book("1.txt", *poems))] == ["One"]


def test_poems_that_are_short_or_long_or_not_english_are_dropped():
    long = "".join(
        f"And this is line {word} of the {word},\n" for word in map(chr, range(200, 301))
    )
    poems = [
        ("SHORT", LAMP + "And rain.\n"),
        ("LATIN", LATIN),
        ("LONG", long),
        ("RAIN", LAMP + RAIN),
    ]
    assert [poem["title"] for poem in poems_of(book("1.txt", *poems))] == ["Rain"]
    assert [poem["title"] for poem in poems_of(book("1.txt", ("LONG", long[:2500])))] == ["Long"]
