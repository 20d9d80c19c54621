import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.generation.recipe import TextMark


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_mark_fits_its_own_text_alone(text: str, other: str) -> None:
    mark = TextMark.of(text)
    assert mark.fits(text)
    assert mark.fits(other) == (text == other)


@pytest.mark.parametrize(
    ("other", "between"),
    [
        ("Xbcdefghijklmnop", (1, 2)),
        ("abcdeXghijklmnop", (5, 6)),
        ("abcdefghijklmnoX", (15, 16)),
        ("abcdef", (7, 8)),
        ("", (1, 2)),
        ("abcdefghijklmnopq", (15, 16)),
    ],
)
def test_a_mark_tells_where_two_texts_part(other: str, between: tuple[int, int]) -> None:
    assert TextMark.of("abcdefghijklmnop").parting(other) == between


def test_texts_of_a_few_characters_part_somewhere() -> None:
    assert TextMark.of("").parting("x") == (1, 1)
    assert TextMark.of("ab").parting("ax") == (2, 2)
