"""One variant of a Chinese form, as whoever writes by it needs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from charrnn.forms.chinese.sounds import Tone
from charrnn.forms.core.form import Line

Shape = tuple[Tone | None, ...]
"""The tone of each character of a line; None where either will do."""

_TONES: Final[dict[str, Tone]] = {"平": "平", "仄": "仄", "level": "平", "oblique": "仄"}


@dataclass(frozen=True)
class ChineseTemplate:
    """One variant of a form.

    Attributes:
        lines: Its lines.
    """

    lines: tuple[Line, ...]

    @cached_property
    def shapes(self) -> tuple[tuple[Shape, ...], ...]:
        """For each line, the shapes that it may have."""
        return tuple(tuple(dict.fromkeys(_shapes_of(line))) for line in self.lines)

    @cached_property
    def rhyme_tones(self) -> tuple[Tone | None, ...]:
        """For each line, the tone in which its end rhymes; None where either will do."""
        return tuple(map(_rhyme_tone, self.lines))

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The lines that rhyme with one another, from 0; the groups by their first lines."""
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
        """For each line, the lines up to it whose ends matter to lines after it."""
        return tuple(
            frozenset(
                earlier for earlier, group in self.group_of.items() if earlier <= number < group[-1]
            )
            for number in range(len(self.lines))
        )


def _shapes_of(line: Line) -> Iterator[Shape]:
    """The shapes of a line; where a pattern leaves the last tone open, its ending tells it."""
    for length in line.lengths:
        for pattern in line.patterns:
            tones = [_TONES.get(mark) for mark in pattern] or [None] * length
            tones[-1] = tones[-1] or _TONES.get(line.ending)
            yield tuple(tones)


def _rhyme_tone(line: Line) -> Tone | None:
    """The tone in which all patterns of a line end; else the one that its ending tells."""
    ends = {_TONES.get(pattern[-1:]) for pattern in line.patterns}
    tone = ends.pop() if len(ends) == 1 else None
    return tone or _TONES.get(line.ending)
