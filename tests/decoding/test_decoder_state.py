from typing import NamedTuple

import numpy as np
import pytest

from charrnn.decoding.hypothesis import DecoderState, gather


class Text(NamedTuple):
    decoder_state: DecoderState
    row: int


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
    assert gather([Text(one, 0), Text(one, 1), Text(one, 2)]) is one


@pytest.mark.parametrize("rows", [[0], [2, 0], [1, 1, 1], [2, 1, 0]])
def test_rows_are_taken_in_any_order_and_more_than_once(rows: list[int]) -> None:
    one = state_of(1, 2, 3)
    found = gather([Text(one, row) for row in rows])
    assert rows_of(found) == [row + 1 for row in rows]


def test_rows_of_several_states_are_joined_in_order() -> None:
    one, other = state_of(1, 2), state_of(7)
    texts = [Text(one, 1), Text(other, 0), Text(one, 0), Text(one, 1)]
    assert rows_of(gather(texts)) == [2, 7, 1, 2]
