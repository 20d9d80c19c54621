"""Poems in which no character stands twice, but for what the writer gave.

Places of a line, lines, variants and rhymes then depend on one another: each free place needs a
character of its own. That is Hall's condition over all places that are left. Most places choose
among so many characters that they can choose last; what remains are rhymes and small alphabets.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from charrnn.forms.chinese.plan import ChinesePlan, ChinesePlanner, LineWay, Ways
from charrnn.forms.chinese.requirements import FixedPlaces
from charrnn.forms.chinese.rhymes import CACHE_SIZE
from charrnn.forms.core.automaton import Tokens, can_all_differ, leaving_enough

Choices = tuple[Tokens, ...]
"""Sets that must each give a different token, sorted; those that can choose last are left out."""

_Rest = tuple[Choices, Tokens]
"""The choices of some lines of a rhyme, and their given ends."""


class _Spot(NamedTuple):
    """A position of a way, the ends of earlier lines, the class of the line's end if written."""

    way: LineWay
    line: int
    place: int
    ends: tuple[int, ...]
    rhyme: str | None


_NO_TOKENS: Final[Tokens] = frozenset()
_FREE: Final[frozenset[_Rest]] = frozenset({((), _NO_TOKENS)})


class DistinctPlan(ChinesePlan):
    """The poems with some tokens fixed, all others different from one another and from these.

    `given` are the fixed tokens. `used` are those written so far: only a prompt repeats them, so
    `following` does not leave them out.
    """

    def __init__(
        self,
        planner: ChinesePlanner,
        possible: Mapping[int, Ways],
        fixed: Mapping[int, FixedPlaces],
    ) -> None:
        super().__init__(planner, possible)
        ends = {one.end for one in fixed.values() if one.end is not None}
        self.given: Tokens = frozenset(ends).union(*(one.at.values() for one in fixed.values()))
        # A place with so many characters finds one, whatever stands elsewhere.
        self._places = max(
            sum(max(line.lengths) for line in template.lines) for template in planner.templates
        )
        self._rests = lru_cache(CACHE_SIZE)(self._rests_from)

    def initial_ways(
        self,
        line: int,
        variants: Collection[int],
        ends: Sequence[int],
        used: Tokens = _NO_TOKENS,
    ) -> tuple[int, ...]:
        """The ways of a line from which the poem can be finished."""
        taken = used | self.given
        return tuple(
            number
            for number in super().initial_ways(line, variants, ends)
            if any(can_all_differ(one, taken) for one in self._rests(line, number, 0, ends, None))
        )

    def following(
        self, line: int, number: int, place: int, ends: Sequence[int], used: Tokens = _NO_TOKENS
    ) -> Tokens:
        """The tokens at a position after which the rest can be written, used ones among them."""
        found = super().following(line, number, place, ends)
        if not found:
            return found
        steps = list(self._steps(line, number, place, ends))
        if all(() in rests for _, rests in steps):
            return found
        taken = used | self.given
        left = (_leaving(tokens, one, taken) for tokens, rests in steps for one in rests)
        return found & _NO_TOKENS.union(*left)

    def taken(self, used: Tokens) -> Tokens:
        """The tokens that no free place may have."""
        return used | self.given

    def agreeing(
        self, line: int, numbers: Sequence[int], place: int, token: int, used: Tokens
    ) -> tuple[int, ...]:
        """Those of some ways that a token goes on with: a taken one where it is given, if any."""
        if token not in self.taken(used):
            return tuple(numbers)
        given = tuple(one for one in numbers if place in self.lines[line][one].given)
        return given or tuple(numbers)

    def _steps(
        self, line: int, number: int, place: int, ends: Sequence[int]
    ) -> Iterator[tuple[Tokens, Collection[Choices]]]:
        """Tokens of a position, and the choices of all that follows them."""
        way = self.lines[line][number]
        if place + 1 < len(way.places) or way.pool is None:
            yield way.places[place], self._rests(line, number, place + 1, ends, None)
            return
        group = self._planner.templates[way.variant].group_of[line]
        for name in self._classes_of(group, line, ends, [way]):
            rests = self._rests(line, number, place + 1, ends, name)
            yield way.pool.by_class.get(name, _NO_TOKENS), rests

    def _rests_from(
        self, line: int, number: int, place: int, ends: Sequence[int], rhyme: str | None
    ) -> frozenset[Choices]:
        """The choices from a position on; `rhyme` is the class of the line's end, if written."""
        spot = _Spot(self.lines[line][number], line, place, tuple(ends), rhyme)
        template = self._planner.templates[spot.way.variant]
        ways = self._possible[spot.way.variant]
        parts: list[frozenset[_Rest]] = []
        if line not in template.group_of:
            parts.append(self._of_ways([spot.way], place, None))
        later = (one for one in range(line + 1, len(ways)) if one not in template.group_of)
        parts += (self._of_ways(ways[one], 0, None) for one in later)
        last = line if rhyme is None else line + 1
        parts += (self._of_group(group, spot) for group in template.groups if group[-1] >= last)
        return frozenset(choices for choices, _ in _product(parts, apart=False))

    def _of_group(self, group: tuple[int, ...], spot: _Spot) -> frozenset[_Rest]:
        """The choices of the lines of a rhyme that are left, in any class."""
        way, line, place, ends, rhyme = spot
        ways = self._possible[way.variant]
        later = [one for one in group if one > line]
        own = line in group and rhyme is None
        if line in group and rhyme is not None:
            names = frozenset({rhyme})
        else:
            first = [way] if own else ways[later[0]]
            names = self._classes_of(group, line, ends, first)
        before = frozenset(ends[one] for one in group if one < line)
        found: set[_Rest] = set()
        for name in names:
            lines = [self._of_ways([way], place, name)] if own else []
            lines += (self._of_ways(ways[one], 0, name) for one in later)
            rests = _product(lines, apart=True)
            found |= {(choices, _NO_TOKENS) for choices, given in rests if not given & before}
            if ((), _NO_TOKENS) in found:
                return _FREE
        return frozenset(found)

    def _classes_of(
        self, group: tuple[int, ...], line: int, ends: Sequence[int], ways: Sequence[LineWay]
    ) -> frozenset[str]:
        """The classes of a rhyme that are left before a line, among those of some ways."""
        variant = ways[0].variant
        tones = self._planner.templates[variant].rhyme_tones
        before = [(ends[one], tones[one]) for one in group if one < line]
        left = self._planner.rhymes.left(self._planner.classes(variant, group), before)
        pools = (way.pool for way in ways if way.pool is not None)
        return frozenset[str]().union(*(pool.classes(left) for pool in pools))

    def _of_ways(self, ways: Sequence[LineWay], start: int, rhyme: str | None) -> frozenset[_Rest]:
        """The choices of a line from a position on, its end in a class of rhymes."""
        found = (self._of_way(way, start, rhyme) for way in ways)
        return frozenset(one for one in found if one is not None)

    def _of_way(self, way: LineWay, start: int, rhyme: str | None) -> _Rest | None:
        places = list(way.places)
        last = len(places) - 1
        if rhyme is not None:
            assert way.pool is not None
            places[last] = way.pool.by_class.get(rhyme, _NO_TOKENS)
            if not places[last]:
                return None
        given = places[last] if rhyme is not None and last in way.given else _NO_TOKENS
        free = (places[one] for one in range(start, last + 1) if one not in way.given)
        return _sorted(one for one in free if len(one) < self._places), given


def _product(parts: Sequence[frozenset[_Rest]], *, apart: bool) -> frozenset[_Rest]:
    """All ways to take one of each part; with `apart`, given ends must differ."""
    found = _FREE
    for part in parts:
        if part != _FREE:
            found = frozenset(
                (_sorted((*first, *second)), given | more)
                for first, given in found
                for second, more in part
                if not (apart and given & more)
            )
    return found


def _sorted(choices: Iterable[Tokens]) -> Choices:
    return tuple(sorted(choices, key=lambda one: (len(one), hash(one))))


def _leaving(tokens: Tokens, choices: Choices, taken: Tokens) -> Tokens:
    """The tokens that leave the choices enough; taken ones change nothing."""
    fresh = leaving_enough(tokens, choices, taken)
    return fresh | (tokens & taken) if can_all_differ(choices, taken) else fresh
