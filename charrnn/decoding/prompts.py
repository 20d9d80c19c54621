"""Turns a prompt into token ids."""

import re
import unicodedata
from typing import Final, NamedTuple

from charrnn.corpus.couplets import couplets_joined
from charrnn.corpus.encoding import Normaliser
from charrnn.corpus.variants import Substitution, fit_to_vocabulary
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary
from charrnn.settings.configuration import Layout

LINE_END: Final = re.compile(r"\n\s*")
BLANK_LINE: Final = re.compile(r"\n[^\S\n]*\n\s*")
BLANK_LINES: Final = re.compile(r"\n[^\S\n]*\n[^\S\n]*\n\s*")

_NAMES: Final = {" ": "a space", "\n": "a line end", "\t": "a tab"}


class ReadPrompt(NamedTuple):
    """A prompt as token ids, and a substitution for each character outside the vocabulary."""

    ids: list[int]
    substitutions: tuple[Substitution, ...]


def read_prompt(
    prompt: str, vocabulary: Vocabulary, layout: Layout, *, stanzas: bool = False
) -> ReadPrompt:
    """Turn a prompt into token ids.

    A prompt is normalised like a corpus. What separates poems in the layout becomes the end-of-poem
    token; with `stanzas`, a single blank line separates only stanzas. White space at the end stays,
    because it may begin a line or a word. A character outside the vocabulary is replaced by a
    variant in it, or by the unknown token.
    """
    text = normalised(prompt)
    *whole, last = poems_in(text, layout, stanzas=stanzas)
    ids: list[int] = []
    substitutions: dict[str, Substitution] = {}
    for number, piece in enumerate([*map(str.rstrip, whole), last]):
        fitted, made = fit_to_vocabulary(piece, vocabulary)
        substitutions.update((one.original, one) for one in made)
        if number > 0:
            ids.append(END_OF_POEM)
        ids.extend(map(vocabulary.id_of, fitted))
    return ReadPrompt(ids, tuple(substitutions.values()))


def normalised(prompt: str) -> str:
    """A prompt as it is read and shown: without control characters, its line ends all alike."""
    return "".join(Normaliser().normalise([prompt]))


def poems_in(text: str, layout: Layout, *, stanzas: bool) -> list[str]:
    """The poems of a text, split like a corpus of that layout; the last one may go on."""
    if layout == "lines":
        return LINE_END.split(couplets_joined(text))
    if layout == "blocks":
        return (BLANK_LINES if stanzas else BLANK_LINE).split(text)
    return [text]


def line_ends_within(layout: Layout, *, stanzas: bool) -> int | None:
    """The most line ends in a row within a poem: one more would part two poems; None for any."""
    return {"lines": 0, "blocks": 2 if stanzas else 1}.get(layout)


def describe_substitution(substitution: Substitution) -> str:
    """A sentence about a character that is replaced by another one."""
    replacement = substitution.replacement
    read_as = "an unknown character" if replacement is None else shown(replacement)
    return f"{shown(substitution.original)} is not in this model's alphabet; read as {read_as}."


def shown(text: str) -> str:
    """A text for display; white space and characters without a shape are named."""
    if text in _NAMES:
        return _NAMES[text]
    if text.isprintable() and not unicodedata.combining(text[0]):
        return text
    return " ".join(f"U+{ord(character):04X}" for character in text)
