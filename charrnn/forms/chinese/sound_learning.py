"""Learning tones and rhymes from regular poems, without any table.

Regular verse follows one of four tone sequences, and its even lines rhyme. Tones are found by
expectation maximisation over the four sequences, initialized from line ends. Rhyme classes are
communities in the graph of characters that rhyme (Reddy and Knight, 2011, "Unsupervised discovery
of rhyme schemes"; List, 2016, "Using network models to analyze Old Chinese rhyme data").
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from charrnn.errors import FormError
from charrnn.forms.chinese.sounds import (
    CERTAIN_SHARE,
    TONES,
    LearnedSounds,
    Tone,
    is_han,
    verse_lines,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


Graph = dict[int, Counter[int]]
"""Edge weights of each node; an edge stands at both ends, loops are allowed."""


def find_communities(weights: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """Communities of a graph, the largest first, each sorted; independent of the order of edges.

    The Louvain method (Blondel et al., 2008, "Fast unfolding of communities in large networks"):
    each node moves to the neighbouring group that raises the modularity most, until none moves;
    then the groups become nodes, and so on. `weights` has each pair of different nodes once.
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
        merged: dict[int, list[str]] = defaultdict(list)
        for node, group in members.items():
            merged[groups[node]] += group
        members = merged
        graph = _merged(graph, groups)
    return sorted((sorted(group) for group in members.values()), key=lambda one: (-len(one), one))


def _moved(graph: Graph) -> dict[int, int]:
    """The group of each node after local moves."""
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
            # Integers, so that ties are exact: in a tie, the node stays.
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


def _merged(graph: Graph, groups: dict[int, int]) -> Graph:
    """The graph whose nodes are the groups; edges within a group become a loop."""
    merged: Graph = {group: Counter() for group in sorted(set(groups.values()))}
    for node, edges in graph.items():
        for other, weight in edges.items():
            merged[groups[node]][groups[other]] += weight
    return merged


FEWEST_POEMS: Final = 100
"""Least number of regular poems to learn from."""

ROUNDS: Final = 6

MOST_CERTAIN: Final = 0.98
"""Highest probability of a tone, so that every poem can correct it."""

MOST_AGAINST: Final = 0.1
"""Largest share of a poem's tones that may violate its sequence."""

SECOND_CLASS_SHARE: Final = 0.1
"""Share of a character's rhymes that makes it a member of another class too."""

FEWEST_RHYMES: Final = 5
"""Least number of its rhymes there."""

_ENDINGS: Final = {"a": "0-++-", "A": "0--++", "b": "0++--", "B": "++--+"}
"""The last five tones of the four kinds of lines: + level, - oblique, 0 either."""

_BEGINNINGS: Final = {"a": "0+", "A": "0+", "b": "0-", "B": "0-"}
"""The tones before those, in lines of seven."""

_SEQUENCES: Final = ("aBbAaBbA", "ABbAaBbA", "bAaBbAaB", "BAaBbAaB")
"""The kinds of the lines of a quatrain or an octave."""

Verse = Sequence[str]


def learn_sounds(poems: Iterable[str]) -> LearnedSounds:
    """Learn the tones and rhymes of characters; takes a second or two for 40,000 poems.

    Poems that do not have 4 or 8 lines of 5 or 7 characters are ignored.

    Raises:
        FormError: There are fewer than `FEWEST_POEMS` regular poems.
    """
    regular = [lines for lines in map(verse_lines, poems) if _is_regular(lines)]
    if len(regular) < FEWEST_POEMS:
        raise FormError(
            f"tones and rhymes are learned from at least {FEWEST_POEMS} poems of 4 or 8 lines of 5 "
            f"or 7 characters. Received: {len(regular)} of them."
        )
    places = _learned_tones(regular)
    return LearnedSounds(len(regular), places, _learned_classes(regular, places))


def _is_regular(lines: Verse) -> bool:
    return (
        len(lines) in {4, 8}
        and len(lines[0]) in {5, 7}
        and {len(line) for line in lines} == {len(lines[0])}
        and all(map(is_han, "".join(lines)))
    )


def _learned_tones(poems: Sequence[Verse]) -> dict[str, tuple[int, int]]:
    """How often each character stands in a level and in an oblique position."""
    import numpy as np

    characters = sorted({character for lines in poems for character in "".join(lines)})
    numbers = {character: number for number, character in enumerate(characters)}
    line_tones: dict[tuple[int, int], list[list[int]]] = defaultdict(list)
    for lines in poems:
        poem = [numbers[character] for character in "".join(lines)]
        line_tones[len(lines), len(lines[0])].append(poem)
    arrays = [(np.array(rows), _templates(*shape)) for shape, rows in sorted(line_tones.items())]
    level = _tones_of_line_ends(poems, numbers)
    for _ in range(ROUNDS):
        counts = np.sum([_counted(level, *array) for array in arrays], axis=0)
        level = _probability(counts)
    return {
        character: (int(counts[0, number]), int(counts[1, number]))
        for character, number in numbers.items()
    }


