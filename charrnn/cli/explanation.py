"""Texts with the surprise of each character beneath it, and what was likelier, drawn with Rich.

Characters stand in columns as wide as the widest of them: of Chinese ones two cells, of others one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from charrnn.generation.surprise import POEM_END, RUNNERS_UP, Surprise, lines_of, mean_bits

LEGEND: Final = (
    "Beneath each character: its surprise in bits (9: nine or more), and the three likeliest "
    "others. ␣ is a space, ↵ a line end, ∎ the end of a poem, � what the network does not know."
)

MARGIN: Final = 8
"""Cells before a line, for its bits."""

_SPACE: Final = "␣"
_MARKS: Final = {" ": _SPACE, "\n": "↵", POEM_END: "∎"}
_UNSEEN: Final = "�"
_DOTTED_CIRCLE: Final = "◌"

_MOST_BITS: Final = 9
_COLOURS: Final = ((1, "green"), (3, "cyan"), (5, "yellow"), (7, "magenta"))
_HIGHEST: Final = "bold red"


@dataclass(frozen=True, slots=True)
class _Column:
    """Characters that stand above one another, the text's own first, each with its style."""

    cells: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        return max(cell_len(text) for text, _ in self.cells)


def print_legend() -> None:
    """Tell on standard error how to read what follows."""
    Console(stderr=True, highlight=False).print(Text(LEGEND, "dim"))


def print_explained(prompt: str, surprises: Sequence[Surprise]) -> None:
    """Print a poem, line after line.

    Args:
        prompt: What was typed; nothing is told of it.
        surprises: What the network had expected in the place of what follows.
    """
    *lines, begun = prompt.split("\n")
    console = Console(highlight=False)
    for line in lines:
        print_line([], begun=line, console=console)
    for line_of_text in lines_of(surprises):
        print_line(line_of_text, begun=begun, console=console)
        begun = ""
    if begun:
        print_line([], begun=begun, console=console)


def print_line(
    surprises: Sequence[Surprise], *, begun: str = "", console: Console | None = None
) -> None:
    """Print one line of a text, in as many lines of the screen as it takes.

    Args:
        surprises: Those of its characters, its end included.
        begun: What stands at its beginning and is not told of.
        console: Where to; None is standard output.
    """
    console = console or Console(highlight=False)
    columns = [_Column(((one, "dim"),)) for one in map(_visible_in_text, begun)]
    columns += map(_column, surprises)
    if not columns:
        console.print()
    bits = f"{mean_bits(surprises):.2f}" if surprises else ""
    for piece in _wrapped(columns, max(2, console.width - MARGIN - 1)):
        rows = max(len(column.cells) for column in piece)
        for row in range(rows):
            label = (bits, "bits", "or")[min(row, 2)] if row != 0 or bits else ""
            _print_row(console, label, piece, row)
        bits = ""


def visible(character: str) -> str:
    """A character, or a mark that stands for it where it could not be seen."""
    if character in _MARKS:
        return _MARKS[character]
    if character.isspace():
        return _SPACE
    if not character.isprintable():
        return _UNSEEN
    return character if cell_len(character) else _DOTTED_CIRCLE + character


def _visible_in_text(character: str) -> str:
    """The same where a character stands in its text: there a space is one."""
    return character if character in {" ", "\N{IDEOGRAPHIC SPACE}"} else visible(character)


def _column(surprise: Surprise) -> _Column:
    colour = next((name for most, name in _COLOURS if surprise.bits < most), _HIGHEST)
    digit = str(min(_MOST_BITS, round(surprise.bits)))
    guesses = [
        (
            visible(guess.character),
            "" if guess.log_probability > surprise.log_probability else "dim",
        )
        for guess in surprise.runners_up
    ]
    missing = [("", "")] * (RUNNERS_UP - len(guesses))
    return _Column(
        ((_visible_in_text(surprise.character), colour), (digit, colour), *guesses, *missing)
    )


def _wrapped(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """Columns that fit in one line of the screen, after one another."""
    piece: list[_Column] = []
    taken = 0
    for column in columns:
        if piece and taken + column.width > width:
            yield piece
            piece, taken = [], 0
        piece.append(column)
        taken += column.width
    if piece:
        yield piece


def _print_row(console: Console, label: str, columns: Sequence[_Column], row: int) -> None:
    line = Text(f"{label:>{MARGIN - 2}}  ", "dim", end="")
    styled = Text()
    styled.append_text(line)
    for column in columns:
        text, style = column.cells[row] if row < len(column.cells) else ("", "")
        styled.append(text + " " * (column.width - cell_len(text)), style or None)
    styled.rstrip()
    console.print(styled, soft_wrap=True)
