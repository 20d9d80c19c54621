"""Small texts begin with what a bundled network has learned of their script."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from charrnn.checkpoint import lookup
from charrnn.checkpoint.directory import read_record
from charrnn.checkpoint.record import holds_run
from charrnn.forms.core.form import LanguageName
from charrnn.settings.configuration import ModelConfig
from charrnn.wording import counted, listed

if TYPE_CHECKING:
    from charrnn.corpus.loading import Corpus

SCRATCH: Final = "scratch"
"""Given instead of a network to begin with nothing."""

SMALL_TEXT: Final = 2_000_000
"""Bytes of UTF-8 below which a text is too small to teach a network its language."""

NETWORKS: Final[dict[LanguageName, str]] = {"english": "verse", "chinese": "shi"}
"""The bundled network that small texts begin with, by the language of its script."""

_MOST_LETTERS_OF_OTHERS: Final = 0.2
"""Share of letters of other scripts above which a text is of another script."""


@dataclass(frozen=True, slots=True)
class BundledStart:
    """How a text begins that no network was named for.

    Attributes:
        directory: The network to begin with; None for none.
        told: A sentence on it; empty where there is nothing to tell.
    """

    directory: Path | None
    told: str


def bundled_start(corpus: "Corpus", model: ModelConfig, given: Collection[str]) -> BundledStart:
    """The bundled network that a text begins with.

    Args:
        corpus: The text.
        model: The network asked for.
        given: The settings of it that were asked for.
    """
    language = _language_of_small_text(corpus)
    directory = None if language is None else lookup.BUNDLED / NETWORKS[language]
    if directory is None or not holds_run(directory):
        return BundledStart(None, "")
    record = read_record(directory)
    name = directory.name
    sizes = record.architecture
    others = [
        setting.replace("_", "-")
        for setting in sorted(given)
        if setting != "dropout" and getattr(model, setting) != getattr(sizes, setting)
    ]
    if others:
        return BundledStart(
            None,
            f"It begins with nothing: {name}, which comes with charrnn, differs in {listed(others)}.",
        )
    return BundledStart(
        directory,
        f"This text is small, so it begins with {name}, which has read "
        f"{counted(record.corpus.characters, 'character')}; --from {SCRATCH} begins with nothing.",
    )


def _language_of_small_text(corpus: "Corpus") -> LanguageName | None:
    """The language of most letters of a small text; None for others, and for long texts."""
    from charrnn.corpus.store import pieces
    from charrnn.forms.core.language import all_languages

    if corpus.characters > SMALL_TEXT:
        return None
    text = "".join(pieces(corpus.text))
    if len(text.encode()) > SMALL_TEXT:
        return None
    letters = [character for character in text if character.isalpha()]
    for name, language in all_languages().items():
        strange = sum(not language.writes(letter) for letter in letters)
        if letters and strange <= _MOST_LETTERS_OF_OTHERS * len(letters):
            return name
    return None
