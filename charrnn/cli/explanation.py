"""Draws a text with the surprisal of each character and the likeliest others beneath it."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from charrnn.cli.console import safe_console
from charrnn.decoding.scoring import POEM_END, RUNNERS_UP, TokenScore, mean_bits, split_lines

LEGEND: Final = (
    "Beneath each character: its surprisal in bits (9: nine or more), and the three likeliest "
    "others. ␣ is a space, ↵ a line end, ∎ the end of a poem, � an unknown character."
)

MARGIN: Final = 8
"""Width of the labels on the left."""

_SPACE: Final = "␣"
_MARKS: Final = {" ": _SPACE, "\n": "↵", POEM_END: "∎"}
_UNSEEN: Final = "�"
_DOTTED_CIRCLE: Final = "◌"

_MOST_BITS: Final = 9
_COLOURS: Final = ((1, "green"), (3, "cyan"), (5, "yellow"), (7, "magenta"))
_HIGHEST: Final = "bold red"


_Column = tuple[tuple[str, str], ...]
"""A character of the text and what stands beneath it, each with its style."""


def print_legend() -> None:
    """Print the legend to standard error."""
    safe_console(stderr=True).print(Text(LEGEND, "dim"))


def print_explained(prompt: str, scores: Sequence[TokenScore]) -> None:
    """Print a poem: a prompt, which has no scores, and the scores of the characters after it."""
    *lines, begun = prompt.split("\n")
    for line in lines:
        print_line([], begun=line)
    for line_scores in split_lines(scores):
        print_line(line_scores, begun=begun)
        begun = ""
    if begun:
        print_line([], begun=begun)


def print_line(scores: Sequence[TokenScore], *, begun: str = "") -> None:
    """Print one line of a text, wrapped to the width of the terminal.

    Its beginning `begun` has no scores. Its end has one.
    """
    console = safe_console()
    columns: list[_Column] = [((_visible_in_text(one), "dim"),) for one in begun]
    columns += map(_column, scores)
    if not columns:
        console.print()
    bits = f"{mean_bits(scores):.2f}" if scores else ""
    for piece in _wrapped(columns, max(2, console.width - MARGIN - 1)):
        for row in range(max(map(len, piece))):
            label = (bits, "bits", "or")[min(row, 2)] if row != 0 or bits else ""
            _print_row(console, label, piece, row)
        bits = ""


def visible(character: str) -> str:
    """Return a character, or a mark for an invisible one."""
    if character in _MARKS:
        return _MARKS[character]
    if character.isspace():
        return _SPACE
    if not character.isprintable():
        return _UNSEEN
    return character if cell_len(character) else _DOTTED_CIRCLE + character


def _visible_in_text(character: str) -> str:
    """The same for a character of the text, where a space stays a space."""
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
    return ((own, colour), (digit, colour), *others, *missing)


def _width(column: _Column) -> int:
    """Return the terminal cells that a column needs; Chinese characters need two."""
    return max(cell_len(text) for text, _ in column)


def _wrapped(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """Yield columns that fit in one line of the terminal."""
    piece: list[_Column] = []
    used = 0
    for column in columns:
        if piece and used + _width(column) > width:
            yield piece
            piece, used = [], 0
        piece.append(column)
        used += _width(column)
    if piece:
        yield piece


def _print_row(console: Console, label: str, columns: Sequence[_Column], row: int) -> None:
    styled = Text().append(f"{label:>{MARGIN - 2}}  ", "dim")
    for column in columns:
        text, style = column[row] if row < len(column) else ("", "")
        styled.append(text + " " * (_width(column) - cell_len(text)), style or None)
    styled.rstrip()
    console.print(styled, soft_wrap=True)
