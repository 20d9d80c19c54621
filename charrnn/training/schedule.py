"""How long a run lasts, and when it is evaluated: by a number of steps, or by a clock."""

import time
from collections.abc import Callable

from charrnn.settings.configuration import TrainingConfig
from charrnn.training.state import TrainerState

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


class TimeBudget:
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


PATIENCE_SHARE = 0.4
"""Share of a run's evaluations without a better loss that ends it, unless patience is given."""


class TrainingSchedule:
    """Plans what is left of a run: its length, its evaluations, its end.

    Args:
        state: Where the run stands; the plan is kept in its `schedule` and `next_evaluation`.
        config: Settled settings.
        step_characters: Characters read in a step.
        evaluation_characters: Characters read in an evaluation.
        clock: The clock that ends the run; None when `state.schedule` knows its length.
    """

    def __init__(
        self,
        state: TrainerState,
        config: TrainingConfig,
        *,
        step_characters: int,
        evaluation_characters: int,
        clock: TimeBudget | None,
    ) -> None:
        self._state = state
        self._config = config
        self._step_characters = step_characters
        self._evaluation_characters = evaluation_characters
        self._clock = clock

    @property
    def is_over(self) -> bool:
        """Whether the budget is spent."""
        state = self._state
        total = state.schedule.total
        late = self._clock is not None and self._clock.over and state.step > 0
        return late or (total is not None and state.step >= total)

    @property
    def out_of_patience(self) -> bool:
        """Whether the validation loss has not fallen for so long that the run should end."""
        patience = self._config.patience
        if patience is None:
            total = self._state.schedule.total
            evaluations = self._evaluations_in(total) if total is not None else EVALUATIONS
            patience = round(PATIENCE_SHARE * evaluations)
        return patience > 0 and self._state.evaluations_since_best >= max(1, patience)

    def begin(self) -> None:
        """The run begins, or goes on."""
        if self._state.next_evaluation is None:
            self._plan_evaluation()

    def stepped(self, seconds: float) -> None:
        """A step took so long; settles the length of a run by the clock once its speed is known."""
        if self._clock is None:
            return
        self._clock.stepped(seconds)
        if self._state.schedule.total is None and self._clock.measured:
            self._follow_clock(self._clock)

    def evaluated(self, seconds: float) -> None:
        """An evaluation took so long; plans the next one, by the clock in the time that is left."""
        clock, state = self._clock, self._state
        if clock is not None:
            clock.evaluated(seconds)
        # A run that goes on may meet an evaluation before it has measured its speed.
        speed_known = clock is not None and clock.step_seconds is not None
        if clock is not None and speed_known and state.step != state.schedule.total:
            self._follow_clock(clock)
        else:
            self._plan_evaluation()

    def _follow_clock(self, clock: TimeBudget) -> None:
        state = self._state
        cost = steps_of_evaluation(self._step_characters, self._evaluation_characters)
        guess = clock.steps_left(0, 0.0) + state.step
        done = state.schedule.progress(state.step)
        evaluations = self._evaluations_in(guess)
        left = max(1, round(evaluations * (1 - done)))
        total = state.step + clock.steps_left(left, cost)
        state.schedule = state.schedule.settled(state.step, total)
        every = self._config.evaluate_every or max(1, round((total - state.step) / left))
        state.next_evaluation = min(total, state.step + every)

    def _plan_evaluation(self) -> None:
        """The next evaluation of a run whose length is known."""
        state, total = self._state, self._state.schedule.total
        if total is None:
            return
        every = self._config.evaluate_every or -(-total // self._evaluations_in(total))
        state.next_evaluation = min(total, state.step + every)

    def _evaluations_in(self, steps: int) -> int:
        if self._config.evaluate_every is not None:
            return max(1, round(steps / self._config.evaluate_every))
        return evaluations_in(steps, self._step_characters, self._evaluation_characters)
