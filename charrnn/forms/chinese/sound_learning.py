"""Learning tones and rhymes from regular poems, without any table.

Regular verse follows one of four tone sequences, and its even lines rhyme. Tones are found by
expectation maximisation over the four sequences, initialized from line ends. Rhyme classes are
communities in the graph of characters that rhyme (Reddy and Knight, 2011, "Unsupervised discovery
of rhyme schemes"; List, 2016, "Using network models to analyze Old Chinese rhyme data"), divided as
far as their parts do not rhyme with one another. The poems then decide to which classes each
character belongs.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from charrnn.errors import FormError
from charrnn.forms.chinese.sounds import (
    CERTAIN_SHARE,
    TONES,
    LearnedSounds,
    Tone,
    is_han,
    verse_lines,
)

Graph = dict[int, Counter[int]]
"""Edge weights of each node; an edge stands at both ends, loops are allowed."""


def find_communities(weights: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """Communities of a graph, the largest first, each sorted; independent of the order of edges.

    The Louvain method (Blondel et al., 2008, "Fast unfolding of communities in large networks").
    `weights` has each pair of different nodes once.
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
    merged: Graph = {group: Counter() for group in sorted(set(groups.values()))}
    for node, edges in graph.items():
        for other, weight in edges.items():
            merged[groups[node]][groups[other]] += weight
    return merged


OFTEN: Final = 0.5
"""Two groups are one class if they rhyme with one another this often, of what is expected then.

In Tang verse, 东 and 冬 rhyme 0.07 times as often as one class would, parts of a class 0.7 times.
"""


