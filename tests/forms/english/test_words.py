import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.english.words import words_of
from tests.forms.english.toy_lexicon import LEXICON


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("The moon, of silver light!", "the moon of silver light"),
        ("‘’Tis the moon’s light,’ and rain", "'tis the moon's light and rain"),
        ("'Moon' and 'tis", "moon and 'tis"),
        ("th' eternity", "th' eternity"),
        ("moon-light--rain", "moon light rain"),
        ("the lovers' moon", "the lovers' moon"),
        ("makin' rain", "makin' rain"),
        ("bless\u0065\u0300d night", "blessèd night"),
        ("...", ""),
    ],
)
def test_a_line_has_these_words(line: str, keys: str) -> None:
    assert [word.key for word in words_of(line, LEXICON)] == keys.split()


def test_words_stay_as_they_are_written() -> None:
    assert [word.text for word in words_of("“’Tis THE Moon’s”", LEXICON)] == [
        "’Tis",
        "THE",
        "Moon’s",
    ]


@pytest.mark.parametrize("text", ["42", "2nd", "月", "жар"])
def test_what_has_no_english_letters_has_no_sound(text: str) -> None:
    (word,) = words_of(text, LEXICON)
    assert (word.text, word.sound) == (text, None)


@given(st.text(max_size=60))
def test_any_line_has_words_that_stand_in_it(line: str) -> None:
    for word in words_of(line, LEXICON):
        assert word.text
        assert word.sound is None or word.sound.pronunciations


def test_signs_are_said_or_told() -> None:
    line = "Man & wife (5%) + *light* – £9 ~ #1 ‘x’, a|b"
    found = [(word.key, word.sound is not None) for word in words_of(line, LEXICON)]
    assert found == [
        ("man", True),
        ("and", True),
        ("wife", True),
        ("5", False),
        ("percent", True),
        ("plus", True),
        ("light", True),
        ("£", False),
        ("9", False),
        ("#", False),
        ("1", False),
        ("x", True),
        ("a", True),
        ("b", True),
    ]
