"""Poems that a compiled loop writes by itself, as the step model would have written them.

The loop knows the rules that are numbers. Constraints are Python, and it knows nothing of them; but
they seldom have a say. As long as they would allow every symbol, the step model draws from the same
distribution with the same random number, so what the loop wrote is what it would have written, up
to rounding. Where one would have forbidden a symbol, even one that was not drawn, the poem is
dropped and written again from its seed, step by step.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from math import ceil, isfinite
from typing import Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.generation.batch import MOST_TOGETHER, Sheet, write_together
from charrnn.generation.draft import Draft
from charrnn.generation.engine import StepModel
from charrnn.generation.pen import Pen
from charrnn.rules import Beginning, Rules

MOST_IN_LOOP: Final = 512
"""Poems that a loop writes side by side; a GPU takes about as long for them as for one."""


FEWEST_STEPS: Final = 300
"""Steps of the step model below which it is done before a loop would be compiled (half a second)."""


class Loop(Protocol):
    """Writes a fixed number of poems side by side, a stretch of symbols at a time."""

    @property
    def stretch(self) -> int:
        """Symbols that `advance` writes at most."""

    def advance(
        self,
        fresh: npt.NDArray[np.bool_],
        written: npt.NDArray[np.int32],
        missing: npt.NDArray[np.int32],
        uniforms: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Go on with every poem.

        Args:
            fresh: `(batch,)`, true where a poem begins in the place of the one before.
            written: `(batch,)`, symbols that have been written of each.
            missing: `(batch,)`, symbols to write of each; 0 lets a row rest.
            uniforms: `(batch, stretch)` random numbers from [0, 1), one for each symbol.

        Returns:
            Symbols `(batch, stretch)`, and the log-probability of each in nats, under the network's
            own prediction. What follows the poem break, or is more than was missing, means nothing.
        """


@runtime_checkable
class LoopingModel(StepModel, Protocol):
    """A step model that can also write by itself."""

    def loop(self, rules: Rules, beginning: Beginning, batch: int) -> Loop:
        """What writes so many poems side by side, which all go on from one beginning."""


def write_in_loop(model: LoopingModel, pen: Pen, sheets: Iterator[Sheet]) -> Iterator[Sheet]:
    """Write poems that begin alike; see `charrnn.generation.batch.write_together`.

    Args:
        model: The network.
        pen: Knows the settings, and writes the poems that a constraint has a say in.
        sheets: The poems, taken as there is room.

    Yields:
        The poems as they are done.
    """
    first = list(islice(sheets, MOST_IN_LOOP))
    waiting = chain(first, sheets)
    if ceil(len(first) / MOST_TOGETHER) * pen.next_symbols.usual_length < FEWEST_STEPS:
        yield from write_together(pen, waiting)
        return
    loop = model.loop(pen.next_symbols.rules, _beginning(first[0].trail.draft, pen), len(first))
    rows: list[_Row | None] = [None] * len(first)
    again: list[Sheet] = []
    while True:
        fresh = np.array([row is None for row in rows])
        for place in np.flatnonzero(fresh).tolist():
            sheet = next(waiting, None)
            rows[place] = None if sheet is None else _Row(sheet, pen)
        if not any(rows):
            break
        stretch = loop.advance(fresh, *_request(rows, loop.stretch))
        for place, (row, symbols, likely) in enumerate(zip(rows, *stretch, strict=True)):
            if row is None:
                continue
            row.take(symbols.tolist(), likely.tolist())
            if row.over:
                rows[place] = None
                yield row.sheet
            elif row.refused:
                rows[place] = None
                again.append(row.blank_sheet())
        if len(again) >= MOST_TOGETHER:
            yield from write_together(pen, iter(again))
            again = []
    yield from write_together(pen, iter(again))


class _Row:
    """A poem in the loop.

    Attributes:
        sheet: What is written of it.
        missing: Symbols until it is as long as it may be.
        over: Whether it has ended, or is as long as it may be.
        refused: Whether the loop has written what a constraint, or the step model, would not have.
        uniforms: Gives the next random numbers.
    """

    def __init__(self, sheet: Sheet, pen: Pen) -> None:
        self.sheet = sheet
        self.missing = pen.next_symbols.length
        self.over = False
        self.refused = False
        generator = sheet.trail.generator
        self.uniforms = generator.random
        self._seed = generator.bit_generator.state
        self._pen = pen
        self._kept = sheet.trail.draft.kept

    @property
    def written(self) -> int:
        """Symbols written."""
        return len(self.sheet.symbols)

    def take(self, symbols: Sequence[int], log_probabilities: Sequence[float]) -> None:
        """Add what the loop has written, up to the end or to what would not have been written."""
        for symbol, likely in zip(symbols, log_probabilities, strict=True):
            # The step model refuses to draw where a prediction is no number, and says so.
            if not isfinite(likely) or self._pen.restricts(self._kept):
                self.refused = True
                return
            self.sheet.add(symbol, self._pen.characters[symbol], likely)
            self.missing -= 1
            if symbol == END_OF_POEM or not self.missing:
                self.sheet.ended = symbol == END_OF_POEM
                self.over = True
                return
            self._kept = self._pen.advanced(self._kept, symbol)

    def blank_sheet(self) -> Sheet:
        """The sheet with nothing on it, and its random numbers as they were."""
        trail = self.sheet.trail
        trail.generator.bit_generator.state = self._seed
        return Sheet(self.sheet.number, trail)


def _request(
    rows: Sequence[_Row | None], stretch: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """What is written, what is missing and the random numbers of each row; see `Loop.advance`."""
    written = np.array([row.written if row else 0 for row in rows], np.int32)
    missing = np.array([min(row.missing, stretch) if row else 0 for row in rows], np.int32)
    idle = np.zeros(stretch)
    return written, missing, np.stack([row.uniforms(stretch) if row else idle for row in rows])


def _beginning(draft: Draft, pen: Pen) -> Beginning:
    """Where poems go on from a draft."""
    text = draft.written.last(pen.next_symbols.repetition_window)
    never = pen.next_symbols.repetition_window + 1
    ages = {character: age for age, character in reversed(list(enumerate(reversed(text), 1)))}
    return Beginning(
        logits=draft.logits[None],
        state=draft.state,
        lines=draft.lines.begun,
        open_line=draft.lines.open,
        blank=draft.written.blank,
        ages=np.array([ages.get(one, never) for one in pen.characters], np.int32),
    )
