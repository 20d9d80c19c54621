"""A form of verse as data, and what a verifier finds out about a poem that is held to one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from charrnn.errors import FormError

LanguageName = Literal["chinese", "english"]
Metre = Literal["", "iambic", "anapaestic"]
Ending = Literal["", "level", "oblique"]
Book = Literal["pingshui", "cilin", "xinyun", "tongyun"]

MARKS: Final[dict[LanguageName, str]] = {"chinese": "平仄中", "english": "u/x"}
"""What a pattern is written with; the last of the marks stands where either sound will do."""

UNITS: Final[dict[LanguageName, str]] = {"chinese": "characters", "english": "syllables"}
"""What the length of a line counts."""

OR: Final = "|"
"""Stands between the patterns of a line that has several to choose from."""

LONGEST_LINE: Final = 40
"""Characters or syllables of a line."""

MOST_LINES: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What one line of a poem is held to.

    Attributes:
        lengths: Characters (Chinese) or syllables (English) that the line may have.
        pattern: A mark for each of them, or nothing: 平 level, 仄 oblique, 中 either; u unstressed,
            / stressed, x either. An English pattern is that of the longest length. Several
            patterns to choose from have | between them: 平平平仄仄|平平仄平仄.
        rhyme: A letter; the lines of a poem with the same letter rhyme. Nothing where it is free.
        ending: Tone of the last character of a Chinese line whose pattern leaves it open.
    """

    lengths: tuple[int, ...]
    pattern: str = ""
    rhyme: str = ""
    ending: Ending = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns that the line may follow, at least one; "" is free."""
        return tuple(self.pattern.split(OR))


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form of verse.

    Attributes:
        name: As it is typed: "qijue", "sonnet".
        aliases: Other names: "七绝".
        title: As it is shown: "Shakespearean sonnet".
        language: Whether characters or syllables are counted.
        variants: Templates to choose from, each of a whole poem; all have as many lines.
        variant_names: A name for each.
        stanzas: How many lines each stanza has.
        metre: How the patterns of English lines are judged; "" judges none.
        book: The rhyme book of a Chinese form, where none is asked for; "" is the usual one.
        example: A poem in the form.
        source: Where the rules come from, and who wrote the example.
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
    example: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself, with a FormError."""
        for fault in _faults(self):
            raise FormError(f"the form {self.name or 'without a name'} cannot be used: {fault}.")

    @property
    def lines(self) -> int:
        """How many lines a poem has."""
        return sum(self.stanzas)

    @property
    def rhymes(self) -> bool:
        """Whether lines rhyme in each of its variants."""
        return all(any(line.rhyme for line in variant) for variant in self.variants)


def _faults(form: Form) -> Iterator[str]:
    """What is wrong with a form, in words."""
    yield from _faults_of_words(form)
    if not form.variants or not all(form.variants):
        yield "it has no lines"
    elif len(form.variants) != len(form.variant_names):
        yield (f"it has {len(form.variants)} variants and {len(form.variant_names)} names for them")
    elif any(len(variant) != form.lines for variant in form.variants):
        counts = sorted({len(variant) for variant in form.variants})
        yield (
            f"its stanzas have {form.lines} lines together, its variants "
            f"{' or '.join(map(str, counts))}"
        )
    elif form.lines > MOST_LINES or any(stanza < 1 for stanza in form.stanzas):
        yield f"a poem has from 1 to {MOST_LINES} lines, and a stanza at least 1"
    for variant, name in zip(form.variants, form.variant_names, strict=False):
        for number, line in enumerate(variant, 1):
            place = f"line {number}" + (f" of {name}" if len(form.variants) > 1 else "")
            yield from (f"{place} {fault}" for fault in _faults_of_line(line, form.language))


