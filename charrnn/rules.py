"""What decides the next character of a poem, in numbers, for whatever writes by itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from charrnn.settings.configuration import SamplingConfig

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rules:
    """What holds for all poems that are written with the same settings.

    Attributes:
        config: How characters are drawn.
        never: `(vocabulary,)`, true for symbols that are never written.
        never_first: The same where nothing but white space is written yet.
        blank: `(vocabulary,)`, true for white space.
        line_end: Id of the line end.
        bias: `(vocabulary,)` float64, nats to add to logits; None where nothing is favoured.
        break_odds: `(lines,)` float64, what is added to the log-odds of the poem break against the
            line end in line 1, 2, 3 ..., the last of them in all lines beyond; None where lines are
            not counted.
        schedule: How much of a poem there is before a schedule of temperature is at its end: lines
            or characters, after the first one.
        by_lines: Whether that are lines.
    """

    config: SamplingConfig
    never: "Mask"
    never_first: "Mask"
    blank: "Mask"
    line_end: int
    bias: "npt.NDArray[np.float64] | None"
    break_odds: "npt.NDArray[np.float64] | None"
    schedule: int
    by_lines: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Beginning:
    """Where poems go on that all begin alike.

    Attributes:
        logits: `(1, vocabulary)` float32, the network's prediction of the next symbol.
        state: What it remembers: arrays `(1, units)` float32 for each layer.
        lines: Lines begun.
        open_line: Whether the last of them goes on.
        blank: Whether nothing but white space is written.
        ages: `(vocabulary,)` int32, how many characters ago each symbol was written, 1 for the last
            one; more than the repetition window for the others.
    """

    logits: "npt.NDArray[np.float32]"
    state: "tuple[tuple[npt.NDArray[np.float32], ...], ...]"
    lines: int
    open_line: bool
    blank: bool
    ages: "npt.NDArray[np.int32]"
