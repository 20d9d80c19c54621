"""Placing words that must stand somewhere."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.english.requirements import UNPLACED, EnglishPlacement, place_words


@settings(deadline=None)
@given(
    allowed=st.sets(st.tuples(*[st.integers(0, 2)] * 3)),
    seed=st.integers(0, 1000),
)
def test_a_placement_is_found_where_there_is_one(allowed: set[tuple[int, ...]], seed: int) -> None:
    generator = np.random.default_rng(seed)

    def fits(placement: EnglishPlacement) -> bool:
        return any(
            all(have in {UNPLACED, wanted} for have, wanted in zip(placement, one, strict=True))
            for one in allowed
        )

    found = place_words(3, fits, lambda: generator.permutation(3).tolist())
    assert found in allowed if allowed else found is None


def test_the_lines_are_tried_in_their_order() -> None:
    orders = itertools.cycle([[1, 0], [0, 1]])
    assert place_words(2, lambda _: True, lambda: next(orders)) == (1, 0)


def test_no_words_are_placed_where_the_poem_is_possible() -> None:
    assert place_words(0, lambda _: True, lambda: [0]) == ()
    assert place_words(0, lambda _: False, lambda: [0]) is None
