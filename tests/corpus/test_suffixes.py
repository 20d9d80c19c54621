from unittest import mock

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from charrnn.corpus import suffixes
from charrnn.corpus.suffixes import sort_suffixes


def test_a_word_is_sorted_by_hand() -> None:
    # b a n a n a, with the end before all letters: a, ana, anana, banana, na, nana.
    banana = np.array([2, 1, 3, 1, 3, 1], np.uint8)
    found = sort_suffixes(banana, 255)
    assert found.places.tolist() == [5, 3, 1, 0, 4, 2]
    assert found.shared.tolist() == [0, 1, 3, 0, 0, 2]


def test_what_counts_ends_at_the_longest_and_equals_keep_their_order() -> None:
    found = sort_suffixes(np.array([1, 1, 1, 1, 2], np.uint8), 2)
    assert found.places.tolist() == [0, 1, 2, 3, 4]
    assert found.shared.tolist() == [0, 2, 2, 1, 0]


texts = st.lists(st.integers(0, 3), min_size=1, max_size=60)


@given(texts, st.integers(1, 255), st.integers(2, 52), st.sampled_from([1, 7, 2**20]))
@example([0], 1, 52, 1)
@example([1] * 60, 255, 2, 7)
def test_suffixes_are_sorted_as_by_comparing_them(
    text: list[int], longest: int, bits: int, block: int
) -> None:
    with (
        mock.patch.object(suffixes, "_EXACT_BITS", bits),
        mock.patch.object(suffixes, "_BLOCK", block),
    ):
        found = sort_suffixes(np.array(text, np.uint16), longest)
    padded = text + [0] * 255
    keys = [tuple(padded[place : place + longest]) for place in range(len(text))]
    expected = sorted(range(len(text)), key=lambda place: keys[place])
    assert [keys[place] for place in found.places] == [keys[place] for place in expected]
    assert sorted(found.places.tolist()) == list(range(len(text)))
    for row in range(1, len(text)):
        one, other = (keys[place] for place in found.places[row - 1 : row + 1])
        common = next((n for n in range(longest) if one[n] != other[n]), longest)
        assert found.shared[row] == common
