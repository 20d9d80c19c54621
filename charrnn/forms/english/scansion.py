"""Choosing how the words of an English line are said so that the line comes nearest to its metre.

The test of metre is that of Hafez and Deep-speare (Ghazvininejad and others, 2016; Lau and others,
2018): the primary stress of a word of several syllables may not fall where the metre has none;
words of one syllable go anywhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from charrnn.forms.core.form import Line, Metre
from charrnn.forms.english.pronunciation import Pronunciation

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
