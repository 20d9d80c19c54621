"""A form of verse as an automaton over the symbols that a network writes."""

from collections.abc import Hashable, Sequence
from typing import Protocol

import numpy as np

from charrnn.generation.filters import Mask


class Automaton(Protocol):
    """Says which symbols may follow so that the poem can still be finished in its form.

    It is a `charrnn.generation.constraint.Constraint` that always has a say, and it is exact: a
    symbol is allowed where, and only where, some poem that keeps the form goes on with it. So what
    follows it is never stranded. States are hashable values.
    """

    def start(self) -> Hashable:
        """The first of the states that a poem may begin in."""

    def starts(self, generator: np.random.Generator, count: int) -> Sequence[Hashable]:
        """States to begin in, one for each of so many drafts of a poem.

        They differ in where the words stand that must stand somewhere; where there are none, all
        are alike.

        Returns:
            As many as asked; none where no poem keeps the form with all that is demanded.
        """

    def allowed(self, state: Hashable) -> Mask:
        """`(vocabulary,)`, true for the symbols that may come next; not to be changed.

        All false where the poem is finished, and nowhere else.
        """

    def advance(self, state: Hashable, symbol: int) -> Hashable:
        """The state after one of the symbols that are allowed."""

    def finished(self, state: Hashable) -> bool:
        """Whether the poem is whole, with whatever mark ends it."""

    def lines(self, state: Hashable) -> int:
        """How many of its lines are whole, with the mark or the line end that parts them."""
