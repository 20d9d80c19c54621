"""Whether couplets stand in their order: by pointwise mutual information across their joints.

PMI (Church and Hanks, 1990) is log p(a, b) / p(a) p(b), of a token a in the last line of a couplet
and a token b in the first line of the next. It is counted on poems of other poets: authors are
divided in two, and the poems of one half are judged by those of the other.
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks.poems.intervals import Part
from benchmarks.poems.pieces import Piece

Line = Sequence[str]

KINDS = 3000
"""The most common tokens; the others are not looked at."""

SMOOTHING = 1.0
"""Added to each count of a pair, in the proportions of the single counts."""

BLOCK = 1_000_000


def half_of(author: str, lines: Sequence[Line]) -> int:
    """The half that a poet belongs to; a poem of nobody belongs to one by its text."""
    name = author or "\n".join("".join(line) for line in lines)
    return hashlib.md5(name.encode(), usedforsecurity=False).digest()[0] % 2


class Joints:
    """PMI of the tokens on both sides of the joints between couplets of poems."""

    def __init__(self, poems: Sequence[Sequence[Line]]) -> None:
        counted = Counter(token for lines in poems for line in lines for token in line)
        self._ids = {token: number for number, (token, _) in enumerate(counted.most_common(KINDS))}
        size = len(self._ids)
        pairs = np.zeros(size * size, np.int64)
        waiting: list[npt.NDArray[np.int64]] = []
        for lines in poems:
            for before, after in _joints(couplets_of(lines)):
                first, second = self._known(before), self._known(after)
                waiting.append((first[:, None] * size + second).ravel())
            if len(waiting) >= BLOCK // 50:
                pairs += np.bincount(np.concatenate(waiting), minlength=size * size)
                waiting = []
        if waiting:
            pairs += np.bincount(np.concatenate(waiting), minlength=size * size)
        counts = pairs.reshape(size, size).astype(np.float64)
        total = max(1.0, counts.sum())
        expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / total
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = np.log((counts + SMOOTHING * expected) / ((1 + SMOOTHING) * expected))
        self._scores = np.where(expected > 0, scores, 0.0)

    def _known(self, line: Line) -> npt.NDArray[np.int64]:
        return np.array([self._ids[one] for one in line if one in self._ids], np.int64)

    def score(self, couplets: Sequence[Sequence[Line]]) -> float:
        """Mean PMI over the pairs of tokens at the joints of couplets in an order."""
        found = [
            self._scores[np.ix_(self._known(before), self._known(after))].ravel()
            for before, after in _joints(couplets)
        ]
        scores = np.concatenate(found) if found else np.zeros(0)
        return float(scores.mean()) if len(scores) else 0.0


def couplets_of(lines: Sequence[Line]) -> list[Sequence[Line]]:
    """Lines two by two; a last one alone is left out."""
    return [lines[start : start + 2] for start in range(0, len(lines) - 1, 2)]


def _joints(couplets: Sequence[Sequence[Line]]) -> list[tuple[Line, Line]]:
    return [(one[-1], other[0]) for one, other in itertools.pairwise(couplets)]


def learn_halves(poems: Iterable[tuple[str, Sequence[Line]]]) -> tuple[Joints, Joints]:
    """What judges the poems of each half: the poems of the other; from authors and lines."""
    parts: tuple[list[Sequence[Line]], list[Sequence[Line]]] = ([], [])
    for author, lines in poems:
        parts[1 - half_of(author, lines)].append(lines)
    return Joints(parts[0]), Joints(parts[1])


def in_order(pieces: Sequence[Piece], judges: tuple[Joints, Joints], seed: int) -> list[Part]:
    """Whether the couplets of each piece score more than in another order; a tie is a half."""
    random = np.random.default_rng(seed)
    return list(map(partial(_in_order, judges=judges, random=random), pieces))


def _in_order(piece: Piece, judges: tuple[Joints, Joints], random: np.random.Generator) -> Part:
    couplets = couplets_of(piece.lines)
    if len(couplets) < 2:
        return Part(0, 0)
    order = np.arange(len(couplets))
    while (order == np.arange(len(couplets))).all():
        order = random.permutation(len(couplets))
    judge = judges[half_of(piece.author, piece.lines)]
    true, other = judge.score(couplets), judge.score([couplets[place] for place in order])
    return Part(0.5 if true == other else float(true > other), 1)
