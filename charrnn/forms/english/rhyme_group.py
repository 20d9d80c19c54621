"""Settling how the lines of a rhyme are said, so that as little as possible is wrong with them."""

import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from charrnn.forms.english.pronunciation import Pronunciation
from charrnn.forms.english.rhyme import (
    Grade,
    Rhyme,
    full_rhyme_of,
    grade,
    promoted_rhyme_of,
    rhyme_of,
)
from charrnn.forms.english.scansion import Scansion

What = Literal["repeated", "identical", "slant", "none"]
"""What stands where a rhyme should: the same word, the same sounds, a slant rhyme, nothing."""

_REACHED: Final[dict[Grade, What]] = {Grade.NONE: "none", Grade.SLANT: "slant"}


class Missed(NamedTuple):
    """A line that does not rhyme as it should.

    Attributes:
        line: Its place in the group, from 0.
        other: The place of the line that it was held against.
        what: What there is instead of a rhyme.
    """

    line: int
    other: int
    what: What


class Settled(NamedTuple):
    """How lines are said together, and which of them do not rhyme.

    Attributes:
        said: One scansion for each line.
        missed: The lines that do not rhyme, in order.
    """

    said: tuple[Scansion, ...]
    missed: tuple[Missed, ...]


def settle(ways: Sequence[Sequence[Scansion]], ends: Sequence[str], least: Grade) -> Settled:
    """Choose a scansion for each line of a group that is to rhyme.

    Every way to say the end of a line is tried as the one that the others rhyme with.

    Args:
        ways: For each line how it can be said, in at least one way.
        ends: The last word of each line, in small letters.
        least: The grade that counts as a rhyme.

    Returns:
        What leaves the fewest faults of length, metre and rhyme; of those the most usual.
    """
    anchors: dict[tuple[Rhyme | None, ...], Pronunciation] = {}
    for found in ways:
        for scansion in found:
            end = scansion.ways[-1]
            anchors.setdefault((rhyme_of(end), full_rhyme_of(end), promoted_rhyme_of(end)), end)
    return min((_attempt(ways, ends, least, anchor) for anchor in anchors.values()), key=_cost)


def _cost(settled: Settled) -> tuple[int, int]:
    faults = sum(scansion.faults for scansion in settled.said)
    return len(settled.missed) + faults, sum(scansion.rank for scansion in settled.said)


def _attempt(
    ways: Sequence[Sequence[Scansion]], ends: Sequence[str], least: Grade, anchor: Pronunciation
) -> Settled:
    """The lines said so that they rhyme with one way to say one end."""
    held_against = functools.partial(_misses, least=least, anchor=anchor)
    said = tuple(min(found, key=held_against) for found in ways)
    return Settled(said, tuple(_missed(said, ends, least, anchor)))


def _misses(scansion: Scansion, least: Grade, anchor: Pronunciation) -> tuple[int, int, int]:
    """How much is wrong with a line said in one way, its rhyme included."""
    reached = _reached(scansion, anchor)
    return scansion.faults + (reached < least), -reached, scansion.rank


def _reached(scansion: Scansion, anchor: Pronunciation) -> Grade:
    """How well a line rhymes with an end, which may be its own."""
    found = grade(scansion.ways[-1], anchor)
    return Grade.PERFECT if found is Grade.IDENTICAL else found


def _missed(
    said: Sequence[Scansion], ends: Sequence[str], least: Grade, anchor: Pronunciation
) -> Iterator[Missed]:
    reached = [_reached(scansion, anchor) for scansion in said]
    leader = reached.index(max(reached))
    by_end: dict[str, int] = {}
    by_sound: dict[Rhyme | None, list[int]] = defaultdict(list)
    for line, (scansion, end) in enumerate(zip(said, ends, strict=True)):
        way = scansion.ways[-1]
        alike = [
            other
            for other in by_sound[rhyme_of(way)]
            if grade(way, said[other].ways[-1]) is Grade.IDENTICAL
        ]
        if line != leader and reached[line] < least:
            yield Missed(line, leader, _REACHED[reached[line]])
        elif end in by_end:
            yield Missed(line, by_end[end], "repeated")
        elif alike and least > Grade.IDENTICAL:
            yield Missed(line, alike[0], "identical")
        else:
            by_end[end] = line
            by_sound[rhyme_of(way)].append(line)
