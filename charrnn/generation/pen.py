"""Writes poems side by side: one step of the network adds a character to each of them."""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from charrnn.corpus.vocabulary import BREAK, SPECIAL, Vocabulary
from charrnn.generation.constraint import Constraint
from charrnn.generation.draft import Draft, Step
from charrnn.generation.engine import Ids, StepModel
from charrnn.generation.filters import log_probabilities_of, log_softmax
from charrnn.generation.next_symbols import NextSymbols
from charrnn.generation.reading import Reading, gather
from charrnn.generation.sampling import draw
from charrnn.generation.trail import LONGEST_HELD, Trail


class Pen:
    """Adds to poems that are written with the same settings.

    Args:
        model: The network.
        vocabulary: Its characters.
        next_symbols: What may come next.
        constraints: What the poems keep to; those of `next_symbols`.

    Attributes:
        next_symbols: What may come next.
        characters: What each symbol is written as; nothing stands for the special ones.
        held: Characters to hold back of a poem, since they may be taken back.
    """

    def __init__(
        self,
        model: StepModel,
        vocabulary: Vocabulary,
        next_symbols: NextSymbols,
        constraints: Sequence[Constraint],
    ) -> None:
        self.next_symbols = next_symbols
        self.held = LONGEST_HELD if constraints else 0
        self._model = model
        self.characters = ("",) * SPECIAL + vocabulary.characters
        self._constraints = constraints

    def advance(self, trails: Sequence[Trail]) -> None:
        """Take one step in each of some poems: a character on, the end, or a character back.

        Args:
            trails: Poems that are not over.
        """
        drafts = [trail.draft for trail in trails]
        reading = gather(drafts)
        prospect = self.next_symbols.of(
            drafts,
            reading.logits,
            [trail.written for trail in trails],
            [trail.forbidden for trail in trails],
        )
        if len(prospect.rows) < len(trails):
            going_on = set(prospect.rows)
            for row, trail in enumerate(trails):
                if row not in going_on:
                    trail.step_back()
            if not going_on:
                return
            trails = [trails[row] for row in prospect.rows]
            reading = reading.rows(prospect.rows)
        symbols = draw(prospect.logits, [trail.uniform() for trail in trails])
        steps = self.steps([trail.draft for trail in trails], reading, symbols)
        for trail, symbol, step in zip(trails, symbols.tolist(), steps, strict=True):
            trail.add(symbol, step)

    def steps(self, drafts: Sequence[Draft], reading: Reading, symbols: Ids) -> list[Step]:
        """The steps by which some poems grow by one symbol each; see `after`."""
        likely = log_probabilities_of(symbols, reading.logits).tolist()
        grown = self.after(drafts, reading, symbols)
        written = [self.characters[symbol] for symbol in symbols.tolist()]
        return list(map(Step, written, likely, grown))

    def after(self, drafts: Sequence[Draft], reading: Reading, symbols: Ids) -> list[Draft]:
        """Some poems with one more symbol each.

        Args:
            drafts: The poems.
            reading: The reading of them all, in order.
            symbols: `(batch,)`.
        """
        added = symbols.tolist()
        after = reading
        if BREAK not in added:
            after = Reading(*self._model.step(symbols, reading.state))
        elif going_on := [row for row, symbol in enumerate(added) if symbol != BREAK]:
            after = Reading(*self._model.step(symbols[going_on], reading.rows(going_on).state))
        grown = []
        row = 0
        for draft, symbol in zip(drafts, added, strict=True):
            if symbol == BREAK:
                grown.append(draft.at_its_end())
                continue
            kept = self.advanced(draft.kept, symbol) if draft.kept else ()
            grown.append(draft.followed_by(self.characters[symbol], after, row, kept))
            row += 1
        return grown

    def trail(self, start: Draft, generator: np.random.Generator) -> Trail:
        """The way on from a draft that knows the constraints, and whose random numbers it follows."""
        return Trail(start, generator, self.next_symbols.length, self.held)

    def retrace(self, draft: Draft, symbols: Sequence[int]) -> Iterator[Step]:
        """Write what has been chosen already, one symbol after the other."""
        for symbol in symbols:
            reading = gather([draft])
            likely = float(log_softmax(reading.logits)[0, symbol])
            (draft,) = self.after([draft], reading, np.array([symbol]))
            yield Step(self.characters[symbol], likely, draft)

    def restricts(self, kept: tuple[Hashable, ...]) -> bool:
        """Whether a constraint forbids a symbol to a poem, from the states of all constraints."""
        for constraint, state in zip(self._constraints, kept, strict=True):
            allowed = constraint.allowed_tokens(state)
            if allowed is not None and not allowed.all():
                return True
        return False

    def advanced(self, kept: tuple[Hashable, ...], symbol: int) -> tuple[Hashable, ...]:
        """The states of all constraints after one more symbol."""
        return tuple(
            constraint.next_state(state, symbol)
            for constraint, state in zip(self._constraints, kept, strict=True)
        )
