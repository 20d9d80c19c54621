"""A Chinese poem as the lines that are counted, whatever lines it is printed in."""

import re
from typing import Final

BREAKS: Final = "，。？！；：,.?!;:"
"""Punctuation that ends a line of verse, as white space does."""

PASSED_OVER: Final = "、·・…—～~-–\"'“”‘’「」『』《》〈〉（）()【】[]"
"""Punctuation within a line; it is no character of the verse."""

_SILENT: Final = re.compile(f"[{re.escape(PASSED_OVER)}\u200b\ufeff\ufe00-\ufe0f]")
_BREAK: Final = re.compile(rf"[{re.escape(BREAKS)}\s]+")

_HAN: Final = re.compile(
    "[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f\U00030000-\U000323af]"
)


def verse_lines(text: str) -> list[str]:
    """The lines of verse in a text: what stands between punctuation marks or line ends.

    Args:
        text: A poem, or a part of one: "白日依山尽，黄河入海流。".

    Returns:
        Its lines without punctuation; what is neither Chinese nor punctuation stays, as a
        character that has no tone.
    """
    return [line for line in _BREAK.split(_SILENT.sub("", text)) if line]


def is_han(character: str) -> bool:
    """Whether a character is a Chinese one, by the blocks of Unicode 15 that hold them."""
    return _HAN.fullmatch(character) is not None
