"""Characters that are wished for, and ones that are not: favour and ban, for one vocabulary."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.generation.filters import Mask
from charrnn.generation.prompts import shown
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.notation import parse_ban, parse_favours


@dataclass(frozen=True, slots=True, eq=False)
class Wishes:
    """What the settings ask of single characters.

    Attributes:
        bias: `(vocabulary,)` float64, nats to add to logits; None where nothing is favoured.
        banned: `(vocabulary,)`, true for symbols never to be written; None where nothing is.
        notes: A sentence for each character named that the vocabulary does not hold.
    """

    bias: npt.NDArray[np.float64] | None
    banned: Mask | None
    notes: tuple[str, ...]


def wishes(config: SamplingConfig, vocabulary: Vocabulary) -> Wishes:
    """Favour and ban of the settings, for a vocabulary.

    Args:
        config: The settings.
        vocabulary: What the network writes.

    Raises:
        ConfigurationError: The ban leaves nothing but white space to write.
    """
    favours = parse_favours(config.favour) if config.favour is not None else {}
    ban = parse_ban(config.ban or "")
    if all(one in ban or one.isspace() for one in vocabulary.characters):
        raise ConfigurationError(
            "the ban leaves no character to write. Ban fewer of this model's alphabet."
        )
    bias, banned = np.zeros(vocabulary.size), np.zeros(vocabulary.size, np.bool_)
    for character, nats in favours.items():
        if character in vocabulary:
            bias[vocabulary.id_of(character)] = nats
    banned[[vocabulary.id_of(character) for character in ban if character in vocabulary]] = True
    return Wishes(
        bias if bias.any() else None,
        banned if banned.any() else None,
        (
            *_notes(favours, vocabulary, "so it cannot be favoured"),
            *_notes(sorted(ban), vocabulary, "so it is never written, banned or not"),
        ),
    )


def _notes(characters: Iterable[str], vocabulary: Vocabulary, consequence: str) -> list[str]:
    return [
        f"{shown(character)} is not in this model's alphabet, {consequence}."
        for character in characters
        if character not in vocabulary
    ]
