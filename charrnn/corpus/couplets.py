"""Chinese poems whose couplets stand on lines of their own, and the same poems in one line each.

Networks read a poem as one line. People read it a couplet a line, so it is shown so, and what is
shown can be read again.
"""

import re
from typing import Final

_AFTER_SENTENCE: Final = re.compile(r"([。！？][”’」』）]?)(?=[^\s”’」』）])")
_COUPLET: Final = re.compile(
    r"[^，、；：。！？\s]+(?:[，、；：。！？][^，、；：。！？\s]+)?[。！？][”’」』）]?"
)
_BLANK_LINES: Final = re.compile(r"\n\s*\n")

MOST_COUPLETS: Final = 60
"""Most lines of a poem that is taken for couplets; more are a list of couplets, each a text itself."""


def couplets_apart(text: str, before: str = "") -> str:
    """A line end after each sentence but the last.

    Args:
        text: What is shown.
        before: The characters before it, which are shown already; a line end may be missing there.
    """
    seen = before[-2:]
    shown, all_of_it = (_AFTER_SENTENCE.sub(r"\1\n", one) for one in (seen, seen + text))
    return all_of_it[len(shown) :]


def couplets_joined(text: str) -> str:
    """Poems that stand a couplet a line, in one line each; any other text unchanged."""
    poems = [poem.split() for poem in _BLANK_LINES.split(text.strip("\n")) if poem.strip()]
    in_couplets = all(
        len(lines) <= MOST_COUPLETS and all(map(_is_couplet, lines)) for lines in poems
    )
    if not in_couplets or not any(len(lines) > 1 for lines in poems):
        return text
    return "\n".join("".join(lines) for lines in poems) + "\n" * text.endswith("\n")


def _is_couplet(line: str) -> bool:
    return _COUPLET.fullmatch(line) is not None
