"""The Chinese characters that a network may write, and how they sound in a poem."""

from collections.abc import Collection
from functools import lru_cache
from typing import Final

import numpy as np

from charrnn.config import Readings
from charrnn.corpus.vocabulary import SPECIAL, Vocabulary
from charrnn.forms.chinese.lines import is_han
from charrnn.forms.chinese.sounds import TONES, ChineseSounds, Tone, rhymes, tones
from charrnn.forms.core.matching import Symbols
from charrnn.generation.filters import Mask

MOST_KEPT: Final = 1_024
"""Masks that are kept for another time."""


class ChineseAlphabet:
    """What a network may write where a tone, a rhyme or nothing is asked for.

    Args:
        vocabulary: What the network knows.
        writable: `(vocabulary,)`, true for the symbols that may be written at all.
        sounds: How characters sound.
        readings: With "any", a character fits a tone when one of its readings does; with "strict",
            when all of them do, and it rhymes only where it stands in a single class.
    """

    def __init__(
        self, vocabulary: Vocabulary, writable: Mask, sounds: ChineseSounds, readings: Readings
    ) -> None:
        self._size = vocabulary.size
        self._sounds = sounds
        self._strict = readings == "strict"
        self._characters = {
            symbol: character
            for symbol, character in enumerate(vocabulary.characters, SPECIAL)
            if writable[symbol] and is_han(character)
        }
        known = {symbol: tones(sounds, character) for symbol, character in self._characters.items()}
        self._fitting: dict[Tone | None, Symbols] = {
            tone: frozenset(symbol for symbol, found in known.items() if self._fits(tone, found))
            for tone in TONES
        }
        self._fitting[None] = frozenset(self._characters)
        self.classes = lru_cache(maxsize=None)(self._classes)
        self.mask = lru_cache(MOST_KEPT)(self._mask)

    def of_tone(self, tone: Tone | None) -> Symbols:
        """The characters that may stand where a tone is asked for; all of them for None."""
        return self._fitting[tone]

    def rhyming(self, symbols: Symbols, tone: Tone | None) -> dict[str, Symbols]:
        """Some characters by the classes in which they rhyme.

        Args:
            symbols: Characters that may be written.
            tone: The tone that is asked for at the end of the line.
        """
        by_class: dict[str, set[int]] = {}
        for symbol in symbols:
            for name in self.classes(symbol, tone):
                by_class.setdefault(name, set()).add(symbol)
        return {name: frozenset(found) for name, found in by_class.items()}

    def rhymes_with(self, character: str, tone: Tone | None) -> frozenset[str]:
        """The classes of whatever rhymes in a tone with a character, which need not be writable."""
        return rhymes(self._sounds, character, tone)

    def _fits(self, tone: Tone, known: Collection[Tone]) -> bool:
        return tone in known and (not self._strict or len(known) == 1)

    def _classes(self, symbol: int, tone: Tone | None) -> frozenset[str]:
        """The rhyme classes of a character in a tone; in either, where it has none in that."""
        character = self._characters[symbol]
        found = rhymes(self._sounds, character, tone) or rhymes(self._sounds, character)
        return frozenset() if self._strict and len(found) > 1 else found

    def _mask(self, parts: frozenset[Symbols]) -> Mask:
        """`(vocabulary,)`, true for the symbols of any of the sets; not to be changed."""
        mask: Mask = np.zeros(self._size, np.bool_)
        for symbols in parts:
            mask[list(symbols)] = True
        mask.flags.writeable = False
        return mask
