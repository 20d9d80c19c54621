import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import ConfigurationError
from charrnn.forms.chinese.requirements import ChinesePlacement
from charrnn.forms.core.automaton import Placements, PlacementSearch

MOST = 10_000

PLACES = [ChinesePlacement(line, start) for line in range(3) for start in range(2)]


def apart(placed: Placements[ChinesePlacement]) -> bool:
    """Whether no two words stand in one place."""
    taken = [one for one in placed if one is not None]
    return len(set(taken)) == len(taken)


def in_one_line(placed: Placements[ChinesePlacement]) -> bool:
    return apart(placed) and len({one.line for one in placed if one is not None}) < 2


@given(
    st.lists(st.lists(st.sampled_from(PLACES), unique=True, max_size=4), max_size=4),
    st.sampled_from([apart, in_one_line]),
    st.integers(0, 9),
)
def test_places_are_found_whenever_there_are_any(
    candidates: list[list[ChinesePlacement]],
    possible: Callable[[Placements[ChinesePlacement]], bool],
    seed: int,
) -> None:
    found = PlacementSearch(candidates, possible, MOST).draw(np.random.default_rng(seed))
    every = [placed for placed in itertools.product(*candidates) if possible(placed)]
    assert found in every if every else found is None


def test_every_way_to_place_words_is_drawn() -> None:
    search = PlacementSearch([PLACES[:2], PLACES[1:4]], apart, MOST)
    generator = np.random.default_rng(0)
    assert {search.draw(generator) for _ in range(200)} == {
        placed for placed in itertools.product(PLACES[:2], PLACES[1:4]) if apart(placed)
    }


def test_without_words_it_tells_whether_there_is_any_poem() -> None:
    generator = np.random.default_rng(0)
    assert PlacementSearch([], lambda _: True, MOST).draw(generator) == ()
    assert PlacementSearch([], lambda _: False, MOST).draw(generator) is None


def test_places_that_are_hard_to_find_are_found_by_thinking() -> None:
    """Only one order of twelve words will do, which nobody finds by chance."""
    words: Sequence[Sequence[ChinesePlacement]] = [
        [ChinesePlacement(0, start) for start in range(word, 12)] for word in range(12)
    ]
    found = PlacementSearch(words, apart, MOST).draw(np.random.default_rng(0))
    assert found == tuple(ChinesePlacement(0, start) for start in range(12))


def test_a_search_that_would_take_too_long_is_given_up() -> None:
    crowd = PlacementSearch([PLACES] * 7, apart, 50)
    with pytest.raises(ConfigurationError, match="7 required words are too many"):
        crowd.draw(np.random.default_rng(0))
