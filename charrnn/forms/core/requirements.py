"""What is required of a poem on top of its form."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from charrnn.forms.core.config import AcrosticAt, FormConfig


class Requirement(NamedTuple):
    """One thing that is required of a poem on top of its form.

    Attributes:
        setting: Its setting: "acrostic".
        value: What was given.
    """

    setting: str
    value: str

    def __str__(self) -> str:
        """As it was asked for: "acrostic 春江花月"."""
        return f"{self.setting.replace('_', '-')} {self.value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirements:
    """All that is required of a poem on top of its form.

    Attributes:
        acrostic: A character for each line, from the first line on; fewer than lines are fine.
            English lines begin with the letter, in either case.
        acrostic_at: Where in its line each of them stands.
        must: What has to stand in the poem: Chinese characters that follow one another in a line,
            or an English word.
        rhyme_with: A word or a line; the first rhyme of the poem is its rhyme.
        first_line: The first line, as it is to stand there.
    """

    acrostic: str = ""
    acrostic_at: AcrosticAt = "start"
    must: tuple[str, ...] = ()
    rhyme_with: str = ""
    first_line: str = ""

    @classmethod
    def of(cls, config: FormConfig) -> Self:
        """Those of the settings of a form."""
        return cls(
            acrostic=config.acrostic or "",
            acrostic_at=config.acrostic_at,
            must=config.must or (),
            rhyme_with=config.rhyme_with or "",
            first_line=config.first_line or "",
        )
