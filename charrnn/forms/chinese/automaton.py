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
from charrnn.forms.chinese.repetition import DistinctPlan
from charrnn.forms.chinese.requirements import (
    ChinesePlacement,
    FixedPlaces,
    fixed_places,
    required_words,
    rhyme_character,
)
from charrnn.forms.chinese.rhymes import CACHE_SIZE, ChineseAlphabet
from charrnn.forms.chinese.sounds import ChineseSounds
from charrnn.forms.core.automaton import OutputTokens, Placements, PlacementSearch, Tokens
from charrnn.forms.core.config import Readings, Requirements
from charrnn.forms.core.form import LONGEST_LINE, Form

_MARKS: Final = ("，。？！；：", ",.?!;:")
"""Marks between lines, full-width and ASCII."""

_CLOSING: Final = "。？！.?!"
"""Those that end a poem."""


class Marks(NamedTuple):
    """Tokens after a line, `closing` after the last one; `after` a mark may stand a line end."""

    parting: Tokens
    closing: Tokens
    after: Tokens


def marks_of(vocabulary: Vocabulary, writable: Mask) -> Marks:
    """The marks that a network can write: full-width ones, else ASCII, else line ends."""

    def written(characters: str) -> Tokens:
        tokens = frozenset(map(vocabulary.id_of, characters)) - {UNKNOWN}
        return frozenset(token for token in tokens if writable[token])

    line_end = written(LINE_END)
    for marks in _MARKS:
        parting = written(marks)
        if parting:
            return Marks(parting, parting & written(_CLOSING), line_end)
    return Marks(line_end, frozenset(), frozenset())


MAX_PLACEMENTS: Final = 10_000
"""Placements of required words that are tried before giving up."""

_NOTHING: Final[Tokens] = frozenset()


class ChineseState(NamedTuple):
    """The state of a poem. A value.

    Attributes:
        placements: Where the required words stand.
        line: The number of complete lines.
        place: The number of characters of the current line.
        ways: The ways to write the line that are still possible.
        ends: The last tokens of complete lines that later lines rhyme with, else `FORGOTTEN`.
        last: The last token, if the line may end with it.
        after_mark: Whether a line end may stand before the line.
        used: The characters written so far, if none may stand twice; else empty.
    """

    placements: Placements[ChinesePlacement]
    line: int
    place: int = 0
    ways: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    last: int = FORGOTTEN
    after_mark: bool = False
    used: Tokens = _NOTHING


