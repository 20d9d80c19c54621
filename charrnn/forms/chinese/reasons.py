"""Why a demand cannot be kept in Chinese verse, where that can be seen from its sounds."""

from collections.abc import Collection, Iterator
from typing import Final

from charrnn.forms.chinese.lines import is_han, verse_lines
from charrnn.forms.chinese.sounds import TONES, Tone, rhymes, tones
from charrnn.forms.core.form import MARKS, Form, Line
from charrnn.forms.core.rules import ChineseStandard
from charrnn.forms.core.wish import Wish

_FREE: Final = MARKS["chinese"][-1]
_ENDINGS: Final[dict[str, str]] = {"level": "平", "oblique": "仄"}


def reasons_in_chinese(
    wish: Wish, standard: ChineseStandard, *, at_end: bool = False
) -> Iterator[str]:
    """What stands against a demand, in words; nothing where that cannot be seen so.

    Args:
        wish: An acrostic, characters that must stand in the poem, or what it rhymes with.
        standard: What the poem is held to.
        at_end: Whether the characters of an acrostic end their lines.
    """
    if wish.setting == "acrostic":
        yield from _of_acrostic(wish.value, standard, at_end)
    elif wish.setting == "must":
        yield from _of_characters(wish.value, standard)
    elif wish.setting == "rhyme_with":
        yield from _of_rhyme(wish.value, standard)


def _of_acrostic(text: str, standard: ChineseStandard, at_end: bool) -> Iterator[str]:
    place, verb = (-1, "ends in") if at_end else (0, "begins with")
    for number, character in enumerate(text):
        marks = {
            mark for variant in standard.form.variants for mark in _marks_at(variant[number], place)
        }
        fault = _tone_against(character, marks, standard)
        if fault:
            yield f"{fault}, and line {number + 1} {verb} {'/'.join(sorted(marks))}"
    if at_end:
        yield from _of_ends(text, standard)


def _of_ends(text: str, standard: ChineseStandard) -> Iterator[str]:
    """Two lines that rhyme in every variant, and are to end in characters that do not."""
    groups = [[line.rhyme for line in variant[: len(text)]] for variant in standard.form.variants]
    for second in range(len(text)):
        for first in range(second):
            together = all(group[first] and group[first] == group[second] for group in groups)
            classes = [rhymes(standard.sounds, text[number]) for number in (first, second)]
            if together and not classes[0] & classes[1]:
                yield (
                    f"lines {first + 1} and {second + 1} rhyme, and {text[first]} and "
                    f"{text[second]} do not"
                )
            elif together and text[first] == text[second]:
                yield f"lines {first + 1} and {second + 1} rhyme, and not with the same character"


def _of_characters(word: str, standard: ChineseStandard) -> Iterator[str]:
    """Why characters that follow one another find no place."""
    strange = [one for one in word if not is_han(one)]
    if strange:
        yield f"a line has Chinese characters only, and {'、'.join(strange)} is none"
    lines = {line for variant in standard.form.variants for line in variant}
    longest = max(length for line in lines for length in line.lengths)
    if len(word) > longest:
        yield f"no line has more than {longest} characters"
    elif not any(_has_place(word, line, standard) for line in lines):
        heard = " ".join(_tones_of(one, standard) for one in word)
        yield f"{word} is {heard}, and no line has that anywhere"


def _has_place(word: str, line: Line, standard: ChineseStandard) -> bool:
    for length in line.lengths:
        for pattern in line.patterns:
            marks = list(pattern or _FREE * length)
            if marks[-1] == _FREE:
                marks[-1] = _ENDINGS.get(line.ending, _FREE)
            for start in range(length - len(word) + 1):
                there = marks[start : start + len(word)]
                pairs = zip(word, there, strict=True)
                if not any(_tone_against(one, {mark}, standard) for one, mark in pairs):
                    return True
    return False


def _marks_at(line: Line, place: int) -> Iterator[str]:
    """What a line asks of its first or its last character, one mark for each pattern."""
    for pattern in line.patterns:
        mark = pattern[place] if pattern else _FREE
        if place and mark == _FREE:
            mark = _ENDINGS.get(line.ending, _FREE)
        yield mark


def _tone_against(character: str, marks: Collection[str], standard: ChineseStandard) -> str:
    """What a character is where something else is asked for: "月 is 仄"; "" where it fits."""
    if _FREE in marks:
        return ""
    known = tones(standard.sounds, character)
    if not known:
        return f"how {character} sounds is not known ({standard.rhymes})"
    fits = known & set(marks) if standard.readings == "any" else known <= set(marks)
    if fits:
        return ""
    return f"{character} is {_tones_of(character, standard)}"


def _tones_of(character: str, standard: ChineseStandard) -> str:
    return "/".join(sorted(tones(standard.sounds, character))) or "?"


def _of_rhyme(text: str, standard: ChineseStandard) -> Iterator[str]:
    lines = verse_lines(text)
    if not lines:
        return
    end = lines[-1][-1]
    known = {tone for tone in TONES if rhymes(standard.sounds, end, tone)}
    asked = set(_rhyme_tones(standard.form))
    if not known:
        yield f"what {end} rhymes with is not known ({standard.rhymes})"
    elif asked and not known & asked:
        yield f"{end} rhymes in {'/'.join(sorted(known))}, and this form in {'/'.join(sorted(asked))}"


def _rhyme_tones(form: Form) -> Iterator[Tone]:
    """The tones of the first rhyme of a form; none where a variant leaves it open."""
    marks = {
        mark
        for variant in form.variants
        for mark in _marks_at(next(line for line in variant if line.rhyme), -1)
    }
    if _FREE not in marks:
        yield from (tone for tone in TONES if tone in marks)
