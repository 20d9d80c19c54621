"""How long a run lasts, and when it is evaluated: by a number of steps, or by a clock."""

import time
from collections.abc import Callable

from charrnn.settings.configuration import TrainingConfig
from charrnn.training.state import TrainerState

EVALUATIONS = 20
FEWEST_EVALUATIONS = 4
LONGEST_INTERVAL = 1000
"""Most steps between two evaluations, if the evaluations are affordable."""

EVALUATION_SHARE = 0.05
"""Share of the training that all evaluations together may cost, in a run without a clock."""

LARGEST_EVALUATION_SHARE = 0.2
"""Share that `FEWEST_EVALUATIONS` may cost; if they would cost more, there are fewer."""

EVALUATION_COST = 2 / 3
"""Cost of evaluating a character, relative to training on it: there is no backward pass, but full
precision, and fewer streams than a batch has."""

MEASURED_SECONDS = 4.0
FIRST_STEPS = 3
"""Steps left out of the measurement: the first ones compile the network."""

CLOSING_SECONDS = 1.0
"""Seconds reserved for the last checkpoint and the end of the program."""


def steps_of_evaluation(step_characters: int, evaluation_characters: int) -> float:
    """The cost of an evaluation in training steps, from the characters that each reads."""
    return EVALUATION_COST * evaluation_characters / step_characters


