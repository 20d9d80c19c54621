"""A Chinese form as an automaton over the characters that a network writes."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from charrnn.corpus.vocabulary import UNKNOWN, Vocabulary
from charrnn.decoding.hypothesis import LINE_END
from charrnn.decoding.sampling import Mask
from charrnn.errors import FormError
from charrnn.forms.chinese.plan import FORGOTTEN, ChinesePlan, ChinesePlanner, ChineseTemplate
from charrnn.forms.chinese.requirements import (
    ChinesePlacement,
    FixedPlaces,
    fixed_places,
    required_words,
    rhyme_character,
)
from charrnn.forms.chinese.rhymes import ChineseAlphabet
from charrnn.forms.chinese.sounds import ChineseSounds
from charrnn.forms.core.automaton import OutputTokens, Tokens
from charrnn.forms.core.config import Readings, Requirements
from charrnn.forms.core.form import LONGEST_LINE, Form
from charrnn.forms.core.placements import Placements, PlacementSearch

_MARKS: Final = ("，。？！；：", ",.?!;:")
"""Marks that part lines, full-width and of ASCII."""

_CLOSING: Final = "。？！.?!"
"""Those of them that end a poem."""


class Marks(NamedTuple):
    """Tokens that are no characters of the verse.

    Attributes:
        parting: Those that a line ends with before another one.
        closing: Those that the last line ends with; none where it ends with its last character.
        after: Those of which one may stand between a parting mark and the next line.
    """

    parting: Tokens
    closing: Tokens
    after: Tokens


def marks_of(vocabulary: Vocabulary, writable: Mask) -> Marks:
    """What a network may part lines with.

    Full-width marks where it has any, else those of ASCII, else line ends.

    Args:
        vocabulary: What the network knows.
        writable: `(vocabulary,)`, true for the tokens that may be written at all.
    """

    def written(characters: str) -> Tokens:
        tokens = frozenset(map(vocabulary.id_of, characters)) - {UNKNOWN}
        return frozenset(token for token in tokens if writable[token])

    line_end = written(LINE_END)
    for marks in _MARKS:
        parting = written(marks)
        if parting:
            return Marks(parting, parting & written(_CLOSING), line_end)
    return Marks(line_end, frozenset(), frozenset())


def has_marks(vocabulary: Vocabulary) -> bool:
    """Whether a network has learned anything that could part lines."""
    return any(character in vocabulary for character in LINE_END + "".join(_MARKS))


MOST_KEPT: Final = 1_024
"""Plans, and answers for single states, that are kept for another time."""

MOST_TRIED: Final = 10_000
"""Placements of required words that are looked at for one poem."""

_NOTHING: Final[Tokens] = frozenset()


class ChineseState(NamedTuple):
    """How far a poem has come. A value.

    Attributes:
        placements: Where the words stand that have to stand somewhere.
        line: How many lines are whole.
        place: How many characters the next one has.
        ways: Those of its ways that they keep, and that lead to the end of some poem.
        ends: What the whole lines ended in, as far as lines to come rhyme with it.
        last: The last character, where the line may end with it.
        after_mark: Whether the line has not begun, and a line end may stand before it.
    """

    placements: Placements[ChinesePlacement]
    line: int
    place: int = 0
    ways: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    last: int = FORGOTTEN
    after_mark: bool = False


class ChineseAutomaton:
    """Chinese poems that keep a form; see `charrnn.forms.core.automaton.Automaton`.

    They are those that the verifier passes, but for one liberty: no line ends in the character of
    another one that it rhymes with, not even when it is the very same as the line above it.

    Each line but the last ends with a mark, which a line end may follow, or where the network can
    write no marks with a line end. The last one ends with a mark that closes a sentence, or where
    the network can write none with its last character: a poem is finished as soon as it is whole.

    Args:
        form: A Chinese form.
        sounds: How characters sound.
        tokens: What the network can write.
        requirements: What is asked on top of the form.
        readings: Whether any of a character's readings may fit, or all must.

    Raises:
        FormError: The form is not Chinese, or the network knows nothing to part lines with.
        ConfigurationError: A requirement does not make sense in Chinese.
    """

    def __init__(
        self,
        form: Form,
        sounds: ChineseSounds,
        tokens: OutputTokens,
        requirements: Requirements,
        readings: Readings = "any",
    ) -> None:
        vocabulary, writable, _ = tokens
        if form.language != "chinese":
            raise FormError(f"{form.name} is no Chinese form.")
        if form.lines > 1 and not has_marks(vocabulary):
            raise FormError(
                "this network has learned no marks or line ends, so the lines of a poem could not "
                "be told apart."
            )
        self._lines = form.lines
        self._marks = marks_of(vocabulary, writable)
        self._alphabet = ChineseAlphabet(vocabulary, writable, sounds, readings)
        self._fixed = fixed_places(requirements, form, vocabulary)
        templates = [ChineseTemplate(lines) for lines in form.variants]
        self._planner = ChinesePlanner(templates, self._alphabet, rhyme_character(requirements))
        self._words = required_words(requirements, vocabulary)
        self._plan = lru_cache(MOST_KEPT)(self._made_plan)
        self._search = PlacementSearch(
            [list(self._candidates(word)) for word in self._words],
            lambda placements: self._can_be_parted and self._plan(placements).possible,
            MOST_TRIED,
        )
        self._open = lru_cache(MOST_KEPT)(self._ways_on)

    def initial_state(self) -> ChineseState:
        """The first state of some draft; one that nothing follows where no poem can be."""
        placements = self._search.draw(np.random.default_rng(0))
        if placements is None:
            return ChineseState((None,) * len(self._words), 0)
        return self._begun(placements)

    def initial_states(self, generator: np.random.Generator, count: int) -> Sequence[ChineseState]:
        """The first states of drafts, each with places of its own for the words that must stand.

        Raises:
            ConfigurationError: The words are so many that no places for them were found in a while.
        """
        placements = self._search.draw(generator)
        if placements is None:
            return []
        if not self._words:
            return [self._begun(placements)] * count
        others = (self._search.draw(generator) for _ in range(count - 1))
        return [self._begun(one) for one in (placements, *others) if one is not None]

    def allowed_tokens(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, true for what may come next; all false where the poem is finished."""
        assert isinstance(state, ChineseState)
        following, parting = self._open(state)
        sets = {*following, parting}
        if state.after_mark:
            sets.add(self._marks.after)
        return self._alphabet.mask(frozenset(sets))

    def next_state(self, state: Hashable, token: int) -> ChineseState:
        """The state after one of the tokens that are allowed."""
        assert isinstance(state, ChineseState)
        if state.after_mark and token in self._marks.after:
            return state._replace(after_mark=False)
        following, parting = self._open(state)
        if token in parting:
            return self._after_line(state)
        ways = zip(state.ways, following, strict=True)
        kept = tuple(way for way, tokens in ways if token in tokens)
        place = state.place + 1
        ended = self._ended(state.placements, state.line, place, kept)
        further = state._replace(
            place=place, ways=kept, last=token if ended else FORGOTTEN, after_mark=False
        )
        if ended and state.line + 1 == self._lines and not self._marks.closing:
            return self._after_line(further)
        return further

    def is_final(self, state: Hashable) -> bool:
        """Whether the poem is whole, with the mark that ends it."""
        assert isinstance(state, ChineseState)
        return state.line == self._lines

    def lines_written(self, state: Hashable) -> int:
        """How many of its lines are whole, with the mark that parts them."""
        assert isinstance(state, ChineseState)
        return state.line

    def _begun(self, placements: Placements[ChinesePlacement]) -> ChineseState:
        plan = self._plan(placements)
        variants = range(len(self._planner.templates))
        return ChineseState(placements, 0, ways=plan.begun(0, variants, ()))

    def _ways_on(self, state: ChineseState) -> tuple[tuple[Tokens, ...], Tokens]:
        """What may stand next in each way of the line, and what may part it from the next one."""
        plan = self._plan(state.placements)
        following = tuple(
            plan.following(state.line, way, state.place, state.ends) for way in state.ways
        )
        parting = _NOTHING
        if self._ended(state.placements, state.line, state.place, state.ways):
            last = state.line + 1 == self._lines
            parting = self._marks.closing if last else self._marks.parting
        return following, parting

    def _ended(
        self, placements: Placements[ChinesePlacement], line: int, place: int, ways: Sequence[int]
    ) -> list[int]:
        """Those ways of a line that have as many characters."""
        if not ways:
            return []
        line_ways = self._plan(placements).lines[line]
        return [way for way in ways if len(line_ways[way].places) == place]

    def _after_line(self, state: ChineseState) -> ChineseState:
        """The state after a whole line, and what parts it from the next one."""
        line = state.line + 1
        if line == self._lines:
            return ChineseState(state.placements, line)
        plan = self._plan(state.placements)
        ended = self._ended(state.placements, state.line, state.place, state.ways)
        variants = {plan.lines[state.line][way].variant for way in ended}
        ends = plan.remembered(state.line, variants, (*state.ends, state.last))
        return ChineseState(
            state.placements,
            line,
            ways=plan.begun(line, variants, ends),
            ends=ends,
            after_mark=bool(self._marks.after),
        )

    @property
    def _can_be_parted(self) -> bool:
        return self._lines == 1 or bool(self._marks.parting)

    def _made_plan(self, placements: Placements[ChinesePlacement]) -> ChinesePlan:
        """The form with what is fixed in it, and with words in these places."""
        fixed = defaultdict(FixedPlaces, self._fixed)
        for word, placement in zip(self._words, placements, strict=True):
            if placement is not None:
                line, start = placement
                fixed[line] = fixed[line].with_run(start, word)
        return self._planner.plan(fixed)

    def _candidates(self, word: Sequence[int]) -> Iterator[ChinesePlacement]:
        """Where a word could stand if nothing else were required."""
        for line in range(self._lines):
            for start in range(LONGEST_LINE - len(word) + 1):
                fixed = FixedPlaces().with_run(start, tuple(word))
                if self._planner.has_ways(line, fixed):
                    yield ChinesePlacement(line, start)
