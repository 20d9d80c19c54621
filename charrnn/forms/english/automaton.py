"""An English form as an automaton over the characters that a network writes.

Words are separated by a space or a hyphen. One punctuation mark may stand after a word, and a closing
one stands at the end of the poem if the network has one. A first letter may be a capital. Words come from a dictionary or are derived from its words, and so do their
syllables, stress and rhymes.

A word may have any of its pronunciations; the last word of a line has the same one for length,
metre and rhyme. Rhyming words belong to one rhyme class, but to different groups of homophones
(`charrnn.forms.english.spoken_words`). This is slightly stricter than
`charrnn.forms.english.verify`.
"""

import enum
import functools
import itertools
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.hypothesis import LINE_END
from charrnn.decoding.sampling import Mask
from charrnn.errors import FormError
from charrnn.forms.core.automaton import OutputTokens, PlacementSearch
from charrnn.forms.core.config import Requirements
from charrnn.forms.core.form import Form
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.plan import VersePlan, WordBoundaries, WordBoundary
from charrnn.forms.english.pronunciation import Rhymes
from charrnn.forms.english.requirements import EnglishPlacement, read_requirements
from charrnn.forms.english.word_trie import Node, writable_words


class GivenTokens(NamedTuple):
    """The tokens of a given line, and whether it ends with a mark."""

    tokens: tuple[int, ...]
    marked: bool


def spell(text: str, vocabulary: Vocabulary, writable: Mask) -> GivenTokens | None:
    """The tokens of a line; None if some cannot be written."""
    tokens = tuple(vocabulary.id_of(character) for character in text)
    if not all(writable[token] for token in tokens):
        return None
    return GivenTokens(tokens, not (text[-1].isalnum() or text[-1] in "'’"))


Tokens = npt.NDArray[np.int64]

CLOSING: Final = ".!?"
"""Marks after a word that a poem may end with."""

PAUSING: Final = ",;:"
"""Other marks after a word."""


class Separators:
    """The writable tokens between words, `(tokens,)` each; `joints` are space and hyphen."""

    def __init__(self, vocabulary: Vocabulary, writable: Mask) -> None:
        def tokens(characters: str) -> Tokens:
            known = [vocabulary.id_of(one) for one in characters if one in vocabulary]
            return np.array([token for token in known if writable[token]], np.int64)

        self.spaces = tokens(" ")
        self.joints = tokens(" -")
        self.closing = tokens(CLOSING)
        self.pausing = tokens(PAUSING)
        self.line_ends = tokens("\n")


_STATES_KEPT: Final = 1 << 13

MAX_PLACEMENTS: Final = 1_000
"""Placements of required words that are tried before giving up."""

_NOWHERE: Final = Node(0, 0, 0)


class _Phase(enum.IntEnum):
    """What was written last: `PAUSE` and `CLOSE` are marks after a word."""

    GIVEN = 0
    GIVEN_ENDED = 1
    WORD = 2
    PAUSE = 3
    CLOSE = 4
    DONE = 5


_IN_GIVEN: Final = frozenset({_Phase.GIVEN, _Phase.GIVEN_ENDED})


class _State(NamedTuple):
    """A poem: the start of the current word, and its letters.

    During a given line, `boundary` is the end of the line, and the depth of `node` counts
    characters.
    """

    boundary: WordBoundary
    phase: _Phase
    node: Node


