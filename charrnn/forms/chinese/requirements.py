"""What is required of a Chinese poem: characters in fixed places, and words that stand somewhere."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from charrnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.forms.chinese.sounds import TONES, Tone, is_han, rhymes, tones, verse_lines
from charrnn.forms.core.config import Requirement, Requirements
from charrnn.forms.core.form import MARKS, Form, Line

if TYPE_CHECKING:
    from charrnn.forms.chinese.language import ChineseRules


@dataclass(frozen=True, slots=True)
class FixedPlaces:
    """Places of a line where one character has to stand.

    Attributes:
        at: The token at a place, from 0; `UNKNOWN`, which is never written, where two characters
            would have to stand.
        end: The token at the end of the line, however long it is; None where any may.
        length: How many characters the line has; None where the form alone tells.
    """

    at: Mapping[int, int] = field(default_factory=dict)
    end: int | None = None
    length: int | None = None

    def with_run(self, start: int, tokens: tuple[int, ...]) -> "FixedPlaces":
        """The same with tokens that follow one another from a place on."""
        at = dict(self.at)
        for place, token in enumerate(tokens, start):
            at[place] = token if at.get(place, token) == token else UNKNOWN
        return replace(self, at=at)


def fixed_places(
    requirements: Requirements, form: Form, vocabulary: Vocabulary
) -> dict[int, FixedPlaces]:
    """What the acrostic and the first line fix, for each line of which they fix anything.

    Raises:
        ConfigurationError: They are no such thing.
    """
    fixed: dict[int, FixedPlaces] = {}
    if requirements.first_line:
        tokens = tuple(map(vocabulary.id_of, _one_line(requirements.first_line)))
        fixed[0] = FixedPlaces(length=len(tokens)).with_run(0, tokens)
    if len(requirements.acrostic) > form.lines:
        raise ConfigurationError(
            f"an acrostic has at most one character for each line, and {form.name} has "
            f"{form.lines} lines. Received: {requirements.acrostic}."
        )
    _check_characters(requirements.acrostic, "an acrostic of Chinese verse")
    for number, token in enumerate(map(vocabulary.id_of, requirements.acrostic)):
        line = fixed.get(number, FixedPlaces())
        at_end = requirements.acrostic_at == "end"
        fixed[number] = replace(line, end=token) if at_end else line.with_run(0, (token,))
    return fixed


def required_words(
    requirements: Requirements, vocabulary: Vocabulary
) -> tuple[tuple[int, ...], ...]:
    """The words that have to stand in a poem, as tokens, each once.

    Raises:
        ConfigurationError: One is not Chinese.
    """
    words = dict.fromkeys(requirements.must)
    for word in words:
        if not word:
            raise ConfigurationError("what must stand in a Chinese poem is nothing. Leave it out.")
        _check_characters(word, "what must stand in a Chinese poem")
    return tuple(tuple(map(vocabulary.id_of, word)) for word in words)


def rhyme_character(requirements: Requirements) -> str | None:
    """The character that the first rhyme of a poem rhymes with; None where it is free.

    Raises:
        ConfigurationError: What was given does not end in a Chinese character.
    """
    if not requirements.rhyme_with:
        return None
    lines = verse_lines(requirements.rhyme_with)
    if not lines or not is_han(lines[-1][-1]):
        raise ConfigurationError(
            "a Chinese poem rhymes with a character, or with the last one of a line. Received: "
            f"{requirements.rhyme_with}."
        )
    return lines[-1][-1]


def _one_line(text: str) -> str:
    """The characters of a first line, without the mark after it."""
    lines = verse_lines(text)
    if len(lines) != 1:
        raise ConfigurationError(f"a first line is one line, and {len(lines)} were given: {text}.")
    _check_characters(lines[0], "a line of Chinese verse")
    return lines[0]


def _check_characters(text: str, what: str) -> None:
    strange = [character for character in text if not is_han(character)]
    if strange:
        raise ConfigurationError(f"{what} has Chinese characters only. Received: {text}.")


class ChinesePlacement(NamedTuple):
    """Where a word stands.

    Attributes:
        line: The line, from 0.
        start: The place of its first character in the line, from 0.
    """

    line: int
    start: int


_FREE: Final = MARKS["chinese"][-1]
_ENDINGS: Final[dict[str, str]] = {"level": "平", "oblique": "仄"}


def reasons(
    requirement: Requirement, rules: "ChineseRules", *, at_end: bool = False
) -> Iterator[str]:
    """What stands against a requirement, in words; nothing where that cannot be seen so.

    Args:
        requirement: An acrostic, characters that must stand in the poem, or what it rhymes with.
        rules: What the poem is held to.
        at_end: Whether the characters of an acrostic end their lines.
    """
    if requirement.setting == "acrostic":
        yield from _of_acrostic(requirement.value, rules, at_end)
    elif requirement.setting == "must":
        yield from _of_characters(requirement.value, rules)
    elif requirement.setting == "rhyme_with":
        yield from _of_rhyme(requirement.value, rules)


def _of_acrostic(text: str, rules: "ChineseRules", at_end: bool) -> Iterator[str]:
    place, verb = (-1, "ends in") if at_end else (0, "begins with")
    for number, character in enumerate(text):
        marks = {
            mark for variant in rules.form.variants for mark in _marks_at(variant[number], place)
        }
        fault = _tone_against(character, marks, rules)
        if fault:
            yield f"{fault}, and line {number + 1} {verb} {'/'.join(sorted(marks))}"
    if at_end:
        yield from _of_ends(text, rules)


def _of_ends(text: str, rules: "ChineseRules") -> Iterator[str]:
    """Two lines that rhyme in every variant, and are to end in characters that do not."""
    groups = [[line.rhyme for line in variant[: len(text)]] for variant in rules.form.variants]
    for second in range(len(text)):
        for first in range(second):
            together = all(group[first] and group[first] == group[second] for group in groups)
            classes = [rhymes(rules.sounds, text[number]) for number in (first, second)]
            if together and not classes[0] & classes[1]:
                yield (
                    f"lines {first + 1} and {second + 1} rhyme, and {text[first]} and "
                    f"{text[second]} do not"
                )
            elif together and text[first] == text[second]:
                yield f"lines {first + 1} and {second + 1} rhyme, and not with the same character"


def _of_characters(word: str, rules: "ChineseRules") -> Iterator[str]:
    """Why characters that follow one another find no place."""
    strange = [one for one in word if not is_han(one)]
    if strange:
        yield f"a line has Chinese characters only, and {'、'.join(strange)} is none"
    lines = {line for variant in rules.form.variants for line in variant}
    longest = max(length for line in lines for length in line.lengths)
    if len(word) > longest:
        yield f"no line has more than {longest} characters"
    elif not any(_has_place(word, line, rules) for line in lines):
        heard = " ".join(_tones_of(one, rules) for one in word)
        yield f"{word} is {heard}, and no line has that anywhere"


def _has_place(word: str, line: Line, rules: "ChineseRules") -> bool:
    for length in line.lengths:
        for pattern in line.patterns:
            marks = list(pattern or _FREE * length)
            if marks[-1] == _FREE:
                marks[-1] = _ENDINGS.get(line.ending, _FREE)
            for start in range(length - len(word) + 1):
                there = marks[start : start + len(word)]
                pairs = zip(word, there, strict=True)
                if not any(_tone_against(one, {mark}, rules) for one, mark in pairs):
                    return True
    return False


def _marks_at(line: Line, place: int) -> Iterator[str]:
    """What a line asks of its first or its last character, one mark for each pattern."""
    for pattern in line.patterns:
        mark = pattern[place] if pattern else _FREE
        if place and mark == _FREE:
            mark = _ENDINGS.get(line.ending, _FREE)
        yield mark


def _tone_against(character: str, marks: Collection[str], rules: "ChineseRules") -> str:
    """What a character is where something else is asked for: "月 is 仄"; "" where it fits."""
    if _FREE in marks:
        return ""
    known = tones(rules.sounds, character)
    if not known:
        return f"how {character} sounds is not known ({rules.rhymes})"
    fits = known & set(marks) if rules.readings == "any" else known <= set(marks)
    if fits:
        return ""
    return f"{character} is {_tones_of(character, rules)}"


def _tones_of(character: str, rules: "ChineseRules") -> str:
    return "/".join(sorted(tones(rules.sounds, character))) or "?"


def _of_rhyme(text: str, rules: "ChineseRules") -> Iterator[str]:
    lines = verse_lines(text)
    if not lines:
        return
    end = lines[-1][-1]
    known = {tone for tone in TONES if rhymes(rules.sounds, end, tone)}
    asked = set(_rhyme_tones(rules.form))
    if not known:
        yield f"what {end} rhymes with is not known ({rules.rhymes})"
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
