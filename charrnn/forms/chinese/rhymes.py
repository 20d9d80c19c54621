"""Which characters may end a Chinese line so that the later lines of its rhyme can be finished.

Lines rhyme if their ends share a rhyme class and are different characters.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.decoding.sampling import Mask
from charrnn.forms.chinese.sounds import TONES, ChineseSounds, Tone, is_han, rhymes, tones
from charrnn.forms.core.automaton import Tokens, can_all_differ, leaving_enough
from charrnn.forms.core.config import Readings
from charrnn.settings.architecture import SPECIAL

CACHE_SIZE: Final = 1_024
"""Size of the caches of masks, answers, plans and states."""


class ChineseAlphabet:
    """The characters that a network can write, by tone and rhyme.

    With "any" readings, one fitting reading suffices; with "strict", all readings must fit, and a
    character rhymes only if it has a single class. `writable` is a mask, `(vocabulary,)`.
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
        self.mask = lru_cache(CACHE_SIZE)(self._mask)

    def of_tone(self, tone: Tone | None) -> Tokens:
        """The characters of a tone; all for None."""
        return self._fitting[tone]

    def rhymes_with(self, character: str, tone: Tone | None) -> frozenset[str]:
        """The rhyme classes of any character, writable or not."""
        return rhymes(self._sounds, character, tone)

    def _fits(self, tone: Tone, known: Collection[Tone]) -> bool:
        return tone in known and (not self._strict or len(known) == 1)

    def _classes(self, token: int, tone: Tone | None) -> frozenset[str]:
        character = self._characters[token]
        found = rhymes(self._sounds, character, tone) or rhymes(self._sounds, character)
        return frozenset() if self._strict and len(found) > 1 else found

    def _mask(self, parts: frozenset[Tokens]) -> Mask:
        """`(vocabulary,)`, read-only, true for the tokens of any set."""
        mask: Mask = np.zeros(self._size, np.bool_)
        for tokens in parts:
            mask[list(tokens)] = True
        mask.flags.writeable = False
        return mask


Classes = frozenset[str] | None
"""The classes that a group may still rhyme in; None for all."""

_NOTHING: Final[Tokens] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class RhymePool:
    """The possible ends of a line that rhymes, all and by class; classes may overlap."""

    tokens: Tokens
    by_class: Mapping[str, Tokens]

    def classes(self, among: Classes) -> frozenset[str]:
        """Its classes among the given ones."""
        return frozenset(self.by_class) if among is None else among & self.by_class.keys()


class ChineseRhymes:
    """Answers which tokens may stand at line ends."""

    def __init__(self, alphabet: ChineseAlphabet) -> None:
        self._alphabet = alphabet
        self.pool = lru_cache(CACHE_SIZE)(self._pool)
        self.can_rhyme = lru_cache(CACHE_SIZE)(self._can_rhyme)
        self.ends = lru_cache(CACHE_SIZE)(self._ends)

    def _pool(self, tokens: Tokens, tone: Tone | None) -> RhymePool:
        """The characters whose rhyme is known."""
        found = defaultdict[str, set[int]](set)
        for token in tokens:
            for name in self._alphabet.classes(token, tone):
                found[name].add(token)
        by_class = {name: frozenset(members) for name, members in found.items()}
        known = _NOTHING.union(*by_class.values())
        # Comparing large sets is instant if they are the same object.
        return RhymePool(tokens if known == tokens else known, by_class)

    def left(self, classes: Classes, ends: Sequence[tuple[int, Tone | None]]) -> Classes:
        """The classes that remain after lines with these ends."""
        found = [self._alphabet.classes(token, tone) for token, tone in ends]
        if classes is not None:
            found.append(classes)
        return frozenset.intersection(*found) if found else None

    def _can_rhyme(
        self, pools: tuple[RhymePool, ...], classes: Classes, used: Tokens = _NOTHING
    ) -> bool:
        """Whether lines with these pools can rhyme in one of the classes, without used tokens."""
        return any(
            can_all_differ([pool.by_class.get(name, _NOTHING) for pool in pools], used)
            for name in pools[0].classes(classes)
        )

    def _ends(
        self, pool: RhymePool, later: tuple[RhymePool, ...], classes: Classes, used: Tokens
    ) -> Tokens:
        """The possible ends of a line so that the later lines can rhyme with it."""
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
