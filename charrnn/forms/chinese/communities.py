"""Groups of nodes that are joined more closely than chance would have it.

The method of Blondel, Guillaume, Lambiotte and Lefebvre (2008, "Fast unfolding of communities in
large networks"): each node moves to the neighbouring group that raises the modularity most, until
none moves; then the groups are taken as nodes, and so on.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

Graph = dict[int, Counter[int]]
"""Weights of the edges from each node to others, or to itself; each edge stands at both its ends."""


def find_communities(weights: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """Divide nodes into groups.

    Args:
        weights: How strongly two different nodes are joined, each pair once, in either order.

    Returns:
        The groups, the largest first, each with its nodes in order. The same weights in any order
        give the same groups.
    """
    names = sorted({name for pair in weights for name in pair})
    numbers = {name: number for number, name in enumerate(names)}
    graph: Graph = {number: Counter() for number in numbers.values()}
    for (first, second), weight in sorted(weights.items()):
        graph[numbers[first]][numbers[second]] += weight
        graph[numbers[second]][numbers[first]] += weight
    members = {number: [name] for name, number in numbers.items()}
    while True:
        groups = _moved(graph)
        if len(set(groups.values())) == len(graph):
            break
        members = _gathered(members, groups)
        graph = _merged(graph, groups)
    return sorted((sorted(group) for group in members.values()), key=lambda one: (-len(one), one))


def _moved(graph: Graph) -> dict[int, int]:
    """The group of each node, after each has moved as long as that helped."""
    degrees = {node: sum(edges.values()) for node, edges in graph.items()}
    whole = sum(degrees.values())
    groups = {node: node for node in graph}
    totals = Counter(degrees)
    moving = True
    while moving:
        moving = False
        for node, edges in graph.items():
            home = groups[node]
            totals[home] -= degrees[node]
            joined: Counter[int] = Counter({home: 0})
            for other, weight in edges.items():
                if other != node:
                    joined[groups[other]] += weight
            # Whole numbers throughout, so that ties are ties: whoever is equal stays at home.
            best = max(
                joined,
                key=lambda group: (
                    joined[group] * whole - totals[group] * degrees[node],
                    group == home,
                    -group,
                ),
            )
            totals[best] += degrees[node]
            groups[node] = best
            moving |= best != home
    return groups


def _gathered(members: dict[int, list[str]], groups: dict[int, int]) -> dict[int, list[str]]:
    gathered: dict[int, list[str]] = defaultdict(list)
    for node, names in members.items():
        gathered[groups[node]] += names
    return dict(gathered)


def _merged(graph: Graph, groups: dict[int, int]) -> Graph:
    """The graph whose nodes are the groups; what joined nodes of one is an edge to itself."""
    merged: Graph = {group: Counter() for group in sorted(set(groups.values()))}
    for node, edges in graph.items():
        for other, weight in edges.items():
            merged[groups[node]][groups[other]] += weight
    return merged
