"""The settings of verse in a form, and the requirements in them."""

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Self

from charrnn.errors import ConfigurationError
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import Configuration, Notation, setting, settings_of
from charrnn.wording import listed

Readings = Literal["any", "strict"]
AcrosticAt = Literal["start", "end"]
Words = Literal["learned", "any"]
Choose = Literal["weight", "best"]
Profile = Literal["strict", "246", "rhyme-only"]

SETTINGS_OF_ONE_LANGUAGE: Final = {
    "readings": "chinese",
    "profile": "chinese",
    "repeats": "chinese",
    "enjambment": "english",
    "lexicon": "english",
    "words": "english",
}
"""Settings that only one language has."""

FORM_PARTS: Final = ("lines", "syllables", "characters", "rhyme", "metre")
"""Settings that define a form of your own."""

LENGTHS: Final = (
    "numbers of syllables or characters, one for each line or one for all, as in 8,6,8,6"
)


def parse_lengths(text: str) -> tuple[int, ...]:
    """Parse the lengths of lines, 8,6,8,6 or one for all; ConfigurationError if not numbers."""
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("[0-9]{1,9}", part) for part in parts):
        raise ConfigurationError(f"lengths are {LENGTHS}. Received: {text}.")
    return tuple(map(int, parts))


@dataclass(frozen=True, kw_only=True, slots=True)
class FormConfig(Configuration):
    """The form that a poem must keep, and further requirements.

    A form is named, or defined by its lines. Without either, nothing else may be set.
    """

    form: str | None = setting(
        None, "Form of verse: a name from charrnn forms, or a TOML file.", unset="off"
    )
    lines: int | None = setting(
        None,
        "Your own form: number of lines.",
        minimum=1,
        unset="as many as lengths or rhymes",
    )
    syllables: str | None = setting(
        None,
        "Your own English form: syllables of each line, or one number for all.",
        unset="those of the form",
        notation=Notation("N,...", LENGTHS, parse_lengths),
    )
    characters: str | None = setting(
        None,
        "Your own Chinese form: characters of each line, or one number for all.",
        unset="those of the form",
        notation=Notation("N,...", LENGTHS, parse_lengths),
    )
    rhyme: str | None = setting(
        None,
        "Your own form: a rhyme letter for each line, or - for none, as in ABCB.",
        unset="those of the form",
    )
    metre: Literal["iambic", "anapaestic"] | None = setting(
        None,
        "Your own English form: metre.",
        unset="that of the form",
    )
    acrostic: str | None = setting(
        None, "Characters that the lines begin with, one for each line.", unset="none"
    )
    acrostic_at: AcrosticAt = setting("start", "Whether the acrostic begins or ends the lines.")
    must: tuple[str, ...] | None = setting(
        None,
        "Words or characters that the poem must contain, separated by spaces.",
        unset="none",
        repeatable=True,
    )
    rhyme_with: str | None = setting(
        None, "A word or a line that the first rhyme must rhyme with.", unset="any"
    )
    first_line: str | None = setting(None, "The first line, word for word.", unset="any")
    rhymes: str | None = setting(
        None,
        "Chinese: a rhyme book (pingshui, cilin, xinyun, tongyun), learned (from the network's "
        "poems), or a FILE of characters and rhyme classes. English: perfect or slant.",
        unset="learned if the network knows regular verse, else that of the form",
    )
    readings: Readings = setting(
        "any",
        "Whether one reading of a Chinese character must fit, or all.",
    )
    profile: Profile = setting(
        "strict",
        "Chinese tones that count: all, those of characters 2, 4, 6 and the last, or only those of "
        "the rhymes.",
    )
    repeats: bool | None = setting(
        None,
        "Whether a Chinese character may stand twice in a poem.",
        unset="as the form has it: not in 绝句 and 律诗",
    )
    enjambment: bool | None = setting(
        None,
        "Whether English lines may end in words that only lead on, such as of, and, the.",
        unset="not if the form rhymes",
    )
    lexicon: str | None = setting(
        None,
        "File of English pronunciations, in the format of CMUdict.",
        unset="the one of the extra english",
    )
    words: Words | None = setting(
        None,
        "English words that may be used: those the network has learned, or any.",
        unset="learned, if the network has them",
    )
    particles: int = setting(
        32, "Drafts of each line, written in one batch.", minimum=1, maximum=1024
    )
    choose: Choose = setting(
        "weight",
        "How one draft of each line is chosen: at random by weight, or the best.",
    )

    @property
    def asked(self) -> bool:
        """Whether a form is set."""
        return any(
            value is not None for value in (self.form, self.lines, self.syllables, self.characters)
        )

    def __post_init__(self) -> None:
        """Refuse values out of range and contradictions."""
        Configuration.__post_init__(self)
        changed = self.changed(settings_of(FormConfig))
        if changed and not self.asked:
            raise ConfigurationError(
                f"{listed(changed)} {'goes' if len(changed) == 1 else 'go'} with a form of verse: "
                "give a form by its name (charrnn forms lists them), or lines with syllables or "
                "characters."
            )
        own = self.changed(FORM_PARTS)
        if own and self.form is not None:
            raise ConfigurationError(
                f"the form {self.form} has its own lines. Leave out form, or {listed(own)}."
            )
        if self.acrostic is None and self.acrostic_at != "start":
            raise ConfigurationError("acrostic-at goes with an acrostic; give both, or neither.")


def refuse_sampling_outside_a_form(config: SamplingConfig) -> None:
    """Refuse sampling settings that have no meaning in a form (ConfigurationError)."""
    if config.beam is not None:
        raise ConfigurationError(
            "a poem in a form is drawn, many drafts at once, and not searched for. Leave out beam; "
            "best-of takes the best of several poems."
        )
    if config.length is not None:
        raise ConfigurationError("a form tells how long a poem is. Leave out length.")
    if config.end_of_poem != "corpus":
        raise ConfigurationError("a form tells where a poem ends. Leave out end-of-poem.")


class Requirement(NamedTuple):
    """One requirement on top of the form: the name of its setting, and the value."""

    setting: str
    value: str

    def __str__(self) -> str:
        """As it was given: "acrostic 春江花月"."""
        return f"{self.setting.replace('_', '-')} {self.value}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirements:
    """All requirements on top of the form.

    Attributes:
        acrostic: One character per line; English letters in either case.
        acrostic_at: Whether they stand at the start or the end of their lines.
        must: What must occur: an English word, or consecutive Chinese characters of one line.
        rhyme_with: A word or a line that the first rhyme rhymes with.
        first_line: The first line, verbatim.
    """

    acrostic: str = ""
    acrostic_at: AcrosticAt = "start"
    must: tuple[str, ...] = ()
    rhyme_with: str = ""
    first_line: str = ""

    @classmethod
    def of(cls, config: FormConfig) -> Self:
        """The requirements in the settings."""
        return cls(
            acrostic=config.acrostic or "",
            acrostic_at=config.acrostic_at,
            must=config.must or (),
            rhyme_with=config.rhyme_with or "",
            first_line=config.first_line or "",
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """What the poem must contain, word for word."""
        return (self.first_line, self.acrostic, *self.must)
