"""The verifier of Chinese poems, independent of the automaton."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from charrnn.forms.chinese.sounds import (
    TONE_OF_MARK,
    ChineseSounds,
    Tone,
    rhymes,
    tones,
    verse_lines,
)
from charrnn.forms.core.config import Readings
from charrnn.forms.core.form import (
    LONGEST_LINE,
    Fault,
    Form,
    Judgement,
    Line,
    ScannedLine,
    missing_lines,
)
from charrnn.wording import counted

_MARKS: Final = {
    frozenset[Tone](): "?",
    frozenset[Tone](("平",)): "○",
    frozenset[Tone](("仄",)): "●",
    frozenset[Tone](("平", "仄")): "◎",
}


def verify_chinese(
    text: str, form: Form, sounds: ChineseSounds, readings: Readings = "any"
) -> Judgement:
    """Judge a poem.

    Args:
        text: The poem; punctuation and line ends separate its lines.
        form: A Chinese form.
        sounds: The readings; an unknown character is a fault where its sound counts.
        readings: With "any", one fitting reading suffices; with "strict", all must fit.

    Returns:
        The judgement under the variant with the fewest faults; in a tie, fewest wrong tones.
    """
    lines = verse_lines(text)
    judge = _Judge(lines, sounds, readings)
    found = [judge.faults(variant) for variant in form.variants]
    best = min(range(len(found)), key=lambda number: _weight(found[number]))
    scanned = tuple(
        ScannedLine(
            text=line,
            marks=tuple(_MARKS[tones(sounds, character)] for character in line),
            units=tuple(line),
            rhyme="/".join(sorted(classes)),
        )
        for line, classes in zip(lines, judge.rhymes(form.variants[best]), strict=True)
    )
    return Judgement(
        form=form,
        variant=form.variant_names[best] if lines else None,
        lines=scanned,
        faults=tuple(found[best]),
        remarks=() if form.repeats else tuple(_repetitions(lines)),
    )


def _repetitions(lines: Sequence[str]) -> Iterator[Fault]:
    """Each character that stands in the poem already."""
    first: dict[str, int] = {}
    for number, text in enumerate(lines, 1):
        for position, character in enumerate(text, 1):
            if (
                first.setdefault(character, number) == number
                and character not in text[: position - 1]
            ):
                continue
            there = "the same line" if first[character] == number else f"line {first[character]}"
            message = f"line {number}, character {position} repeats {character} of {there}"
            yield Fault(line=number, position=position, about="repeats", message=message)


def _weight(faults: Sequence[Fault]) -> tuple[int, int]:
    return len(faults), sum(fault.position is not None for fault in faults)


class _Judge:
    def __init__(self, lines: Sequence[str], sounds: ChineseSounds, readings: Readings) -> None:
        self._lines = lines
        self._sounds = sounds
        self._readings = readings

    def faults(self, variant: Sequence[Line]) -> list[Fault]:
        """The violations of a template, in the order of the lines."""
        faults = missing_lines(len(self._lines), len(variant))
        for number, (text, line) in enumerate(zip(self._lines, variant, strict=False), 1):
            faults += _of_length(number, text, line) or self._of_tones(number, text, line)
        faults += [fault for group in self._groups(variant) for fault in self._of_group(group)]
        return sorted(faults, key=lambda fault: (fault.line, fault.position or LONGEST_LINE + 1))

    def rhymes(self, variant: Sequence[Line]) -> list[frozenset[str]]:
        """The rhyme classes of each line's end; only the shared one, if it has it."""
        classes = [self._classes(number, None) for number in range(1, len(self._lines) + 1)]
        for group in self._groups(variant):
            found = {number: self._classes(number, required) for number, required in group}
            shared = _commonest(found)
            for number, names in found.items():
                classes[number - 1] = frozenset({shared}) if shared in names else names
        return classes

    def _classes(self, number: int, required: Tone | None) -> frozenset[str]:
        end = self._lines[number - 1][-1]
        return rhymes(self._sounds, end, required) or rhymes(self._sounds, end)

    def _of_tones(self, number: int, text: str, line: Line) -> list[Fault]:
        attempts = []
        for pattern in line.patterns:
            marks: list[str] = list(pattern or " " * len(text))
            if TONE_OF_MARK.get(marks[-1]) is None:
                marks[-1] = line.ending
            attempts.append(
                [
                    fault
                    for position, (character, mark) in enumerate(zip(text, marks, strict=True), 1)
                    if (required := TONE_OF_MARK.get(mark)) is not None
                    and (fault := self._of_tone(number, position, character, required)) is not None
                ]
            )
        return min(attempts, key=len)

    def _of_tone(self, number: int, position: int, character: str, required: Tone) -> Fault | None:
        known = tones(self._sounds, character)
        other: Tone = "仄" if required == "平" else "平"
        if not known:
            what = "is not known"
        elif required not in known:
            what = f"is {other}"
        elif other in known and self._readings == "strict":
            what = f"can be {other} too"
        else:
            return None
        return Fault(
            line=number,
            position=position,
            about="sound",
            message=f"line {number}, character {position} {what} where {required} is required: "
            f"{character}",
        )

    def _groups(self, variant: Sequence[Line]) -> list[list[tuple[int, Tone | None]]]:
        groups: dict[str, list[tuple[int, Tone | None]]] = defaultdict(list)
        for number, line in enumerate(variant[: len(self._lines)], 1):
            if line.rhyme:
                groups[line.rhyme].append((number, _ending(line)))
        return list(groups.values())

    def _of_group(self, group: Sequence[tuple[int, Tone | None]]) -> list[Fault]:
        classes = {number: self._classes(number, required) for number, required in group}
        shared = _commonest(classes)
        leader = next((number for number, found in classes.items() if shared in found), 0)
        faults: list[Fault] = []
        earlier: dict[str, int] = {}
        for number, found in classes.items():
            line = self._lines[number - 1]
            if not found:
                message = f"line {number} ends in a character whose rhyme is not known: {line[-1]}"
            elif shared not in found:
                message = (
                    f"line {number} does not rhyme with line {leader}: {self._end(number, found)} "
                    f"and {self._end(leader, classes[leader])}"
                )
            elif self._readings == "strict" and len(found) > 1:
                message = f"line {number} rhymes in one reading only: {self._end(number, found)}"
            elif line[-1] in earlier and line != self._lines[number - 2]:
                message = (
                    f"line {number} rhymes with the same character of line {earlier[line[-1]]}: "
                    f"{line[-1]}"
                )
            else:
                earlier[line[-1]] = number
                continue
            faults.append(Fault(line=number, position=None, about="rhyme", message=message))
        return faults

    def _end(self, number: int, classes: frozenset[str]) -> str:
        return f"{self._lines[number - 1][-1]} ({'/'.join(sorted(classes))})"


def _commonest(classes: Mapping[int, frozenset[str]]) -> str:
    counts = Counter(rhyme for found in classes.values() for rhyme in sorted(found))
    return max(counts, key=lambda rhyme: counts[rhyme], default="")


def _ending(line: Line) -> Tone | None:
    """The required tone of the last character, whichever pattern applies."""
    ends = {TONE_OF_MARK.get(pattern[-1:]) for pattern in line.patterns}
    return ends.pop() if len(ends) == 1 and None not in ends else TONE_OF_MARK.get(line.ending)


def _of_length(number: int, text: str, line: Line) -> list[Fault]:
    if len(text) in line.lengths:
        return []
    required = " or ".join(map(str, line.lengths))
    message = f"line {number} has {counted(len(text), 'character')} where {required} are required"
    return [Fault(line=number, position=None, about="length", message=message)]
