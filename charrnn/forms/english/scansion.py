"""Scansion: choosing the pronunciations with which a line best fits its metre and rhyme.

As in Hafez (Ghazvininejad et al., 2016) and Deep-speare (Lau et al., 2018), the primary stress of a
word of several syllables may not fall on an unstressed position; words of one syllable fit
anywhere.
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
    """A line with one pronunciation per word.

    Attributes:
        ways: The pronunciations.
        template: The metre, one mark per syllable; None if the length is not allowed.
        clashes: The syllables, from 1, whose stress violates the metre.
        rank: Sum of the indices of the pronunciations: how unusual they are.
    """

    ways: tuple[Pronunciation, ...]
    template: str | None
    clashes: tuple[int, ...]
    rank: int

    @property
    def syllables(self) -> int:
        """The number of syllables."""
        return sum(way.syllables for way in self.ways)

    @property
    def faults(self) -> int:
        """The number of faults."""
        return len(self.clashes) if self.template is not None else 1


class _Step(NamedTuple):
    """The first words of a line, with one pronunciation each."""

    ways: tuple[Pronunciation, ...]
    clashes: int
    rank: int


def templates_of(line: Line, metre: Metre) -> tuple[str, ...]:
    """The marks that a line may have, for each length: u unstressed, / stressed, x either.

    A line may lack or add a final unstressed syllable (feminine ending). An anapaestic line may
    lack its first unstressed syllable. Other lengths cut the pattern at its start (anapaestic) or
    its end. Without metre, all marks are x.
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
    """The best scansions of a line, one for each pronunciation of its last word.

    They have the fewest faults; in a tie, the most usual pronunciations. Each word has at least
    one.
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
    """The syllables of a word, from 0, whose stress violates the marks."""
    if way.syllables < 2:
        return ()
    return tuple(
        number
        for number, (stress, mark) in enumerate(zip(way.stresses, marks, strict=True))
        if stress == "1" and mark == "u"
    )


def _steps(words: Sequence[Ways], template: str) -> dict[int, _Step]:
    """The best pronunciations up to each number of syllables (dynamic programming)."""
    ends = {0: _Step((), 0, 0)}
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
                    following[end] = _Step((*step.ways, way), clashes, rank)
        ends = following
    return ends


def _scansion(step: _Step, last: Pronunciation, place: int, template: str) -> Scansion:
    ways = (*step.ways, last)
    return Scansion(ways, template, tuple(_clashes(ways, template)), step.rank + place)


def _clashes(ways: Iterable[Pronunciation], template: str) -> Iterable[int]:
    start = 0
    for way in ways:
        marks = template[start : start + way.syllables]
        yield from (start + number + 1 for number in clashes_of(way, marks))
        start += way.syllables


def _misfit(
    words: Sequence[Ways], last: Pronunciation, place: int, templates: Sequence[str]
) -> Scansion:
    """A line of a wrong length, as near to an allowed length as possible."""
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
"""What a line has instead of a rhyme: the same word, the same sounds, a slant rhyme, nothing."""

_REACHED: Final[dict[Grade, What]] = {Grade.NONE: "none", Grade.SLANT: "slant"}


class MissedRhyme(NamedTuple):
    """A line, from 0 in its group, that does not rhyme with another one, and what it has."""

    line: int
    other: int
    what: What


class GroupScansion(NamedTuple):
    """One scansion per line, and the lines that do not rhyme."""

    said: tuple[Scansion, ...]
    missed: tuple[MissedRhyme, ...]


def scan_group(
    ways: Sequence[Sequence[Scansion]], ends: Sequence[str], least: Grade
) -> GroupScansion:
    """Choose a scansion for each line of a rhyme group, from the possible ones.

    Every pronunciation of a line end is tried as the one that the others rhyme with. The choice has
    the fewest faults of length, metre and rhyme; in a tie, the most usual pronunciations.
    """
    anchors: dict[tuple[Rhyme | None, ...], Pronunciation] = {}
    for found in ways:
        for scansion in found:
            end = scansion.ways[-1]
            anchors.setdefault((rhyme_of(end), full_rhyme_of(end), promoted_rhyme_of(end)), end)
    return min((_attempt(ways, ends, least, anchor) for anchor in anchors.values()), key=_cost)


def _cost(settled: GroupScansion) -> tuple[int, int]:
    faults = sum(scansion.faults for scansion in settled.said)
    return len(settled.missed) + faults, sum(scansion.rank for scansion in settled.said)


def _attempt(
    ways: Sequence[Sequence[Scansion]], ends: Sequence[str], least: Grade, anchor: Pronunciation
) -> GroupScansion:
    """The best scansions if all lines must rhyme with one pronunciation."""
    held_against = functools.partial(_misses, least=least, anchor=anchor)
    said = tuple(min(found, key=held_against) for found in ways)
    return GroupScansion(said, tuple(_missed(said, ends, least, anchor)))


def _misses(scansion: Scansion, least: Grade, anchor: Pronunciation) -> tuple[int, int, int]:
    """The badness of a scansion, including its rhyme."""
    reached = _reached(scansion, anchor)
    return scansion.faults + (reached < least), -reached, scansion.rank


def _reached(scansion: Scansion, anchor: Pronunciation) -> Grade:
    """How well a line rhymes with an end, which may be its own."""
    found = grade(scansion.ways[-1], anchor)
    return Grade.PERFECT if found is Grade.IDENTICAL else found


def _missed(
    said: Sequence[Scansion], ends: Sequence[str], least: Grade, anchor: Pronunciation
) -> Iterator[MissedRhyme]:
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
            yield MissedRhyme(line, leader, _REACHED[reached[line]])
        elif end in by_end:
            yield MissedRhyme(line, by_end[end], "repeated")
        elif alike and least > Grade.IDENTICAL:
            yield MissedRhyme(line, alike[0], "identical")
        else:
            by_end[end] = line
            by_sound[rhyme_of(way)].append(line)
