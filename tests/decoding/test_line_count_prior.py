import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.decoding.hypothesis import DecoderState, GrowingText, Hypothesis, LineCount
from charrnn.decoding.logits_processors import LineCountPrior
from charrnn.decoding.sampling import log_softmax

LINE_END = 2
LOGITS = np.log(np.array([0.3, 0.1, 0.4, 0.2], np.float32))  # break, unknown, line end, a letter


def in_lines(*lines: int) -> list[Hypothesis]:
    nothing = DecoderState(LOGITS[None], ())
    return [Hypothesis(GrowingText(), nothing, 0, LineCount(line)) for line in lines]


def weighed(poems: tuple[int, ...], line: int) -> np.ndarray:
    return np.exp(log_softmax(LineCountPrior(poems, LINE_END)(in_lines(line), LOGITS[None])))[0]


def test_four_lines_are_neither_three_nor_five() -> None:
    quatrains = (0, 0, 0, 9)
    for line in (1, 2, 3):
        np.testing.assert_allclose(weighed(quatrains, line), [0, 0.1, 0.7, 0.2], atol=1e-6)
    for line in (4, 5, 99):
        np.testing.assert_allclose(weighed(quatrains, line), [0.7, 0.1, 0, 0.2], atol=1e-6)


def test_the_odds_of_the_break_follow_the_poems() -> None:
    # Of three poems one has one line, and two have two: a third of the poems ends in line 1,
    # and three of five lines are a last one.
    odds = (1 / 3) / (2 / 3) / ((3 / 5) / (2 / 5))
    found = weighed((1, 2), 1)
    assert found[0] / found[2] == pytest.approx(0.3 / 0.4 * odds)
    assert found[0] + found[2] == pytest.approx(0.7)
    assert found[3] == pytest.approx(0.2)


def test_poems_of_one_line_end_where_it_ends() -> None:
    np.testing.assert_allclose(weighed((5,), 1), [0.7, 0.1, 0, 0.2], atol=1e-6)


def test_lengths_that_carry_no_news_change_nothing() -> None:
    # Where every line is the last one with the same share, the network is right as it is.
    poems = tuple(2 ** (20 - line) for line in range(20))
    found = LineCountPrior(poems, LINE_END)(in_lines(1), LOGITS[None])[0]
    np.testing.assert_allclose(found, LOGITS, atol=1e-4)


def test_logits_are_not_changed_in_place() -> None:
    before = LOGITS.copy()
    weighed((0, 1), 1)
    np.testing.assert_array_equal(LOGITS, before)


@given(poems=st.lists(st.integers(0, 50), min_size=1, max_size=30), line=st.integers(0, 40))
def test_there_is_always_something_to_write(poems: list[int], line: int) -> None:
    if sum(poems) == 0:
        return
    (found,) = LineCountPrior(poems, LINE_END)(in_lines(line), LOGITS[None])
    assert np.isfinite(found[3])
    assert not np.isnan(found).any()
    assert np.isfinite(found[0]) or np.isfinite(found[LINE_END])


def test_every_row_is_weighed_by_its_own_lines() -> None:
    rows = np.stack([LOGITS, LOGITS + np.float32(3), LOGITS[::-1]])
    prior = LineCountPrior((1, 2, 3), LINE_END)
    together = prior(in_lines(1, 3, 2), rows)
    for row, lines in enumerate((1, 3, 2)):
        np.testing.assert_array_equal(together[row], prior(in_lines(lines), rows[[row]])[0])


@pytest.mark.parametrize(("poems", "usual"), [((5,), 1), ((0, 0, 0, 9), 4), ((1, 0, 1, 0, 2), 4)])
def test_a_usual_poem_has_the_mean_number_of_lines(poems: tuple[int, ...], usual: int) -> None:
    assert LineCountPrior(poems, LINE_END).usual_lines == usual


@pytest.mark.parametrize(
    ("text", "begun", "is_open"),
    [
        ("", 0, False),
        ("\n\n", 0, False),
        ("The", 1, True),
        ("The moon\n", 1, False),
        ("The moon\n\n  \nis", 2, True),
        ("a\nb\nc\nd", 4, True),
    ],
)
def test_lines_are_counted_without_blank_ones(text: str, begun: int, is_open: bool) -> None:
    assert LineCount().followed_by(text) == LineCount(begun, open=is_open)


@given(st.lists(st.text("a \n", max_size=20), min_size=1))
def test_lines_are_counted_the_same_in_one_piece_and_in_many(pieces: list[str]) -> None:
    count = LineCount()
    for piece in pieces:
        count = count.followed_by(piece)
    assert count == LineCount().followed_by("".join(pieces))
