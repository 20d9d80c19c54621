"""Poems where a word begins: which words may follow, and what each of them leads to."""

import functools
from typing import Final, NamedTuple

import numpy as np

from charrnn.forms.english.lines import LineFinish, Position, Words
from charrnn.forms.english.plan import Hypothesis, VersePlan
from charrnn.forms.english.required_words import Placement
from charrnn.forms.english.spoken_words import Flags
from charrnn.forms.english.word_trie import Branches

_KEPT: Final = 1 << 14


class Juncture(NamedTuple):
    """A poem where a word begins. A value.

    Attributes:
        line: Which of its lines, from 0; how many it has, where it is whole.
        placement: Where required words stand.
        hypotheses: What it may become.
    """

    line: int
    placement: Placement
    hypotheses: tuple[Hypothesis, ...]


class Junctures:
    """How the words of a poem follow one another.

    Args:
        plan: The lines of the poem.

    Attributes:
        after_word: Gives the juncture after a word in the line; None where it cannot stand there.
        after_line: Gives the juncture after the last word of a line; None where it cannot be that.
    """

    def __init__(self, plan: VersePlan) -> None:
        self._plan = plan
        self._finishes = functools.lru_cache(_KEPT)(self._finishes_of)
        self._places = functools.lru_cache(_KEPT)(self._places_of)
        self.after_word = functools.lru_cache(_KEPT)(self._after_word)
        self.after_line = functools.lru_cache(_KEPT)(self._after_line)

    def leading(self, juncture: Juncture, branches: Branches) -> Flags:
        """`(symbols,)`, true for those of some branches that lead to a word that may follow."""
        found = np.zeros(len(branches.bounds), np.bool_)
        if len(found):
            for finish, position in self._places(juncture):
                found |= finish.leading(position, branches)
        return found[branches.letters]

    def _finishes_of(self, juncture: Juncture) -> tuple[tuple[Hypothesis, LineFinish], ...]:
        line, placement, hypotheses = juncture
        return tuple((one, self._plan.finish(line, placement, one)) for one in hypotheses)

    def _places_of(self, juncture: Juncture) -> tuple[tuple[LineFinish, Position], ...]:
        """Where the line stands under hypotheses that see the same words in it, taken together."""
        found: dict[tuple[LineFinish, Words], Position] = {}
        for hypothesis, finish in self._finishes(juncture):
            places, missing = hypothesis.position
            known = found.get((finish, missing), Position(0, missing))
            found[finish, missing] = Position(known.places | places, missing)
        return tuple((finish, position) for (finish, _), position in found.items())

    def _after_word(self, juncture: Juncture, word: int) -> Juncture | None:
        left = []
        for hypothesis, finish in self._finishes(juncture):
            position = finish.after(hypothesis.position, word)
            if position.places:
                left.append(hypothesis._replace(position=position))
        return juncture._replace(hypotheses=tuple(left)) if left else None

    def _after_line(self, juncture: Juncture, word: int) -> Juncture | None:
        line, placement, _ = juncture
        left = []
        for hypothesis, finish in self._finishes(juncture):
            ways = finish.last_ways(hypothesis.position, word)
            if ways:
                left.append(self._plan.after_line(line, placement, hypothesis, ways))
        return Juncture(line + 1, placement, tuple(left)) if left else None
