"""English verse as an automaton over the tokens that a network writes.

What it writes: the words of a line with a space between two of them, or a hyphen; a mark may stand
after a word, before the space or at the end of the line, and never two together. A word's first
letter may be a capital. The words are such as a dictionary has, or are made of those, and so is every
judgement about their syllables, stress and rhyme.

A word may be said in any of its ways, but the last one of a line in one way for length, metre and
rhyme together. The words of a rhyme belong to one rhyme class, and each to another group of homophones in it
(`charrnn.forms.english.rhyme_classes`). All this is a little narrower than what
`charrnn.forms.english.verify` passes, in favour of what it passes without doubt.
"""

import enum
import functools
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.decoding.hypothesis import LINE_END
from charrnn.decoding.sampling import Mask
from charrnn.errors import FormError
from charrnn.forms.core.automaton import OutputTokens
from charrnn.forms.core.config import Requirements
from charrnn.forms.core.form import Form
from charrnn.forms.core.placements import PlacementSearch
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.plan import VersePlan, WordBoundaries, WordBoundary
from charrnn.forms.english.pronunciation import Rhymes
from charrnn.forms.english.requirements import EnglishPlacement, read_requirements
from charrnn.forms.english.word_trie import Node, writable_words


class GivenTokens(NamedTuple):
    """The tokens of a line that is given.

    Attributes:
        tokens: They follow one another.
        marked: Whether a mark stands at its end already.
    """

    tokens: tuple[int, ...]
    marked: bool


def spell(text: str, vocabulary: Vocabulary, writable: Mask) -> GivenTokens | None:
    """The tokens of a line; None where some of them cannot be written."""
    tokens = tuple(vocabulary.id_of(character) for character in text)
    if not all(writable[token] for token in tokens):
        return None
    return GivenTokens(tokens, not (text[-1].isalnum() or text[-1] in "'’"))


Tokens = npt.NDArray[np.int64]

CLOSING: Final = ".!?"
"""Marks that may stand after a word, and that a poem may end with."""

PAUSING: Final = ",;:"
"""Further marks that may stand after a word."""


class Separators:
    """The tokens between words, those that can be written.

    Args:
        vocabulary: What the tokens stand for.
        writable: `(vocabulary,)`, true for the tokens that may be written at all.

    Attributes:
        spaces: The space, if there is one.
        joints: What may stand right between two words: the space and the hyphen.
        closing: The marks of `CLOSING`.
        pausing: The marks of `PAUSING`.
        line_ends: The line end, if there is one.
    """

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

MOST_TRIED: Final = 1_000
"""Placements of required words that are looked at for one poem."""

_NOWHERE: Final = Node(0, 0, 0)


class _Phase(enum.IntEnum):
    """What a poem has come to.

    The characters of a line that is given, or all of them and a mark; the letters of a word; a mark
    after it that a poem cannot end with, or one that it can; the end.
    """

    GIVEN = 0
    GIVEN_ENDED = 1
    WORD = 2
    PAUSE = 3
    CLOSE = 4
    DONE = 5


_IN_GIVEN: Final = frozenset({_Phase.GIVEN, _Phase.GIVEN_ENDED})


class _State(NamedTuple):
    """A poem between two tokens.

    Attributes:
        boundary: Where its latest word began; while a line is written that is given, the end of it.
        phase: What has been written since.
        node: The letters of the word; or the characters of the given line, as its depth.
    """

    boundary: WordBoundary
    phase: _Phase
    node: Node


