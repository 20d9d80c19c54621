"""Where a poem ends: after as many lines as the poems that were learned have.

A small network learns letters and words long before it learns to count lines. It knows that poems
end at the end of a line, but not of which one. How many lines poems have is known from the corpus,
and is put in the place of what the network does not know.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.generation.engine import Logits

LINE_END: Final = "\n"

LARGEST_SHARE: Final = 0.999
"""Share of last lines among all lines at most, to keep its odds finite."""


@dataclass(frozen=True, slots=True)
class LineCount:
    """The lines of a poem so far, without blank ones. A value.

    Attributes:
        begun: Lines begun.
        open: Whether the last of them goes on.
    """

    begun: int = 0
    open: bool = False

    def followed_by(self, text: str) -> "LineCount":
        """The count after more characters."""
        count = self
        for character in text:
            if character == LINE_END:
                count = LineCount(count.begun, open=False)
            elif not count.open and not character.isspace():
                count = LineCount(count.begun + 1, open=True)
        return count


class Ending:
    """Makes poems end after as many lines as those of a corpus.

    A network that does not count knows where a line ends, but not whether the poem ends with it.
    How likely it holds the two together, line end and poem break, is left as it is; how they share
    it is settled anew. Let h(k) be the share of the poems of k lines or more that have k lines, and
    h the share of all lines that are a last one. In line k the odds of the break against the line
    end are multiplied by the odds of h(k) over the odds of h; so where h(k) is 0 no poem ends, and
    where it is 1 no further line begins.

    Args:
        poems: How many poems have 1, 2, 3 ... lines; at least one poem.
        line_end: Id of the line end.

    Attributes:
        line_end: Id of the line end.
        break_odds: `(lines,)` float64, what is added to the log-odds of the break in line 1, 2, 3
            ...; the last of them in any line beyond the longest poem.
        usual_lines: Lines of a poem, on average.
    """

    def __init__(self, poems: Sequence[int], line_end: int) -> None:
        self.line_end = line_end
        lasting = np.cumsum(np.array(poems, np.float64)[::-1])[::-1]  # poems of k lines or more
        shares = [
            float(count / rest) if rest else 1.0 for count, rest in zip(poems, lasting, strict=True)
        ]
        lines = sum(count * line for line, count in enumerate(poems, 1))
        # Where all poems have one line there is nothing to weigh: the break follows every line.
        usual = min(sum(poems) / lines, LARGEST_SHARE)
        self.break_odds = np.array(
            [_log_odds(share) - _log_odds(usual) for share in (*shares, 1.0)]
        )
        self.usual_lines = round(lines / sum(poems))

    def weigh(self, logits: Logits, lines: Sequence[int]) -> Logits:
        """Take the count of lines into predictions.

        Args:
            logits: `(batch, vocabulary)`; unchanged.
            lines: For each row, the lines begun so far.

        Returns:
            New logits, `(batch, vocabulary)`.
        """
        places = np.clip(np.array(lines) - 1, 0, len(self.break_odds) - 1)
        added = self.break_odds[places]
        ending, line_ending = logits[:, END_OF_POEM], logits[:, self.line_end]
        either = np.logaddexp(ending, line_ending)
        odds = ending - line_ending + added
        weighed = logits.copy()
        weighed[:, END_OF_POEM] = either - np.logaddexp(0, -odds)
        weighed[:, self.line_end] = either - np.logaddexp(0, odds)
        return weighed


def _log_odds(share: float) -> float:
    """The logarithm of share / (1 - share), which is infinite at 0 and at 1."""
    if share in {0, 1}:
        return math.inf if share else -math.inf
    return math.log(share / (1 - share))
