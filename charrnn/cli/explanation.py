"""Draws texts with the surprisal of each character beneath it, and what was likelier.

A column is as wide as its widest character: two cells for Chinese, one for most others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from charrnn.decoding.scoring import POEM_END, RUNNERS_UP, TokenScore, mean_bits, split_lines

LEGEND: Final = (
    "Beneath each character: its surprisal in bits (9: nine or more), and the three likeliest "
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
    """A character of the text and the cells beneath it, each with its style."""

    cells: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        return max(cell_len(text) for text, _ in self.cells)


def print_legend() -> None:
    """Tell on standard error how to read what follows."""
    Console(stderr=True, highlight=False).print(Text(LEGEND, "dim"))


def print_explained(prompt: str, scores: Sequence[TokenScore]) -> None:
    """Print a poem line by line.

    Args:
        prompt: What was typed, which has no scores.
        scores: Those of what follows.
    """
    *lines, begun = prompt.split("\n")
    console = Console(highlight=False)
    for line in lines:
        print_line([], begun=line, console=console)
    for line_scores in split_lines(scores):
        print_line(line_scores, begun=begun, console=console)
        begun = ""
    if begun:
        print_line([], begun=begun, console=console)


def print_line(
    scores: Sequence[TokenScore], *, begun: str = "", console: Console | None = None
) -> None:
    """Print one line of a text, in as many lines of the screen as it takes.

    Args:
        scores: Those of its characters, its end included.
        begun: Its beginning, which has no scores.
        console: Where to print; None is standard output.
    """
    console = console or Console(highlight=False)
    columns = [_Column(((one, "dim"),)) for one in map(_visible_in_text, begun)]
    columns += map(_column, scores)
    if not columns:
        console.print()
    bits = f"{mean_bits(scores):.2f}" if scores else ""
    for piece in _wrapped(columns, max(2, console.width - MARGIN - 1)):
        rows = max(len(column.cells) for column in piece)
        for row in range(rows):
            label = (bits, "bits", "or")[min(row, 2)] if row != 0 or bits else ""
            _print_row(console, label, piece, row)
        bits = ""


def visible(character: str) -> str:
    """A character, or a mark for one that could not be seen."""
    if character in _MARKS:
        return _MARKS[character]
    if character.isspace():
        return _SPACE
    if not character.isprintable():
        return _UNSEEN
    return character if cell_len(character) else _DOTTED_CIRCLE + character


def _visible_in_text(character: str) -> str:
    """The same for a character of the text itself, where a space stays a space."""
    return character if character in {" ", "\N{IDEOGRAPHIC SPACE}"} else visible(character)


def _column(score: TokenScore) -> _Column:
    colour = next((name for most, name in _COLOURS if score.bits < most), _HIGHEST)
    digit = str(min(_MOST_BITS, round(score.bits)))
    others = [
        (visible(other.character), "" if other.log_probability > score.log_probability else "dim")
        for other in score.runners_up
    ]
    missing = [("", "")] * (RUNNERS_UP - len(others))
    own = _visible_in_text(score.character)
    return _Column(((own, colour), (digit, colour), *others, *missing))


def _wrapped(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """The columns, divided into pieces that fit in one line of the screen."""
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
    styled = Text()
    styled.append(f"{label:>{MARGIN - 2}}  ", "dim")
    for column in columns:
        text, style = column.cells[row] if row < len(column.cells) else ("", "")
        styled.append(text + " " * (column.width - cell_len(text)), style or None)
    styled.rstrip()
    console.print(styled, soft_wrap=True)
