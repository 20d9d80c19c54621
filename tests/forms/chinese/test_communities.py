import random
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.chinese.sound_learning import find_communities


def test_groups_are_told_apart() -> None:
    weights = dict.fromkeys([*combinations("abcd", 2), *combinations("xyz", 2)], 3)
    weights["d", "x"] = 1
    assert find_communities(weights) == [["a", "b", "c", "d"], ["x", "y", "z"]]


def test_nothing_has_no_groups() -> None:
    assert find_communities({}) == []


def test_a_ring_of_cliques_is_divided_as_its_modularity_asks() -> None:
    """The example of Fortunato and Barthélemy (2007): thirty cliques of five pair up."""
    names = [f"{number:03}" for number in range(150)]
    cliques = [names[at : at + 5] for at in range(0, 150, 5)]
    weights = {pair: 1 for clique in cliques for pair in combinations(clique, 2)}
    weights |= {
        (one[-1], other[0]): 1
        for one, other in zip(cliques, cliques[1:] + cliques[:1], strict=True)
    }
    groups = find_communities(weights)
    assert {len(group) for group in groups} <= {5, 10, 15}
    for clique in cliques:
        assert any(set(clique) <= set(group) for group in groups)


PAIRS = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")).filter(
    lambda pair: pair[0] < pair[1]
)


@given(st.dictionaries(PAIRS, st.integers(1, 9)), st.randoms())
def test_every_node_is_in_one_group_whatever_the_order(
    weights: dict[tuple[str, str], int], order: random.Random
) -> None:
    groups = find_communities(weights)
    members = [one for group in groups for one in group]
    assert sorted(members) == sorted({name for pair in weights for name in pair})
    shuffled = list(weights.items())
    order.shuffle(shuffled)
    assert find_communities(dict(shuffled)) == groups
