"""What is asked of an English poem on top of its form, read and understood."""

from dataclasses import dataclass

from charrnn.errors import ConfigurationError
from charrnn.forms.core.requirements import Demands
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.pronunciation import Pronunciation
from charrnn.forms.english.rhyme import Rhymes
from charrnn.forms.english.words import Word, words_of


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word, and every way to say it.

    Attributes:
        key: In small letters, with straight apostrophes.
        ways: At least one.
    """

    key: str
    ways: tuple[Pronunciation, ...]


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line as it has to stand there.

    Attributes:
        text: The line, without white space around it.
        words: At least one.
    """

    text: str
    words: tuple[SaidWord, ...]


@dataclass(frozen=True, slots=True)
class EnglishDemands:
    """What is asked of an English poem.

    Attributes:
        begins: What each line begins with, a small letter for each from the first on.
        ends: The same for what they end with.
        must: Different words that have to stand in it.
        rhyme_with: What its first rhyme has to rhyme with, if anything.
        first_line: Its first line, if it is given.
        rhymes: The least that counts as a rhyme.
    """

    begins: str
    ends: str
    must: tuple[SaidWord, ...]
    rhyme_with: SaidWord | None
    first_line: GivenLine | None
    rhymes: Rhymes


def read_demands(demands: Demands, lines: int, lexicon: Lexicon) -> EnglishDemands:
    """Understand what is asked of an English poem.

    Args:
        demands: As they were typed.
        lines: How many lines the poem has.
        lexicon: How words are said, those included that it can only guess.

    Raises:
        ConfigurationError: One of them is not what it should be.
    """
    acrostic = _acrostic(demands.acrostic, lines)
    at_start = demands.acrostic_at == "start"
    must = {word.key: word for word in (_must(text, lexicon) for text in demands.must)}
    return EnglishDemands(
        begins=acrostic if at_start else "",
        ends="" if at_start else acrostic,
        must=tuple(must.values()),
        rhyme_with=_last_word(demands.rhyme_with, lexicon) if demands.rhyme_with else None,
        first_line=_given_line(demands.first_line, lexicon) if demands.first_line else None,
        rhymes=demands.rhymes,
    )


def _acrostic(text: str, lines: int) -> str:
    letters = text.lower()
    if len(letters) != len(text) or not all(letter.isalpha() for letter in letters):
        raise ConfigurationError(
            f"an acrostic is made of letters alone, one for each line. Received: {text}"
        )
    if len(letters) > lines:
        raise ConfigurationError(
            f"the acrostic {text} has {len(letters)} letters, and the form {lines} lines. Leave "
            "out letters, or take a longer form."
        )
    return letters


def _must(text: str, lexicon: Lexicon) -> SaidWord:
    words = words_of(text, lexicon)
    if len(words) != 1 or words[0].text != text.strip() or words[0].sound is None:
        raise ConfigurationError(
            "what must stand in an English poem is given as one word at a time. Received: "
            f"{text or 'nothing'}"
        )
    return _said(words[0])


def _last_word(text: str, lexicon: Lexicon) -> SaidWord:
    words = words_of(text, lexicon)
    if not words or words[-1].sound is None:
        raise ConfigurationError(
            f"rhyme-with takes an English word, or a line that ends in one. Received: {text}"
        )
    return _said(words[-1])


def _given_line(text: str, lexicon: Lexicon) -> GivenLine:
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
    return GivenLine(text, tuple(map(_said, words)))


def _said(word: Word) -> SaidWord:
    assert word.sound is not None
    return SaidWord(word.key, word.sound.pronunciations)
