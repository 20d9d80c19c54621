"""The lines of an English poem under each variant of its form, and their rhymes."""

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
)
from charrnn.forms.english.scansion import templates_of
from charrnn.forms.english.spoken_words import (
    Flags,
    OpenClasses,
    Phones,
    RhymeClasses,
    SpokenWords,
    as_open_classes,
    open_homophones,
    sounds_of,
)
from charrnn.forms.english.word_trie import Branches
from charrnn.forms.english.words import Word

_LINES_KEPT: Final = 256
_PLACEMENTS_KEPT: Final = 4_096

Rhymed = tuple[tuple[str, OpenClasses], ...]
"""The open rhymes by letter, sorted, and the classes that they may still have."""


class VariantState(NamedTuple):
    """The state of a poem at a word boundary, under one variant, with its open rhymes."""

    variant: int
    position: LinePosition
    rhymed: Rhymed


class VersePlan:
    """The lines of a poem under the variants of its form; without `joined`, each has one word.

    Without `leading_on`, none but a given one ends in a word that only leads on.

    Lines depend on one another by rhymes only. So a poem can be finished if each rhyme can be, and
    each line without rhyme.
    """

    def __init__(
        self,
        form: Form,
        spoken: SpokenWords,
        classes: RhymeClasses,
        requirements: EnglishRequirements,
        *,
        joined: bool,
        leading_on: bool = True,
    ) -> None:
        self.lines = form.lines
        self._leading_on = leading_on
        self._classes = classes
        self._requirements = requirements
        self._templates = [
            [templates_of(line, form.metre) for line in variant] for variant in form.variants
        ]
        self._letters = [[line.rhyme for line in variant] for variant in form.variants]
        self._required = [spoken.number(word.key) for word in requirements.must]
        self._rule = functools.lru_cache(_PLACEMENTS_KEPT)(self._line_rule)
        self._line = functools.lru_cache(_LINES_KEPT)(
            lambda rule: VerseLine(spoken, rule, joined=joined)
        )
        self._homophones = functools.lru_cache(_LINES_KEPT)(
            lambda rule: classes.homophones(self._line(rule).endings)
        )
        self._finish = functools.lru_cache(64)(self._finish_of_rule)
        self.beginnings = functools.lru_cache(_PLACEMENTS_KEPT)(self._beginnings)

    @property
    def first(self) -> int:
        """The first line to write, from 0: the second if the first is given."""
        return int(self._requirements.first_line is not None)

    def finish(
        self, line: int, placement: EnglishPlacement, variant_state: VariantState
    ) -> LineFinish:
        """The possible rest of a line under one variant."""
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
        """The state after a line whose last word may have these pronunciations."""
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
            rhymed[letter] = as_open_classes(used)
        return self._variant_state(variant, line + 1, placement, rhymed)

    def _beginnings(self, placement: EnglishPlacement) -> tuple[VariantState, ...]:
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
        self,
        variant: int,
        line: int,
        placement: EnglishPlacement,
        rhymed: Mapping[str, OpenClasses],
    ) -> VariantState:
        start = LinePosition(0, ())
        if line < self.lines:
            start = self._line(self._rule(variant, line, placement)).start
        return VariantState(variant, start, tuple(sorted(rhymed.items())))

    def _has_room(self, variant: int) -> bool:
        """Whether the required words fit into the poem at all, a quick check before the search."""
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
        self, variant: int, placement: EnglishPlacement, rhymed: Mapping[str, OpenClasses]
    ) -> bool:
        begun: set[str] = set()
        for line in range(self.first, self.lines):
            letter = self._letter(variant, line)
            if letter in begun:
                continue
            begun |= {letter} - {""}
            variant_state = self._variant_state(variant, line, placement, rhymed)
            if not self.finish(line, placement, variant_state).ways.any():
                return False
        return True

    def _rhymed_at_first(
        self, variant: int, placement: EnglishPlacement
    ) -> dict[str, OpenClasses] | None:
        """The open rhymes before the first line to write; None if nothing is possible."""
        given, target = self._requirements.first_line, self._requirements.rhyme_with
        letter = self._target_letter(variant)
        if target is not None and not letter:
            return None
        if given is not None:
            return self._rhymed_after(given, variant, placement)
        if target is None:
            return {}
        parts = {self._classes.part(rhyme) for rhyme in sounds_of(target.ways)}
        return {letter: self._open_classes(parts, [target])}

    def _rhymed_after(
        self, given: GivenLine, variant: int, placement: EnglishPlacement
    ) -> dict[str, OpenClasses] | None:
        """The open rhymes after the given line; None if it violates the form."""
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
        rhymed: dict[str, OpenClasses] = {}
        if parts is None:
            return None
        ends = [given.words[-1]]
        if target is not None:
            wanted = {self._classes.part(rhyme) for rhyme in sounds_of(target.ways)}
            if letter != self._letter(variant, 0):
                rhymed[letter] = self._open_classes(wanted, [target])
            elif self._alike(ends[0], target) or not parts & wanted:
                return None
            else:
                parts &= wanted
                ends.append(target)
        own = self._letter(variant, 0)
        if own and self._later(variant, 0):
            rhymed[own] = self._open_classes(parts, ends)
        return rhymed

    def _alike(self, one: Word, other: Word) -> bool:
        shared = sounds_of(one.ways) & sounds_of(other.ways)
        return one.key == other.key or (bool(shared) and not self._classes.slant)

    def _open_classes(self, parts: set[Phones], ends: list[Word]) -> OpenClasses:
        """The classes of some sounds, without the groups of used words."""
        classes = [self._classes.rhyme_class(part) for part in parts]
        return as_open_classes(
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
            leading_on=self._leading_on,
        )

    def _letter(self, variant: int, line: int) -> str:
        """The rhyme letter of a line; "" if it need not rhyme."""
        letter = self._letters[variant][line]
        targeted = self._requirements.rhyme_with and letter == self._target_letter(variant)
        return letter if targeted or self._letters[variant].count(letter) > 1 else ""

    def _target_letter(self, variant: int) -> str:
        return next(filter(None, self._letters[variant]), "")

    def _later(self, variant: int, line: int) -> tuple[int, ...]:
        letters = self._letters[variant]
        return tuple(
            later for later in range(line + 1, self.lines) if letters[later] == letters[line]
        )

    def _finish_of_rule(
        self, rule: LineRule, later: tuple[LineRule, ...] | None, open_classes: OpenClasses | None
    ) -> LineFinish:
        """A line without rhyme (`later` is None), or one that later lines rhyme with."""
        line = self._line(rule)
        if later is None:
            return LineFinish(line, line.endings)
        homophones = open_homophones(
            self._classes,
            self._homophones(rule),
            [self._homophones(one) for one in later],
            open_classes,
        )
        return LineFinish(line, line.endings & homophones[self._classes.homophones_of])


