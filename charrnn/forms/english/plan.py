"""How an English poem may go on under each variant of its form, line after line."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from charrnn.forms.core.form import Form
from charrnn.forms.english.lines import LineFinish, LineRule, Position, VerseLine
from charrnn.forms.english.metre import MetreMasks, shape_of
from charrnn.forms.english.required_words import UNPLACED, Placement
from charrnn.forms.english.requirements import EnglishDemands, GivenLine, SaidWord
from charrnn.forms.english.rhyme import rhyme_of
from charrnn.forms.english.rhyme_classes import Part, RhymeFamilies, sounds_of
from charrnn.forms.english.rhyme_places import Alive, alive_of, open_clans
from charrnn.forms.english.scansion import templates_of
from charrnn.forms.english.spoken_words import Flags, SpokenWords

_LINES_KEPT: Final = 256
_FINISHES_KEPT: Final = 64
_PLACEMENTS_KEPT: Final = 4_096

Rhymed = tuple[tuple[str, Alive], ...]
"""What is left to the rhymes that have been begun and not finished, by their letters, in order."""


class Hypothesis(NamedTuple):
    """What a poem may become, where a word may begin, if it is of one variant of its form.

    Attributes:
        variant: The variant, from 0.
        position: How far the line has come.
        rhymed: What its rhymes may be.
    """

    variant: int
    position: Position
    rhymed: Rhymed


class VersePlan:
    """The lines of a poem under the variants of its form, and how they depend on one another.

    Lines depend on one another by their rhymes alone. So a poem can be finished when each rhyme
    can be, and each line that does not rhyme.

    Args:
        form: The form.
        spoken: The words that the poem may be written with, those included that it must have.
        families: How they rhyme.
        demands: What is asked on top of the form.
        joined: Whether words can be parted, so that a line may have more than one.
    """

    def __init__(
        self,
        form: Form,
        spoken: SpokenWords,
        families: RhymeFamilies,
        demands: EnglishDemands,
        *,
        joined: bool,
    ) -> None:
        self.lines = form.lines
        self._spoken = spoken
        self._families = families
        self._demands = demands
        self._joined = joined
        self._templates = [
            [templates_of(line, form.metre) for line in variant] for variant in form.variants
        ]
        self._letters = [[line.rhyme for line in variant] for variant in form.variants]
        self._required = [spoken.number(word.key) for word in demands.must]
        self._rule = functools.lru_cache(_PLACEMENTS_KEPT)(self._line_rule)
        self._line = functools.lru_cache(_LINES_KEPT)(self._line_of_rule)
        self._clans = functools.lru_cache(_LINES_KEPT)(self._clans_of_rule)
        self._finish = functools.lru_cache(_FINISHES_KEPT)(self._finish_of_rule)
        self.beginnings = functools.lru_cache(_PLACEMENTS_KEPT)(self._beginnings)

    @property
    def first(self) -> int:
        """The first line that is to be written, from 0: the second where the first is given."""
        return int(self._demands.first_line is not None)

    def finish(self, line: int, placement: Placement, hypothesis: Hypothesis) -> LineFinish:
        """What a line may be if a hypothesis holds."""
        variant = hypothesis.variant
        rule = self._rule(variant, line, placement)
        letter = self._letter(variant, line)
        if not letter:
            return self._finish(rule, None, None)
        later = tuple(self._rule(variant, one, placement) for one in self._later(variant, line))
        return self._finish(rule, later, dict(hypothesis.rhymed).get(letter))

    def after_line(
        self, line: int, placement: Placement, hypothesis: Hypothesis, ways: Iterable[int]
    ) -> Hypothesis:
        """What holds after a line whose last word may be said in some ways, at least one."""
        variant = hypothesis.variant
        rhymed = dict(hypothesis.rhymed)
        letter = self._letter(variant, line)
        before = dict(rhymed.pop(letter, ()))
        if letter and self._later(variant, line):
            used: dict[int, set[int]] = defaultdict(set)
            for way in ways:
                clan = int(self._families.clan_of[way])
                family = int(self._families.family_of[clan])
                used[family] |= {clan, *before.get(family, ())}
            rhymed[letter] = alive_of(used)
        return self._hypothesis(variant, line + 1, placement, rhymed)

    def _beginnings(self, placement: Placement) -> tuple[Hypothesis, ...]:
        """What holds where the poem begins to be written, for each variant that is possible."""
        if any(
            number is None and line != UNPLACED and line >= self.first
            for number, line in zip(self._required, placement, strict=True)
        ):
            return ()
        found = []
        for variant in range(len(self._letters)):
            if not self._has_room(variant):
                continue
            rhymed = self._rhymed_at_first(variant, placement)
            if rhymed is not None and self._possible(variant, placement, rhymed):
                found.append(self._hypothesis(variant, self.first, placement, rhymed))
        return tuple(found)

    def _hypothesis(
        self, variant: int, line: int, placement: Placement, rhymed: Mapping[str, Alive]
    ) -> Hypothesis:
        """What holds before a line, which may be one after the last."""
        start = Position(0, ())
        if line < self.lines:
            start = self._line(self._rule(variant, line, placement)).start
        return Hypothesis(variant, start, tuple(sorted(rhymed.items())))

    def _has_room(self, variant: int) -> bool:
        """Whether a poem is long enough for the words that must stand in it, wherever they do.

        It spares trying every placement of too many of them.
        """
        given = self._demands.first_line
        there = {word.key for word in given.words} if given else set()
        needed = sum(
            min(way.syllables for way in word.ways)
            for word in self._demands.must
            if word.key not in there
        )
        templates = self._templates[variant][self.first :]
        return needed <= sum(max(map(len, line), default=0) for line in templates)

    def _possible(self, variant: int, placement: Placement, rhymed: Mapping[str, Alive]) -> bool:
        """Whether each rhyme can be finished, and each line that has none."""
        begun: set[str] = set()
        for line in range(self.first, self.lines):
            letter = self._letter(variant, line)
            if letter in begun:
                continue
            if letter:
                begun.add(letter)
            hypothesis = self._hypothesis(variant, line, placement, rhymed)
            if not self.finish(line, placement, hypothesis).ways.any():
                return False
        return True

    def _rhymed_at_first(self, variant: int, placement: Placement) -> dict[str, Alive] | None:
        """What the rhymes may be before a line is written; None where nothing is possible."""
        given, target = self._demands.first_line, self._demands.rhyme_with
        letter = self._target_letter(variant)
        if target is not None and not letter:
            return None
        if given is not None:
            return self._rhymed_after(given, variant, placement)
        if target is None:
            return {}
        parts = {self._families.part(rhyme) for rhyme in sounds_of(target.ways)}
        return {letter: self._alive(parts, [target])}

    def _rhymed_after(
        self, given: GivenLine, variant: int, placement: Placement
    ) -> dict[str, Alive] | None:
        """The same after the line that is given; None where it does not keep the form."""
        keys = [word.key for word in given.words]
        letters = [letter for letter in given.text.lower() if letter.isalpha()]
        if not (
            letters[0].startswith(self._demands.begins[:1])
            and letters[-1].startswith(self._demands.ends[:1])
            and all(
                word.key in keys
                for word, line in zip(self._demands.must, placement, strict=True)
                if line == 0
            )
        ):
            return None
        masks = MetreMasks(self._templates[variant][0], rhyming=bool(self._letters[variant][0]))
        parts = _parts(given, masks, self._families)
        target = self._demands.rhyme_with
        letter = self._target_letter(variant)
        rhymed: dict[str, Alive] = {}
        if parts is None:
            return None
        ends = [given.words[-1]]
        if target is not None:
            wanted = {self._families.part(rhyme) for rhyme in sounds_of(target.ways)}
            if letter != self._letter(variant, 0):
                rhymed[letter] = self._alive(wanted, [target])
            elif self._alike(ends[0], target) or not parts & wanted:
                return None
            else:
                parts &= wanted
                ends.append(target)
        own = self._letter(variant, 0)
        if own and self._later(variant, 0):
            rhymed[own] = self._alive(parts, ends)
        return rhymed

    def _alike(self, one: SaidWord, other: SaidWord) -> bool:
        """Whether two words are too much alike to rhyme."""
        if self._demands.rhymes == "slant":
            return one.key == other.key
        return one.key == other.key or bool(sounds_of(one.ways) & sounds_of(other.ways))

    def _alive(self, parts: set[Part], ends: list[SaidWord]) -> Alive:
        """The families of some sounds, of which words have been used."""
        families = [self._families.family(part) for part in parts]
        return alive_of(
            {
                family: frozenset().union(
                    *(self._families.clans_like(end.key, end.ways, family) for end in ends)
                )
                for family in families
                if family is not None
            }
        )

    def _line_rule(self, variant: int, line: int, placement: Placement) -> LineRule:
        holds = {
            number
            for number, place in zip(self._required, placement, strict=True)
            if place == line and number is not None
        }
        return LineRule(
            self._templates[variant][line],
            self._demands.begins[line : line + 1],
            self._demands.ends[line : line + 1],
            tuple(sorted(holds)),
            rhyming=bool(self._letters[variant][line]),
        )

    def _letter(self, variant: int, line: int) -> str:
        """The letter that a line rhymes by; "" where it need not rhyme with anything."""
        letter = self._letters[variant][line]
        if self._letters[variant].count(letter) > 1:
            return letter
        return letter if self._demands.rhyme_with and letter == self._target_letter(variant) else ""

    def _target_letter(self, variant: int) -> str:
        """The letter of the first rhyme; "" where there is none."""
        return next(filter(None, self._letters[variant]), "")

    def _later(self, variant: int, line: int) -> tuple[int, ...]:
        """The lines after a line that rhyme with it."""
        letters = self._letters[variant]
        return tuple(
            later for later in range(line + 1, self.lines) if letters[later] == letters[line]
        )

    def _line_of_rule(self, rule: LineRule) -> VerseLine:
        return VerseLine(self._spoken, rule, joined=self._joined)

    def _clans_of_rule(self, rule: LineRule) -> Flags:
        return self._families.clans(self._line(rule).endings)

    def _finish_of_rule(
        self, rule: LineRule, later: tuple[LineRule, ...] | None, alive: Alive | None
    ) -> LineFinish:
        """A line that need not rhyme, where later is None, or one whose rhyme later lines take up."""
        line = self._line(rule)
        if later is None:
            return LineFinish(line, line.endings)
        clans = open_clans(
            self._families, self._clans(rule), [self._clans(one) for one in later], alive
        )
        return LineFinish(line, line.endings & clans[self._families.clan_of])


def _parts(given: GivenLine, masks: MetreMasks, families: RhymeFamilies) -> set[Part] | None:
    """What a line rhymes by, said so that it keeps its metre; None where it cannot be said so."""
    places = masks.starts
    *words, last = given.words
    for word in words:
        places = functools.reduce(
            int.__or__, (masks.after(places, shape_of(way)) for way in word.ways)
        )
    ways = [way for way in last.ways if places & masks.last(shape_of(way))]
    if not ways:
        return None
    return {families.part(rhyme) for way in ways if (rhyme := rhyme_of(way)) is not None}