class EnglishAutomaton:
    """Poems that keep an English form; see `charrnn.forms.core.automaton.Automaton`.

    Args:
        form: An English form.
        lexicon: Pronunciations.
        words: The words that may be used, lower case with straight apostrophes; unsuitable ones are
            ignored.
        tokens: What the network can write.
        requirements: Requirements on top of the form.
        rhymes: The least that counts as a rhyme.
        enjambment: Whether lines may end in words that only lead on.

    Raises:
        FormError: The network has no line ends.
        ConfigurationError: A requirement is invalid.
    """

    def __init__(
        self,
        form: Form,
        lexicon: Lexicon,
        words: Collection[str],
        tokens: OutputTokens,
        requirements: Requirements,
        *,
        rhymes: Rhymes = "perfect",
        enjambment: bool = True,
    ) -> None:
        vocabulary, writable, end = tokens
        self._separators = Separators(vocabulary, writable)
        if end is None or (form.lines > 1 and LINE_END not in vocabulary):
            raise FormError(
                "this network has learned no line ends, so it cannot separate the lines of a poem."
            )
        read = read_requirements(requirements, form.lines, lexicon)
        usable = frozenset(words)
        further = {
            word.key
            for word in read.must
            if word.key not in usable or lexicon.sound(word.key).origin == "guessed"
        }
        written = writable_words(
            lexicon, usable, frozenset(further), vocabulary, writable.astype(np.bool_).tobytes()
        )
        self._trie = written.trie
        self._plan = VersePlan(
            form,
            written.spoken,
            written.classes(rhymes),
            read,
            joined=bool(len(self._separators.joints)),
            leading_on=enjambment,
        )
        self._boundaries = WordBoundaries(self._plan)
        self._search = PlacementSearch(
            [range(form.lines)] * len(read.must),
            lambda placed: bool(self._plan.beginnings(placed)),
            MAX_PLACEMENTS,
        )
        unmarked = {_Phase.WORD} if len(self._separators.closing) else set[_Phase]()
        self._unfinished = unmarked | {_Phase.PAUSE}
        self._lines = form.lines
        self._must = len(read.must)
        self._size = vocabulary.size
        self._end: Tokens = np.array([end], np.int64)
        self._can_be_parted = (end == END_OF_POEM or bool(writable[end])) and (
            form.lines == 1 or len(self._separators.line_ends) > 0
        )
        self._line_given = read.first_line is not None
        self._given = spell(read.first_line.text, vocabulary, writable) if read.first_line else None
        self._mask = functools.lru_cache(_STATES_KEPT)(self._mask_of)
        self._next = functools.lru_cache(_STATES_KEPT)(self._state_after)

    def initial_state(self) -> Hashable:
        """One initial state; nothing is allowed in it if no poem is possible."""
        return self._begun(self._placement(np.random.default_rng(0)))

    def initial_states(self, generator: np.random.Generator, count: int) -> Sequence[Hashable]:
        """Initial states, each with random lines for the required words; none if impossible."""
        draws = count if self._must else min(1, count)
        drawn = (self._placement(generator) for _ in range(draws))
        placements = list(itertools.takewhile(lambda one: one is not None, drawn))
        if len(placements) < draws:
            return []
        return [self._begun(placements[draft % draws]) for draft in range(count)]

    def allowed_tokens(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, read-only, true for the tokens that may come next."""
        return self._mask(state)

    def allowed_in_prompt(self, state: Hashable) -> Mask:
        """The same for a prompt."""
        return self._mask(state)

    def next_state(self, state: Hashable, token: int) -> Hashable:
        """The state after an allowed token."""
        return self._next(state, int(token))

    def is_final(self, state: Hashable) -> bool:
        """Whether the poem is complete."""
        assert isinstance(state, _State)
        return state.phase is _Phase.DONE

    def lines_written(self, state: Hashable) -> int:
        """The number of complete lines."""
        assert isinstance(state, _State)
        return 0 if state.phase in _IN_GIVEN else state.boundary.line

    def _placement(self, generator: np.random.Generator) -> EnglishPlacement | None:
        """Random lines for the required words; None if no poem is possible."""
        if not self._can_be_parted or (self._line_given and self._given is None):
            return None
        return self._search.draw(generator)

    def _begun(self, placement: EnglishPlacement | None) -> _State:
        """The initial state; nothing is allowed in it without a placement."""
        if placement is None:
            return _State(WordBoundary(0, (), ()), _Phase.WORD, _NOWHERE)
        boundary = WordBoundary(self._plan.first, placement, self._plan.beginnings(placement))
        if self._given is not None:
            return _State(boundary, _Phase.GIVEN, _NOWHERE)
        return _State(boundary, _Phase.WORD, self._trie.root)

    def _mask_of(self, state: _State) -> Mask:
        mask = np.zeros(self._size, np.bool_)
        if state.phase is _Phase.WORD:
            branches = self._trie.branches(state.node)
            mask[branches.tokens] = self._boundaries.leading(state.boundary, branches)
        after = self._after_given if state.phase in _IN_GIVEN else self._after_letters
        for tokens in after(state):
            mask[tokens] = True
        mask.flags.writeable = False
        return mask

    def _after_given(self, state: _State) -> Iterable[Tokens]:
        assert self._given is not None
        written = state.node.depth
        last = self._lines == 1
        if written < len(self._given.tokens):
            yield np.array([self._given.tokens[written]], np.int64)
            return
        unmarked = state.phase is _Phase.GIVEN and not self._given.marked
        if not (last and unmarked and len(self._separators.closing)):
            yield self._end if last else self._separators.line_ends
        if unmarked:
            yield self._separators.closing
            if not last:
                yield self._separators.pausing

    def _after_letters(self, state: _State) -> Iterable[Tokens]:
        boundary, phase, node = state
        word = None if phase is _Phase.DONE else self._trie.word(node)
        if word is None:
            return
        last = boundary.line == self._lines - 1
        goes_on = self._boundaries.after_word(boundary, word) is not None
        ends = self._boundaries.after_line(boundary, word) is not None
        if goes_on:
            yield self._separators.joints if phase is _Phase.WORD else self._separators.spaces
        if ends and not (last and phase in self._unfinished):
            yield self._end if last else self._separators.line_ends
        goes_on = goes_on and len(self._separators.spaces) > 0
        if phase is _Phase.WORD and (goes_on or ends):
            yield self._separators.closing
        if phase is _Phase.WORD and (goes_on or (ends and not last)):
            yield self._separators.pausing

    def _state_after(self, state: _State, token: int) -> _State:
        boundary, phase, node = state
        if phase in _IN_GIVEN:
            return self._state_after_given(state, token)
        if phase is _Phase.WORD and token in self._trie.branches(node).nodes:
            return _State(boundary, phase, self._trie.branches(node).nodes[token])
        word = self._trie.word(node)
        assert word is not None
        if token in self._separators.closing:
            return _State(boundary, _Phase.CLOSE, node)
        if token in self._separators.pausing:
            return _State(boundary, _Phase.PAUSE, node)
        if token in self._separators.joints:
            return self._word_begun(self._boundaries.after_word(boundary, word))
        return self._word_begun(self._boundaries.after_line(boundary, word))

    def _state_after_given(self, state: _State, token: int) -> _State:
        assert self._given is not None
        boundary, _, node = state
        if node.depth < len(self._given.tokens):
            return _State(boundary, _Phase.GIVEN, node._replace(depth=node.depth + 1))
        if token not in (*self._end, *self._separators.line_ends):
            return _State(boundary, _Phase.GIVEN_ENDED, node)
        return self._word_begun(boundary)

    def _word_begun(self, boundary: WordBoundary | None) -> _State:
        assert boundary is not None
        phase = _Phase.DONE if boundary.line == self._lines else _Phase.WORD
        return _State(boundary, phase, self._trie.root)
