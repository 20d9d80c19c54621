"""How far a run goes: a number of steps, or as many as a clock allows."""

import time
from collections.abc import Callable

EVALUATIONS = 20
FEWEST_EVALUATIONS = 4
LONGEST_INTERVAL = 1000
"""Steps between evaluations at most, where that can be afforded."""

EVALUATION_SHARE = 0.05
"""Evaluations together may cost about this share of the training, where the clock is not asked."""

LARGEST_EVALUATION_SHARE = 0.2
"""The fewest evaluations may cost this share; where they would cost more, there are fewer still."""

EVALUATION_COST = 2 / 3
"""What a character costs to evaluate, where one to train on costs 1: it needs no backward pass, but
full precision, and streams fewer than a batch are read less quickly."""

MEASURED_SECONDS = 4.0
FIRST_STEPS = 3
"""Steps left out of the measurement: the first ones compile the network."""

CLOSING_SECONDS = 1.0
"""Kept for the last checkpoint and the end of the program."""


def steps_of_evaluation(step_characters: int, evaluation_characters: int) -> float:
    """What an evaluation costs, in steps, by the characters that each of them reads."""
    return EVALUATION_COST * evaluation_characters / step_characters


def evaluations_in(steps: int, step_characters: int, evaluation_characters: int) -> int:
    """How often a run of so many steps is measured.

    This needs no clock, so a resumed run measures where it would have measured.
    """
    in_all = steps / steps_of_evaluation(step_characters, evaluation_characters)
    fewest = min(FEWEST_EVALUATIONS, int(LARGEST_EVALUATION_SHARE * in_all))
    wanted = max(EVALUATIONS, steps // LONGEST_INTERVAL)
    return max(1, min(steps, wanted, max(fewest, int(EVALUATION_SHARE * in_all))))


class Pace:
    """Settles the length of a run by the clock, again and again as it goes.

    Args:
        deadline: When the run should end, on `clock`.
        clock: Seconds, from any beginning.
    """

    def __init__(self, deadline: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.deadline = deadline
        self._clock = clock
        self._compiling = FIRST_STEPS
        self._steps = 0.0
        self._seconds = 0.0
        self._evaluations: list[float] = []

    def stepped(self, seconds: float) -> None:
        """A step took so long."""
        if self._compiling:
            self._compiling -= 1
        else:
            self._steps += 1
            self._seconds += seconds

    def evaluated(self, seconds: float) -> None:
        """An evaluation, with all that is saved and shown, took so long."""
        self._evaluations.append(seconds)
        # What was measured long ago counts less and less: machines are shared, and tire.
        self._steps /= 2
        self._seconds /= 2

    @property
    def step_seconds(self) -> float | None:
        """What a step takes; None before any was measured."""
        return self._seconds / self._steps if self._steps else None

    @property
    def measured(self) -> bool:
        """Whether the speed is known well enough to lay out the run."""
        late = self._clock() + MEASURED_SECONDS > self.deadline
        return self._steps > 0 and (self._seconds >= MEASURED_SECONDS or late)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self._clock() >= self.deadline - CLOSING_SECONDS

    def steps_left(self, evaluations_left: int, steps_of_evaluation: float) -> int:
        """Steps that fit into the time left, at least 1.

        Args:
            evaluations_left: Evaluations that have to fit beside them.
            steps_of_evaluation: Cost of an evaluation in steps, where none was measured.

        Raises:
            ValueError: No step was measured yet.
        """
        if self.step_seconds is None:
            raise ValueError("the speed is not known before a step was measured.")
        # The first evaluation compiles; the quickest one is like those to come.
        guess = steps_of_evaluation * self.step_seconds
        evaluation = min(
            [*self._evaluations, guess] if len(self._evaluations) < 2 else self._evaluations
        )
        left = self.deadline - CLOSING_SECONDS - self._clock() - evaluations_left * evaluation
        return max(1, int(left / max(self.step_seconds, 1e-9)))
