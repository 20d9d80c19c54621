"""What a verifier finds out about a poem: how each line sounds, and what is wrong with it."""

from dataclasses import dataclass
from typing import Any, Literal

from charrnn.forms.core.form import Form

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