def _templates(lines: int, length: int) -> "npt.NDArray[np.int8]":
    """`(4, characters)` the tones of the four sequences: 1 level, -1 oblique, 0 either."""
    import numpy as np

    signs = {"+": 1, "-": -1, "0": 0}
    kinds = {
        kind: (_BEGINNINGS[kind] if length == 7 else "") + ending
        for kind, ending in _ENDINGS.items()
    }
    return np.array(
        [
            [signs[sign] for kind in sequence[:lines] for sign in kinds[kind]]
            for sequence in _SEQUENCES
        ],
        dtype=np.int8,
    )


def _tones_of_line_ends(
    poems: Sequence[Verse], numbers: dict[str, int]
) -> "npt.NDArray[np.float64]":
    """Initial probabilities: even lines end level, odd ones oblique, except the first."""
    import numpy as np

    counts = np.zeros((2, len(numbers)), dtype=np.int64)
    for lines in poems:
        for place, line in enumerate(lines[1:]):
            counts[place % 2, numbers[line[-1]]] += 1
    return _probability(counts)


def _probability(counts: Any) -> "npt.NDArray[np.float64]":
    """Probability that each character is level, from `(2, characters)` counts."""
    import numpy as np

    share = (counts[0] + 0.5) / (counts.sum(axis=0) + 1)
    level: npt.NDArray[np.float64] = np.clip(share, 1 - MOST_CERTAIN, MOST_CERTAIN)
    return level


def _counted(
    level: "npt.NDArray[np.float64]",
    poems: "npt.NDArray[np.int64]",
    templates: "npt.NDArray[np.int8]",
) -> Any:
    """`(2, characters)` level and oblique positions in the poems that fit a sequence well.

    Each poem follows its most probable sequence. Poems in the old style follow none and are left
    out; with them every character would seem to have both tones.
    """
    import numpy as np

    fits = np.log(level)[poems] @ (templates > 0).T + np.log1p(-level)[poems] @ (templates < 0).T
    tones = templates[fits.argmax(axis=1)]
    against = (tones != 0) & ((level[poems] > 0.5) != (tones > 0))
    regular = against.sum(axis=1) <= MOST_AGAINST * (tones != 0).sum(axis=1)
    poems, tones = poems[regular], tones[regular]
    return np.stack([np.bincount(poems[tones == sign], minlength=len(level)) for sign in (1, -1)])


def _learned_classes(
    poems: Sequence[Verse], places: dict[str, tuple[int, int]]
) -> dict[Tone, tuple[str, ...]]:
    """The rhyme classes of each tone, the largest first, frequent members first."""
    together: dict[Tone, Counter[tuple[str, str]]] = {tone: Counter() for tone in TONES}
    rhymed: dict[Tone, Counter[str]] = {tone: Counter() for tone in TONES}
    for lines in poems:
        ends = [line[-1] for line in lines[1::2]]
        tone = _tone_of_rhymes([places[end] for end in ends])
        if tone is not None:
            rhymed[tone].update(ends)
            together[tone].update(combinations(sorted(set(ends)), 2))
    return {
        tone: tuple(
            "".join(sorted(group, key=lambda one: (-rhymed[tone][one], one)))
            for group in _with_shared_members(find_communities(together[tone]), together[tone])
        )
        for tone in TONES
    }


def _with_shared_members(
    groups: Sequence[Sequence[str]], together: Mapping[tuple[str, str], int]
) -> list[set[str]]:
    """The groups with members of others that often rhyme in them: 行 has two classes."""
    home = {one: number for number, group in enumerate(groups) for one in group}
    joined: dict[str, Counter[int]] = defaultdict(Counter)
    for (first, second), count in together.items():
        joined[first][home[second]] += count
        joined[second][home[first]] += count
    return [
        {*group}
        | {
            one
            for one, counts in joined.items()
            if counts[number] >= max(FEWEST_RHYMES, SECOND_CLASS_SHARE * counts.total())
        }
        for number, group in enumerate(groups)
    ]


def _tone_of_rhymes(ends: Sequence[tuple[int, int]]) -> Tone | None:
    """The tone that all line ends can have and most do, from their (level, oblique) counts."""
    shares = [(level + 0.5) / (level + oblique + 1) for level, oblique in ends]
    if 2 * sum(shares) > len(shares):
        return TONES[0] if min(shares) > 1 - CERTAIN_SHARE else None
    return TONES[1] if max(shares) < CERTAIN_SHARE else None
