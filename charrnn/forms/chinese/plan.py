"""The ways to write each line of a Chinese form with some tokens fixed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from charrnn.forms.chinese.requirements import FixedPlaces
from charrnn.forms.chinese.rhymes import ChineseAlphabet, ChineseRhymes, Classes, RhymePool
from charrnn.forms.chinese.sounds import TONE_OF_MARK, Tone
from charrnn.forms.core.automaton import Tokens
from charrnn.forms.core.form import Line

LineTones = tuple[Tone | None, ...]
"""The tone of each character; None for either."""


@dataclass(frozen=True)
class ChineseTemplate:
    """One variant of a form."""

    lines: tuple[Line, ...]

    @cached_property
    def line_tones(self) -> tuple[tuple[LineTones, ...], ...]:
        """For each line, its alternative tone sequences."""
        return tuple(tuple(dict.fromkeys(_tones_of_line(line))) for line in self.lines)

    @cached_property
    def rhyme_tones(self) -> tuple[Tone | None, ...]:
        """For each line, the tone of its end; None for either."""
        return tuple(map(_rhyme_tone, self.lines))

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The lines that rhyme with one another, from 0."""
        letters = dict.fromkeys(line.rhyme for line in self.lines if line.rhyme)
        return tuple(
            tuple(number for number, line in enumerate(self.lines) if line.rhyme == letter)
            for letter in letters
        )

    @cached_property
    def group_of(self) -> dict[int, tuple[int, ...]]:
        """The group of each line that rhymes."""
        return {number: group for group in self.groups for number in group}

    @cached_property
    def remembered(self) -> tuple[frozenset[int], ...]:
        """For each line, the lines up to it whose ends matter later."""
        return tuple(
            frozenset(
                earlier for earlier, group in self.group_of.items() if earlier <= number < group[-1]
            )
            for number in range(len(self.lines))
        )


def _tones_of_line(line: Line) -> Iterator[LineTones]:
    for length in line.lengths:
        for pattern in line.patterns:
            tones = [TONE_OF_MARK.get(mark) for mark in pattern] or [None] * length
            tones[-1] = tones[-1] or TONE_OF_MARK.get(line.ending)
            yield tuple(tones)


def _rhyme_tone(line: Line) -> Tone | None:
    ends = {TONE_OF_MARK.get(pattern[-1:]) for pattern in line.patterns}
    tone = ends.pop() if len(ends) == 1 else None
    return tone or TONE_OF_MARK.get(line.ending)


FORGOTTEN: Final = -1
"""Stands for a line end that no later line rhymes with."""

_FREE: Final = FixedPlaces()


@dataclass(frozen=True, slots=True, eq=False)
class LineWay:
    """A way to write a line.

    Attributes:
        variant: The variant of the form.
        places: The tokens of each position.
        pool: The ends, if it rhymes.
        given: The positions with a fixed token.
    """

    variant: int
    places: tuple[Tokens, ...]
    pool: RhymePool | None
    given: frozenset[int]


Ways = Sequence[Sequence[LineWay]]
"""For each line of a variant, the ways to write it."""


class ChinesePlanner:
    """Makes the plans of one form; the first rhyme rhymes with `rhyme_with`, if given."""

    def __init__(
        self,
        templates: Sequence[ChineseTemplate],
        alphabet: ChineseAlphabet,
        rhyme_with: str | None,
    ) -> None:
        self.templates = templates
        self.rhymes = ChineseRhymes(alphabet)
        self._alphabet = alphabet
        self._first_classes = [self._classes_with(rhyme_with, one) for one in templates]
        self._free: list[Ways] = [
            [tuple(self._ways(variant, line, _FREE)) for line in range(len(template.lines))]
            for variant, template in enumerate(templates)
        ]

    def possible(self, fixed: Mapping[int, FixedPlaces]) -> Mapping[int, Ways]:
        """The ways of the possible variants with fixed tokens in some lines, counted from 0."""
        possible: dict[int, Ways] = {}
        for variant, free in enumerate(self._free):
            ways = list(free)
            for line, places in fixed.items():
                ways[line] = tuple(self._ways(variant, line, places))
            if all(ways) and self._can_rhyme(variant, ways):
                possible[variant] = ways
        return possible

    def has_ways(self, line: int, fixed: FixedPlaces) -> bool:
        """Whether a line can have these tokens, whatever the other lines are."""
        variants = range(len(self.templates))
        return any(way for variant in variants for way in self._ways(variant, line, fixed))

    def pool(self, variant: int, line: int, ways: Ways) -> RhymePool:
        """The line ends of all ways of a line."""
        tone = self.templates[variant].rhyme_tones[line]
        return self.rhymes.pool(_joined(way.places[-1] for way in ways[line]), tone)

    def classes(self, variant: int, group: tuple[int, ...]) -> Classes:
        """The classes that a group may rhyme in, whatever its lines end in."""
        first = group == self.templates[variant].groups[0]
        return self._first_classes[variant] if first else None

    def _classes_with(self, character: str | None, template: ChineseTemplate) -> Classes:
        if character is None:
            return None
        tones = {template.rhyme_tones[line] for group in template.groups[:1] for line in group}
        return frozenset[str]().union(
            *(self._alphabet.rhymes_with(character, one) for one in tones)
        )

    def _ways(self, variant: int, line: int, fixed: FixedPlaces) -> Iterator[LineWay]:
        template = self.templates[variant]
        for shape in template.line_tones[line]:
            length = len(shape)
            if fixed.length not in {None, length} or any(place >= length for place in fixed.at):
                continue
            places = [self._alphabet.of_tone(tone) for tone in shape]
            for place, token in fixed.at.items():
                places[place] &= {token}
            if fixed.end is not None:
                places[-1] &= {fixed.end}
            pool = None
            if line in template.group_of:
                pool = self.rhymes.pool(places[-1], template.rhyme_tones[line])
                places[-1] = pool.tokens
            if all(places):
                given = {*fixed.at, *([] if fixed.end is None else [length - 1])}
                yield LineWay(variant, tuple(places), pool, frozenset(given))

    def _can_rhyme(self, variant: int, ways: Ways) -> bool:
        if self._first_classes[variant] == frozenset():
            return False
        return all(
            self.rhymes.can_rhyme(
                tuple(self.pool(variant, line, ways) for line in group),
                self.classes(variant, group),
            )
            for group in self.templates[variant].groups
        )


