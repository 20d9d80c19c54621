import itertools

from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.core.automaton import can_all_differ, leaving_enough

SETS = st.lists(st.frozensets(st.integers(0, 6), max_size=5), max_size=5)
TAKEN = st.frozensets(st.integers(0, 6), max_size=3)


def some_choice_differs(choices: list[frozenset[int]], taken: frozenset[int]) -> bool:
    return any(len({*chosen} - taken) == len(chosen) for chosen in itertools.product(*choices))


@given(SETS, TAKEN)
def test_sets_can_differ_when_some_choice_does(
    choices: list[frozenset[int]], taken: frozenset[int]
) -> None:
    assert can_all_differ(choices, taken) == some_choice_differs(choices, taken)


@given(st.frozensets(st.integers(0, 6)), SETS, TAKEN)
def test_what_is_taken_leaves_enough_for_the_others(
    candidates: frozenset[int], choices: list[frozenset[int]], taken: frozenset[int]
) -> None:
    assert leaving_enough(candidates, choices, taken) == {
        one for one in candidates - taken if some_choice_differs(choices, taken | {one})
    }


def test_two_hundred_sets_that_are_alike_are_served_at_once() -> None:
    hundred = frozenset(range(100))
    assert can_all_differ([hundred] * 100)
    assert not can_all_differ([hundred] * 101)
    assert leaving_enough(hundred, [hundred] * 99) == hundred
    assert leaving_enough(hundred, [hundred] * 100) == frozenset()
    assert leaving_enough(frozenset(range(99, 102)), [hundred] * 100) == {100, 101}
