"""The words that may follow in a line so that it can still be finished."""

import functools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from charrnn.forms.english.metre import Bits, MetreMasks, MetrePlaces
from charrnn.forms.english.spoken_words import Flags, SpokenWords
from charrnn.forms.english.word_trie import Branches

Words = tuple[int, ...]
"""Different words by number, sorted."""

Moves = tuple[tuple[MetrePlaces, int], ...]
"""Where words may begin, and their numbers of syllables."""


class LineRule(NamedTuple):
    """What a line must keep, apart from its rhyme: alternative marks, letters, required words.

    `begins` and `ends` are the first and the last letter; "" for any. With `leading_on`, the line may
    end in a word that only leads on.
    """

    templates: tuple[str, ...]
    begins: str
    ends: str
    holds: Words
    rhyming: bool = False
    leading_on: bool = True


class LinePosition(NamedTuple):
    """The possible positions at a word boundary, and the required words that are missing."""

    places: MetrePlaces
    missing: Words


class VerseLine:
    """A line under a rule, whatever it rhymes with; without `joined` it has a single word.

    Attributes:
        start: Its first position.
        beginnings: `(words,)`, true for possible first words.
        last_places: Where a last word may begin, for each shape.
        endings: `(pronunciations,)`, true for possible last words.
    """

    def __init__(self, spoken: SpokenWords, rule: LineRule, *, joined: bool) -> None:
        self.spoken = spoken
        self.rule = rule
        self.joined = joined
        self.masks = MetreMasks(rule.templates, rhyming=rule.rhyming)
        self.start = LinePosition(self.masks.starts, rule.holds)
        self._fits: Moves = tuple(
            (self.masks.fits(shape), shape.syllables) for shape in spoken.shapes
        )
        self.last_places = tuple(self.masks.last(shape) for shape in spoken.shapes)
        self.moves = functools.cache(self._moves_without)
        self.word_moves = functools.cache(self._moves_of_word)
        letters = spoken.first_letters
        self.beginnings: Flags = np.equal(letters, rule.begins or letters)
        self.endings = self._endings()

    def ways_of(self, words: Iterable[int]) -> Flags:
        """`(pronunciations,)`, true for those of some words."""
        found = np.zeros(len(self.spoken.ways), np.bool_)
        for word in words:
            found[self.spoken.slice_of(word)] = True
        return found

    def ending(self, places: MetrePlaces, missing: Words) -> Flags:
        """`(pronunciations,)`, true for last words that begin at one of these positions."""
        if len(missing) > 1:
            return np.zeros(len(self.spoken.ways), np.bool_)
        flags = np.array([bool(last & places) for last in self.last_places], np.bool_)
        ends: Flags = flags[self.spoken.shape_of]
        return ends & self.ways_of(missing) if missing else ends

    def places_before(self, goals: MetrePlaces) -> list[MetrePlaces]:
        """Where a word may begin that leads to these positions, for each shape."""
        return [fit & (goals >> count) for fit, count in self._fits]

    def last_of(self, ways: Flags) -> MetrePlaces:
        """Where any of these pronunciations may begin as the last word."""
        found = 0
        for shape in self.spoken.shapes_among(ways):
            found |= self.last_places[shape]
        return found

    def after(self, places: MetrePlaces, word: int) -> MetrePlaces:
        """The positions after a word, in any pronunciation."""
        return _after(self.word_moves(word), places)

    def before(self, goals: MetrePlaces, word: int) -> MetrePlaces:
        """Where a word may begin that leads to these positions, in any pronunciation."""
        return _before(self.word_moves(word), goals)

    def _moves_of_word(self, word: int) -> Moves:
        return self._moves_of(self.spoken.shape_of[self.spoken.slice_of(word)].tolist())

    def _moves_without(self, words: Words) -> Moves:
        counts = self.spoken.shape_counts.copy()
        for word in words:
            np.subtract.at(counts, self.spoken.shape_of[self.spoken.slice_of(word)], 1)
        return self._moves_of(np.flatnonzero(counts).tolist())

    def _moves_of(self, shapes: Iterable[int]) -> Moves:
        return tuple({self._fits[shape]: None for shape in shapes})

    def _endings(self) -> Flags:
        first = self.beginnings[self.spoken.word_of]
        endings: Flags = self.ending(*self.start) & first
        for missing, places in self._reached(first).items():
            endings |= self.ending(places, missing)
        if self.rule.ends:
            endings &= (self.spoken.last_letters == self.rule.ends)[self.spoken.word_of]
        if not self.rule.leading_on:
            endings &= ~self.spoken.leading_on
        return endings

    def _reached(self, first: Flags) -> dict[Words, MetrePlaces]:
        """Where words after the first may begin, by the words that are missing there."""
        if not self.joined:
            return {}
        start, holds = self.start
        shapes = self.spoken.shapes_among(first & ~self.ways_of(holds))
        reached = {holds: _after(self._moves_of(shapes), start)}
        for word in holds:
            if self.beginnings[word]:
                left = without(holds, word)
                reached[left] = reached.get(left, 0) | self.after(start, word)
        for count in range(len(holds), -1, -1):
            for missing in [words for words in reached if len(words) == count]:
                step = functools.partial(_after, self.moves(missing))
                reached[missing] = _closure(reached[missing], step)
                for word in missing:
                    left = without(missing, word)
                    places = self.after(reached[missing], word)
                    reached[left] = reached.get(left, 0) | places
        return reached


