import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.english.verify import divide


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("window", "win-dow"),
        ("Making", "Ma-king"),
        ("garden", "gar-den"),
        ("moon", "moon"),
        ("make", "make"),
        ("creature", "crea-ture"),
        ("wandered", "wan-dered"),
        ("wanted", "wan-ted"),
        ("poem", "po-em"),
        ("fire", "fi-re"),
        ("question", "que-stion"),
        ("yellow", "yel-low"),
        ("mother's", "mo-ther's"),
        ("blessèd", "bles-sèd"),
        ("heaven", "heaven"),
        ("careless", "care-less"),
    ],
)
def test_words_are_divided_where_a_reader_expects(word: str, parts: str) -> None:
    assert divide(word, len(parts.split("-"))) == tuple(parts.split("-"))


def test_parts_are_empty_where_letters_lack() -> None:
    assert divide("W", 3) == ("W", "", "")
    assert divide("BBC", 3) == ("B", "B", "C")


@given(st.text("abcdeghilnorstuwyèE'", min_size=1, max_size=15), st.integers(1, 8))
def test_the_parts_are_as_many_as_syllables_and_joined_are_the_word(word: str, count: int) -> None:
    parts = divide(word, count)
    assert len(parts) == count
    assert "".join(parts) == word
