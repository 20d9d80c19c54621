"""Which characters may end a Chinese line so that all that are to rhyme with it still can.

The lines of a group rhyme when there is one class that all their ends stand in, and no two of them
end in the same character.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from charrnn.forms.chinese.alphabet import ChineseAlphabet
from charrnn.forms.chinese.sounds import Tone
from charrnn.forms.core.matching import Symbols, can_all_differ, leaving_enough

Classes = frozenset[str] | None
"""The classes that a group may still rhyme in; None for any."""

MOST_KEPT: Final = 1_024
"""Answers that are kept for another time."""

_NOTHING: Final[Symbols] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class RhymePool:
    """The characters that a line which rhymes may end in.

    Attributes:
        symbols: All of them.
        by_class: The same by rhyme class; some may stand in several.
    """

    symbols: Symbols
    by_class: Mapping[str, Symbols]

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

    def _pool(self, symbols: Symbols, tone: Tone | None) -> RhymePool:
        """The characters among some whose rhyme is known."""
        by_class = self._alphabet.rhyming(symbols, tone)
        known = _NOTHING.union(*by_class.values())
        # Sets of thousands are compared in no time when they are one and the same.
        return RhymePool(symbols if known == symbols else known, by_class)

    def left(self, classes: Classes, ends: Sequence[tuple[int, Tone | None]]) -> Classes:
        """The classes that are left of some after lines that ended in these characters."""
        found = [self._alphabet.classes(symbol, tone) for symbol, tone in ends]
        if classes is not None:
            found.append(classes)
        return frozenset.intersection(*found) if found else None

    def _can_rhyme(
        self, pools: tuple[RhymePool, ...], classes: Classes, used: Symbols = _NOTHING
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
        self, pool: RhymePool, later: tuple[RhymePool, ...], classes: Classes, used: Symbols
    ) -> Symbols:
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