class LineFinish:
    """A line that must end in one of some pronunciations, `(pronunciations,)` flags."""

    def __init__(self, line: VerseLine, ways: Flags) -> None:
        self.line = line
        self.ways = ways
        self.goals = functools.cache(self._goals)
        self._nexts = functools.cache(self._next_places)
        self._letters = functools.lru_cache(512)(self._letter_places)

    def leading(self, position: LinePosition, branches: Branches) -> Flags:
        """`(letters,)`, true for letters that lead to a possible next word."""
        places, missing = position
        found = np.zeros(len(branches.bounds), np.bool_)
        letters = self._letters(missing, bool(places & self.line.masks.starts), branches)
        for chunk, bits in zip(self.line.masks.chunks, letters, strict=True):
            found |= (bits & chunk.of(places)) != 0
        return found

    def after(self, position: LinePosition, word: int) -> LinePosition:
        """The position after a word that is not the last; without places if impossible."""
        missing = without(position.missing, word)
        if not (self.line.joined and self._begins(position, word)):
            return LinePosition(0, missing)
        places = self.line.after(position.places, word) & self.goals(missing)
        return LinePosition(places, missing)

    def last_ways(self, position: LinePosition, word: int) -> list[int]:
        """The possible pronunciations of a word as the last one of the line."""
        if without(position.missing, word) or not self._begins(position, word):
            return []
        return [
            way
            for way in self.line.spoken.ways_of(word)
            if self.ways[way]
            and self.line.last_places[self.line.spoken.shape_of[way]] & position.places
        ]

    def _begins(self, position: LinePosition, word: int) -> bool:
        return not position.places & self.line.masks.starts or bool(self.line.beginnings[word])

    def _goals(self, missing: Words) -> MetrePlaces:
        """Where further words may begin so that the line can be finished."""
        line = self.line
        found = line.last_of(self._ending_ways(missing))
        for word in missing:
            found |= line.before(self.goals(without(missing, word)), word)
        return _closure(found, functools.partial(_before, line.moves(missing)))

    def _letter_places(self, missing: Words, first: bool, branches: Branches) -> tuple[Bits, ...]:
        """`(letters,)` where some word with each letter may begin."""
        return tuple(
            np.bitwise_or.reduceat(bits[branches.words], branches.bounds)
            for bits in self._nexts(missing, first)
        )

    def _next_places(self, missing: Words, first: bool) -> tuple[Bits, ...]:
        """`(words,)` where each word may begin, as the last one or not."""
        line = self.line
        shape_of = line.spoken.shape_of
        ends = self._ending_ways(missing)
        found = []
        for chunk in line.masks.chunks:
            places = chunk.of_each(line.places_before(self.goals(missing)))[shape_of]
            for word in missing:
                own = line.spoken.slice_of(word)
                before = line.places_before(self.goals(without(missing, word)))
                places[own] = chunk.of_each(before)[shape_of[own]]
            if not line.joined:
                places[:] = 0
            places[ends] |= chunk.of_each(line.last_places)[shape_of[ends]]
            united = line.spoken.united(places)
            found.append(np.where(line.beginnings, united, 0) if first else united)
        return tuple(found)

    def _ending_ways(self, missing: Words) -> Flags:
        """`(pronunciations,)`, true for those that may end the line if words are missing."""
        if not missing:
            return self.ways
        if len(missing) == 1:
            return self.ways & self.line.ways_of(missing)
        return np.zeros_like(self.ways)


def without(words: Words, word: int) -> Words:
    """All words but one."""
    return tuple(one for one in words if one != word)


def _after(moves: Moves, places: MetrePlaces) -> MetrePlaces:
    reached = 0
    for fit, count in moves:
        reached |= (places & fit) << count
    return reached


def _before(moves: Moves, goals: MetrePlaces) -> MetrePlaces:
    found = 0
    for fit, count in moves:
        found |= fit & (goals >> count)
    return found


def _closure(places: MetrePlaces, more: Callable[[MetrePlaces], MetrePlaces]) -> MetrePlaces:
    """The fixed point of a monotone step."""
    known = 0
    while known != places:
        known = places
        places |= more(places)
    return places
