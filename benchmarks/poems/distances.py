"""How far the frequencies of two groups of pieces are apart, and how varied a group is.

Wasserstein distance of line lengths: the area between their distribution functions. Jensen-Shannon
divergence (Lin, 1991) of tokens, in bits: 0 for equal frequencies, 1 for nothing in common. Both grow
as groups get smaller, so no group is larger than that of people, and people stand beside people.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.form_quality import grams
from benchmarks.poems.intervals import Estimate, Places, statistic
from benchmarks.poems.pieces import Piece

Ids = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]


def line_lengths(piece: Piece) -> list[int]:
    """Characters of each printed line, or tokens of a Chinese one."""
    printed = [line.strip() for line in piece.text.splitlines() if line.strip()]
    if len(printed) == len(piece.lines):
        return list(map(len, printed))
    return list(map(len, piece.lines))


def characters(piece: Piece) -> list[str]:
    """Letters, or Chinese characters, in small letters."""
    return [one for line in piece.lines for token in line for one in token]


def bigrams(piece: Piece) -> list[Hashable]:
    """Pairs of tokens within a line."""
    return [pair for line in piece.lines for pair in grams(list(line), 2)]


def line_ends(piece: Piece) -> list[str]:
    """The last tokens of lines: of every second one where a token is a character."""
    ends = [line[-1] for line in piece.lines if line]
    return ends[1::2] if all(len(end) == 1 for end in ends) else ends


def line_starts(piece: Piece) -> list[str]:
    """The first tokens of lines."""
    return [line[0] for line in piece.lines if line]


FREQUENCIES: dict[str, Callable[[Piece], Sequence[Hashable]]] = {
    "characters": characters,
    "bigrams": bigrams,
    "rhyme words": line_ends,
    "opening words": line_starts,
}


def jensen_shannon(first: Counts, second: Counts) -> float:
    """Divergence of two rows of counts, in bits."""
    one, other = first / first.sum(), second / second.sum()
    middle = (one + other) / 2

    def relative(shares: npt.NDArray[np.float64]) -> float:
        held = shares > 0
        return float((shares[held] * np.log2(shares[held] / middle[held])).sum())

    return (relative(one) + relative(other)) / 2


def wasserstein(first: Counts, second: Counts) -> float:
    """Distance of two rows of counts of the values 0, 1, 2, and so on."""
    return float(np.abs(np.cumsum(first / first.sum() - second / second.sum())).sum())


def distances(own: Sequence[Piece], people: Sequence[Piece], seed: int) -> dict[str, Estimate]:
    """How far a group is from people, by name of what is counted."""
    both = (own, people)
    found = {}
    lengths = [[np.array(line_lengths(piece), np.int64) for piece in some] for some in both]
    if own and people:
        found["distance of line lengths"] = _compared(lengths, both, wasserstein, seed)
        for name, tokens in FREQUENCIES.items():
            ids = _ids([[tokens(piece) for piece in some] for some in both])
            found[f"divergence of {name}"] = _compared(ids, both, jensen_shannon, seed)
    return found


def distinct(own: Sequence[Piece], n: int, seed: int) -> Estimate | None:
    """Share of the n-grams of tokens of a group that are different (Li et al., 2016)."""
    ids = _ids([[[one for line in piece.lines for one in grams(list(line), n)] for piece in own]])
    if not sum(map(len, ids[0])):
        return None

    def measured(places: Sequence[Places]) -> float:
        drawn = np.concatenate([ids[0][place] for place in places[0]])
        return len(np.unique(drawn)) / len(drawn)

    return statistic(measured, [[piece.poem for piece in own]], seed)


def _ids(groups: Sequence[Iterable[Sequence[Hashable]]]) -> list[list[Ids]]:
    """Tokens as numbers from 0, the same in all groups."""
    numbers: dict[Hashable, int] = defaultdict(lambda: len(numbers))
    return [
        [np.array([numbers[one] for one in piece], np.int64) for piece in some] for some in groups
    ]


def _compared(
    ids: Sequence[Sequence[Ids]],
    groups: Sequence[Sequence[Piece]],
    distance: Callable[[Counts, Counts], float],
    seed: int,
) -> Estimate:
    kinds = 1 + max(int(one.max(initial=0)) for some in ids for one in some)

    def measured(places: Sequence[Places]) -> float:
        first, second = (
            np.bincount(np.concatenate([some[place] for place in drawn]), minlength=kinds)
            for some, drawn in zip(ids, places, strict=True)
        )
        return distance(first, second)

    return statistic(measured, [[piece.poem for piece in some] for some in groups], seed)