def _parts(given: GivenLine, masks: MetreMasks, classes: RhymeClasses) -> set[Phones] | None:
    """The rhymes of a given line that keep its metre; None if it violates the metre."""
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
    """The state of a poem at a word boundary, with the variants that are still possible.

    `line` counts from 0; after the last line, it is the number of lines.
    """

    line: int
    placement: EnglishPlacement
    variants: tuple[VariantState, ...]


class WordBoundaries:
    """Successors of word boundaries, within and after a line; None if impossible."""

    def __init__(self, plan: VersePlan) -> None:
        self._plan = plan
        self._finishes = functools.lru_cache(_KEPT)(self._finishes_of)
        self._places = functools.lru_cache(_KEPT)(self._places_of)
        self.after_word = functools.lru_cache(_KEPT)(self._after_word)
        self.after_line = functools.lru_cache(_KEPT)(self._after_line)

    def leading(self, boundary: WordBoundary, branches: Branches) -> Flags:
        """`(tokens,)`, true for tokens that lead to a possible next word."""
        found = np.zeros(len(branches.bounds), np.bool_)
        if len(found):
            for finish, position in self._places(boundary):
                found |= finish.leading(position, branches)
        return found[branches.letters]

    def _finishes_of(self, boundary: WordBoundary) -> tuple[tuple[VariantState, LineFinish], ...]:
        line, placement, variants = boundary
        return tuple((one, self._plan.finish(line, placement, one)) for one in variants)

    def _places_of(self, boundary: WordBoundary) -> tuple[tuple[LineFinish, LinePosition], ...]:
        """The positions in the line; variants that allow the same words are merged."""
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
