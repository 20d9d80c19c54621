"""Words for messages: lists, counts and sizes."""

from collections.abc import Iterable
from typing import Literal


def listed(words: Iterable[str], joint: Literal["and", "or"] = "and") -> str:
    """Words in a sentence, at least one: "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} {joint} {last}" if others else last


def counted(number: int, thing: str) -> str:
    """How many there are of a thing: "1 poem", "1,200 poems"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def layout_in_words(layout: str, *, stanzas: bool) -> str:
    """What separates poems in a layout: "blank lines separate the poems"."""
    if layout == "blocks" and stanzas:
        return "two or more blank lines separate poems, one blank line separates stanzas"
    return {
        "text": "one continuous text",
        "lines": "every line is a poem",
        "blocks": "blank lines separate the poems",
    }[layout]


def size_in_words(size: int) -> str:
    """A number of bytes in words: "8 bytes", "1.4 kB", "129 kB", "1.1 MB"."""
    if size < 1_000:
        return f"{size} bytes"
    if size < 9_950:
        return f"{size / 1e3:.1f} kB"
    if size < 999_500:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:,.1f} MB"
