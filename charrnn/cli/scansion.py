"""Draws the scansion of a poem: its units, the tone or stress of each, and its rhymes."""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from charrnn.cli.console import safe_console
from charrnn.forms.core.form import Judgement, ScannedLine
from charrnn.wording import counted

_MARGIN: Final = 5
_POINTER: Final = "^"


def print_judgement(
    judgement: Judgement, number: int | None = None, *, stderr: bool = False
) -> None:
    """Print a poem with its scansion and its faults; several poems have a `number` each."""
    console = safe_console(stderr=stderr, soft_wrap=True)
    console.print(_heading(judgement, number))
    width = max((sum(_widths(line)) for line in judgement.lines), default=0)
    letters = _rhyme_letters(judgement)
    for row, (line, letter) in enumerate(zip(judgement.lines, letters, strict=True), 1):
        wrong = {fault.position for fault in judgement.faults if fault.line == row} - {None}
        console.print()
        for drawn in _rows(line, wrong, f"{row:>{_MARGIN - 2}}  ", width, letter):
            console.print(drawn)
    console.print()
    if judgement.passes:
        console.print(Text("It keeps the form.", "green"))
    else:
        console.print(Text(f"{counted(len(judgement.faults), 'fault')}:", "red"))
    for fault in judgement.faults:
        console.print(f"  {fault.message}")
    if judgement.remarks:
        console.print(Text(f"{counted(len(judgement.remarks), 'remark')}, no fault:", "dim"))
    for remark in judgement.remarks:
        console.print(f"  {remark.message}")
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
    """The units of a line, their marks, and pointers to the wrong ones."""
    widths = _widths(line)
    if not widths:
        return [Text(margin + line.text)]
    blank = " " * len(margin)
    units = Text(margin + _spread(line.units, widths))
    # The letter of the rhyme, and how it sounds.
    rhyme = [letter or "-", line.rhyme, "(guessed)" if line.guessed else ""]
    units.append(" " * (width - sum(widths) + 2) + " ".join(filter(None, rhyme)), "dim")
    marks = Text(blank)
    for position, (mark, cells) in enumerate(zip(line.marks, widths, strict=True), 1):
        marks.append(set_cell_size(mark, cells), "bold red" if position in wrong else "cyan")
    rows = [units, marks]
    if wrong:
        pointers = [_POINTER if one in wrong else "" for one in range(1, len(widths) + 1)]
        rows.append(Text(blank + _spread(pointers, widths), "red"))
    for row in rows:
        row.rstrip()
    return rows


def _widths(line: ScannedLine) -> list[int]:
    """Columns of each character or syllable, with one column between them."""
    return [
        max(cell_len(unit), cell_len(mark)) + 1
        for unit, mark in zip(line.units, line.marks, strict=True)
    ]


def _spread(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True))


def _rhyme_letters(judgement: Judgement) -> list[str]:
    """The rhyme letter of each line, in the variant that fits best."""
    form = judgement.form
    letters: list[str] = []
    if judgement.variant in form.variant_names:
        variant = form.variants[form.variant_names.index(judgement.variant)]
        letters = [line.rhyme for line in variant]
    missing = len(judgement.lines) - len(letters)
    return letters[: len(judgement.lines)] + [""] * missing
