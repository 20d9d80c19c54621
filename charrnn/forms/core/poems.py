"""The poems of a text, as a form would have them."""

import re
from typing import Final

from charrnn.forms.chinese.lines import verse_lines
from charrnn.forms.core.form import Form

_GAP: Final = re.compile(r"\n\s*\n")


def cut_poems(text: str, form: Form) -> list[str]:
    """The poems of a text that are to be held to a form.

    Blank lines part poems; where the form has stanzas or a poem is printed in several parts,
    parts that follow one another are one poem as long as they have no more lines than the form.
    A Chinese text may also have a whole poem on each line.

    Args:
        text: One poem, or several.
        form: What they are to be held to.

    Returns:
        The poems, at least one; a text of nothing but white space is a poem without lines.
    """
    poems: list[str] = []
    room = 0
    for part in _parts(text, form):
        lines = _lines(part, form)
        if lines <= room:
            poems[-1] += f"\n\n{part}"
            room -= lines
        else:
            poems.append(part)
            room = form.lines - lines
    return poems or [""]


def _parts(text: str, form: Form) -> list[str]:
    """What blank lines part, or line ends in a text that has a poem on each line."""
    parts: list[str] = []
    for block in _GAP.split(text.strip()):
        printed = [line for line in block.splitlines() if line.strip()]
        if len(printed) > 1 and all(_lines(line, form) >= form.lines > 1 for line in printed):
            parts += printed
        elif printed:
            parts.append("\n".join(printed))
    return parts


def _lines(part: str, form: Form) -> int:
    """How many lines of verse there are in a part of a text."""
    if form.language == "chinese":
        return len(verse_lines(part))
    return len(part.splitlines())
