"""Sequential Monte Carlo: drafts of a poem side by side, each with a weight.

A form forbids the network most of what it would like to write. Drawing from what is left, character
by character, favours beginnings that are likely but lead into a corner. So of many drafts each
carries a weight: how probable the network held it, at every character, that what came next would be
allowed. From time to time drafts of little weight are dropped and others doubled. What is left at
the end is a sample of what the network writes when it happens to keep the form (Lew et al., 2023,
Sequential Monte Carlo steering of large language models; Del Moral et al., 2006).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from charrnn.generation.draft import Draft
from charrnn.generation.pen import Pen
from charrnn.generation.reading import gather
from charrnn.generation.sampling import draw

LEAST_EFFECTIVE: Final = 0.5
"""Share of the drafts that has to count, or they are resampled; 0.5 is the usual choice."""


@dataclass(frozen=True, slots=True, eq=False)
class Particle:
    """A draft of a poem, with what is written of its line. A value.

    Attributes:
        draft: The poem.
        log_weight: Logarithm of how much it counts beside the others.
        line: What is written of the line.
        log_probabilities: The network's, in nats, one for each character of it.
    """

    draft: Draft
    log_weight: float = 0.0
    line: str = ""
    log_probabilities: tuple[float, ...] = ()


def write_line(
    pen: Pen,
    particles: Sequence[Particle],
    is_whole: Callable[[Draft], bool],
    generator: np.random.Generator,
) -> tuple[list[Particle], list[Draft]]:
    """Write a line in each of some drafts, a character in all of them at a time.

    After any character they are resampled, when too few of them count. A draft that has the line
    whole waits for the others; one that no symbol may follow dies.

    Args:
        pen: Writes them.
        particles: The drafts, at the beginning of the line or within it.
        is_whole: Whether the line of a draft is whole.
        generator: Draws the random numbers.

    Returns:
        The drafts that have the line whole, none where all have died, with their weights; and those
        that died.
    """
    living, died = list(particles), list[Draft]()
    going = [row for row, one in enumerate(living) if not is_whole(one.draft)]
    while going:
        grown = _grown(pen, [living[row] for row in going], generator)
        for row, particle in reversed(list(zip(going, grown, strict=True))):
            if particle is None:
                died.append(living.pop(row).draft)
            else:
                living[row] = particle
        if not all(is_whole(one.draft) for one in living):
            living = _resampled(living, len(particles), generator)
        going = [row for row, one in enumerate(living) if not is_whole(one.draft)]
    return living, died


def effective_size(log_weights: Sequence[float]) -> float:
    """How many drafts of equal weight would be worth as much (Kong et al., 1994).

    Args:
        log_weights: At least one.
    """
    weights = _weights(log_weights)
    return float(1 / np.square(weights).sum())


def systematic(log_weights: Sequence[float], uniform: float, count: int) -> list[int]:
    """Resample with one random number (Carpenter et al., 1999).

    On average a draft is taken as often as its share of the weight says, and never a whole time
    more or less.

    Args:
        log_weights: Of the drafts; at least one.
        uniform: A random number from [0, 1).
        count: How many to take.

    Returns:
        Which drafts are taken, in their order.
    """
    cumulative = _weights(log_weights).cumsum()
    places = (uniform + np.arange(count)) / count * cumulative[-1]
    taken = np.searchsorted(cumulative, places, side="right")
    last = np.searchsorted(cumulative, cumulative[-1])  # of any weight; rounding must not pass it
    rows: list[int] = np.minimum(taken, last).tolist()
    return rows


def chosen(log_weights: Sequence[float], uniform: float) -> int:
    """Draw one draft by weight; `uniform` is a random number from [0, 1)."""
    (row,) = systematic(log_weights, uniform, 1)
    return row


def _resampled(
    particles: list[Particle], count: int, generator: np.random.Generator
) -> list[Particle]:
    """So many drafts, resampled when too few of those that are left count."""
    log_weights = [one.log_weight for one in particles]
    if effective_size(log_weights) >= LEAST_EFFECTIVE * count:
        return particles
    ancestors = systematic(log_weights, generator.random(), count)
    return [replace(particles[row], log_weight=0.0) for row in ancestors]


def _grown(
    pen: Pen, particles: Sequence[Particle], generator: np.random.Generator
) -> list[Particle | None]:
    """Some drafts with one more symbol each; None for one that no symbol may follow."""
    drafts = [particle.draft for particle in particles]
    reading = gather(drafts)
    written = [len(particle.line) for particle in particles]
    prospect = pen.next_symbols.of(drafts, reading.logits, written, shares=True)
    grown: list[Particle | None] = [None] * len(drafts)
    if not prospect.rows:
        return grown
    if len(prospect.rows) < len(drafts):
        drafts = [drafts[row] for row in prospect.rows]
        reading = reading.rows(prospect.rows)
    assert prospect.log_shares is not None
    symbols = draw(prospect.logits, generator.random(len(drafts)))
    steps = pen.steps(drafts, reading, symbols)
    for row, log_share, step in zip(
        prospect.rows, prospect.log_shares.tolist(), steps, strict=True
    ):
        before = particles[row]
        kept = (step.log_probability,) if step.character else ()
        grown[row] = Particle(
            step.draft,
            before.log_weight + log_share,
            before.line + step.character,
            before.log_probabilities + kept,
        )
    return grown


def _weights(log_weights: Sequence[float]) -> npt.NDArray[np.float64]:
    """Weights that add up to 1."""
    weights: npt.NDArray[np.float64] = np.exp(np.array(log_weights) - max(log_weights))
    weights /= weights.sum()
    return weights
