"""The page that a poet and a network write on, turn by turn; turns are values."""

import dataclasses
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from charrnn.errors import CharrnnError
from charrnn.settings.configuration import SamplingConfig, seed_after

if TYPE_CHECKING:
    from charrnn.corpus.variants import Substitution
    from charrnn.decoding.hypothesis import Hypothesis, Step
    from charrnn.decoding.writer import TextGenerator


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
    start: "Hypothesis"
    end: "Hypothesis"
    continues: bool


class Author(Protocol):
    """Who writes with the poet: a network by itself, or one that keeps a form."""

    @property
    def writer(self) -> "TextGenerator":
        """The network."""
        ...

    def begin(self, prompt: str) -> "Hypothesis":
        """Begin a poem with some words, or with none."""
        ...

    def begin_again(self, turn: "Turn") -> "Hypothesis":
        """Begin a turn as it was begun before, by whomever."""
        ...

    def go_on(self, turn: "Turn", text: str) -> "Hypothesis":
        """Go on where a turn ended, with more text or none; raises PageError where it cannot be."""
        ...

    def stream(self, start: "Hypothesis", settings: SamplingConfig) -> "Iterator[Step]":
        """Write, a character or a whole line with each step."""
        ...


class FreeAuthor:
    """A network that writes by itself.

    Args:
        writer: The network.
    """

    def __init__(self, writer: "TextGenerator") -> None:
        self.writer = writer

    def begin(self, prompt: str) -> "Hypothesis":
        """Begin a poem."""
        return self.writer.begin(prompt)

    def begin_again(self, turn: "Turn") -> "Hypothesis":
        """Begin a turn as before."""
        return self._read(turn, turn.start)

    def go_on(self, turn: "Turn", text: str) -> "Hypothesis":
        """Go on where a turn ended; a text begins a new line."""
        if turn.end.ended and not text:
            raise PageError("the poem is finished; /more TEXT adds a line, and goes on from there.")
        start = self._read(turn, turn.end)
        if not text:
            return start
        line_end = "\n" if start.text and not start.text.endswith("\n") else ""
        return self.writer.extend(start, line_end + text)

    def stream(self, start: "Hypothesis", settings: SamplingConfig) -> "Iterator[Step]":
        """Write, a character with each step."""
        return self.writer.stream(start, settings)

    def _read(self, turn: "Turn", draft: "Hypothesis") -> "Hypothesis":
        """A text as this network reads it; what another one has read is read anew."""
        return draft if turn.writer is self.writer else self.writer.begin(draft.text)


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

    def begin(self, author: "Author", settings: SamplingConfig, prompt: str) -> None:
        """Let an author write a new poem, from its first words or from nothing."""
        self._compose(self.turns, author, settings, author.begin(prompt), continues=False)

    def go_on(self, author: "Author", settings: SamplingConfig, text: str) -> None:
        """Let an author go on with the last poem, after a text that is added to it."""
        start = author.go_on(self.last(), text)
        seen = len(start.text) - len(text)
        self._compose(self.turns, author, settings, start, continues=True, seen=seen)

    def retry(self, author: "Author", settings: SamplingConfig) -> None:
        """Let an author write the last turn anew."""
        last = self.last()
        start = author.begin_again(last)
        if settings.seed is not None:
            # The seed that was asked for would write the same again: take the one after it.
            settings = dataclasses.replace(settings, seed=seed_after(last.seed))
        self._compose(self.turns[:-1], author, settings, start, continues=last.continues)

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
        author: "Author",
        settings: SamplingConfig,
        start: "Hypothesis",
        *,
        continues: bool,
        seen: int = 0,
    ) -> None:
        """Write a turn after those before it; it is kept as far as it came when it is stopped."""
        for substitution in start.substitutions:
            self._note(substitution)
        seed = secrets.randbelow(2**32) if settings.seed is None else settings.seed
        try:
            steps = author.stream(start, dataclasses.replace(settings, seed=seed))
        except KeyboardInterrupt:
            # One who keeps a form has drawn a line by then; what was typed is kept all the same.
            steps = _stopped()
        self._write(start.text[seen:])
        end = start
        try:
            for step in steps:
                end = step.hypothesis
                self._write(step.character)
        except KeyboardInterrupt:
            self.turns = (*before, Turn(author.writer, seed, start, end, continues))
            raise
        else:
            self.turns = (*before, Turn(author.writer, seed, start, end, continues))
        finally:
            self._write("\n" if end.text.endswith("\n") else "\n\n")


def _stopped() -> "Iterator[Step]":
    """Steps that the user stopped before the first one."""
    yield from ()
    raise KeyboardInterrupt
