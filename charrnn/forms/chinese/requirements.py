"""What is required of a Chinese poem: characters in fixed places, and words that stand somewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from charrnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.forms.chinese.sounds import is_han, verse_lines
from charrnn.forms.core.form import Form
from charrnn.forms.core.requirements import Requirements


@dataclass(frozen=True, slots=True)
class FixedPlaces:
    """Places of a line where one character has to stand.

    Attributes:
        at: The symbol at a place, from 0; `UNKNOWN`, which is never written, where two characters
            would have to stand.
        end: The symbol at the end of the line, however long it is; None where any may.
        length: How many characters the line has; None where the form alone tells.
    """

    at: Mapping[int, int] = field(default_factory=dict)
    end: int | None = None
    length: int | None = None

    def with_run(self, start: int, symbols: tuple[int, ...]) -> "FixedPlaces":
        """The same with symbols that follow one another from a place on."""
        at = dict(self.at)
        for place, symbol in enumerate(symbols, start):
            at[place] = symbol if at.get(place, symbol) == symbol else UNKNOWN
        return replace(self, at=at)


def fixed_places(
    requirements: Requirements, form: Form, vocabulary: Vocabulary
) -> dict[int, FixedPlaces]:
    """What the acrostic and the first line fix, for each line of which they fix anything.

    Raises:
        ConfigurationError: They are no such thing.
    """
    fixed: dict[int, FixedPlaces] = {}
    if requirements.first_line:
        symbols = tuple(map(vocabulary.id_of, _one_line(requirements.first_line)))
        fixed[0] = FixedPlaces(length=len(symbols)).with_run(0, symbols)
    if len(requirements.acrostic) > form.lines:
        raise ConfigurationError(
            f"an acrostic has at most one character for each line, and {form.name} has "
            f"{form.lines} lines. Received: {requirements.acrostic}."
        )
    _check_characters(requirements.acrostic, "an acrostic of Chinese verse")
    for number, symbol in enumerate(map(vocabulary.id_of, requirements.acrostic)):
        line = fixed.get(number, FixedPlaces())
        at_end = requirements.acrostic_at == "end"
        fixed[number] = replace(line, end=symbol) if at_end else line.with_run(0, (symbol,))
    return fixed


def required_words(
    requirements: Requirements, vocabulary: Vocabulary
) -> tuple[tuple[int, ...], ...]:
    """The words that have to stand in a poem, as symbols, each once.

    Raises:
        ConfigurationError: One is not Chinese.
    """
    words = dict.fromkeys(requirements.must)
    for word in words:
        if not word:
            raise ConfigurationError("what must stand in a Chinese poem is nothing. Leave it out.")
        _check_characters(word, "what must stand in a Chinese poem")
    return tuple(tuple(map(vocabulary.id_of, word)) for word in words)


def rhyme_character(requirements: Requirements) -> str | None:
    """The character that the first rhyme of a poem rhymes with; None where it is free.

    Raises:
        ConfigurationError: What was given does not end in a Chinese character.
    """
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
    """The characters of a first line, without the mark after it."""
    lines = verse_lines(text)
    if len(lines) != 1:
        raise ConfigurationError(f"a first line is one line, and {len(lines)} were given: {text}.")
    _check_characters(lines[0], "a line of Chinese verse")
    return lines[0]


def _check_characters(text: str, what: str) -> None:
    strange = [character for character in text if not is_han(character)]
    if strange:
        raise ConfigurationError(f"{what} has Chinese characters only. Received: {text}.")


MOST_QUICK: Final = 8
"""Times that words are placed one after the other, before all that could be is thought through."""

MOST_TRIED: Final = 10_000
"""ChinesePlacements that are looked at for one poem before the search is given up."""


class ChinesePlacement(NamedTuple):
    """Where a word stands.

    Attributes:
        line: The line, from 0.
        start: The place of its first character in the line, from 0.
    """

    line: int
    start: int


ChinesePlacements = tuple[ChinesePlacement | None, ...]
"""One for each of some words; None for a word that has no place yet."""


class PlacementSearch:
    """Finds places for words at random, if there are any.

    Args:
        candidates: For each word, the places where it might stand if it were alone.
        possible: Whether any poem has words in some places, those without one anywhere or nowhere.
    """

    def __init__(
        self,
        candidates: Sequence[Sequence[ChinesePlacement]],
        possible: Callable[[ChinesePlacements], bool],
    ) -> None:
        self._candidates = candidates
        self._possible = possible
        self._tried = 0

    def draw(self, generator: np.random.Generator) -> ChinesePlacements | None:
        """Places for all the words; None where no poem has them all.

        Raises:
            ConfigurationError: The words are so many that it was not found out in a while.
        """
        nowhere: ChinesePlacements = (None,) * len(self._candidates)
        if not self._possible(nowhere):
            return None
        for _ in range(MOST_QUICK):
            placed = self._placed_in_turn(nowhere, generator)
            if placed is not None:
                return placed
        self._tried = 0
        return self._searched(nowhere, dict(enumerate(self._candidates)), generator)

    def _placed_in_turn(
        self, placed: ChinesePlacements, generator: np.random.Generator
    ) -> ChinesePlacements | None:
        """Each word in a place that the words before it leave possible; None where one has none."""
        for word, candidates in enumerate(self._candidates):
            order = generator.permutation(len(candidates)).tolist()
            attempts = (_with(placed, word, candidates[number]) for number in order)
            longer = next(filter(self._possible, attempts), None)
            if longer is None:
                return None
            placed = longer
        return placed

    def _searched(
        self,
        placed: ChinesePlacements,
        candidates: Mapping[int, Sequence[ChinesePlacement]],
        generator: np.random.Generator,
    ) -> ChinesePlacements | None:
        """Places for the words that have none yet, the word with the fewest first.

        It turns back as soon as any word is left without a place (forward checking; Haralick and
        Elliott, 1980).
        """
        if not candidates:
            return placed
        left: dict[int, Sequence[ChinesePlacement]] = {}
        for word, places in candidates.items():
            left[word] = [one for one in places if self._is_possible(_with(placed, word, one))]
            if not left[word]:
                return None
        fewest = min(left, key=lambda word: len(left[word]))
        places = left.pop(fewest)
        for number in generator.permutation(len(places)).tolist():
            found = self._searched(_with(placed, fewest, places[number]), left, generator)
            if found is not None:
                return found
        return None

    def _is_possible(self, placed: ChinesePlacements) -> bool:
        self._tried += 1
        if self._tried > MOST_TRIED:
            raise ConfigurationError(
                f"{len(self._candidates)} words that must stand in the poem are too many to find "
                "out whether there is a place for all of them. Demand fewer."
            )
        return self._possible(placed)


def _with(placed: ChinesePlacements, word: int, placement: ChinesePlacement) -> ChinesePlacements:
    return (*placed[:word], placement, *placed[word + 1 :])
