"""The scansion of a poem, drawn with Rich on standard output."""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from charrnn.forms.core.form import Judgement, ScannedLine
from charrnn.wording import counted

_MARGIN: Final = 5
_POINTER: Final = "^"


def show_judgement(console: Console, judgement: Judgement, number: int | None) -> None:
    """Draw a poem with its sounds below it, and say what is wrong.

    Args:
        console: Where to draw.
        judgement: What was found out about the poem.
        number: Which of several poems it is, from 1; None for the only one.
    """
    console.print(_heading(judgement, number))
    width = max((sum(_widths(line)) for line in judgement.lines), default=0)
    for place, (line, letter) in enumerate(
        zip(judgement.lines, _letters(judgement), strict=True), 1
    ):
        wrong = {fault.position for fault in judgement.faults if fault.line == place} - {None}
        console.print()
        for row in _rows(line, wrong, f"{place:>{_MARGIN - 2}}  ", width, letter):
            console.print(row)
    console.print()
    if judgement.passes:
        console.print(Text("It keeps the form.", "green"))
    else:
        count = len(judgement.faults)
        console.print(Text(f"{counted(count, 'fault')}:", "red"))
    for fault in judgement.faults:
        console.print(f"  {fault.message}")
    if number is not None:
        console.print()


def _heading(judgement: Judgement, number: int | None) -> Text:
    form = judgement.form
    several = len(form.variants) > 1 and judgement.variant is not None
    title = f"{form.title}, {judgement.variant}" if several else form.title
    return Text(title if number is None else f"Poem {number:,}: {title}", "bold")


def _rows(
    line: ScannedLine, wrong: set[int | None], margin: str, width: int, letter: str
) -> list[Text]:
    """A line of a poem, its marks, and pointers to the wrong ones."""
    widths = _widths(line)
    if not widths:
        return [Text(margin + line.text)]
    blank = " " * len(margin)
    units = Text(margin + _spread(line.units, widths))
    units.append(" " * (width - sum(widths)) + _rhyme(line, letter), "dim")
    marks = Text(blank)
    for place, (mark, cell) in enumerate(zip(line.marks, widths, strict=True), 1):
        marks.append(set_cell_size(mark, cell), "bold red" if place in wrong else "cyan")
    rows = [units, marks]
    if wrong:
        pointers = [_POINTER if place in wrong else "" for place in range(1, len(widths) + 1)]
        rows.append(Text(blank + _spread(pointers, widths), "red"))
    for row in rows:
        row.rstrip()
    return rows


def _widths(line: ScannedLine) -> list[int]:
    """Columns for each character or syllable, with one between them."""
    return [
        max(cell_len(unit), cell_len(mark)) + 1
        for unit, mark in zip(line.units, line.marks, strict=True)
    ]


def _spread(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True))


def _rhyme(line: ScannedLine, letter: str) -> str:
    """The letter of a line's rhyme and its sound; a guessed pronunciation is said to be one."""
    parts = [letter or "-", line.rhyme, "(guessed)" if line.guessed else ""]
    return "  " + " ".join(part for part in parts if part)


def _letters(judgement: Judgement) -> list[str]:
    """The rhyme letter of each line of a poem, as the variant has it that fits best."""
    form = judgement.form
    letters: list[str] = []
    if judgement.variant in form.variant_names:
        letters = [
            line.rhyme for line in form.variants[form.variant_names.index(judgement.variant)]
        ]
    missing = len(judgement.lines) - len(letters)
    return letters[: len(judgement.lines)] + [""] * missing
