import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.chinese.sounds import BREAKS, is_han, verse_lines


@pytest.mark.parametrize(
    "text",
    [
        "白日依山尽，黄河入海流。",
        "  白日依山尽\n\n黄河入海流  ",
        "“白日·依山尽，”（黄河入海流）",
        "白日依山尽　黄河入海流",
        "\ufeff白日依山尽, 黄河入海流.",
    ],
)
def test_lines_of_verse_are_found_however_they_are_printed(text: str) -> None:
    assert verse_lines(text) == ["白日依山尽", "黄河入海流"]


def test_what_is_no_punctuation_stays() -> None:
    assert verse_lines("白□X，") == ["白□X"]
    assert verse_lines(" ，。\n") == []


def test_chinese_characters_of_all_planes_are_known() -> None:
    assert all(map(is_han, "〇一㐀龥𠀀𫄸豈"))
    assert not any(map(is_han, "，。x あ한□"))


@given(st.lists(st.text("春江花月夜", min_size=1), max_size=8), st.sampled_from([*BREAKS, "\n"]))
def test_lines_are_parted_where_they_were_joined(lines: list[str], between: str) -> None:
    assert verse_lines(between.join(lines)) == lines
