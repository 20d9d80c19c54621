import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.wording import cells, counted, printable, size_in_words, wrapped


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_951, "10 kB"),
        (128_814, "129 kB"),
        (999_499, "999 kB"),
        (999_501, "1.0 MB"),
        (1_234_567_890, "1,234.6 MB"),
    ],
)
def test_bytes_are_told_in_two_or_three_figures(size: int, words: str) -> None:
    assert size_in_words(size) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 steps"), (1, "1 step"), (1200, "1,200 steps"), (1.0, "1 step"), (0.355, "0.355 steps")],
)
def test_a_count_agrees_with_its_noun(number: float, words: str) -> None:
    assert counted(number, "step") == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\x9b2Jb\x7f", r"a\x9b2Jb\x7f"),
        ("abc\u202edcb", r"abc\u202edcb"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("\udcff \ud800", r"\udcff \ud800"),
        ("one\ntwo\tthree\r", r"one\ntwo\tthree\r"),
        ("\u2028\U000e0041", r"\u2028\U000e0041"),
        ("床前明月光 é “q” 🌙 می\u200cخواهم", "床前明月光 é “q” 🌙 می\u200cخواهم"),
    ],
)
def test_foreign_text_is_spelled_where_it_could_steer_or_deceive(text: str, shown: str) -> None:
    assert printable(text) == shown


@settings(deadline=None)
@given(st.text(st.characters(codec=None, categories=None)), st.sampled_from(["", "\n", "\n\t"]))
def test_no_control_character_passes(text: str, keep: str) -> None:
    shown = printable(text, keep)
    left = {one for one in shown if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}}
    assert left <= set(keep)
    assert printable(shown, keep) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 13, ["one two three"]),
        ("a verylongword b", 4, ["a", "verylongword", "b"]),
        ("  indented words", 10, ["  indented", "words"]),
        ("first\nsecond line", 6, ["first", "second", "line"]),
        ("床前 明月 光", 5, ["床前", "明月", "光"]),
        ("", 5, [""]),
    ],
)
def test_lines_are_broken_between_words(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width).split("\n") == lines


@settings(deadline=None)
@given(st.text("ab 月\n"), st.integers(1, 20))
def test_wrapping_keeps_all_words_and_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width).split("\n")
    assert "\n".join(lines).split() == text.split()
    assert all(cells(line) <= width or len(line.split()) == 1 for line in lines if line.strip())
