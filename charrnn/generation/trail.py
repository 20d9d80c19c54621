"""A poem in the writing that can step back out of a dead end."""

from collections import deque
from math import inf
from typing import Final

import numpy as np

from charrnn.generation.draft import Draft, Step

LONGEST_HELD: Final = 32
"""Characters that are held back while a constraint is on, so that stepping back may take them."""

MOST_STEPS_BACK: Final = 1_000
"""Characters dropped before the poem has grown again, after which it is stopped.

Where every way is blocked a few characters on, there are more ways than could ever be tried.
"""

_NOTHING: Final[frozenset[int]] = frozenset()


_Held = tuple[Draft, frozenset[int], int, Step]
"""A step that may be taken back: where it was taken, what had been found not to lead on from there,
its symbol, and what came of it."""


class Trail:
    """The way of one poem from character to character.

    When no symbol may follow, it drops the last character and forbids it where it stood. It hands
    a step out when nothing can take it back any more. When there is nothing left to step back to,
    the poem is stopped as long as it has been, all its promises kept.

    Args:
        start: Where to go on.
        generator: Draws its random numbers, one for each character that is tried.
        length: Characters after which it is stopped, at least 1.
        held: Characters to hold back; 0 where nothing can strand it.

    Attributes:
        draft: The poem as it stands.
        written: Characters written since the start.
        forbidden: Symbols that were found not to lead on from here.
        over: Whether nothing is to be added: it has ended, is as long as was asked, or is stranded.
        generator: Draws its random numbers.
        uniform: Gives the next of them.
    """

    def __init__(
        self, start: Draft, generator: np.random.Generator, length: int, held: int
    ) -> None:
        self.draft = start
        self.written = 0
        self.over = False
        self.forbidden = _NOTHING
        self.generator = generator
        self.uniform = generator.random
        self._length = length
        self._most_held = held
        self._held: deque[_Held] = deque()
        self._ready: list[tuple[int | None, Step]] = []
        self._longest = 0
        self._at_longest: tuple[Draft, deque[_Held]] = (start, deque())
        self._steps_back = 0

    def add(self, symbol: int, step: Step) -> None:
        """Go a step on."""
        self._held.append((self.draft, self.forbidden, symbol, step))
        self.draft = step.draft
        self.forbidden = _NOTHING
        if step.draft.ended:
            self.over = True
        else:
            self.written += 1
            self.over = self.written >= self._length
        if self.written > self._longest:
            self._longest = self.written
            self._steps_back = 0
        if self.over:
            self._release(0)
        elif len(self._held) > self._most_held:
            self._release(self._most_held)

    def step_back(self) -> None:
        """Drop the last character, because nothing may follow it; or stop the poem here."""
        if self._steps_back == 0:
            self._at_longest = (self.draft, self._held.copy())
        self._steps_back += 1
        if not self._held or self._steps_back > MOST_STEPS_BACK:
            longest, self._held = self._at_longest
            self.draft = longest.stranded_here()
            self.over = True
            self._release(0)
            self._ready.append((None, Step("", -inf, self.draft)))
            return
        self.draft, forbidden, symbol, _ = self._held.pop()
        self.forbidden = forbidden | {symbol}
        self.written -= 1

    def hand_out(self) -> list[tuple[int | None, Step]]:
        """The steps that have become final since it was last asked, each with its symbol.

        The last one is empty where the poem ended, and where it is stranded: there it has no
        symbol, and its probability is 0.
        """
        ready, self._ready = self._ready, []
        return ready

    def _release(self, kept: int) -> None:
        while len(self._held) > kept:
            _, _, symbol, step = self._held.popleft()
            self._ready.append((symbol, step))
