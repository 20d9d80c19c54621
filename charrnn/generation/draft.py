"""A poem in the writing and a poem that is written, as values."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

from charrnn.corpus.variants import Substitution
from charrnn.generation.ending import LINE_END, LineCount
from charrnn.generation.engine import Logits, State
from charrnn.generation.growing_text import GrowingText
from charrnn.generation.ranking import Score
from charrnn.generation.reading import Reading
from charrnn.settings.configuration import SamplingConfig


# One of each is made for every character, and a frozen dataclass takes four times as long to make.
@dataclass(slots=True, eq=False)
class Draft:
    """A poem as far as it is written. A value: to rewind or to branch is to keep an old one.

    Attributes:
        written: What was typed and what was written, as it is shown.
        reading: What the network made of it, and of other texts that it read at the same time.
        row: Which row of the reading is this poem's.
        lines: The lines of the poem so far.
        kept: What each constraint that it is written under remembers of it.
        ended: Whether the network has ended the poem.
        stranded: Whether it stops where it is because no character may follow.
        substitutions: Characters typed that the network does not know, each once.
    """

    written: GrowingText
    reading: Reading
    row: int
    lines: LineCount
    kept: tuple[Hashable, ...] = ()
    ended: bool = False
    stranded: bool = False
    substitutions: tuple[Substitution, ...] = ()

    @property
    def text(self) -> str:
        """What is written, put together; ask for it at the end, not at each character."""
        return str(self.written)

    @property
    def logits(self) -> Logits:
        """`(vocabulary,)` float32, the network's prediction of the next symbol."""
        row: Logits = self.reading.logits[self.row]
        return row

    @property
    def state(self) -> State:
        """What the network remembers of it: a state of one row."""
        return self.reading.rows([self.row]).state

    def followed_by(
        self, character: str, reading: Reading, row: int, kept: tuple[Hashable, ...]
    ) -> "Draft":
        """The poem with one more character, which the network has read and all constraints know."""
        lines = self.lines
        if not lines.open or character == LINE_END:
            lines = lines.followed_by(character)
        written = self.written.followed_by(character)
        return Draft(written, reading, row, lines, kept, False, False, self.substitutions)

    def at_its_end(self) -> "Draft":
        """The same poem, ended."""
        return replace(self, ended=True)

    def stranded_here(self) -> "Draft":
        """The same poem, stopped."""
        return replace(self, stranded=True)


@dataclass(slots=True)
class Step:
    """One step of writing.

    Attributes:
        character: What was written; empty when the step was to end the poem.
        log_probability: How likely the network held it, in nats: under its own prediction,
            before temperature, penalties and filters, so that poems of different settings can
            be compared.
        draft: The poem with it.
    """

    character: str
    log_probability: float
    draft: Draft


@dataclass(frozen=True, kw_only=True, slots=True)
class Poem:
    """A poem, and all that is needed to write it again.

    Attributes:
        prompt: What was typed.
        text: What was written after it, white space at its end included.
        settings: How characters were drawn, the seed filled in.
        log_probabilities: In nats, one for each character of `text`; see `Step`.
        ended: Whether the network ended the poem; else it was stopped at its length.
        stranded: Whether it was stopped before its length, because no character was left that
            the settings allow.
        substitutions: Characters of the prompt that the network does not know, each once.
        scores: Those of all its drafts, this one's first, when it is the best of several.
    """

    prompt: str
    text: str
    settings: SamplingConfig
    log_probabilities: tuple[float, ...]
    ended: bool
    stranded: bool = False
    substitutions: tuple[Substitution, ...] = ()
    scores: tuple[Score, ...] = ()

    @property
    def seed(self) -> int | None:
        """The number that the draw followed."""
        return self.settings.seed

    def __str__(self) -> str:
        """The whole poem, without white space after it."""
        return (self.prompt + self.text).rstrip()