def evaluations_in(steps: int, step_characters: int, evaluation_characters: int) -> int:
    """How often a run of this many steps is evaluated.

    It depends on no clock, so a resumed run evaluates at the same steps.
    """
    in_all = steps / steps_of_evaluation(step_characters, evaluation_characters)
    fewest = min(FEWEST_EVALUATIONS, int(LARGEST_EVALUATION_SHARE * in_all))
    wanted = max(EVALUATIONS, steps // LONGEST_INTERVAL)
    return max(1, min(steps, wanted, max(fewest, int(EVALUATION_SHARE * in_all))))


class TimeBudget:
    """Measures the speed of a run, and tells how many steps fit into the time left.

    Args:
        deadline: When the run should end, on `clock`.
        clock: Returns seconds since any fixed instant.
    """

    def __init__(self, deadline: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.deadline = deadline
        self._clock = clock
        self._compiling = FIRST_STEPS
        self._steps = 0.0
        self._seconds = 0.0
        self._evaluations: list[float] = []

    def stepped(self, seconds: float) -> None:
        """A step took this long."""
        if self._compiling:
            self._compiling -= 1
        else:
            self._steps += 1
            self._seconds += seconds

    def evaluated(self, seconds: float) -> None:
        """An evaluation took this long, with saving and samples."""
        self._evaluations.append(seconds)
        # Old measurements count less: machines are shared, and slow down when they get hot.
        self._steps /= 2
        self._seconds /= 2

    @property
    def step_seconds(self) -> float | None:
        """Seconds of a step; None before any was measured."""
        return self._seconds / self._steps if self._steps else None

    @property
    def measured(self) -> bool:
        """Whether the speed is known well enough to plan the run."""
        late = self._clock() + MEASURED_SECONDS > self.deadline
        return self._steps > 0 and (self._seconds >= MEASURED_SECONDS or late)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self._clock() >= self.deadline - CLOSING_SECONDS

    def steps_left(self, evaluations_left: int, steps_of_evaluation: float) -> int:
        """Steps that fit into the time left, at least 1.

        Args:
            evaluations_left: Evaluations that must fit in too.
            steps_of_evaluation: Cost of an evaluation in steps, before one was measured.

        Raises:
            ValueError: No step was measured yet.
        """
        if self.step_seconds is None:
            raise ValueError("the speed is not known before a step was measured.")
        # The first evaluation includes compilation; the fastest one is like those to come.
        guess = steps_of_evaluation * self.step_seconds
        evaluation = min(
            [*self._evaluations, guess] if len(self._evaluations) < 2 else self._evaluations
        )
        left = self.deadline - CLOSING_SECONDS - self._clock() - evaluations_left * evaluation
        return max(1, int(left / max(self.step_seconds, 1e-9)))


PATIENCE_SHARE = 0.4
"""The default patience, as a share of the run's evaluations."""


class TrainingSchedule:
    """Plans what is left of a run: its length, its evaluations, its end.

    Args:
        state: Where the run stands; the plan is kept in its `schedule` and `next_evaluation`.
        config: Settled settings.
        step_characters: Characters read in a step.
        evaluation_characters: Characters read in an evaluation.
        time_budget: Ends the run; None when `state.learning_rate_schedule` knows its length.
    """

    def __init__(
        self,
        state: TrainerState,
        config: TrainingConfig,
        *,
        step_characters: int,
        evaluation_characters: int,
        time_budget: TimeBudget | None,
    ) -> None:
        self._state = state
        self._config = config
        self._step_characters = step_characters
        self._evaluation_characters = evaluation_characters
        self._time_budget = time_budget

    @property
    def is_over(self) -> bool:
        """Whether the budget is spent."""
        state = self._state
        total = state.learning_rate_schedule.total
        late = self._time_budget is not None and self._time_budget.over and state.step > 0
        return late or (total is not None and state.step >= total)

    @property
    def out_of_patience(self) -> bool:
        """Whether the validation loss has not improved for `patience` evaluations."""
        patience = self._config.patience
        if patience is None:
            total = self._state.learning_rate_schedule.total
            evaluations = self._evaluations_in(total) if total is not None else EVALUATIONS
            patience = round(PATIENCE_SHARE * evaluations)
        return patience > 0 and self._state.evaluations_since_best >= max(1, patience)

    def begin(self) -> None:
        """The run starts or resumes."""
        if self._state.next_evaluation is None:
            self._plan_evaluation()

    def stepped(self, seconds: float) -> None:
        """A step took this long. Plans a run by the clock once its speed is known."""
        if self._time_budget is None:
            return
        self._time_budget.stepped(seconds)
        if self._state.learning_rate_schedule.total is None and self._time_budget.measured:
            self._follow_clock(self._time_budget)

    def evaluated(self, seconds: float) -> None:
        """An evaluation took this long. Plans the next one, by the clock in the time left."""
        time_budget, state = self._time_budget, self._state
        if time_budget is not None:
            time_budget.evaluated(seconds)
        # A resumed run may evaluate before it has measured its speed.
        speed_known = time_budget is not None and time_budget.step_seconds is not None
        if (
            time_budget is not None
            and speed_known
            and state.step != state.learning_rate_schedule.total
        ):
            self._follow_clock(time_budget)
        else:
            self._plan_evaluation()

    def _follow_clock(self, time_budget: TimeBudget) -> None:
        state = self._state
        cost = steps_of_evaluation(self._step_characters, self._evaluation_characters)
        guess = time_budget.steps_left(0, 0.0) + state.step
        done = state.learning_rate_schedule.progress(state.step)
        evaluations = self._evaluations_in(guess)
        left = max(1, round(evaluations * (1 - done)))
        total = state.step + time_budget.steps_left(left, cost)
        state.learning_rate_schedule = state.learning_rate_schedule.settled(state.step, total)
        every = self._config.evaluate_every or max(1, round((total - state.step) / left))
        state.next_evaluation = min(total, state.step + every)

    def _plan_evaluation(self) -> None:
        """The next evaluation of a run whose length is known."""
        state, total = self._state, self._state.learning_rate_schedule.total
        if total is None:
            return
        every = self._config.evaluate_every or -(-total // self._evaluations_in(total))
        state.next_evaluation = min(total, state.step + every)

    def _evaluations_in(self, steps: int) -> int:
        if self._config.evaluate_every is not None:
            return max(1, round(steps / self._config.evaluate_every))
        return evaluations_in(steps, self._step_characters, self._evaluation_characters)