class EnglishAutomaton:
    """Poems that keep an English form, with what is required on top of it.

    It is a `charrnn.forms.core.automaton.Automaton`.

    Args:
        form: An English form.
        lexicon: How words are said.
        words: The words that may be used, in small letters with straight apostrophes. Those are
            passed over that the lexicon has to guess, that have no syllable, that cannot be spelled
            or would be read as something else.
        tokens: What the network can write.
        requirements: What is asked on top of the form.
        rhymes: The least that counts as a rhyme.

    Raises:
        FormError: The form is not English, or the network has learned no line ends.
        ConfigurationError: What is required is not what it should be.
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
    ) -> None:
        vocabulary, writable, end = tokens
        if form.language != "english":
            raise FormError(f"{form.name} is a Chinese form, and cannot be written in English.")
        self._separators = Separators(vocabulary, writable)
        if end is None or (form.lines > 1 and LINE_END not in vocabulary):
            raise FormError(
                "this network has learned no line ends, so the lines of a poem could not be told "
                "apart."
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
        )
        self._boundaries = WordBoundaries(self._plan)
        self._search = PlacementSearch(
            [range(form.lines)] * len(read.must),
            lambda placed: bool(self._plan.beginnings(placed)),
            MOST_TRIED,
        )
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
        """The first of the states that a poem may begin in; where no poem is, nothing is allowed."""
        return self._begun(self._placement(np.random.default_rng(0)))

    def initial_states(self, generator: np.random.Generator, count: int) -> Sequence[Hashable]:
        """States to begin in, one for each of so many drafts of a poem.

        The lines of required words are drawn for each.

        Returns:
            As many as asked; none where no poem keeps the form with all that is required.
        """
        draws = count if self._must else min(1, count)
        placements = []
        for _ in range(draws):
            placement = self._placement(generator)
            if placement is None:
                return []
            placements.append(placement)
        return [self._begun(placements[draft % draws]) for draft in range(count)]

    def allowed_tokens(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, true for the tokens that may come next; not to be changed."""
        return self._mask(state)

    def next_state(self, state: Hashable, token: int) -> Hashable:
        """The state after one of the tokens that are allowed."""
        return self._next(state, int(token))

    def is_final(self, state: Hashable) -> bool:
        """Whether the poem is whole, with the token that ends it."""
        assert isinstance(state, _State)
        return state.phase is _Phase.DONE

    def lines_written(self, state: Hashable) -> int:
        """How many of its lines are whole, with the token that ends them."""
        assert isinstance(state, _State)
        return 0 if state.phase in _IN_GIVEN else state.boundary.line

    def _placement(self, generator: np.random.Generator) -> EnglishPlacement | None:
        """Lines for the required words, drawn; None where no poem is possible.

        Raises:
            ConfigurationError: The words are so many that it was not found out in a while.
        """
        if not self._can_be_parted or (self._line_given and self._given is None):
            return None
        return self._search.draw(generator)

    def _begun(self, placement: EnglishPlacement | None) -> _State:
        """Where a poem begins; a place where nothing is allowed, if there is no placement."""
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
        """What may stand after some characters of a line that is given."""
        assert self._given is not None
        written = state.node.depth
        last = self._lines == 1
        if written < len(self._given.tokens):
            yield np.array([self._given.tokens[written]], np.int64)
            return
        yield self._end if last else self._separators.line_ends
        if state.phase is _Phase.GIVEN and not self._given.marked:
            yield self._separators.closing
            if not last:
                yield self._separators.pausing

    def _after_letters(self, state: _State) -> Iterable[Tokens]:
        """What may stand after the letters of a word, if it is whole, or after its mark."""
        boundary, phase, node = state
        word = None if phase is _Phase.DONE else self._trie.word(node)
        if word is None:
            return
        last = boundary.line == self._lines - 1
        goes_on = self._boundaries.after_word(boundary, word) is not None
        ends = self._boundaries.after_line(boundary, word) is not None
        if goes_on:
            yield self._separators.joints if phase is _Phase.WORD else self._separators.spaces
        if ends and not (last and phase is _Phase.PAUSE):
            yield self._end if last else self._separators.line_ends
        if phase is _Phase.WORD and ((goes_on and len(self._separators.spaces)) or ends):
            yield self._separators.closing
        if phase is _Phase.WORD and (
            (goes_on and len(self._separators.spaces)) or (ends and not last)
        ):
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
        """One character more of a line that is given, or of what ends it."""
        assert self._given is not None
        boundary, _, node = state
        if node.depth < len(self._given.tokens):
            return _State(boundary, _Phase.GIVEN, node._replace(depth=node.depth + 1))
        if token not in (*self._end, *self._separators.line_ends):
            return _State(boundary, _Phase.GIVEN_ENDED, node)
        return self._word_begun(boundary)

    def _word_begun(self, boundary: WordBoundary | None) -> _State:
        """A poem where a word may begin, unless it is whole."""
        assert boundary is not None
        phase = _Phase.DONE if boundary.line == self._lines else _Phase.WORD
        return _State(boundary, phase, self._trie.root)
