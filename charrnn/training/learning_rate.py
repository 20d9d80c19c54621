"""The learning rate at each step: a warm-up, then half a cosine."""

import dataclasses
import math
from dataclasses import dataclass

WARM_UP_STEPS = 50
FINAL_SHARE = 0.02
"""Rate at the end, as a share of the highest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningRateSchedule:
    """Loshchilov & Hutter's cosine decay (SGDR, 2017), with a length that may be settled late.

    A run by the clock does not know its length before its speed is measured, and measures again
    as it goes. The schedule then goes on from where it stands and stretches or shrinks what is
    left, without a jump.

    Attributes:
        peak: Highest rate.
        total: Steps of the whole run, or None while that is being measured.
        anchor: Step at which `total` was last settled.
        anchor_progress: Share of the cosine behind at that step.
    """

    peak: float
    total: int | None
    anchor: int = 0
    anchor_progress: float = 0.0

    def progress(self, step: int) -> float:
        """Share of the cosine that lies behind a step, from 0 to 1."""
        if self.total is None:
            return self.anchor_progress
        share = (step - self.anchor) / max(1, self.total - self.anchor)
        return min(1.0, self.anchor_progress + (1 - self.anchor_progress) * share)

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        warm_up = min(WARM_UP_STEPS, max(1, (self.total or WARM_UP_STEPS * 10) // 10))
        cosine = (1 + math.cos(math.pi * self.progress(step))) / 2
        decayed = self.peak * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)
        return decayed * min(1.0, (step + 1) / warm_up)

    def settled(self, step: int, total: int) -> "LearningRateSchedule":
        """The schedule that goes on from a step to a new length."""
        return dataclasses.replace(
            self, total=max(step, total), anchor=step, anchor_progress=self.progress(step)
        )
