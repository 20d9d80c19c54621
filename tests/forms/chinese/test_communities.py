import random
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.chinese.sound_learning import find_classes, find_communities

NAMES = [f"{number:03}" for number in range(150)]
CLIQUES = [NAMES[at : at + 5] for at in range(0, 150, 5)]
RING = {pair: 1 for clique in CLIQUES for pair in combinations(clique, 2)} | {
    (one[-1], other[0]): 1 for one, other in zip(CLIQUES, CLIQUES[1:] + CLIQUES[:1], strict=True)
}
"""Thirty cliques of five, each with one edge to the next."""


def test_groups_are_told_apart() -> None:
    weights = dict.fromkeys([*combinations("abcd", 2), *combinations("xyz", 2)], 3)
    weights["d", "x"] = 1
    assert find_communities(weights) == [["a", "b", "c", "d"], ["x", "y", "z"]]


def test_nothing_has_no_groups() -> None:
    assert find_communities({}) == []


def test_a_ring_of_cliques_is_divided_as_its_modularity_asks() -> None:
    """The example of Fortunato and Barthélemy (2007): thirty cliques of five pair up."""
    groups = find_communities(RING)
    assert {len(group) for group in groups} <= {5, 10, 15}
    assert max(map(len, groups)) > 5
    for clique in CLIQUES:
        assert any(set(clique) <= set(group) for group in groups)


def test_what_hardly_rhymes_is_no_class_however_large_the_graph() -> None:
    assert find_classes(RING) == CLIQUES


def test_what_rhymes_as_one_class_would_is_one_though_it_has_communities() -> None:
    pairs = [*combinations("abcd", 2), *combinations("wxyz", 2)]
    close = dict.fromkeys(pairs, 2) | {(one, other): 1 for one in "abcd" for other in "wxyz"}
    assert len(find_communities(close)) == 2
    assert find_classes(close) == [list("abcdwxyz")]
    apart = dict.fromkeys(pairs, 12) | {(one, other): 1 for one in "abcd" for other in "wxyz"}
    assert find_classes(apart) == [list("abcd"), list("wxyz")]
    assert find_classes({}) == []


PAIRS = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")).filter(
    lambda pair: pair[0] < pair[1]
)


@pytest.mark.parametrize("find", [find_communities, find_classes])
@settings(deadline=None)
@given(weights=st.dictionaries(PAIRS, st.integers(1, 9)), order=st.randoms())
def test_every_node_is_in_one_group_whatever_the_order(
    find: Callable[[dict[tuple[str, str], int]], list[list[str]]],
    weights: dict[tuple[str, str], int],
    order: random.Random,
) -> None:
    groups = find(weights)
    members = [one for group in groups for one in group]
    assert sorted(members) == sorted({name for pair in weights for name in pair})
    shuffled = list(weights.items())
    order.shuffle(shuffled)
    assert find(dict(shuffled)) == groups