class ChinesePlan:
    """The poems with some tokens fixed; `lines` has the ways of each line, of all variants.

    `used` tokens matter to plans without repetition only; see `charrnn.forms.chinese.repetition`.
    """

    def __init__(self, planner: ChinesePlanner, possible: Mapping[int, Ways]) -> None:
        self._planner = planner
        self._possible = possible
        self.lines: list[list[LineWay]] = [
            [way for ways in line for way in ways] for line in zip(*possible.values(), strict=True)
        ]
        self._rhyming = lru_cache(maxsize=None)(self._rhymes_with)

    @property
    def possible(self) -> bool:
        """Whether there is any such poem."""
        return bool(self._possible)

    def initial_ways(
        self,
        line: int,
        variants: Collection[int],
        ends: Sequence[int],
        used: Tokens = frozenset(),
    ) -> tuple[int, ...]:
        """The ways of a line from which the poem can be finished, given variants and line ends."""
        del used
        return tuple(
            number
            for number, way in enumerate(self.lines[line])
            if way.variant in variants and (way.pool is None or self._can_be_ended(way, line, ends))
        )

    def following(
        self, line: int, number: int, place: int, ends: Sequence[int], used: Tokens = frozenset()
    ) -> Tokens:
        """The tokens at a position of a way, given the earlier line ends; none after its end."""
        del used
        way = self.lines[line][number]
        if place == len(way.places):
            return frozenset()
        if place + 1 < len(way.places) or way.pool is None:
            return way.places[place]
        later, classes, used = self._rhyme_context(way, line, ends)
        return self._planner.rhymes.ends(way.pool, later, classes, used)

    def taken(self, used: Tokens) -> Tokens:
        """The tokens that no free place may have: none."""
        del used
        return frozenset()

    def agreeing(
        self, line: int, numbers: Sequence[int], place: int, token: int, used: Tokens
    ) -> tuple[int, ...]:
        """The ways that a token goes on with: all."""
        del line, place, token, used
        return tuple(numbers)

    def remembered(
        self, line: int, variants: Collection[int], ends: Sequence[int]
    ) -> tuple[int, ...]:
        """The line ends that matter later; `FORGOTTEN` for the others."""
        templates = self._planner.templates
        needed = frozenset[int]().union(*(templates[one].remembered[line] for one in variants))
        return tuple(end if number in needed else FORGOTTEN for number, end in enumerate(ends))

    def _can_be_ended(self, way: LineWay, line: int, ends: Sequence[int]) -> bool:
        assert way.pool is not None
        later, classes, used = self._rhyme_context(way, line, ends)
        return self._planner.rhymes.can_rhyme((way.pool, *later), classes, used)

    def _rhyme_context(
        self, way: LineWay, line: int, ends: Sequence[int]
    ) -> tuple[tuple[RhymePool, ...], Classes, Tokens]:
        """The pools of later lines, the remaining classes, and the used tokens."""
        earlier, later, classes = self._rhyming(way.variant, line)
        tones = self._planner.templates[way.variant].rhyme_tones
        before = [(ends[one], tones[one]) for one in earlier]
        used = frozenset(token for token, _ in before)
        return later, self._planner.rhymes.left(classes, before), used

    def _rhymes_with(
        self, variant: int, line: int
    ) -> tuple[tuple[int, ...], tuple[RhymePool, ...], Classes]:
        """The earlier lines of a line's group, the pools of the later ones, and the classes."""
        planner, ways = self._planner, self._possible[variant]
        group = planner.templates[variant].group_of[line]
        return (
            tuple(one for one in group if one < line),
            tuple(planner.pool(variant, one, ways) for one in group if one > line),
            planner.classes(variant, group),
        )


def _joined(sets: Iterator[Tokens]) -> Tokens:
    first, *others = dict.fromkeys(sets)
    return first.union(*others) if others else first