def _faults_of_words(form: Form) -> Iterator[str]:
    for what, value, allowed in (
        ("language", form.language, get_args(LanguageName)),
        ("metre", form.metre, get_args(Metre)),
        ("book", form.book, ("", *get_args(Book))),
    ):
        if value not in allowed:
            yield f"its {what} must be one of {_listed(allowed)}, not {value}"
    if not form.name or any(character.isspace() for character in form.name):
        yield "its name must be a word"
    if form.language == "chinese" and form.metre:
        yield f"a Chinese form has no metre, and this one is {form.metre}"
    if form.language == "english" and form.book:
        yield f"an English form has no rhyme book, and this one names {form.book}"


def _faults_of_line(line: Line, language: LanguageName) -> Iterator[str]:
    if not line.lengths or not all(1 <= length <= LONGEST_LINE for length in line.lengths):
        yield f"has no length, or one that is not from 1 to {LONGEST_LINE}"
        return
    if line.ending not in get_args(Ending):
        yield f"ends in {line.ending}, which is none of {_listed(get_args(Ending))}"
    if line.ending and language == "english":
        yield f"is English, and its ending cannot be {line.ending}"
    if line.rhyme and not (len(line.rhyme) == 1 and line.rhyme.isalpha()):
        yield f"rhymes by a letter, not by {line.rhyme}"
    yield from _faults_of_pattern(line, MARKS.get(language, ""))


def _faults_of_pattern(line: Line, marks: str) -> Iterator[str]:
    if not line.pattern:
        return
    if len(set(line.lengths)) > 1 and marks == MARKS["chinese"]:
        yield "has a pattern, so it can have one length only"
    for pattern in line.patterns:
        if set(pattern) - set(marks):
            yield f"has the pattern {pattern}; patterns are written with {' '.join(marks)}"
        elif len(pattern) != max(line.lengths):
            yield f"is {max(line.lengths)} long, its pattern {pattern} is {len(pattern)} long"


def _listed(allowed: Sequence[str]) -> str:
    return ", ".join(word or "nothing" for word in allowed)


About = Literal["lines", "length", "sound", "rhyme", "words"]
"""What a fault is about: the number of lines, their length, tone or stress, rhyme, or what is no
word at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing in which a poem does not keep its form.

    Attributes:
        line: The line, from 1; one after the last where lines are missing.
        position: The character or syllable of the line, from 1; None for the line as a whole.
        about: What it is about.
        message: A sentence without its full stop: "line 3, character 5 is 仄 where 平 is required".
    """

    line: int
    position: int | None
    about: About
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScannedLine:
    """A line and its sound.

    Attributes:
        text: The line as it was written.
        marks: One for each character or syllable. Chinese: ○ level, ● oblique, ◎ either, ? not
            known. English: / stressed, u unstressed, x either.
        units: What each mark stands under: a character, or the letters of a syllable.
        rhyme: The rhyme class or the rhyming part of the last word; "" where there is none.
        guessed: Whether a pronunciation was guessed.
    """

    text: str
    marks: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    rhyme: str = ""
    guessed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Whether a poem keeps a form.

    Attributes:
        form: The form that it was held to.
        variant: Name of the variant that fits it best; None where none could be compared.
        lines: The lines of the poem, as many as it has.
        faults: What is wrong with it under that variant, from the first line to the last.
    """

    form: Form
    variant: str | None
    lines: tuple[ScannedLine, ...]
    faults: tuple[Fault, ...]

    @property
    def passes(self) -> bool:
        """Whether the poem keeps the form."""
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        """The judgement as JSON can hold it."""
        return {
            "form": self.form.name,
            "passes": self.passes,
            "variant": self.variant,
            "lines": [
                {
                    "text": line.text,
                    "marks": list(line.marks),
                    "units": list(line.units),
                    "rhyme": line.rhyme,
                    "guessed": line.guessed,
                }
                for line in self.lines
            ],
            "faults": [
                {"line": fault.line, "position": fault.position, "message": fault.message}
                for fault in self.faults
            ],
        }
