"""What `charrnn score` found, for people and for programs."""

import heapq
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import click

from charrnn.checkpoint import Checkpoint
from charrnn.cli.poems import surprise_facts
from charrnn.corpus.vocabulary import Vocabulary
from charrnn.generation.prompts import shown
from charrnn.generation.surprise import ANY_UNKNOWN, POEM_END, Surprise, mean_bits
from charrnn.wording import counted

PLACES_TOLD: Final = 5

SHOWN_BEFORE: Final = 24
"""Characters of its line that are shown before a surprising one."""


class Line(NamedTuple):
    """One line of a text.

    Attributes:
        poem: The number of its poem, from 1.
        number: Its own number in the poem, from 1.
        surprises: Those of its characters; its end is the last of them.
    """

    poem: int
    number: int
    surprises: Sequence[Surprise]

    @property
    def text(self) -> str:
        """The line without its end."""
        return "".join(surprise.character for surprise in self.surprises).removesuffix("\n")


class Place(NamedTuple):
    """Where a surprising character stands.

    Attributes:
        line: Its line.
        column: Its number in the line, from 1.
    """

    line: Line
    column: int

    @property
    def surprise(self) -> Surprise:
        """What had been expected there."""
        return self.line.surprises[self.column - 1]

    @property
    def before(self) -> str:
        """What stands before it in its line."""
        return self.line.text[: self.column - 1]


class Tally:
    """Counts the lines of a text as they go by.

    Args:
        vocabulary: The characters that the network knows.
        in_poems: Whether the text is parted into poems.

    Attributes:
        characters: Characters scored, the ends of poems among them.
        unknown: Those of them that the network does not know.
        lines: Lines.
        poems: Poems.
        in_poems: Whether the text is parted into poems.
    """

    def __init__(self, vocabulary: Vocabulary, *, in_poems: bool) -> None:
        self.characters = 0
        self.unknown = 0
        self.lines = 0
        self.poems = 0
        self.in_poems = in_poems
        self._nats = 0.0
        self._known = {POEM_END, *vocabulary.characters}
        self._highest: list[tuple[float, int, Place]] = []

    @property
    def nats_per_character(self) -> float:
        """Mean surprise in nats."""
        return self._nats / self.characters

    @property
    def bits_per_character(self) -> float:
        """Mean surprise in bits."""
        return self.nats_per_character / math.log(2)

    @property
    def places(self) -> list[Place]:
        """Where others were likelier, the greatest surprise first; no ends of poems."""
        return [place for *_, place in sorted(self._highest, reverse=True)]

    def counted(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines, counted."""
        for line in lines:
            self.lines += 1
            self.poems = line.poem
            for column, surprise in enumerate(line.surprises, 1):
                self.characters += 1
                self.unknown += surprise.character not in self._known
                self._nats -= surprise.log_probability
                # Small networks do not count lines, so the end of every poem would come first.
                if surprise.rank == 1 or surprise.character == POEM_END:
                    continue
                # Of equals the one that comes first counts more.
                entry = (surprise.bits, -self.characters, Place(line, column))
                if len(self._highest) < PLACES_TOLD:
                    heapq.heappush(self._highest, entry)
                elif entry > self._highest[0]:
                    heapq.heapreplace(self._highest, entry)
            yield line


def print_lines(lines: Iterable[Line], *, explain: bool, apart: bool) -> None:
    """Print lines as they are read, the bits of each before it.

    Args:
        lines: The lines.
        explain: Whether to tell of every character.
        apart: Whether a blank line parts the poems.
    """
    if explain:
        from charrnn.cli.explanation import print_legend, print_line

        print_legend()
    poem = 1
    for line in lines:
        if apart and line.poem > poem:
            click.echo()
        poem = line.poem
        if explain:
            print_line(line.surprises)
        else:
            click.echo(f"{mean_bits(line.surprises):6.2f}  {line.text}".rstrip())


def print_summary(tally: Tally) -> None:
    """Print the mean, and the places that surprised most."""
    parts = [
        counted(tally.characters, "character"),
        counted(tally.lines, "line"),
    ]
    if tally.in_poems:
        parts.append(counted(tally.poems, "poem"))
    if tally.unknown:
        parts.append(f"{tally.unknown:,} unknown to the network")
    click.echo(f"\n{tally.bits_per_character:6.2f}  bits per character: {', '.join(parts)}")
    if not tally.places:
        click.echo("\nNowhere was another character likelier.")
        return
    click.echo("\nThe most surprising characters:")
    for place in tally.places:
        click.echo(f"\n{place.surprise.bits:6.2f}  {_described(place)}")
        click.echo(f"        {_where(place, tally)}; {_likelier(place.surprise)}")


def print_json(
    checkpoint: Checkpoint, file: str, lines: Iterable[Line], tally: Tally, *, explain: bool
) -> None:
    """Print one document.

    Args:
        checkpoint: The network.
        file: What was scored.
        lines: The lines, which may be read only when they are asked for.
        tally: Counts them.
        explain: Whether to tell of every character.
    """
    poems = [
        {"lines": [_line_facts(line, explain=explain) for line in together]}
        for _, together in itertools.groupby(lines, lambda line: line.poem)
    ]
    document = {
        "checkpoint": str(checkpoint.directory),
        "model": checkpoint.model.sha256,
        "text": file,
        "nats_per_character": tally.nats_per_character,
        "bits_per_character": tally.bits_per_character,
        "characters": tally.characters,
        "unknown_characters": tally.unknown,
        "poems": poems,
        "most_surprising": [
            {
                "poem": place.line.poem,
                "line": place.line.number,
                "column": place.column,
                "before": place.before,
                **surprise_facts(place.surprise),
            }
            for place in tally.places
        ],
    }
    click.echo(json.dumps(document, ensure_ascii=False))


def _line_facts(line: Line, *, explain: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "text": line.text,
        "characters": len(line.surprises),
        "bits_per_character": mean_bits(line.surprises),
    }
    if explain:
        facts["explanation"] = list(map(surprise_facts, line.surprises))
    return facts


def _described(place: Place) -> str:
    """A character and what stands before it: "q after “looks down on every ”"."""
    character = _named(place.surprise.character)
    before = place.before
    if not before:
        return f"{character} at the beginning of a line"
    cut = "…" if len(before) > SHOWN_BEFORE else ""
    return f"{character} after “{cut}{before[-SHOWN_BEFORE:]}”"


def _where(place: Place, tally: Tally) -> str:
    poem = f"poem {place.line.poem:,}, " if tally.in_poems else ""
    return f"{poem}line {place.line.number:,}, character {place.column:,}"


def _likelier(surprise: Surprise) -> str:
    names = [
        _named(guess.character)
        for guess in surprise.runners_up
        if guess.log_probability > surprise.log_probability
    ]
    *others, last = names
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{listed} {'were' if others else 'was'} likelier"


def _named(character: str) -> str:
    if character == POEM_END:
        return "the end of the poem"
    return "an unknown character" if character == ANY_UNKNOWN else shown(character)
