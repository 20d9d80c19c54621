"""What a poem is held to: a form, and how its language sounds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

from charrnn.config import FormConfig, Readings
from charrnn.errors import ConfigurationError, FormError
from charrnn.forms.chinese.learned_sounds import LEARNED
from charrnn.forms.chinese.rhyme_books import USUAL_BOOK, find_sounds
from charrnn.forms.chinese.sounds import ChineseSounds, SoundTable
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.composing import composed
from charrnn.forms.core.form import MARKS, OR, Form, Language, with_profile
from charrnn.forms.core.judgement import Judgement
from charrnn.forms.core.known_forms import find_form
from charrnn.forms.english.lexicon import Lexicon, open_lexicon
from charrnn.forms.english.rhyme import Rhymes
from charrnn.forms.english.verify import verify_english
from charrnn.notation import parse_lengths

OF_ONE_LANGUAGE: Final[dict[str, Language]] = {
    "readings": "chinese",
    "profile": "chinese",
    "lexicon": "english",
    "words": "english",
}
"""Settings that mean something in one language only."""

LearnedSounds = Callable[[], ChineseSounds | None]


@dataclass(frozen=True, slots=True, eq=False)
class ChineseStandard:
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

    def judge(self, poem: str) -> Judgement:
        """Hold a poem to the form."""
        return verify_chinese(poem, self.form, self.sounds, self.readings)


@dataclass(frozen=True, slots=True, eq=False)
class EnglishStandard:
    """An English form and how words are said.

    Attributes:
        form: The form.
        lexicon: How words are said.
        rhymes: The least that counts as a rhyme.
    """

    form: Form
    lexicon: Lexicon
    rhymes: Rhymes

    def judge(self, poem: str) -> Judgement:
        """Hold a poem to the form."""
        return verify_english(poem, self.form, self.lexicon, rhymes=self.rhymes)


Standard = ChineseStandard | EnglishStandard


def asked_form(config: FormConfig) -> Form:
    """The form that was asked for: by its name, or by its lines.

    Raises:
        FormError: There is no such form, or its file cannot be used.
        ConfigurationError: Its lines contradict one another, or are not enough.
    """
    if config.form is not None:
        return find_form(config.form)
    return composed(
        lines=config.lines,
        syllables=_lengths(config.syllables),
        characters=_lengths(config.characters),
        rhyme=config.rhyme or "",
        metre=config.metre or "",
    )


def open_standard(form: Form, config: FormConfig, learned: LearnedSounds | None = None) -> Standard:
    """What poems in a form are held to.

    Args:
        form: The form as it is written.
        config: How strictly it is kept, and by whose sounds.
        learned: Gives the sounds that a network's poems taught, None where they taught none; None
            where there is no network.

    Raises:
        FormError: The sounds are not at hand.
        ConfigurationError: A setting means nothing for the language of the form.
    """
    for name, language in OF_ONE_LANGUAGE.items():
        default = FormConfig.__dataclass_fields__[name].default
        if language != form.language and getattr(config, name) != default:
            raise ConfigurationError(
                f"{name} is for {language.capitalize()} verse, and {form.name} is "
                f"{form.language.capitalize()}."
            )
    if form.language == "chinese":
        sounds = _chinese_sounds(form, config.rhymes, learned)
        return ChineseStandard(with_profile(form, config.profile), sounds, config.readings)
    grades = get_args(Rhymes)
    if config.rhymes not in {None, *grades}:
        raise ConfigurationError(
            f"the rhymes of English verse are {' or '.join(grades)}. Received: {config.rhymes}."
        )
    lexicon = open_lexicon(None if config.lexicon is None else Path(config.lexicon))
    return EnglishStandard(form, lexicon, cast("Rhymes", config.rhymes or grades[0]))


def _chinese_sounds(form: Form, asked: str | None, learned: LearnedSounds | None) -> ChineseSounds:
    """The sounds that were asked for; or those learned, for regular verse."""
    if asked == LEARNED and learned is None:
        raise FormError(
            "sounds are learned by a network, and none is asked here. Give the table of one as a "
            "file: --rhymes checkpoints/NAME/sounds.json."
        )
    taught = None
    if learned is not None and (
        asked == LEARNED or (asked is None and form.book in {"", USUAL_BOOK})
    ):
        taught = learned()
    if taught is not None:
        return taught
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
        line.rhyme or line.ending or line.pattern.strip(MARKS["chinese"][-1] + OR)
        for variant in form.variants
        for line in variant
    )


def _lengths(text: str | None) -> tuple[int, ...] | None:
    return None if text is None else parse_lengths(text)
