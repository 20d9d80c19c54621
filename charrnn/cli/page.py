"""The page that a poet and a network write on, turn by turn; turns are values."""

import dataclasses
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charrnn.config import SamplingConfig, seed_after
from charrnn.errors import CharrnnError

if TYPE_CHECKING:
    from charrnn.corpus.variants import Substitution
    from charrnn.generation.draft import Draft
    from charrnn.generation.writer import TextGenerator


class PageError(CharrnnError):
    """Something that cannot be done with the page as it stands."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the network.

    Attributes:
        writer: The network that wrote.
        seed: Number that its draw followed.
        start: The text it went on from.
        end: The text when it stopped.
        continues: Whether it went on with the poem of the turn before.
    """

    writer: "TextGenerator"
    seed: int
    start: "Draft"
    end: "Draft"
    continues: bool


class Page:
    """The turns of a session. A turn that is retried or undone takes nothing else with it.

    Args:
        write: Shows text as it is written.
        note: Told of each character that a network does not know, when it reads it.
    """

    def __init__(
        self, write: Callable[[str], None], note: "Callable[[Substitution], None]"
    ) -> None:
        self.turns: tuple[Turn, ...] = ()
        self._write = write
        self._note = note

    def poems(self) -> list[str]:
        """The poems as they stand, in the order in which they were begun."""
        poems: list[str] = []
        for turn in self.turns:
            if turn.continues:
                poems.pop()
            poems.append(turn.end.text)
        return poems

    def begin(self, writer: "TextGenerator", settings: SamplingConfig, prompt: str) -> None:
        """Let a network write a new poem, from its first words or from nothing."""
        self._compose(self.turns, writer, settings, writer.begin(prompt), continues=False)

    def go_on(self, writer: "TextGenerator", settings: SamplingConfig, text: str) -> None:
        """Let a network go on with the last poem; a text begins a new line of it."""
        last = self.last()
        if last.end.ended and not text:
            raise PageError("the poem is finished; /more TEXT adds a line, and goes on from there.")
        start = _as_read_by(writer, last.writer, last.end)
        seen = len(start.text)
        if text:
            line_end = "\n" if start.text and not start.text.endswith("\n") else ""
            start = writer.extend(start, line_end + text)
            seen += len(line_end)
        self._compose(self.turns, writer, settings, start, continues=True, seen=seen)

    def retry(self, writer: "TextGenerator", settings: SamplingConfig) -> None:
        """Let a network write the last turn anew."""
        last = self.last()
        start = _as_read_by(writer, last.writer, last.start)
        if settings.seed is not None:
            # The seed that was asked for would write the same again: take the one after it.
            settings = dataclasses.replace(settings, seed=seed_after(last.seed))
        self._compose(self.turns[:-1], writer, settings, start, continues=last.continues)

    def undo(self) -> None:
        """Drop the last turn."""
        self.last()
        self.turns = self.turns[:-1]

    def last(self) -> Turn:
        """The last turn; raises PageError when there is none."""
        if not self.turns:
            raise PageError("there is no poem yet; type its beginning, or an empty line.")
        return self.turns[-1]

    def _compose(
        self,
        before: tuple[Turn, ...],
        writer: "TextGenerator",
        settings: SamplingConfig,
        start: "Draft",
        *,
        continues: bool,
        seen: int = 0,
    ) -> None:
        """Write a turn after those before it; it is kept as far as it came when it is stopped."""
        for substitution in start.substitutions:
            self._note(substitution)
        self._write(start.text[seen:])
        seed = secrets.randbelow(2**32) if settings.seed is None else settings.seed
        end = start
        try:
            for step in writer.stream(start, dataclasses.replace(settings, seed=seed)):
                end = step.draft
                self._write(step.character)
        except KeyboardInterrupt:
            self.turns = (*before, Turn(writer, seed, start, end, continues))
            raise
        else:
            self.turns = (*before, Turn(writer, seed, start, end, continues))
        finally:
            self._write("\n" if end.text.endswith("\n") else "\n\n")


def _as_read_by(writer: "TextGenerator", author: "TextGenerator", draft: "Draft") -> "Draft":
    """A text as a network reads it; what another one has read is read anew."""
    return draft if writer is author else writer.begin(draft.text)
