"""How long a run lasts, and when it is evaluated: by a number of steps, or by a clock."""

from collections.abc import Callable

from charrnn.settings.configuration import TrainingConfig
from charrnn.training.learning_rate import WARM_UP_STEPS
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
"""Seconds of steps from which the speed is known well enough to plan the run."""


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


class Pace:
    """The speed of a run, from the steps and evaluations of this session."""

    def __init__(self) -> None:
        self._steps = 0.0
        self._seconds = 0.0
        self._evaluations: list[float] = []

    def stepped(self, seconds: float) -> None:
        """A step took this long."""
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

    def measured(self, seconds_left: float) -> bool:
        """Whether the speed is known well enough to plan the run, which has this much time left."""
        late = seconds_left < MEASURED_SECONDS
        return self._steps > 0 and (self._seconds >= MEASURED_SECONDS or late)

    def steps_in(
        self, seconds: float, evaluations: int = 0, steps_of_evaluation: float = 0.0
    ) -> int:
        """Steps that fit into some time, at least 1.

        Args:
            seconds: The time.
            evaluations: Evaluations that must fit in too.
            steps_of_evaluation: Cost of an evaluation in steps, before two were measured.

        Raises:
            ValueError: No step was measured yet.
        """
        if self.step_seconds is None:
            raise ValueError("the speed is not known before a step was measured.")
        # Machines are shared: the fastest evaluation is like those to come.
        guess = steps_of_evaluation * self.step_seconds
        evaluation = min(
            [*self._evaluations, guess] if len(self._evaluations) < 2 else self._evaluations
        )
        return max(1, int((seconds - evaluations * evaluation) / max(self.step_seconds, 1e-9)))


PATIENCE_SHARE = 0.4
"""The default patience, as a share of the run's evaluations."""


class TrainingSchedule:
    """Plans what is left of a run: its length, its evaluations, its end.

    It counts the time of a run, every second once, from the end of the first step of a session:
    that step compiles the network. A run by the clock takes at least `WARM_UP_STEPS` steps, unless
    they need twice its time.

    Args:
        state: Where the run stands; the plan is kept in its `learning_rate_schedule` and
            `next_evaluation`, the time in its `seconds`.
        config: Settled settings.
        step_characters: Characters read in a step.
        evaluation_characters: Characters read in an evaluation.
        clock: Returns seconds since any fixed instant.
    """

    def __init__(
        self,
        state: TrainerState,
        config: TrainingConfig,
        *,
        step_characters: int,
        evaluation_characters: int,
        clock: Callable[[], float],
    ) -> None:
        self._state = state
        self._config = config
        self._step_characters = step_characters
        self._evaluation_characters = evaluation_characters
        self._clock = clock
        self._lapped = clock()
        self._compiled = False
        self._pace = Pace()

    @property
    def seconds_left(self) -> float | None:
        """Time left of a run by the clock; below 0 when it is late."""
        if self._config.minutes is None:
            return None
        return self._budget - (self._state.seconds - self._state.budget_began)

    def time_left(self, step_seconds: float) -> float | None:
        """Seconds until the end, where a step takes so many; None while the length is unknown."""
        total, by_clock = self._state.learning_rate_schedule.total, self.seconds_left
        if total is None:
            return None
        return (total - self._state.step) * step_seconds if by_clock is None else max(0.0, by_clock)

    @property
    def is_over(self) -> bool:
        """Whether the budget is spent."""
        state, left = self._state, self.seconds_left
        total = state.learning_rate_schedule.total
        if total is not None and state.step >= total:
            return True
        if left is None or left > 0:
            return False
        return state.step >= WARM_UP_STEPS or left <= -self._budget

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
        """The run starts or resumes: its time begins."""
        self._lapped = self._clock()
        if self._state.next_evaluation is None:
            self._plan_evaluation()

    def stepped(self) -> float:
        """A step was taken. Plans a run by the clock once its speed is known.

        Returns:
            The seconds of the step, with what was done since the step before.
        """
        seconds = self._lap()
        if not self._compiled:
            self._compiled = True
            return seconds
        self._state.seconds += seconds
        self._pace.stepped(seconds)
        left = self.seconds_left
        unplanned = self._state.learning_rate_schedule.total is None
        if left is not None and unplanned and self._pace.measured(left):
            self._follow_clock(left)
        return seconds

    def evaluated(self) -> None:
        """An evaluation was made. Plans the next one, by the clock in the time left."""
        seconds = self._lap()
        state = self._state
        state.seconds += seconds
        self._pace.evaluated(seconds)
        left = self.seconds_left
        # A resumed run may evaluate before it has measured its speed.
        speed_known = self._pace.step_seconds is not None
        at_the_end = state.step == state.learning_rate_schedule.total
        if left is not None and speed_known and not at_the_end:
            self._follow_clock(left)
        else:
            self._plan_evaluation()

    def paused(self) -> None:
        """Something else was done, such as saving."""
        self._state.seconds += self._lap()

    def _lap(self) -> float:
        """Seconds since it was asked last."""
        before, self._lapped = self._lapped, self._clock()
        return self._lapped - before

    @property
    def _budget(self) -> float:
        assert self._config.minutes is not None, "a run by the clock"
        return 60 * self._config.minutes

    def _follow_clock(self, seconds_left: float) -> None:
        state, steps_in = self._state, self._pace.steps_in
        cost = steps_of_evaluation(self._step_characters, self._evaluation_characters)
        guess = steps_in(seconds_left) + state.step
        done = state.learning_rate_schedule.progress(state.step)
        evaluations = self._evaluations_in(guess)
        left = max(1, round(evaluations * (1 - done)))
        total = state.step + steps_in(seconds_left, left, cost)
        if total < WARM_UP_STEPS:
            most = state.step + steps_in(seconds_left + self._budget, left, cost)
            total = min(WARM_UP_STEPS, most)
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
