"""Words for messages: lists, counts and sizes, foreign text, and lines that fit a terminal."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # Control characters: C0, DEL and C1.
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # What changes the direction of writing.
    "\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # No width.
    "\u2028\u2029\ud800-\udfff]"  # Line and paragraph separators; lone surrogates.
)
"""What can steer a terminal or deceive a reader. Joiners are not here: some scripts need them."""


def listed(words: Iterable[str], joint: Literal["and", "or"] = "and") -> str:
    """Words in a sentence, at least one: "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} {joint} {last}" if others else last


def counted(number: float, thing: str) -> str:
    """How many there are of a thing: "1 poem", "1,200 poems", "0.35 epochs"."""
    figure = f"{number:,}" if isinstance(number, int) else f"{number:.3g}"
    return f"{figure} {thing}{'' if figure == '1' else 's'}"


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


def printable(text: str, keep: str = "") -> str:
    r"""Foreign text as a terminal may show it: "\x1b[2J" for an escape sequence.

    Control characters, lone surrogates, direction marks and characters without width are spelled as
    in Python, but for those to `keep`, such as line ends. All other characters stay.
    """
    return UNPRINTABLE.sub(lambda one: one[0] if one[0] in keep else _spelled(one[0]), text)


def _spelled(character: str) -> str:
    return ascii(character)[1:-1]


def cells(text: str) -> int:
    """The columns of a terminal that a text takes; a Chinese character takes two."""
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )


def wrapped(text: str, width: int) -> str:
    """A text whose lines are broken between words to fit a terminal; a longer word stays whole."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in re.findall(r" *[^ ]+", paragraph):
            if line and cells(line) + cells(word) > width:
                lines.append(line)
                word = word.lstrip(" ")  # noqa: PLW2901
                line = ""
            line += word
        lines.append(line)
    return "\n".join(lines)
