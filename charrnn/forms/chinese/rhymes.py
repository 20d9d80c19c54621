"""Which characters may end a Chinese line so that all that are to rhyme with it still can.

The lines of a group rhyme when there is one class that all their ends stand in, and no two of them
end in the same character.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import SPECIAL, Vocabulary
from charrnn.decoding.sampling import Mask
from charrnn.forms.chinese.sounds import TONES, ChineseSounds, Tone, is_han, rhymes, tones
from charrnn.forms.core.automaton import Tokens, can_all_differ, leaving_enough
from charrnn.forms.core.config import Readings

MOST_KEPT: Final = 1_024
"""Masks that are kept for another time."""


class ChineseAlphabet:
    """What a network may write where a tone, a rhyme or nothing is asked for.

    Args:
        vocabulary: What the network knows.
        writable: `(vocabulary,)`, true for the tokens that may be written at all.
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
            token: character
            for token, character in enumerate(vocabulary.characters, SPECIAL)
            if writable[token] and is_han(character)
        }
        known = {token: tones(sounds, character) for token, character in self._characters.items()}
        self._fitting: dict[Tone | None, Tokens] = {
            tone: frozenset(token for token, found in known.items() if self._fits(tone, found))
            for tone in TONES
        }
        self._fitting[None] = frozenset(self._characters)
        self.classes = lru_cache(maxsize=None)(self._classes)
        self.mask = lru_cache(MOST_KEPT)(self._mask)

    def of_tone(self, tone: Tone | None) -> Tokens:
        """The characters that may stand where a tone is asked for; all of them for None."""
        return self._fitting[tone]

    def rhyming(self, tokens: Tokens, tone: Tone | None) -> dict[str, Tokens]:
        """Some characters by the classes in which they rhyme.

        Args:
            tokens: Characters that may be written.
            tone: The tone that is asked for at the end of the line.
        """
        by_class: dict[str, set[int]] = {}
        for token in tokens:
            for name in self.classes(token, tone):
                by_class.setdefault(name, set()).add(token)
        return {name: frozenset(found) for name, found in by_class.items()}

    def rhymes_with(self, character: str, tone: Tone | None) -> frozenset[str]:
        """The classes of whatever rhymes in a tone with a character, which need not be writable."""
        return rhymes(self._sounds, character, tone)

    def _fits(self, tone: Tone, known: Collection[Tone]) -> bool:
        return tone in known and (not self._strict or len(known) == 1)

    def _classes(self, token: int, tone: Tone | None) -> frozenset[str]:
        """The rhyme classes of a character in a tone; in either, where it has none in that."""
        character = self._characters[token]
        found = rhymes(self._sounds, character, tone) or rhymes(self._sounds, character)
        return frozenset() if self._strict and len(found) > 1 else found

    def _mask(self, parts: frozenset[Tokens]) -> Mask:
        """`(vocabulary,)`, true for the tokens of any of the sets; not to be changed."""
        mask: Mask = np.zeros(self._size, np.bool_)
        for tokens in parts:
            mask[list(tokens)] = True
        mask.flags.writeable = False
        return mask


Classes = frozenset[str] | None
"""The classes that a group may still rhyme in; None for any."""

_NOTHING: Final[Tokens] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class RhymePool:
    """The characters that a line which rhymes may end in.

    Attributes:
        tokens: All of them.
        by_class: The same by rhyme class; some may stand in several.
    """

    tokens: Tokens
    by_class: Mapping[str, Tokens]

    def classes(self, among: Classes) -> frozenset[str]:
        """Those of some classes that it has characters of."""
        return frozenset(self.by_class) if among is None else among & self.by_class.keys()


class ChineseRhymes:
    """Answers what may stand at the ends of lines.

    Args:
        alphabet: What the network may write.
    """

    def __init__(self, alphabet: ChineseAlphabet) -> None:
        self._alphabet = alphabet
        self.pool = lru_cache(MOST_KEPT)(self._pool)
        self.can_rhyme = lru_cache(MOST_KEPT)(self._can_rhyme)
        self.ends = lru_cache(MOST_KEPT)(self._ends)

    def _pool(self, tokens: Tokens, tone: Tone | None) -> RhymePool:
        """The characters among some whose rhyme is known."""
        by_class = self._alphabet.rhyming(tokens, tone)
        known = _NOTHING.union(*by_class.values())
        # Sets of thousands are compared in no time when they are one and the same.
        return RhymePool(tokens if known == tokens else known, by_class)

    def left(self, classes: Classes, ends: Sequence[tuple[int, Tone | None]]) -> Classes:
        """The classes that are left of some after lines that ended in these characters."""
        found = [self._alphabet.classes(token, tone) for token, tone in ends]
        if classes is not None:
            found.append(classes)
        return frozenset.intersection(*found) if found else None

    def _can_rhyme(
        self, pools: tuple[RhymePool, ...], classes: Classes, used: Tokens = _NOTHING
    ) -> bool:
        """Whether lines can end so that they rhyme.

        Args:
            pools: What each of them may end in, at least one.
            classes: The classes that they may rhyme in.
            used: Characters that lines of the group before them ended in.
        """
        return any(
            can_all_differ([pool.by_class.get(name, _NOTHING) for pool in pools], used)
            for name in pools[0].classes(classes)
        )

    def _ends(
        self, pool: RhymePool, later: tuple[RhymePool, ...], classes: Classes, used: Tokens
    ) -> Tokens:
        """The characters that a line may end in.

        Args:
            pool: What it could end in if it stood alone.
            later: The same of the lines after it that are to rhyme with it.
            classes: The classes that the group may rhyme in.
            used: Characters that lines of the group before it ended in.
        """
        return _NOTHING.union(
            *(
                leaving_enough(
                    pool.by_class[name],
                    [other.by_class.get(name, _NOTHING) for other in later],
                    used,
                )
                for name in pool.classes(classes)
            )
        )
