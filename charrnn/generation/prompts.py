"""What a person typed, as a network reads it."""

import re
import unicodedata
from typing import Final, NamedTuple

from charrnn.config import Layout
from charrnn.corpus.encoding import Normaliser
from charrnn.corpus.variants import Substitution, fit_to_vocabulary
from charrnn.corpus.vocabulary import END_OF_POEM, Vocabulary

LINE_END: Final = re.compile(r"\n\s*")
BLANK_LINE: Final = re.compile(r"\n[^\S\n]*\n\s*")
BLANK_LINES: Final = re.compile(r"\n[^\S\n]*\n[^\S\n]*\n\s*")

_NAMES: Final = {" ": "a space", "\n": "a line end", "\t": "a tab"}


class ReadPrompt(NamedTuple):
    """A prompt as ids.

    Attributes:
        ids: What the network reads.
        substitutions: Each character that the vocabulary does not hold, once.
    """

    ids: list[int]
    substitutions: tuple[Substitution, ...]


def read_prompt(
    prompt: str, vocabulary: Vocabulary, layout: Layout, *, stanzas: bool = False
) -> ReadPrompt:
    """Turn a prompt into what a network reads.

    It is normalised as a corpus is. In the layouts of poems, what ends a poem there becomes the
    poem break. White space at the end stays: it may be the beginning of a line or a word.

    Args:
        prompt: What was typed; may be empty.
        vocabulary: What the network knows; other characters are read as a variant it knows, or
            else as unknown.
        layout: How poems stood in the text it learned.
        stanzas: Whether one blank line parted stanzas there, and only a longer gap poems.
    """
    text = "".join(Normaliser().normalise([prompt]))
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


def poems_in(text: str, layout: Layout, *, stanzas: bool) -> list[str]:
    """The poems that a text is parted into as a corpus of that layout would be; the last is open."""
    parting = _parting(layout, stanzas=stanzas)
    return parting.split(text) if parting else [text]


def _parting(layout: Layout, *, stanzas: bool) -> re.Pattern[str] | None:
    """What ends a poem in a prompt, as in a corpus of that layout; None where nothing does."""
    if layout == "lines":
        return LINE_END
    if layout == "blocks":
        return BLANK_LINES if stanzas else BLANK_LINE
    return None


def describe_substitution(substitution: Substitution) -> str:
    """The sentence that tells of a character read as another one."""
    read_as = (
        "an unknown character"
        if substitution.replacement is None
        else shown(substitution.replacement)
    )
    return f"{shown(substitution.original)} is not in this model's alphabet; read as {read_as}."


def shown(text: str) -> str:
    """A text that can be seen: white space and what has no shape of its own by name."""
    if text in _NAMES:
        return _NAMES[text]
    if text.isprintable() and not unicodedata.combining(text[0]):
        return text
    return " ".join(f"U+{ord(character):04X}" for character in text)
