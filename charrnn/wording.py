"""Words for messages: lists and counts."""

from collections.abc import Iterable
from typing import Literal


def listed(words: Iterable[str], joint: Literal["and", "or"] = "and") -> str:
    """Words in a sentence, at least one: "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} {joint} {last}" if others else last


def counted(number: int, thing: str) -> str:
    """How many there are of a thing: "1 poem", "1,200 poems"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
