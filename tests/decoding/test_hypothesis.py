import gc
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.decoding.hypothesis import (
    LONGEST_END,
    DecoderState,
    GrowingText,
    Hypothesis,
    LineCount,
    gather,
)


def text(decoder_state: DecoderState, row: int) -> Hypothesis:
    return Hypothesis(GrowingText(), decoder_state, row, LineCount())


def state_of(*numbers: float) -> DecoderState:
    """A decoder state whose every row holds one number."""
    column = np.array(numbers, np.float32)[:, None]
    return DecoderState(
        column + np.zeros((1, 2), np.float32), ((column, column + 0.5), (column * 2,))
    )


def rows_of(found: DecoderState) -> list[float]:
    """The numbers of its rows, when everything in a row belongs together."""
    ((output, memory), (upper,)) = found.state
    numbers = found.logits[:, 0]
    for array, expected in ((output, numbers), (memory, numbers + 0.5), (upper, numbers * 2)):
        np.testing.assert_array_equal(array[:, 0], expected)
    return numbers.tolist()


def test_all_rows_of_a_state_in_order_are_not_copied() -> None:
    one = state_of(1, 2, 3)
    assert gather([text(one, 0), text(one, 1), text(one, 2)]) is one


@pytest.mark.parametrize("rows", [[0], [2, 0], [1, 1, 1], [2, 1, 0]])
def test_rows_are_taken_in_any_order_and_more_than_once(rows: list[int]) -> None:
    one = state_of(1, 2, 3)
    found = gather([text(one, row) for row in rows])
    assert rows_of(found) == [row + 1 for row in rows]


def test_rows_of_several_states_are_joined_in_order() -> None:
    one, other = state_of(1, 2), state_of(7)
    texts = [text(one, 1), text(other, 0), text(one, 0), text(one, 1)]
    assert rows_of(gather(texts)) == [2, 7, 1, 2]


def grown(*parts: str) -> GrowingText:
    text = GrowingText()
    for part in parts:
        text = text.followed_by(part)
    return text


@given(st.lists(st.text("ab \n", max_size=2 * LONGEST_END), max_size=6), st.integers(1, 10**30))
def test_it_is_what_a_plain_text_would_be(parts: list[str], count: int) -> None:
    plain = "".join(parts)
    text = grown(*parts)
    assert str(text) == plain
    assert text.blank == (not plain.strip())
    assert text.last(count) == plain[-count:]
    assert text.last(3) == plain[-3:]


def test_the_text_before_stays_as_it_was() -> None:
    first = grown("moon")
    one, other = first.followed_by("light"), first.followed_by("less")
    assert (str(first), str(one), str(other)) == ("moon", "moonlight", "moonless")


def test_a_longer_text_shares_all_but_its_short_end() -> None:
    text = grown("x" * 100_000)
    for _ in range(3 * LONGEST_END):
        longer = text.followed_by("y")
        assert len(longer.end) < LONGEST_END
        assert longer.before is text.before or (longer.end == "" and longer.before is not None)
        text = longer


def test_many_characters_take_little_more_than_the_memory_of_characters() -> None:
    text = grown(*["x" * 10] * 10_000)
    size, piece = 0, text
    while piece is not None:
        size += sys.getsizeof(piece.end) + sys.getsizeof(piece)
        piece = piece.before
    assert size < 150_000


def test_a_long_chain_is_taken_apart_without_harm() -> None:
    text = GrowingText()
    for _ in range(100_000):
        text = GrowingText("x", text)
    assert text.last(10**6) == "x" * 100_000
    del text
    gc.collect()
