"""Chinese as a language of forms: tones, rhyme books, and the rules that poems are held to."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, cast, get_args

from charrnn.checkpoint.directory import SOUNDS_FILE, Checkpoint
from charrnn.errors import FormError
from charrnn.forms.chinese.rhyme_books import USUAL_BOOK, find_sounds
from charrnn.forms.chinese.sounds import (
    LEARNED,
    ChineseSounds,
    LearnedSounds,
    SoundTable,
    is_han,
    open_sounds,
    verse_lines,
)
from charrnn.forms.core.automaton import OutputTokens
from charrnn.forms.core.config import FormConfig, Profile, Readings, Requirement, Requirements
from charrnn.forms.core.form import MARKS, OR, Book, Ending, Form, Judgement, Line
from charrnn.forms.core.language import Language, LearnedTables

if TYPE_CHECKING:
    from charrnn.forms.chinese.automaton import ChineseAutomaton
    from charrnn.forms.core.learning import LearnedForm, PoemShape

BOOKS: Final = (LEARNED, *get_args(Book))
"""Sounds that are tried in the place of others, where a form cannot be kept."""

DECISIVE: Final = (2, 4, 6)
"""Places of a line of regular verse whose tone counts, besides the last, in the profile 246."""

_FREE: Final = MARKS["chinese"][-1]

_LOOSER: Final[dict[Profile, tuple[Profile, ...]]] = {
    "strict": ("246", "rhyme-only"),
    "246": ("rhyme-only",),
    "rhyme-only": (),
}


@dataclass(frozen=True, slots=True, eq=False)
class ChineseRules:
    """A Chinese form and the sounds of its characters.

    Attributes:
        form: The form, as strict as its profile has it.
        sounds: How characters sound.
        readings: Whether any of a character's readings may fit, or all must.
    """

    form: Form
    sounds: ChineseSounds
    readings: Readings

    @property
    def rhymes(self) -> str:
        """By whose rhymes it judges: "pingshui"."""
        return self.sounds.name

    def with_form(self, form: Form) -> Self:
        """The same sounds under another form."""
        return dataclasses.replace(self, form=form)

    def verify(self, poem: str) -> Judgement:
        """Hold a poem to the form."""
        from charrnn.forms.chinese.verify import verify_chinese

        return verify_chinese(poem, self.form, self.sounds, self.readings)

    def settled(self, config: FormConfig) -> FormConfig:
        """The settings with the sounds that were chosen."""
        return dataclasses.replace(config, rhymes=config.rhymes or self.rhymes)

    def automaton(self, config: FormConfig, tokens: OutputTokens) -> "ChineseAutomaton":
        """What may be written so that the poem keeps the form and all that is required."""
        from charrnn.forms.chinese.automaton import ChineseAutomaton

        return ChineseAutomaton(
            self.form, self.sounds, tokens, Requirements.of(config), self.readings
        )

    def spellings(self, character: str) -> frozenset[str]:
        """The character itself."""
        return frozenset({character})

    def reasons(self, requirement: Requirement, *, at_end: bool) -> Iterator[str]:
        """What stands against a requirement, in words."""
        from charrnn.forms.chinese.requirements import reasons

        return reasons(requirement, self, at_end=at_end)

    def relaxations(self, config: FormConfig) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Fewer readings that must fit, fewer tones that count, other rhyme books."""
        if config.readings == "strict":
            yield [{"readings": "any"}]
        yield [{"profile": profile} for profile in _LOOSER[config.profile]]
        yield [{"rhymes": book} for book in BOOKS if book != self.rhymes]


class ChineseLanguage:
    """See `charrnn.forms.core.language.Language`."""

    letters: Final = "Chinese characters"
    shape_unit: Final = "characters"
    example_of_lengths: Final = "characters 7"
    table_title: Final = (
        "The tones and rhymes that its poems teach, by which Chinese verse is written,"
    )
    table_kind: Final = LearnedSounds
    table_file: Final = SOUNDS_FILE

    def writes(self, character: str) -> bool:
        """Whether a character is Chinese."""
        return is_han(character)

    def lines_of(self, text: str) -> Sequence[str]:
        """What stands between punctuation marks or line ends."""
        return verse_lines(text)

    def open_rules(
        self, form: Form, config: FormConfig, learned: LearnedTables | None
    ) -> ChineseRules:
        """What poems in a form are held to; sounds are those of the first network that has any."""
        sounds = _sounds(form, config.rhymes, learned)
        return ChineseRules(with_profile(form, config.profile), sounds, config.readings)

    def open_table(self, checkpoint: Checkpoint) -> LearnedSounds | None:
        """The sounds that a network's poems taught."""
        return open_sounds(checkpoint)

    def learn_table(self, poems: Iterator[str]) -> LearnedSounds:
        """Learn sounds from regular poems."""
        from charrnn.forms.chinese.sound_learning import learn_sounds

        return learn_sounds(poems)

    def learn_form(
        self, poems: Sequence[str], name: str, shape: "PoemShape | None", sounds: str | None
    ) -> "LearnedForm":
        """Derive a form from poems; the sounds are a rhyme book, or `LEARNED` from the poems."""
        from charrnn.forms.chinese.learning import learn_chinese_form, sounds_for

        return learn_chinese_form(poems, sounds_for(poems, sounds, shape), name, shape)


LANGUAGE: Final[Language] = ChineseLanguage()


def _sounds(form: Form, asked: str | None, learned: LearnedTables | None) -> ChineseSounds:
    """The sounds that were asked for; or those learned, for regular verse."""
    if asked == LEARNED and learned is None:
        raise FormError(
            "sounds are learned by a network, and none is asked here. Give the table of one as a "
            "file: --rhymes checkpoints/NAME/sounds.json."
        )
    if learned is not None and (
        asked == LEARNED or (asked is None and form.book in {"", USUAL_BOOK})
    ):
        for table in cast("Sequence[LearnedSounds]", learned()):
            return table.sounds()
    if asked == LEARNED:
        raise FormError(
            "this network has no learned sounds: they are learned from a hundred regular poems or "
            "more. Where its corpus is at hand, charrnn forms sounds makes them; else give a rhyme "
            "book, such as --rhymes pingshui."
        )
    try:
        return find_sounds(asked or form.book or USUAL_BOOK)
    except FormError as error:
        if asked is None and not _is_heard(form):
            return SoundTable("none", {})
        if asked is not None or learned is None:
            raise
        raise FormError(
            f"{error} Or let the network learn sounds from its own poems, where its corpus is at "
            "hand: charrnn forms sounds."
        ) from error


def _is_heard(form: Form) -> bool:
    """Whether the sound of any character counts in a form."""
    return any(
        line.rhyme or line.ending or line.pattern.strip(_FREE + OR)
        for variant in form.variants
        for line in variant
    )


def with_profile(form: Form, profile: Profile) -> Form:
    """A Chinese form with its tones held to less strictly.

    Args:
        form: The form as it is written: that is `strict`.
        profile: `246` keeps the tones of the second, fourth, sixth and last character of a line;
            `rhyme-only` keeps the tone of the rhymes alone.
    """
    if profile == "strict":
        return form
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
            mark if place in DECISIVE or place == len(pattern) else _FREE
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
