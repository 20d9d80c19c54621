"""Traditional and simplified Chinese: forms of characters, and simplifying a text.

The tables are those of OpenCC (Apache-2.0), read on first use.
"""

import functools
import re
from pathlib import Path
from typing import Final

HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han characters, as ranges of a regular expression."""

_DIRECTORY = Path(__file__).parent


def simplified_forms(character: str) -> tuple[str, ...]:
    """The simplified forms of a traditional character, the usual one first."""
    return _table("traditional_to_simplified").get(character, ())


def traditional_forms(character: str) -> tuple[str, ...]:
    """The traditional forms of a simplified character, the usual one first."""
    return _table("simplified_to_traditional").get(character, ())


def only_traditional(character: str) -> bool:
    """Whether a character is not in GB 2312 but its simplified form is."""
    return _is_foreign(character, simplified_forms(character), "gb2312")


def only_simplified(character: str) -> bool:
    """Whether a character is not in Big5 but its traditional form is."""
    return _is_foreign(character, traditional_forms(character), "big5")


def simplify(text: str) -> str:
    """Convert traditional to simplified Chinese like OpenCC's `t2s`.

    The longest phrase of the table comes first (乾坤 keeps its 乾), then each character takes its
    usual form. Everything else stays.
    """
    phrases, characters = _phrases(), _usual_forms()
    pieces: list[str] = []
    end = 0
    for phrase in phrases.finditer(text):
        pieces += (
            text[end : phrase.start()].translate(characters),
            simplified_forms(phrase.group())[0],
        )
        end = phrase.end()
    return "".join((*pieces, text[end:].translate(characters)))


def _is_foreign(character: str, forms: tuple[str, ...], charset: str) -> bool:
    return (
        bool(forms)
        and character not in forms
        and not _in_charset(character, charset)
        and _in_charset(forms[0], charset)
    )


def _in_charset(character: str, charset: str) -> bool:
    return bool(character.encode(charset, "ignore"))


@functools.cache
def _phrases() -> re.Pattern[str]:
    phrases = (entry for entry in _table("traditional_to_simplified") if len(entry) > 1)
    return re.compile("|".join(map(re.escape, sorted(phrases, key=len, reverse=True))))


@functools.cache
def _usual_forms() -> dict[int, str]:
    table = _table("traditional_to_simplified")
    return {ord(entry): forms[0] for entry, forms in table.items() if len(entry) == 1}


@functools.cache
def _table(name: str) -> dict[str, tuple[str, ...]]:
    lines = (_DIRECTORY / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split("\t") for line in lines if not line.startswith("#"))
    return {entry: tuple(forms.split(" ")) for entry, forms in entries}
