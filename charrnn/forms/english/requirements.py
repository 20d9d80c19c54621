"""Requirements of an English poem, with pronunciations."""

from dataclasses import dataclass

from charrnn.errors import ConfigurationError
from charrnn.forms.core.automaton import Placements
from charrnn.forms.core.config import Requirements
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.words import Word, words_of
from charrnn.wording import counted

EnglishPlacement = Placements[int]
"""The line, from 0, of each required word, or None."""


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A given first line, stripped, and its words, at least one."""

    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class EnglishRequirements:
    """Requirements of an English poem; `begins` and `ends` are letters of lines, in lower case."""

    begins: str
    ends: str
    must: tuple[Word, ...]
    rhyme_with: Word | None
    first_line: GivenLine | None


def read_requirements(
    requirements: Requirements, lines: int, lexicon: Lexicon
) -> EnglishRequirements:
    """Parse the requirements of a poem of so many lines; ConfigurationError if invalid."""
    acrostic = _acrostic(requirements.acrostic, lines)
    at_start = requirements.acrostic_at == "start"
    must = {word.key: word for word in (_must(text, lexicon) for text in requirements.must)}
    return EnglishRequirements(
        begins=acrostic if at_start else "",
        ends="" if at_start else acrostic,
        must=tuple(must.values()),
        rhyme_with=_last_word(requirements.rhyme_with, lexicon),
        first_line=_given_line(requirements.first_line, lexicon),
    )


def _acrostic(text: str, lines: int) -> str:
    letters = text.lower()
    if len(letters) != len(text) or not all(letter.isalpha() for letter in letters):
        raise ConfigurationError(
            f"an acrostic is made of letters alone, one for each line. Received: {text}"
        )
    if len(letters) > lines:
        raise ConfigurationError(
            f"the acrostic {text} has {counted(len(letters), 'letter')}, and the form {counted(lines, 'line')}. Leave "
            "out letters, or take a longer form."
        )
    return letters


def _must(text: str, lexicon: Lexicon) -> Word:
    words = words_of(text, lexicon)
    if len(words) != 1 or words[0].text != text.strip() or words[0].sound is None:
        raise ConfigurationError(
            f"must takes one English word at a time. Received: {text or 'nothing'}"
        )
    return words[0]


def _last_word(text: str, lexicon: Lexicon) -> Word | None:
    if not text:
        return None
    words = words_of(text, lexicon)
    if not words or words[-1].sound is None:
        raise ConfigurationError(
            f"rhyme-with takes an English word, or a line that ends in one. Received: {text}"
        )
    return words[-1]


def _given_line(text: str, lexicon: Lexicon) -> GivenLine | None:
    if not text:
        return None
    text = text.strip()
    words = words_of(text, lexicon)
    if len(text.splitlines()) != 1 or not words:
        raise ConfigurationError(
            f"the first line has to be one line, with words in it. Received: {text or 'nothing'}"
        )
    for word in words:
        if word.sound is None:
            raise ConfigurationError(
                f"the first line has {word.text}, which is no English word: write it as it is said."
            )
    return GivenLine(text, words)
