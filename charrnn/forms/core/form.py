"""A form of verse, and the verdict on a poem that should keep it."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from charrnn.errors import FormError
from charrnn.wording import counted

LanguageName = Literal["chinese", "english"]
Metre = Literal["", "iambic", "anapaestic"]
Ending = Literal["", "level", "oblique"]
Book = Literal["pingshui", "cilin", "xinyun", "tongyun"]

MARKS: Final[dict[LanguageName, str]] = {"chinese": "平仄中", "english": "u/x"}
"""The marks of a pattern: level, oblique; unstressed, stressed. The last one fits either."""

UNITS: Final[dict[LanguageName, str]] = {"chinese": "characters", "english": "syllables"}

OR: Final = "|"
"""Separates the alternative patterns of a line."""

LONGEST_LINE: Final = 40
"""Maximum number of characters or syllables of a line."""

MOST_LINES: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What one line must keep.

    Attributes:
        lengths: The allowed numbers of characters (Chinese) or syllables (English).
        pattern: One mark per unit of the longest length (see `MARKS`); "" is a free line.
            Alternatives are separated by |.
        rhyme: Lines with the same letter rhyme; "" does not rhyme.
        ending: Tone of the last character of a Chinese line, if the pattern leaves it open.
    """

    lengths: tuple[int, ...]
    pattern: str = ""
    rhyme: str = ""
    ending: Ending = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The alternative patterns, at least one; "" is free."""
        return tuple(self.pattern.split(OR))


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form of verse.

    Attributes:
        name, aliases: As it is typed: "qijue", "七绝".
        title: As it is shown: "Shakespearean sonnet".
        language: Chinese counts characters, English syllables.
        variants: Alternative templates of a whole poem, all with the same number of lines.
        variant_names: One name per variant.
        stanzas: The number of lines of each stanza.
        metre: How the patterns of English lines are judged; "" ignores them.
        book: The default rhyme book of a Chinese form; "" is the usual one.
        repeats: Whether a character may stand twice in a Chinese poem.
        example: A poem in the form.
        source: Where the rules and the example come from.
    """

    name: str
    aliases: tuple[str, ...] = ()
    title: str
    language: LanguageName
    variants: tuple[tuple[Line, ...], ...]
    variant_names: tuple[str, ...]
    stanzas: tuple[int, ...]
    metre: Metre = ""
    book: Literal["", Book] = ""
    repeats: bool = True
    example: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse contradictions with a FormError."""
        for fault in _faults(self):
            raise FormError(f"the form {self.name or 'without a name'} cannot be used: {fault}.")

    @property
    def lines(self) -> int:
        """The number of lines of a poem."""
        return sum(self.stanzas)

    @property
    def rhymes(self) -> bool:
        """Whether every variant has rhymes."""
        return all(any(line.rhyme for line in variant) for variant in self.variants)


def _faults(form: Form) -> Iterator[str]:
    if not form.name or any(character.isspace() for character in form.name):
        yield "its name must be a word"
    if form.language == "chinese" and form.metre:
        yield f"a Chinese form has no metre, and this one is {form.metre}"
    if form.language == "english" and form.book:
        yield f"an English form has no rhyme book, and this one names {form.book}"
    if form.language == "english" and not form.repeats:
        yield "letters of an English form stand as often as they must, and this one has no repeats"
    if not form.variants or not all(form.variants):
        yield "it has no lines"
    elif len(form.variants) != len(form.variant_names):
        yield (
            f"it has {counted(len(form.variants), 'variant')} and "
            f"{counted(len(form.variant_names), 'name')} for them"
        )
    elif any(len(variant) != form.lines for variant in form.variants):
        counts = sorted({len(variant) for variant in form.variants})
        yield (
            f"its stanzas have {counted(form.lines, 'line')} together, its variants "
            f"{' or '.join(map(str, counts))}"
        )
    elif form.lines > MOST_LINES or any(stanza < 1 for stanza in form.stanzas):
        yield f"a poem has from 1 to {MOST_LINES} lines, and a stanza at least 1"
    for variant, name in zip(form.variants, form.variant_names, strict=False):
        for number, line in enumerate(variant, 1):
            place = f"line {number}" + (f" of {name}" if len(form.variants) > 1 else "")
            yield from (f"{place} {fault}" for fault in _faults_of_line(line, form.language))


def _faults_of_line(line: Line, language: LanguageName) -> Iterator[str]:
    if not line.lengths or not all(1 <= length <= LONGEST_LINE for length in line.lengths):
        yield f"has no length, or one that is not from 1 to {LONGEST_LINE}"
        return
    if line.ending and language == "english":
        yield f"is English, and its ending cannot be {line.ending}"
    if line.rhyme and not (len(line.rhyme) == 1 and line.rhyme.isalpha()):
        yield f"rhymes by a letter, not by {line.rhyme}"
    if len(set(line.lengths)) > 1 and line.pattern and language == "chinese":
        yield "has a pattern, so it can have one length only"
    marks = MARKS[language]
    for pattern in filter(None, line.patterns):
        if set(pattern) - set(marks):
            yield f"has the pattern {pattern}; patterns are written with {' '.join(marks)}"
        elif len(pattern) != max(line.lengths):
            yield f"is {max(line.lengths)} long, its pattern {pattern} is {len(pattern)} long"


About = Literal["lines", "length", "sound", "rhyme", "words", "repeats"]
"""What a fault concerns; "words" is text that is no word, "lines" the number of lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One violation of a form.

    Attributes:
        line: The line, from 1; if lines are missing, one after the last.
        position: The character or syllable, from 1; None for the whole line.
        about: What it concerns.
        message: "line 3, character 5 is 仄 where 平 is required", without full stop.
    """

    line: int
    position: int | None
    about: About
    message: str


def missing_lines(have: int, needed: int) -> list[Fault]:
    """The fault of a poem that has the wrong number of lines, or nothing."""
    if have == needed:
        return []
    message = f"the poem has {counted(have, 'line')} where {needed} are required"
    return [Fault(line=min(have, needed) + 1, position=None, about="lines", message=message)]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScannedLine:
    """A line and its sound.

    Attributes:
        text: The line as written.
        marks: One per unit. Chinese: ○ level, ● oblique, ◎ either, ? unknown. English: / u x.
        units: What each mark belongs to: a character, or the letters of a syllable.
        rhyme: Rhyme class (Chinese) or rhyming phones (English) of the last word, or "".
        guessed: Whether a pronunciation was guessed.
    """

    text: str
    marks: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    rhyme: str = ""
    guessed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The verdict on a poem, under the variant that fits best (None for an empty poem).

    All lines of the poem are scanned; faults and remarks are in their order. Remarks are what people
    do on purpose and charrnn does not: characters that stand twice.
    """

    form: Form
    variant: str | None
    lines: tuple[ScannedLine, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the poem keeps the form."""
        return not self.faults

    def unit_of(self, fault: Fault) -> str:
        """The character or syllable of a fault that has a position."""
        assert fault.position is not None
        return self.lines[fault.line - 1].units[fault.position - 1]

    def as_json(self) -> dict[str, Any]:
        """The judgement as JSON values."""
        return {
            "form": self.form.name,
            "passes": self.passes,
            "variant": self.variant,
            "lines": [dataclasses.asdict(line) for line in self.lines],
            "faults": list(map(_as_json, self.faults)),
            "remarks": list(map(_as_json, self.remarks)),
        }


def _as_json(fault: Fault) -> dict[str, Any]:
    return {"line": fault.line, "position": fault.position, "message": fault.message}
