"""What a recipe works with: downloaded files, and poems as JSON Lines."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A downloaded file.

    Attributes:
        name: Its name, without directories.
        content: Its bytes.
        author: Who wrote all that is in it, according to the catalogue; empty if several did.
    """

    name: str
    content: bytes
    author: str = ""


def json_lines(poems: Iterable[Mapping[str, str]]) -> str:
    """Poems as JSON Lines, an object a poem; empty fields are left out."""
    filled = ({name: value for name, value in poem.items() if value} for poem in poems)
    return "".join(json.dumps(poem, ensure_ascii=False) + "\n" for poem in filled)
