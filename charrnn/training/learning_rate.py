"""The learning rate at each step: a warm-up, then half a cosine."""

import dataclasses
import math
from dataclasses import dataclass

WARM_UP_STEPS = 50
FINAL_SHARE = 0.02
"""Rate at the end, as a share of the highest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningRateSchedule:
    """Loshchilov & Hutter's cosine decay (SGDR, 2017), with a length that may be known late.

    A run by the clock learns its length when its speed is measured, and measures again and again.
    The schedule then continues from where it is and stretches or shrinks the rest, without a jump.

    Attributes:
        peak: The highest rate.
        total: Steps of the whole run; None while they are unknown.
        anchor: Step at which `total` was last settled.
        anchor_progress: Progress of the cosine at that step.
    """

    peak: float
    total: int | None
    anchor: int = 0
    anchor_progress: float = 0.0

    def progress(self, step: int) -> float:
        """Progress of the cosine at a step, from 0 to 1."""
        if self.total is None:
            return self.anchor_progress
        share = (step - self.anchor) / max(1, self.total - self.anchor)
        return min(1.0, self.anchor_progress + (1 - self.anchor_progress) * share)

    def rate(self, step: int) -> float:
        """The learning rate of a step; steps count from 0."""
        warm_up = min(WARM_UP_STEPS, max(1, (self.total or WARM_UP_STEPS * 10) // 10))
        cosine = (1 + math.cos(math.pi * self.progress(step))) / 2
        decayed = self.peak * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)
        return decayed * min(1.0, (step + 1) / warm_up)

    def settled(self, step: int, total: int) -> "LearningRateSchedule":
        """The schedule that continues from a step to a new length."""
        return dataclasses.replace(
            self, total=max(step, total), anchor=step, anchor_progress=self.progress(step)
        )