class ChineseAutomaton:
    """Chinese poems that keep a form; see `charrnn.forms.core.automaton.Automaton`.

    It accepts the poems that the verifier accepts, except that rhyming lines never end in the same
    character. Each line but the last ends with a mark, optionally followed by a line end, or with a
    line end if the network has no marks. The last one ends with a closing mark, or without. Where the
    form has no `repeats`, no character stands twice but in places that requirements or a prompt fix.

    Raises:
        FormError: The network has no marks or line ends.
        ConfigurationError: A requirement has no meaning in Chinese.
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
        marks = LINE_END + "".join(_MARKS)
        if form.lines > 1 and not any(mark in vocabulary for mark in marks):
            raise FormError(
                "this network has learned no marks or line ends, so it cannot separate lines."
            )
        self._lines = form.lines
        self._repeats = form.repeats
        self._marks = marks_of(vocabulary, writable)
        self._alphabet = ChineseAlphabet(vocabulary, writable, sounds, readings)
        self._fixed = fixed_places(requirements, form, vocabulary)
        templates = [ChineseTemplate(lines) for lines in form.variants]
        self._planner = ChinesePlanner(templates, self._alphabet, rhyme_character(requirements))
        self._words = required_words(requirements, vocabulary, repeats=form.repeats)
        self._plan = lru_cache(CACHE_SIZE)(self._make_plan)
        self._search = PlacementSearch(
            [list(self._candidates(word)) for word in self._words],
            lambda placements: self._can_be_parted and self._is_possible(placements),
            MAX_PLACEMENTS,
        )
        self._open = lru_cache(CACHE_SIZE)(self._ways_on)

    def initial_state(self) -> ChineseState:
        """One initial state; nothing follows it if no poem is possible."""
        placements = self._search.draw(np.random.default_rng(0))
        if placements is None:
            return ChineseState((None,) * len(self._words), 0)
        return self._begun(placements)

    def initial_states(self, generator: np.random.Generator, count: int) -> Sequence[ChineseState]:
        """Initial states with random placements; ConfigurationError if none were found in time."""
        placements = self._search.draw(generator)
        if placements is None:
            return []
        if not self._words:
            return [self._begun(placements)] * count
        others = (self._search.draw(generator) for _ in range(count - 1))
        return [self._begun(one) for one in (placements, *others) if one is not None]

    def allowed_tokens(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, true for what may come next."""
        assert isinstance(state, ChineseState)
        allowed = self.allowed_in_prompt(state)
        plan = self._plan(state.placements)
        taken = plan.taken(state.used)
        if not taken or not state.ways:
            return allowed
        mask: Mask = allowed.copy()
        mask[list(taken)] = False
        for way, tokens in zip(state.ways, self._open(state)[0], strict=True):
            if state.place in plan.lines[state.line][way].given:
                mask[list(tokens)] = True
        mask.flags.writeable = False
        return mask

    def allowed_in_prompt(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, the same with characters that stand elsewhere in the poem."""
        assert isinstance(state, ChineseState)
        following, parting = self._open(state)
        sets = {*following, parting}
        if state.after_mark:
            sets.add(self._marks.after)
        return self._alphabet.mask(frozenset(sets))

    def next_state(self, state: Hashable, token: int) -> ChineseState:
        """The state after an allowed token."""
        assert isinstance(state, ChineseState)
        if state.after_mark and token in self._marks.after:
            return state._replace(after_mark=False)
        following, parting = self._open(state)
        if token in parting:
            return self._after_line(state)
        ways = zip(state.ways, following, strict=True)
        kept = self._plan(state.placements).agreeing(
            state.line,
            [way for way, tokens in ways if token in tokens],
            state.place,
            token,
            state.used,
        )
        place = state.place + 1
        used = state.used if self._repeats else state.used | {token}
        ended = self._ended(state.placements, state.line, place, kept)
        further = state._replace(
            place=place,
            ways=kept,
            last=token if ended else FORGOTTEN,
            after_mark=False,
            used=used,
        )
        if ended and state.line + 1 == self._lines and not self._marks.closing:
            return self._after_line(further)
        return further

    def is_final(self, state: Hashable) -> bool:
        """Whether the poem is complete."""
        assert isinstance(state, ChineseState)
        return state.line == self._lines

    def lines_written(self, state: Hashable) -> int:
        """The number of complete lines."""
        assert isinstance(state, ChineseState)
        return state.line

    def _begun(self, placements: Placements[ChinesePlacement]) -> ChineseState:
        plan = self._plan(placements)
        variants = range(len(self._planner.templates))
        return ChineseState(placements, 0, ways=plan.initial_ways(0, variants, ()))

    def _ways_on(self, state: ChineseState) -> tuple[tuple[Tokens, ...], Tokens]:
        """The next tokens of each way of the line, and the marks that may end it."""
        plan = self._plan(state.placements)
        following = tuple(
            plan.following(state.line, way, state.place, state.ends, state.used)
            for way in state.ways
        )
        parting = _NOTHING
        if self._ended(state.placements, state.line, state.place, state.ways):
            last = state.line + 1 == self._lines
            parting = self._marks.closing if last else self._marks.parting
        return following, parting

    def _ended(
        self, placements: Placements[ChinesePlacement], line: int, place: int, ways: Sequence[int]
    ) -> list[int]:
        if not ways:
            return []
        line_ways = self._plan(placements).lines[line]
        return [way for way in ways if len(line_ways[way].places) == place]

    def _after_line(self, state: ChineseState) -> ChineseState:
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
            ways=plan.initial_ways(line, variants, ends, state.used),
            ends=ends,
            after_mark=bool(self._marks.after),
            used=state.used,
        )

    @property
    def _can_be_parted(self) -> bool:
        return self._lines == 1 or bool(self._marks.parting)

    def _is_possible(self, placements: Placements[ChinesePlacement]) -> bool:
        possible = self._plan(placements).possible
        if self._repeats or None in placements:
            # Words without a place yet may repeat what else stands once.
            return possible
        return possible and bool(self._begun(placements).ways)

    def _make_plan(self, placements: Placements[ChinesePlacement]) -> ChinesePlan:
        fixed = defaultdict(FixedPlaces, self._fixed)
        for word, placement in zip(self._words, placements, strict=True):
            if placement is not None:
                line, start = placement
                fixed[line] = fixed[line].with_run(start, word)
        possible = self._planner.possible(fixed)
        if self._repeats:
            return ChinesePlan(self._planner, possible)
        return DistinctPlan(self._planner, possible, fixed)

    def _candidates(self, word: Sequence[int]) -> Iterator[ChinesePlacement]:
        for line in range(self._lines):
            for start in range(LONGEST_LINE - len(word) + 1):
                fixed = FixedPlaces().with_run(start, tuple(word))
                if self._planner.has_ways(line, fixed):
                    yield ChinesePlacement(line, start)
