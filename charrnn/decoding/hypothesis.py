"""A poem in the writing, as values: its text, its lines, and what the network made of it.

Nothing changes a value, so to rewind or to branch is to keep an old one.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Protocol

import numpy as np

from charrnn.corpus.variants import Substitution
from charrnn.decoding.engine import Logits, State
from charrnn.decoding.ranking import Score
from charrnn.settings.configuration import SamplingConfig

LINE_END: Final = "\n"

LONGEST_END: Final = 256
"""Characters at the end of a growing text that adding to it may copy."""

NO_TOKENS: Final[frozenset[int]] = frozenset()


# One of each of these is made for every character, and a frozen dataclass takes four times as long
# to make.
@dataclass(slots=True, eq=False)
class DecoderState:
    """What a network made of some texts, a row for each. Hypotheses share it.

    A batch whose hypotheses are the rows of one decoder state, in order, is stepped without a copy.

    Attributes:
        logits: `(batch, vocabulary)` float32, its prediction of the next token of each.
        state: What it remembers of them.
    """

    logits: Logits
    state: State

    def rows(self, rows: Sequence[int]) -> "DecoderState":
        """Some of the texts, in the order given; one may be taken more than once."""
        taken = np.array(rows, np.intp)
        state = tuple(tuple(array[taken] for array in layer) for layer in self.state)
        return DecoderState(self.logits[taken], state)


class Row(Protocol):
    """A row of a decoder state, with whatever else is known of its text."""

    @property
    def decoder_state(self) -> DecoderState:
        """The decoder state."""

    @property
    def row(self) -> int:
        """Which row of it."""


def gather(texts: Sequence[Row]) -> DecoderState:
    """The decoder state of some texts together, in their order, wherever each was read."""
    first = texts[0].decoder_state
    if len(texts) == len(first.logits) and all(
        text.row == row and text.decoder_state is first for row, text in enumerate(texts)
    ):
        return first
    parts = [
        decoder_state.rows([text.row for text in together])
        for decoder_state, together in _by_decoder_state(texts)
    ]
    if len(parts) == 1:
        return parts[0]
    layers = zip(*(part.state for part in parts), strict=True)
    state = tuple(tuple(map(np.concatenate, zip(*layer, strict=True))) for layer in layers)
    return DecoderState(np.concatenate([part.logits for part in parts]), state)


def _by_decoder_state(texts: Sequence[Row]) -> list[tuple[DecoderState, list[Row]]]:
    """Texts that follow one another and were read together."""
    groups = [list(together) for _, together in groupby(texts, lambda text: id(text.decoder_state))]
    return [(together[0].decoder_state, together) for together in groups]


@dataclass(slots=True, eq=False)
class GrowingText:
    """A text as a value: to add to it is to make another one, which shares all but its end.

    To add a character takes the same short time however long the text is, and a text of a million
    characters takes the memory of its characters. `str` puts it together.

    Attributes:
        end: Its last characters.
        before: What stands before them.
        blank: Whether it is empty or white space alone.
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
        """Its last characters, at least one; all of them when it is shorter."""
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
        pieces: list[str] = []
        piece: GrowingText | None = self
        while piece is not None:
            pieces.append(piece.end)
            piece = piece.before
        return "".join(reversed(pieces))


@dataclass(frozen=True, slots=True)
class LineCount:
    """The lines of a poem so far, without blank ones. A value.

    Attributes:
        begun: Lines begun.
        open: Whether the last of them goes on.
    """

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
        written: What was typed and what was written, as it is shown.
        decoder_state: What the network made of it, and of other texts that it read with it.
        row: Which row of the decoder state is this poem's.
        lines: The lines of the poem so far.
        constraint_states: What each constraint that it is written under remembers of it.
        generated: Characters written since the decoder began.
        ended: Whether the network has ended the poem.
        dead_end: Whether it stops where it is because no character may follow.
        suppressed: Tokens that were found to lead to a dead end from here.
        substitutions: Characters typed that the network does not know, each once.
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
        """What is written, put together; ask for it at the end, not at each character."""
        return str(self.written)

    @property
    def logits(self) -> Logits:
        """`(vocabulary,)` float32, the network's prediction of the next token."""
        row: Logits = self.decoder_state.logits[self.row]
        return row

    @property
    def state(self) -> State:
        """What the network remembers of it: a state of one row."""
        return self.decoder_state.rows([self.row]).state

    def followed_by(
        self,
        character: str,
        decoder_state: DecoderState,
        row: int,
        constraint_states: tuple[Hashable, ...],
    ) -> "Hypothesis":
        """The poem with one more character, which the network has read and all constraints know."""
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
        """The same poem, which is not to go on with a token."""
        return replace(self, suppressed=self.suppressed | {token})


@dataclass(slots=True)
class Step:
    """One step of writing.

    Attributes:
        character: What was written; empty when the step was to end the poem.
        log_probability: How likely the network held it, in nats: under its own prediction,
            before temperature, penalties and filters, so that poems of different settings can
            be compared.
        hypothesis: The poem with it.
    """

    character: str
    log_probability: float
    hypothesis: Hypothesis


@dataclass(frozen=True, kw_only=True, slots=True)
class Poem:
    """A poem, and all that is needed to write it again.

    Attributes:
        prompt: What was typed.
        text: What was written after it, white space at its end included.
        settings: How characters were drawn, the seed filled in.
        log_probabilities: In nats, one for each character of `text`; see `Step`.
        ended: Whether the network ended the poem; else it was stopped at its length.
        dead_end: Whether it was stopped before its length, because no character was left that
            the settings allow.
        substitutions: Characters of the prompt that the network does not know, each once.
        scores: Those of all its drafts, this one's first, when it is the best of several.
    """

    prompt: str
    text: str
    settings: SamplingConfig
    log_probabilities: tuple[float, ...]
    ended: bool
    dead_end: bool = False
    substitutions: tuple[Substitution, ...] = ()
    scores: tuple[Score, ...] = ()

    @property
    def seed(self) -> int | None:
        """The number that the draw followed."""
        return self.settings.seed

    def __str__(self) -> str:
        """The whole poem, without white space after it."""
        return (self.prompt + self.text).rstrip()
