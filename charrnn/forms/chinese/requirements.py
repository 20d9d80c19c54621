"""Requirements of a Chinese poem as tokens: in fixed positions, or anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from charrnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.forms.chinese.sounds import is_han, verse_lines
from charrnn.forms.core.config import Requirements
from charrnn.forms.core.form import Form
from charrnn.wording import counted


@dataclass(frozen=True, slots=True)
class FixedPlaces:
    """Fixed tokens of a line.

    Attributes:
        at: The token at each fixed position, from 0; `UNKNOWN` for a conflict.
        end: The last token, whatever the length; None if free.
        length: The number of characters; None if free.
    """

    at: Mapping[int, int] = field(default_factory=dict)
    end: int | None = None
    length: int | None = None

    def with_run(self, start: int, tokens: tuple[int, ...]) -> "FixedPlaces":
        """The same with consecutive tokens from a position on."""
        at = dict(self.at)
        for place, token in enumerate(tokens, start):
            at[place] = token if at.get(place, token) == token else UNKNOWN
        return replace(self, at=at)


def fixed_places(
    requirements: Requirements, form: Form, vocabulary: Vocabulary
) -> dict[int, FixedPlaces]:
    """What the acrostic and the first line fix, by line; ConfigurationError if they are invalid."""
    fixed: dict[int, FixedPlaces] = {}
    if requirements.first_line:
        tokens = tuple(map(vocabulary.id_of, _one_line(requirements.first_line)))
        fixed[0] = FixedPlaces(length=len(tokens)).with_run(0, tokens)
    if len(requirements.acrostic) > form.lines:
        raise ConfigurationError(
            f"an acrostic has at most one character for each line, and {form.name} has "
            f"{counted(form.lines, 'line')}. Received: {requirements.acrostic}."
        )
    _check_characters(requirements.acrostic, "an acrostic of Chinese verse")
    for number, token in enumerate(map(vocabulary.id_of, requirements.acrostic)):
        line = fixed.get(number, FixedPlaces())
        at_end = requirements.acrostic_at == "end"
        fixed[number] = replace(line, end=token) if at_end else line.with_run(0, (token,))
    return fixed


def required_words(
    requirements: Requirements, vocabulary: Vocabulary, *, repeats: bool = True
) -> tuple[tuple[int, ...], ...]:
    """The required words as tokens, without duplicates; ConfigurationError if not Chinese.

    Without `repeats`, words that other requirements hold are left out: they stand there already.
    """
    words = tuple(dict.fromkeys(requirements.must)) if repeats else _own_words(requirements)
    for word in requirements.must:
        if not word:
            raise ConfigurationError("must takes Chinese characters. Received: nothing.")
        _check_characters(word, "a required word of a Chinese poem")
    return tuple(tuple(map(vocabulary.id_of, word)) for word in words)


def given_text(requirements: Requirements) -> str:
    """All characters that requirements put into a poem, each as often as it is given."""
    # The first line has the first character of an acrostic already.
    acrostic = requirements.acrostic[bool(requirements.first_line) :]
    return "".join((requirements.first_line, acrostic, *_own_words(requirements)))


def _own_words(requirements: Requirements) -> tuple[str, ...]:
    """The required words that no other requirement holds."""
    held = (requirements.first_line, *requirements.acrostic)
    words = dict.fromkeys(requirements.must)
    return tuple(
        word
        for word in words
        if not any(word in one for one in held)
        and not any(word in other for other in words if other != word)
    )


def rhyme_character(requirements: Requirements) -> str | None:
    """The character that the first rhyme rhymes with, or None; may raise ConfigurationError."""
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
    """Where a word stands: line and position of its first character, from 0."""

    line: int
    start: int
