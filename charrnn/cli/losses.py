"""Losses as people read them: in bits, beside baselines, as a row of bars."""

import math
from typing import Final

BARS: Final = "▁▂▃▄▅▆▇█"

BASELINES: Final = {"unigram": "guessing by frequency", "xz": "xz -9"}
"""Names for people of what `charrnn.training.data` measures."""


def bits(nats: float) -> float:
    """Bits in so many nats."""
    return nats / math.log(2)


def sparkline(values: list[float]) -> str:
    """A row of bars, the lowest value the lowest bar."""
    low, high = min(values), max(values)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] for value in values)


def labelled_baselines(baselines: dict[str, float]) -> list[tuple[str, float]]:
    """Names for people and losses, the lowest first."""
    named = [(BASELINES.get(name, name), loss) for name, loss in baselines.items()]
    return sorted(named, key=lambda item: item[1])
