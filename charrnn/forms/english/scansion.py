"""Choosing how the words of an English line are said so that the line comes nearest to its metre.

The test of metre is that of Hafez and Deep-speare (Ghazvininejad and others, 2016; Lau and others,
2018): the primary stress of a word of several syllables may not fall where the metre has none;
words of one syllable go anywhere.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from charrnn.forms.core.form import Line, Metre
from charrnn.forms.english.pronunciation import (
    Grade,
    Pronunciation,
    Rhyme,
    full_rhyme_of,
    grade,
    promoted_rhyme_of,
    rhyme_of,
)

Ways = Sequence[Pronunciation]
"""The pronunciations of a word, the usual one first."""

_FREE: Final = "x"


@dataclass(frozen=True, slots=True)
class Scansion:
    """A line, said in one way.

    Attributes:
        ways: One pronunciation for each word.
        template: The marks of the metre, one for each syllable; None where the line has a length
            that it may not have.
        clashes: The syllables, from 1, whose stress goes against the metre.
        rank: How unusual the pronunciations are: the sum of their places in the dictionary.
    """

    ways: tuple[Pronunciation, ...]
    template: str | None
    clashes: tuple[int, ...]
    rank: int

    @property
    def syllables(self) -> int:
        """How many syllables the line has."""
        return sum(way.syllables for way in self.ways)

    @property
    def faults(self) -> int:
        """How many things are wrong with it."""
        return len(self.clashes) if self.template is not None else 1


@dataclass(frozen=True, slots=True)
class _Step:
    """A word said in one way after those before it."""

    before: "_Step | None"
    way: Pronunciation | None
    clashes: int
    rank: int


def templates_of(line: Line, metre: Metre) -> tuple[str, ...]:
    """The marks that a line may have, for each of its lengths: u unstressed, / stressed, x either.

    An iambic line may lack or have an unstressed syllable after its last stress (a feminine
    ending). An anapaestic one may do so too, and may lack its first unstressed syllable, as
    limericks do. A length that differs more is that of the pattern without what stands before
    (anapaestic) or after it. Without a metre there is nothing but lengths.
    """
    lengths = sorted(set(line.lengths))
    if not metre or not line.pattern:
        return tuple(_FREE * length for length in lengths)
    found: dict[str, None] = {}
    for pattern in line.patterns:
        body = pattern.rstrip("u")
        bodies = [body, body[1:]] if metre == "anapaestic" and body[:1] != "/" else [body]
        for start in bodies:
            found |= dict.fromkeys((start, start + "u"))
        for length in set(lengths) - set(map(len, found)):
            found[pattern[-length:] if metre == "anapaestic" else pattern[:length]] = None
    return tuple(sorted((marks for marks in found if len(marks) in lengths), key=len))


def scansions(words: Sequence[Ways], templates: Sequence[str]) -> tuple[Scansion, ...]:
    """The best ways to say a line, one for each way to say its last word.

    Args:
        words: The ways of each word; at least one word, each with at least one.
        templates: What the metre allows, as `templates_of` gives it.

    Returns:
        For each way of the last word the scansion with the fewest faults, of those the most usual.
    """
    *first, last = words
    steps = [(template, _steps(first, template)) for template in templates]
    found = []
    for place, way in enumerate(last):
        ended = [
            _scansion(step, way, place, template)
            for template, ends in steps
            if (step := ends.get(len(template) - way.syllables)) is not None
        ]
        best = min(ended, key=lambda one: (one.faults, one.rank), default=None)
        found.append(best or _misfit(first, way, place, templates))
    return tuple(found)


def clashes_of(way: Pronunciation, marks: str) -> tuple[int, ...]:
    """The syllables of a word, from 0, whose stress goes against the marks over them."""
    if way.syllables < 2:
        return ()
    return tuple(
        number
        for number, (stress, mark) in enumerate(zip(way.stresses, marks, strict=True))
        if stress == "1" and mark == "u"
    )


def _steps(words: Sequence[Ways], template: str) -> dict[int, _Step]:
    """The best ways to say words up to each number of syllables of a template."""
    ends = {0: _Step(None, None, 0, 0)}
    for ways in words:
        following: dict[int, _Step] = {}
        for start, step in ends.items():
            for place, way in enumerate(ways):
                end = start + way.syllables
                if end > len(template):
                    continue
                clashes = step.clashes + len(clashes_of(way, template[start:end]))
                rank = step.rank + place
                known = following.get(end)
                if known is None or (clashes, rank) < (known.clashes, known.rank):
                    following[end] = _Step(step, way, clashes, rank)
        ends = following
    return ends


def _scansion(step: _Step, last: Pronunciation, place: int, template: str) -> Scansion:
    """The line that ends in a step and one way of the last word."""
    ways = [last]
    before: _Step | None = step
    while before is not None and before.way is not None:
        ways.append(before.way)
        before = before.before
    ways.reverse()
    return Scansion(tuple(ways), template, tuple(_clashes(ways, template)), step.rank + place)


def _clashes(ways: Iterable[Pronunciation], template: str) -> Iterable[int]:
    start = 0
    for way in ways:
        marks = template[start : start + way.syllables]
        yield from (start + number + 1 for number in clashes_of(way, marks))
        start += way.syllables


def _misfit(
    words: Sequence[Ways], last: Pronunciation, place: int, templates: Sequence[str]
) -> Scansion:
    """A line of a wrong length: as short or as long as it can be said, to come near."""
    usual = [ways[0] for ways in words]
    shortest = [min(ways, key=lambda way: way.syllables) for ways in words]
    longest = [max(ways, key=lambda way: way.syllables) for ways in words]
    lengths = [len(template) - last.syllables for template in templates]
    if lengths and sum(way.syllables for way in shortest) > max(lengths):
        usual = shortest
    elif lengths and sum(way.syllables for way in longest) < min(lengths):
        usual = longest
    return Scansion((*usual, last), None, (), place)


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
