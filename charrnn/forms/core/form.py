"""A form of verse as data: how long its lines are, how they sound, which of them rhyme."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from charrnn.config import Profile
from charrnn.errors import FormError

Language = Literal["chinese", "english"]
Metre = Literal["", "iambic", "anapaestic"]
Ending = Literal["", "level", "oblique"]
Book = Literal["pingshui", "cilin", "xinyun", "tongyun"]

MARKS: Final[dict[Language, str]] = {"chinese": "平仄中", "english": "u/x"}
"""What a pattern is written with; the last of the marks stands where either sound will do."""

OR: Final = "|"
"""Stands between the patterns of a line that has several to choose from."""

LONGEST_LINE: Final = 40
"""Characters or syllables of a line."""

MOST_LINES: Final = 200

DECISIVE: Final = (2, 4, 6)
"""Places of a line of regular verse whose tone counts, besides the last, in the profile 246."""


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
    language: Language
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


def with_profile(form: Form, profile: Profile) -> Form:
    """A Chinese form with its tones held to less strictly.

    Args:
        form: The form as it is written: that is `strict`.
        profile: `246` keeps the tones of the second, fourth, sixth and last character of a line;
            `rhyme-only` keeps the tone of the rhymes alone.

    Raises:
        FormError: The form is English.
    """
    if profile == "strict":
        return form
    if form.language != "chinese":
        raise FormError(f"{form.name} has no tones, so there is no profile {profile} of it.")
    loosen = _decisive if profile == "246" else _rhyming
    loosened: dict[tuple[Line, ...], str] = {}
    for variant, name in zip(form.variants, form.variant_names, strict=True):
        loosened.setdefault(tuple(map(loosen, variant)), name)
    return dataclasses.replace(
        form, variants=tuple(loosened), variant_names=tuple(loosened.values())
    )


def _decisive(line: Line) -> Line:
    """A line with the tones that count most."""
    kept = {
        "".join(
            mark if place in DECISIVE or place == len(pattern) else MARKS["chinese"][-1]
            for place, mark in enumerate(pattern, 1)
        ): None
        for pattern in line.patterns
    }
    return dataclasses.replace(line, pattern=OR.join(kept))


def _rhyming(line: Line) -> Line:
    """A line with the tone of its rhyme."""
    ends = {pattern[-1:] for pattern in line.patterns}
    ending = line.ending
    if line.rhyme and len(ends) == 1:
        tones: dict[str, Ending] = {"平": "level", "仄": "oblique"}
        ending = tones.get(ends.pop(), ending)
    return dataclasses.replace(line, pattern="", ending=ending)


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
        ("language", form.language, get_args(Language)),
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


def _faults_of_line(line: Line, language: Language) -> Iterator[str]:
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
