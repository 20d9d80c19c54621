"""Finding the tone templates that poems of one shape follow.

Where poems follow one template, most of its places have the same tone in nearly all of them. Where
they follow several, as regular verse does, the poems are divided in two, and the parts again, by a
mixture of independent tones: expectation maximisation, with a division kept where it explains the
tones better than its own size by the Bayesian information criterion (Schwarz, 1978).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Tones = npt.NDArray[np.int8]
"""`(poems, characters)` 1 where a character is level, -1 where it is oblique, 0 where it is open."""

AGREEING: Final = 0.9
"""Share of the poems that have the same tone at a place, for a template to ask for it."""

FEWEST_TONES: Final = 10
"""Known tones at a place, with fewer of which it stays open."""

SMALLEST_PART: Final = 0.05
"""Share of all poems that follow a template at least."""

FEWEST_IN_PART: Final = 20

_DECIDED: Final = 0.5
"""Share of its places that a template decides; poems that agree in fewer follow none."""

_ROUNDS: Final = 50

_MARKS: Final = {1: "平", -1: "仄", 0: "中"}


class Template(NamedTuple):
    """The tones of a poem.

    Attributes:
        marks: 平, 仄 or 中 for each character, the lines one after the other.
        poems: Which of the poems follow it, in order.
    """

    marks: str
    poems: tuple[int, ...]


def find_templates(tones: Tones, line_ends: Sequence[int]) -> list[Template]:
    """The templates that poems follow, the commonest first.

    Args:
        tones: The tones of each poem.
        line_ends: The places, from 0, of the last character of each line.

    Returns:
        At least one, which may leave everything open.
    """
    everything = np.arange(len(tones))
    if _is_settled(marks := _marks(tones), line_ends):
        return [Template(marks, tuple(everything.tolist()))]
    least = max(FEWEST_IN_PART, SMALLEST_PART * len(tones))
    parts = [
        part
        for part in _divided(tones, everything, line_ends, least)
        if _decided(_marks(tones[part])) >= _DECIDED
    ]
    parts = _joined(tones, parts) or [everything]
    templates = [Template(_marks(tones[part]), tuple(part.tolist())) for part in parts]
    return sorted(templates, key=lambda template: (-len(template.poems), template.marks))


def _marks(tones: Tones) -> str:
    """What nearly all of some poems have at each place."""
    level, oblique = (tones == 1).sum(axis=0), (tones == -1).sum(axis=0)
    known = level + oblique
    decided = np.where(level >= AGREEING * known, 1, np.where(oblique >= AGREEING * known, -1, 0))
    return "".join(_MARKS[tone] for tone in np.where(known >= FEWEST_TONES, decided, 0).tolist())


def _decided(marks: str) -> float:
    return 1 - marks.count(_MARKS[0]) / len(marks)


def _is_settled(marks: str, line_ends: Sequence[int]) -> bool:
    """Whether poems agree in half of their places and at all ends, so that they are of one kind."""
    return _decided(marks) >= _DECIDED and all(marks[end] != _MARKS[0] for end in line_ends)


def _divided(
    tones: Tones, part: npt.NDArray[np.intp], line_ends: Sequence[int], least: float
) -> list[npt.NDArray[np.intp]]:
    """A part of the poems, or the parts that it falls into, `(poems,)` their numbers."""
    if len(part) < 2 * least or _is_settled(_marks(tones[part]), line_ends):
        return [part]
    first = _first_of_two(tones[part], line_ends)
    halves = part[first], part[~first]
    if min(map(len, halves)) < least:
        return [part]
    return [small for half in halves for small in _divided(tones, half, line_ends, least)]


def _first_of_two(tones: Tones, line_ends: Sequence[int]) -> npt.NDArray[np.bool_]:
    """`(poems,)` which poems follow the first of two kinds; all of them where there is one kind."""
    marks = _marks(tones)
    begun = [tones[:, end] == 1 for end in line_ends if marks[end] == _MARKS[0]]
    divisions = [_mixture(tones, start) for start in [_nearer_to_most(tones), *begun]]
    gain, first = max(divisions, key=lambda division: division[0])
    # What all agree in anyway needs no second template.
    cost = (marks.count(_MARKS[0]) + 1) / 2 * np.log(len(tones))
    return first if gain > cost else np.ones(len(tones), np.bool_)


def _nearer_to_most(tones: Tones) -> npt.NDArray[np.bool_]:
    """Which poems are more like the most usual of them than like the one least like that."""
    numbers = tones.astype(np.int64)
    usual = numbers[(numbers @ np.sign(numbers.sum(axis=0))).argmax()]
    unusual = numbers[(numbers @ usual).argmin()]
    nearer: npt.NDArray[np.bool_] = numbers @ usual >= numbers @ unusual
    return nearer


def _mixture(tones: Tones, first: npt.NDArray[np.bool_]) -> tuple[float, npt.NDArray[np.bool_]]:
    """Two kinds of poems that explain the tones best.

    Args:
        tones: The tones.
        first: `(poems,)` which poems are of the first kind to begin with.

    Returns:
        By how much the two explain the tones better than one, in nats; and which poems are of the
        first kind.
    """
    level, oblique = (tones == 1).astype(float), (tones == -1).astype(float)
    belongs = np.stack([first, ~first], axis=1).astype(float)
    for _ in range(_ROUNDS):
        shares = (belongs.sum(axis=0) + 1) / (len(tones) + 2)
        chances = (belongs.T @ level + 1) / (belongs.T @ (level + oblique) + 2)
        fits = np.log(shares) + level @ np.log(chances).T + oblique @ np.log1p(-chances).T
        likelihood = np.logaddexp.reduce(fits, axis=1)
        belongs = np.exp(fits - likelihood[:, None])
    alone = (level.sum(axis=0) + 1) / ((level + oblique).sum(axis=0) + 2)
    gain = likelihood.sum() - (level @ np.log(alone) + oblique @ np.log1p(-alone)).sum()
    return float(gain), belongs[:, 0] >= 0.5


def _joined(tones: Tones, parts: Sequence[npt.NDArray[np.intp]]) -> list[npt.NDArray[np.intp]]:
    """The parts, those as one whose templates nowhere contradict one another."""
    joined: list[npt.NDArray[np.intp]] = []
    for part in sorted(parts, key=len, reverse=True):
        marks = _marks(tones[part])
        for number, other in enumerate(joined):
            if not _contradict(marks, _marks(tones[other])):
                joined[number] = np.sort(np.concatenate([other, part]))
                break
        else:
            joined.append(part)
    return joined


def _contradict(one: str, other: str) -> bool:
    return any({*marks} == {_MARKS[1], _MARKS[-1]} for marks in zip(one, other, strict=True))
