"""A poem that is being written, as immutable values: its text, its lines, its decoder state.

Nothing changes a value, so to rewind or to branch is to keep an old one.
"""

import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np

from charrnn.corpus.traditional_script import in_script
from charrnn.corpus.variants import Substitution
from charrnn.decoding.engine import Logits, State
from charrnn.decoding.ranking import HypothesisScore
from charrnn.settings.configuration import SamplingConfig

LINE_END: Final = "\n"

LONGEST_END: Final = 256
"""Most characters that are copied when a character is added to a text."""

NO_TOKENS: Final[frozenset[int]] = frozenset()


# Classes that are made for every character are not frozen: that takes four times as long.
@dataclass(slots=True, eq=False)
class DecoderState:
    """The network's state after some texts, with a row for each. Hypotheses share it.

    A batch whose hypotheses are the rows of one decoder state, in order, is stepped without a copy.

    Attributes:
        logits: `(batch, vocabulary)` float32, the predictions of the next tokens.
        state: The recurrent state.
    """

    logits: Logits
    state: State

    def rows(self, rows: Sequence[int]) -> "DecoderState":
        """Some rows, in the order given; a row may be taken more than once."""
        taken = np.array(rows, np.intp)
        state = tuple(tuple(array[taken] for array in layer) for layer in self.state)
        return DecoderState(self.logits[taken], state)


def gather(hypotheses: "Sequence[Hypothesis]") -> DecoderState:
    """One decoder state with the rows of some hypotheses, in their order."""
    first = hypotheses[0].decoder_state
    if len(hypotheses) == len(first.logits) and all(
        one.row == row and one.decoder_state is first for row, one in enumerate(hypotheses)
    ):
        return first
    groups = [list(group) for _, group in groupby(hypotheses, lambda one: id(one.decoder_state))]
    parts = [group[0].decoder_state.rows([one.row for one in group]) for group in groups]
    if len(parts) == 1:
        return parts[0]
    layers = zip(*(part.state for part in parts), strict=True)
    state = tuple(tuple(map(np.concatenate, zip(*layer, strict=True))) for layer in layers)
    return DecoderState(np.concatenate([part.logits for part in parts]), state)


@dataclass(slots=True, eq=False)
class GrowingText:
    """A text as a value: adding to it makes a new one, which shares all but its end.

    Adding a character takes constant time, and all values together take the memory of the text.

    Attributes:
        end: Its last characters.
        before: The text before them.
        blank: Whether it is empty or white space.
    """

    end: str = ""
    before: "GrowingText | None" = None
    blank: bool = True

    def followed_by(self, more: str) -> "GrowingText":
        """The text with more at its end."""
        blank = self.blank and not more.strip()
        end = self.end + more
        longer = GrowingText(end, self.before, blank)
        return longer if len(end) < LONGEST_END else GrowingText("", longer, blank)

    def last(self, count: int) -> str:
        """Its last `count` characters, or all of a shorter text; `count` is at least 1."""
        pieces: list[str] = []
        piece: GrowingText | None = self
        missing = count
        while piece is not None and missing > 0:
            pieces.append(piece.end[-missing:])
            missing -= len(piece.end)
            piece = piece.before
        return "".join(reversed(pieces))

    def __str__(self) -> str:
        """The whole text."""
        return self.last(sys.maxsize)


@dataclass(frozen=True, slots=True)
class LineCount:
    """The lines of a poem begun so far, without blank lines, and whether the last one is open."""

    begun: int = 0
    open: bool = False

    def followed_by(self, text: str) -> "LineCount":
        """The count after more characters."""
        count = self
        for character in text:
            if character == LINE_END:
                count = LineCount(count.begun, open=False)
            elif not count.open and not character.isspace():
                count = LineCount(count.begun + 1, open=True)
        return count


@dataclass(slots=True, eq=False)
class Hypothesis:
    """A poem as far as it is written.

    Attributes:
        written: The prompt and what was written, as it is shown.
        decoder_state: The network's state after it, and after other texts.
        row: The row of the decoder state that belongs to this poem.
        lines: The lines so far.
        constraint_states: The state of each constraint.
        generated: Characters written since the decoder began.
        ended: Whether the network has ended the poem.
        dead_end: Whether it was stopped because no character may follow.
        suppressed: Tokens that lead to a dead end from here.
        substitutions: Characters of the prompt that the network does not know, each once.
    """

    written: GrowingText
    decoder_state: DecoderState
    row: int
    lines: LineCount
    constraint_states: tuple[Hashable, ...] = ()
    generated: int = 0
    ended: bool = False
    dead_end: bool = False
    suppressed: frozenset[int] = NO_TOKENS
    substitutions: tuple[Substitution, ...] = ()

    @property
    def text(self) -> str:
        """What is written; takes time in its length."""
        return str(self.written)

    @property
    def logits(self) -> Logits:
        """`(vocabulary,)` float32, the prediction of the next token."""
        row: Logits = self.decoder_state.logits[self.row]
        return row

    def followed_by(
        self,
        character: str,
        decoder_state: DecoderState,
        row: int,
        constraint_states: tuple[Hashable, ...],
    ) -> "Hypothesis":
        """The poem with one more character, and the states after it."""
        lines = self.lines
        if not lines.open or character == LINE_END:
            lines = lines.followed_by(character)
        return Hypothesis(
            self.written.followed_by(character),
            decoder_state,
            row,
            lines,
            constraint_states,
            self.generated + 1,
            False,
            False,
            NO_TOKENS,
            self.substitutions,
        )

    def at_its_end(self) -> "Hypothesis":
        """The same poem, ended."""
        return replace(self, ended=True)

    def at_a_dead_end(self) -> "Hypothesis":
        """The same poem, stopped because no character may follow."""
        return replace(self, dead_end=True)

    def without(self, token: int) -> "Hypothesis":
        """The same poem, which must not go on with a token."""
        return replace(self, suppressed=self.suppressed | {token})


@dataclass(slots=True)
class Step:
    """A character, empty at the end of the poem, and the poem with it.

    The log-probability is the network's own, in nats, before the logits processors and the filters,
    so that poems of different settings can be compared.
    """

    character: str
    log_probability: float
    hypothesis: Hypothesis


@dataclass(frozen=True, kw_only=True, slots=True)
class Poem:
    """A finished poem, with all that is needed to write it again.

    Attributes:
        prompt: Its first characters.
        text: What was written after them, with white space at its end.
        settings: The sampling settings, with the seed.
        log_probabilities: In nats, one for each character of `text`; see `Step`.
        ended: Whether the network ended the poem; else it was stopped.
        dead_end: Whether it was stopped before its length, because the settings allowed no character.
        substitutions: Characters of the prompt that the network does not know, each once.
        scores: The scores of all its drafts, its own first; empty for a single draft.
    """

    prompt: str
    text: str
    settings: SamplingConfig
    log_probabilities: tuple[float, ...]
    ended: bool
    dead_end: bool = False
    substitutions: tuple[Substitution, ...] = ()
    scores: tuple[HypothesisScore, ...] = ()

    @property
    def seed(self) -> int | None:
        """The seed of its draws."""
        return self.settings.seed

    def __str__(self) -> str:
        """The whole poem in the script of its settings, without white space after it."""
        poem = (self.prompt + self.text).rstrip()
        script = self.settings.script
        return poem if script is None else in_script(poem, script)
