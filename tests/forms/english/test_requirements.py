"""What is asked of an English poem, as it is understood."""

import pytest

from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import Requirements
from charrnn.forms.english.requirements import read_requirements
from tests.forms.english.toy_verse import LEXICON


def test_demands_are_read_into_words_and_letters() -> None:
    read = read_requirements(
        Requirements(
            acrostic="Net",
            must=("Tan", "’tan", "tan"),
            rhyme_with="an old treat!",
            first_line=" A net, a tan; ",
        ),
        3,
        LEXICON,
    )
    assert (read.begins, read.ends) == ("net", "")
    assert [word.key for word in read.must] == ["tan", "'tan"]
    assert read.rhyme_with is not None
    assert read.rhyme_with.key == "treat"
    assert read.first_line is not None
    assert read.first_line.text == "A net, a tan;"
    assert [word.key for word in read.first_line.words] == ["a", "net", "a", "tan"]
    assert list(map(str, read.first_line.words[0].ways)) == ["AH0", "EY1"]


def test_nothing_asked_is_nothing_read() -> None:
    read = read_requirements(Requirements(acrostic_at="end"), 3, LEXICON)
    assert (read.begins, read.ends, read.must) == ("", "", ())
    assert read.rhyme_with is None
    assert read.first_line is None


def test_an_acrostic_may_stand_at_the_end() -> None:
    read = read_requirements(Requirements(acrostic="NE", acrostic_at="end"), 3, LEXICON)
    assert (read.begins, read.ends) == ("", "ne")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Requirements(acrostic="nets"), "has 4 letters, and the form 3 lines"),
        (Requirements(acrostic="n t"), "letters alone"),
        (Requirements(acrostic="n2"), "letters alone"),
        (Requirements(must=("",)), "Received: nothing"),
        (Requirements(must=("a net",)), "one English word at a time"),
        (Requirements(must=("net-tan",)), "one English word at a time"),
        (Requirements(must=("net!",)), "one English word at a time"),
        (Requirements(must=("42",)), "one English word at a time"),
        (Requirements(rhyme_with="?"), "rhyme-with takes an English word"),
        (Requirements(rhyme_with="net 42"), "rhyme-with takes an English word"),
        (Requirements(first_line="net\ntan"), "has to be one line"),
        (Requirements(first_line="?"), "has to be one line"),
        (Requirements(first_line=" "), "has to be one line"),
        (Requirements(first_line="42 nets"), "42, which is no English word"),
    ],
)
def test_what_is_malformed_is_told_in_a_sentence(asked: Requirements, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_requirements(asked, 3, LEXICON)