def find_classes(weights: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """The rhyme classes of a graph of characters that rhyme, ordered as `find_communities`.

    Communities have a resolution limit (Fortunato and Barthélemy, 2007, "Resolution limit in
    community detection"): in a large graph a few stray rhymes join two small classes. So each
    community is searched for communities again, until its parts rhyme as those of one class.
    """
    names = {name for pair in weights for name in pair}
    return sorted(_divided(sorted(names), weights), key=lambda one: (-len(one), one))


def _divided(group: list[str], weights: Mapping[tuple[str, str], int]) -> Iterator[list[str]]:
    members = set(group)
    inner = {pair: weight for pair, weight in weights.items() if members.issuperset(pair)}
    parts = _joined(find_communities(inner), inner)
    if len(parts) == 1:
        yield group
        return
    for part in parts:
        yield from _divided(part, inner)


def _joined(groups: Sequence[list[str]], weights: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """The groups, those joined that rhyme with one another often, the closest first."""
    home = {name: number for number, group in enumerate(groups) for name in group}
    while True:
        shared: Counter[tuple[int, int]] = Counter()
        for (first, second), weight in weights.items():
            one, other = sorted((home[first], home[second]))
            shared[one, other] += weight
        closest, (one, other) = max(
            ((_closeness(shared, *pair), pair) for pair in shared if pair[0] != pair[1]),
            default=(0.0, (0, 0)),
        )
        if closest < OFTEN:
            break
        home = {name: one if number == other else number for name, number in home.items()}
    joined: dict[int, list[str]] = defaultdict(list)
    for name in sorted(home):
        joined[home[name]].append(name)
    return list(joined.values())


def _closeness(shared: Mapping[tuple[int, int], int], one: int, other: int) -> float:
    """How often two groups rhyme with one another, of what is expected if they are one class.

    If each character of the two rhymes with any other by chance, as often as it does rhyme.
    """
    between = shared[one, other]
    degrees = [2 * shared.get((group, group), 0) + between for group in (one, other)]
    return between * sum(degrees) / math.prod(degrees)


FEWEST_POEMS: Final = 100
"""Least number of regular poems to learn from."""

ROUNDS: Final = 6

MOST_CERTAIN: Final = 0.98
"""Highest probability of a tone, so that every poem can correct it."""

SURE: Final = 0.9
"""Probability of a tone from which on the other one violates a sequence."""

MOST_AGAINST: Final = 0.05
"""Largest share of a poem's tones that may violate its sequence."""

FEWEST_RHYMES: Final = 3
"""Least number of rhymes of a character that classes are found by, and in a second class."""

SECOND_CLASS_SHARE: Final = 0.1
"""Share of a character's rhymes that makes it a member of another class too."""

MOST_MIXED: Final = 0.02
"""Unless so many poems join the two classes without it: then poets cross, and it rhymes in one."""

CLEAR_SHARE: Final = 0.7
"""Least share of a character's rhymes in its classes; with less, its rhyme is not known."""

_ENDINGS: Final = {"a": "0-0+-", "A": "0--++", "b": "0+00-", "B": "0+0-+"}
"""The last five tones of the four kinds of lines: + level, - oblique, 0 either.

Only places that tell: in others (the third of a, b and B, the fourth of b, the first of B) poets
take liberties in 5 to 30 lines of a hundred, here in fewer than one.
"""

_BEGINNINGS: Final = {"a": "0+", "A": "0+", "b": "0-", "B": "0-"}
"""The tones before those, in lines of seven."""

_SEQUENCES: Final = ("aBbAaBbA", "ABbAaBbA", "bAaBbAaB", "BAaBbAaB")
"""The kinds of the lines of a quatrain or an octave."""

Verse = Sequence[str]


def learn_sounds(poems: Iterable[str]) -> LearnedSounds:
    """Learn tones and rhymes from poems of 4 or 8 lines of 5 or 7 characters; others are ignored.

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
        and is_han("".join(lines))
    )


def _learned_tones(poems: Sequence[Verse]) -> dict[str, tuple[int, int]]:
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


def _templates(lines: int, length: int) -> npt.NDArray[np.int8]:
    """`(4, characters)` the tones of the four sequences: 1 level, -1 oblique, 0 either."""
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


def _tones_of_line_ends(poems: Sequence[Verse], numbers: dict[str, int]) -> npt.NDArray[np.float64]:
    """Initial probabilities: even lines end level, odd ones oblique, except the first."""
    counts = np.zeros((2, len(numbers)), dtype=np.int64)
    for lines in poems:
        for place, line in enumerate(lines[1:]):
            counts[place % 2, numbers[line[-1]]] += 1
    return _probability(counts)


def _probability(counts: Any) -> npt.NDArray[np.float64]:
    """Probability that each character is level, from `(2, characters)` counts."""
    share = (counts[0] + 0.5) / (counts.sum(axis=0) + 1)
    level: npt.NDArray[np.float64] = np.clip(share, 1 - MOST_CERTAIN, MOST_CERTAIN)
    return level


def _counted(
    level: npt.NDArray[np.float64],
    poems: npt.NDArray[np.int64],
    templates: npt.NDArray[np.int8],
) -> Any:
    """`(2, characters)` level and oblique positions, each poem under its most probable sequence.

    Poems in the old style fit none and are left out.
    """
    fits = np.log(level)[poems] @ (templates > 0).T + np.log1p(-level)[poems] @ (templates < 0).T
    tones = templates[fits.argmax(axis=1)]
    known = (level > SURE).astype(np.int8) - (level < 1 - SURE)
    against = known[poems] * tones < 0
    regular = against.sum(axis=1) <= MOST_AGAINST * (tones != 0).sum(axis=1)
    poems, tones = poems[regular], tones[regular]
    return np.stack([np.bincount(poems[tones == sign], minlength=len(level)) for sign in (1, -1)])


def _learned_classes(
    poems: Sequence[Verse], places: dict[str, tuple[int, int]]
) -> dict[Tone, tuple[str, ...]]:
    rhymed: dict[Tone, list[list[str]]] = {tone: [] for tone in TONES}
    for lines in poems:
        ends = [line[-1] for line in lines[1::2]]
        tone = _tone_of_rhymes([places[end] for end in ends])
        if tone is not None:
            rhymed[tone].append(sorted(set(ends)))
    return {tone: tuple(_classes_of(rhymed[tone])) for tone in TONES}


def _classes_of(poems: Sequence[Sequence[str]]) -> Iterator[str]:
    """The classes of characters that rhyme in each of the poems, most frequent ones first."""
    rhymes = Counter(end for ends in poems for end in ends if len(ends) > 1)
    together: Counter[tuple[str, str]] = Counter()
    for ends in poems:
        together.update(combinations([one for one in ends if rhymes[one] >= FEWEST_RHYMES], 2))
    classes = find_classes(together)
    for members in _members(poems, classes):
        yield "".join(sorted(members, key=lambda one: (-rhymes[one], one)))


def _members(poems: Sequence[Sequence[str]], classes: Sequence[Sequence[str]]) -> list[set[str]]:
    """The members of the classes, by the classes of the poems in which each character rhymes.

    A character belongs to its most common class, and to another one if it often rhymes there while
    poems without it do not join the two: 行 has two.
    """
    home = {one: number for number, members in enumerate(classes) for one in members}
    votes = _votes(poems, home)
    for one, counts in votes.items():
        (first, most), (_, second), *_ = [*counts.most_common(2), (0, 0)]
        if most > second:
            home[one] = first
    sizes: Counter[int] = Counter()
    mixed: dict[tuple[int, ...], list[Sequence[str]]] = defaultdict(list)
    for ends in poems:
        numbers = sorted({home[one] for one in ends if one in home})
        sizes.update(numbers)
        for pair in combinations(numbers, 2):
            mixed[pair].append(ends)
    found: list[set[str]] = [set() for _ in classes]
    for one, number in home.items():
        whole, rhymed = votes[one].total(), [number]
        for other, count in votes[one].items():
            if other != number and count >= max(FEWEST_RHYMES, SECOND_CLASS_SHARE * whole):
                joined = mixed[min(number, other), max(number, other)]
                without = sum(one not in ends for ends in joined)
                if without <= MOST_MIXED * min(sizes[number], sizes[other]):
                    rhymed.append(other)
        if sum(votes[one][other] for other in rhymed) >= CLEAR_SHARE * whole:
            for other in rhymed:
                found[other].add(one)
    return found


def _votes(
    poems: Sequence[Sequence[str]], home: Mapping[str, int]
) -> defaultdict[str, Counter[int]]:
    """In how many poems each character rhymes with characters of which most are of a class."""
    votes: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for ends in poems:
        here = [home.get(one) for one in ends]
        for place, one in enumerate(ends):
            others = sorted(
                number for at, number in enumerate(here) if at != place and number is not None
            )
            # What most are is the median.
            if others and 2 * others.count(most := others[len(others) // 2]) > len(others):
                votes[one][most] += 1
    return votes


def _tone_of_rhymes(ends: Sequence[tuple[int, int]]) -> Tone | None:
    """The tone that all line ends can have and most do, from their (level, oblique) counts."""
    shares = [(level + 0.5) / (level + oblique + 1) for level, oblique in ends]
    if 2 * sum(shares) > len(shares):
        return TONES[0] if min(shares) > 1 - CERTAIN_SHARE else None
    return TONES[1] if max(shares) < CERTAIN_SHARE else None
