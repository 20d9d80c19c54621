"""How an English poem may go on under each variant of its form, line after line."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from charrnn.forms.core.form import Form
from charrnn.forms.english.lines import LineFinish, LinePosition, LineRule, VerseLine, Words
from charrnn.forms.english.metre import MetreMasks, shape_of
from charrnn.forms.english.pronunciation import rhyme_of
from charrnn.forms.english.requirements import (
    EnglishPlacement,
    EnglishRequirements,
    GivenLine,
    SaidWord,
)
from charrnn.forms.english.scansion import templates_of
from charrnn.forms.english.spoken_words import (
    Alive,
    Flags,
    Part,
    RhymeClasses,
    SpokenWords,
    alive_of,
    open_homophones,
    sounds_of,
)
from charrnn.forms.english.word_trie import Branches

_LINES_KEPT: Final = 256
_FINISHES_KEPT: Final = 64
_PLACEMENTS_KEPT: Final = 4_096

Rhymed = tuple[tuple[str, Alive], ...]
"""What is left to the rhymes that have been begun and not finished, by their letters, in order."""


class VariantState(NamedTuple):
    """What a poem may become, where a word may begin, if it is of one variant of its form.

    Attributes:
        variant: The variant, from 0.
        position: How far the line has come.
        rhymed: What its rhymes may be.
    """

    variant: int
    position: LinePosition
    rhymed: Rhymed


class VersePlan:
    """The lines of a poem under the variants of its form, and how they depend on one another.

    Lines depend on one another by their rhymes alone. So a poem can be finished when each rhyme
    can be, and each line that does not rhyme.

    Args:
        form: The form.
        spoken: The words that the poem may be written with, those included that it must have.
        classes: How they rhyme.
        requirements: What is asked on top of the form.
        joined: Whether words can be parted, so that a line may have more than one.
    """

    def __init__(
        self,
        form: Form,
        spoken: SpokenWords,
        classes: RhymeClasses,
        requirements: EnglishRequirements,
        *,
        joined: bool,
    ) -> None:
        self.lines = form.lines
        self._spoken = spoken
        self._classes = classes
        self._requirements = requirements
        self._joined = joined
        self._templates = [
            [templates_of(line, form.metre) for line in variant] for variant in form.variants
        ]
        self._letters = [[line.rhyme for line in variant] for variant in form.variants]
        self._required = [spoken.number(word.key) for word in requirements.must]
        self._rule = functools.lru_cache(_PLACEMENTS_KEPT)(self._line_rule)
        self._line = functools.lru_cache(_LINES_KEPT)(self._line_of_rule)
        self._homophones = functools.lru_cache(_LINES_KEPT)(self._homophones_of_rule)
        self._finish = functools.lru_cache(_FINISHES_KEPT)(self._finish_of_rule)
        self.beginnings = functools.lru_cache(_PLACEMENTS_KEPT)(self._beginnings)

    @property
    def first(self) -> int:
        """The first line that is to be written, from 0: the second where the first is given."""
        return int(self._requirements.first_line is not None)

    def finish(
        self, line: int, placement: EnglishPlacement, variant_state: VariantState
    ) -> LineFinish:
        """What a line may be if one variant holds."""
        variant = variant_state.variant
        rule = self._rule(variant, line, placement)
        letter = self._letter(variant, line)
        if not letter:
            return self._finish(rule, None, None)
        later = tuple(self._rule(variant, one, placement) for one in self._later(variant, line))
        return self._finish(rule, later, dict(variant_state.rhymed).get(letter))

    def after_line(
        self,
        line: int,
        placement: EnglishPlacement,
        variant_state: VariantState,
        ways: Iterable[int],
    ) -> VariantState:
        """What holds after a line whose last word may be said in some ways, at least one."""
        variant = variant_state.variant
        rhymed = dict(variant_state.rhymed)
        letter = self._letter(variant, line)
        before = dict(rhymed.pop(letter, ()))
        if letter and self._later(variant, line):
            used: dict[int, set[int]] = defaultdict(set)
            for way in ways:
                homophones = int(self._classes.homophones_of[way])
                rhyme_class = int(self._classes.class_of[homophones])
                used[rhyme_class] |= {homophones, *before.get(rhyme_class, ())}
            rhymed[letter] = alive_of(used)
        return self._variant_state(variant, line + 1, placement, rhymed)

    def _beginnings(self, placement: EnglishPlacement) -> tuple[VariantState, ...]:
        """What holds where the poem begins to be written, for each variant that is possible."""
        if any(
            number is None and line is not None and line >= self.first
            for number, line in zip(self._required, placement, strict=True)
        ):
            return ()
        found = []
        for variant in range(len(self._letters)):
            if not self._has_room(variant):
                continue
            rhymed = self._rhymed_at_first(variant, placement)
            if rhymed is not None and self._possible(variant, placement, rhymed):
                found.append(self._variant_state(variant, self.first, placement, rhymed))
        return tuple(found)

    def _variant_state(
        self, variant: int, line: int, placement: EnglishPlacement, rhymed: Mapping[str, Alive]
    ) -> VariantState:
        """What holds before a line, which may be one after the last."""
        start = LinePosition(0, ())
        if line < self.lines:
            start = self._line(self._rule(variant, line, placement)).start
        return VariantState(variant, start, tuple(sorted(rhymed.items())))

    def _has_room(self, variant: int) -> bool:
        """Whether a poem is long enough for the words that must stand in it, wherever they do.

        It spares trying every placement of too many of them.
        """
        given = self._requirements.first_line
        there = {word.key for word in given.words} if given else set()
        needed = sum(
            min(way.syllables for way in word.ways)
            for word in self._requirements.must
            if word.key not in there
        )
        templates = self._templates[variant][self.first :]
        return needed <= sum(max(map(len, line), default=0) for line in templates)

    def _possible(
        self, variant: int, placement: EnglishPlacement, rhymed: Mapping[str, Alive]
    ) -> bool:
        """Whether each rhyme can be finished, and each line that has none."""
        begun: set[str] = set()
        for line in range(self.first, self.lines):
            letter = self._letter(variant, line)
            if letter in begun:
                continue
            if letter:
                begun.add(letter)
            variant_state = self._variant_state(variant, line, placement, rhymed)
            if not self.finish(line, placement, variant_state).ways.any():
                return False
        return True

    def _rhymed_at_first(
        self, variant: int, placement: EnglishPlacement
    ) -> dict[str, Alive] | None:
        """What the rhymes may be before a line is written; None where nothing is possible."""
        given, target = self._requirements.first_line, self._requirements.rhyme_with
        letter = self._target_letter(variant)
        if target is not None and not letter:
            return None
        if given is not None:
            return self._rhymed_after(given, variant, placement)
        if target is None:
            return {}
        parts = {self._classes.part(rhyme) for rhyme in sounds_of(target.ways)}
        return {letter: self._alive(parts, [target])}

    def _rhymed_after(
        self, given: GivenLine, variant: int, placement: EnglishPlacement
    ) -> dict[str, Alive] | None:
        """The same after the line that is given; None where it does not keep the form."""
        keys = [word.key for word in given.words]
        letters = [letter for letter in given.text.lower() if letter.isalpha()]
        if not (
            letters[0].startswith(self._requirements.begins[:1])
            and letters[-1].startswith(self._requirements.ends[:1])
            and all(
                word.key in keys
                for word, line in zip(self._requirements.must, placement, strict=True)
                if line == 0
            )
        ):
            return None
        masks = MetreMasks(self._templates[variant][0], rhyming=bool(self._letters[variant][0]))
        parts = _parts(given, masks, self._classes)
        target = self._requirements.rhyme_with
        letter = self._target_letter(variant)
        rhymed: dict[str, Alive] = {}
        if parts is None:
            return None
        ends = [given.words[-1]]
        if target is not None:
            wanted = {self._classes.part(rhyme) for rhyme in sounds_of(target.ways)}
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
        if self._classes.slant:
            return one.key == other.key
        return one.key == other.key or bool(sounds_of(one.ways) & sounds_of(other.ways))

    def _alive(self, parts: set[Part], ends: list[SaidWord]) -> Alive:
        """The classes of some sounds, of which words have been used."""
        classes = [self._classes.rhyme_class(part) for part in parts]
        return alive_of(
            {
                rhyme_class: frozenset().union(
                    *(self._classes.homophones_like(end.key, end.ways, rhyme_class) for end in ends)
                )
                for rhyme_class in classes
                if rhyme_class is not None
            }
        )

    def _line_rule(self, variant: int, line: int, placement: EnglishPlacement) -> LineRule:
        holds = {
            number
            for number, place in zip(self._required, placement, strict=True)
            if place == line and number is not None
        }
        return LineRule(
            self._templates[variant][line],
            self._requirements.begins[line : line + 1],
            self._requirements.ends[line : line + 1],
            tuple(sorted(holds)),
            rhyming=bool(self._letters[variant][line]),
        )

    def _letter(self, variant: int, line: int) -> str:
        """The letter that a line rhymes by; "" where it need not rhyme with anything."""
        letter = self._letters[variant][line]
        if self._letters[variant].count(letter) > 1:
            return letter
        return (
            letter
            if self._requirements.rhyme_with and letter == self._target_letter(variant)
            else ""
        )

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

    def _homophones_of_rule(self, rule: LineRule) -> Flags:
        return self._classes.homophones(self._line(rule).endings)

    def _finish_of_rule(
        self, rule: LineRule, later: tuple[LineRule, ...] | None, alive: Alive | None
    ) -> LineFinish:
        """A line that need not rhyme, where later is None, or one whose rhyme later lines take up."""
        line = self._line(rule)
        if later is None:
            return LineFinish(line, line.endings)
        homophones = open_homophones(
            self._classes, self._homophones(rule), [self._homophones(one) for one in later], alive
        )
        return LineFinish(line, line.endings & homophones[self._classes.homophones_of])


def _parts(given: GivenLine, masks: MetreMasks, classes: RhymeClasses) -> set[Part] | None:
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
    return {classes.part(rhyme) for way in ways if (rhyme := rhyme_of(way)) is not None}


_KEPT: Final = 1 << 14


class WordBoundary(NamedTuple):
    """A poem where a word begins. A value.

    Attributes:
        line: Which of its lines, from 0; how many it has, where it is whole.
        placement: Where required words stand.
        variants: What it may become.
    """

    line: int
    placement: EnglishPlacement
    variants: tuple[VariantState, ...]


class WordBoundaries:
    """How the words of a poem follow one another.

    Args:
        plan: The lines of the poem.

    Attributes:
        after_word: Gives the boundary after a word in the line; None where it cannot stand there.
        after_line: Gives the boundary after the last word of a line; None where it cannot be that.
    """

    def __init__(self, plan: VersePlan) -> None:
        self._plan = plan
        self._finishes = functools.lru_cache(_KEPT)(self._finishes_of)
        self._places = functools.lru_cache(_KEPT)(self._places_of)
        self.after_word = functools.lru_cache(_KEPT)(self._after_word)
        self.after_line = functools.lru_cache(_KEPT)(self._after_line)

    def leading(self, boundary: WordBoundary, branches: Branches) -> Flags:
        """`(tokens,)`, true for those of some branches that lead to a word that may follow."""
        found = np.zeros(len(branches.bounds), np.bool_)
        if len(found):
            for finish, position in self._places(boundary):
                found |= finish.leading(position, branches)
        return found[branches.letters]

    def _finishes_of(self, boundary: WordBoundary) -> tuple[tuple[VariantState, LineFinish], ...]:
        line, placement, variants = boundary
        return tuple((one, self._plan.finish(line, placement, one)) for one in variants)

    def _places_of(self, boundary: WordBoundary) -> tuple[tuple[LineFinish, LinePosition], ...]:
        """Where the line stands under variants that see the same words in it, taken together."""
        found: dict[tuple[LineFinish, Words], LinePosition] = {}
        for variant_state, finish in self._finishes(boundary):
            places, missing = variant_state.position
            known = found.get((finish, missing), LinePosition(0, missing))
            found[finish, missing] = LinePosition(known.places | places, missing)
        return tuple((finish, position) for (finish, _), position in found.items())

    def _after_word(self, boundary: WordBoundary, word: int) -> WordBoundary | None:
        left = []
        for variant_state, finish in self._finishes(boundary):
            position = finish.after(variant_state.position, word)
            if position.places:
                left.append(variant_state._replace(position=position))
        return boundary._replace(variants=tuple(left)) if left else None

    def _after_line(self, boundary: WordBoundary, word: int) -> WordBoundary | None:
        line, placement, _ = boundary
        left = []
        for variant_state, finish in self._finishes(boundary):
            ways = finish.last_ways(variant_state.position, word)
            if ways:
                left.append(self._plan.after_line(line, placement, variant_state, ways))
        return WordBoundary(line + 1, placement, tuple(left)) if left else None
