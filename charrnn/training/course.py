"""How far a run goes, where it is measured on its way, and when it has gone in vain."""

from charrnn.settings.configuration import TrainingConfig
from charrnn.training.pace import EVALUATIONS, Pace, evaluations_in, steps_of_evaluation
from charrnn.training.resume import Position

PATIENCE_SHARE = 0.4
"""Share of a run's evaluations without a better loss that ends it, unless patience is given."""


class Course:
    """Lays out what is left of a run, in its position.

    Args:
        position: Where the run stands; its `schedule` and `next_evaluation` are kept here.
        config: Settled settings.
        step_characters: Characters read in a step.
        evaluation_characters: Characters read in an evaluation.
        pace: The clock that ends the run; None when `position.schedule` knows its length.
    """

    def __init__(
        self,
        position: Position,
        config: TrainingConfig,
        *,
        step_characters: int,
        evaluation_characters: int,
        pace: Pace | None,
    ) -> None:
        self._position = position
        self._config = config
        self._step_characters = step_characters
        self._evaluation_characters = evaluation_characters
        self._pace = pace

    @property
    def is_over(self) -> bool:
        """Whether the budget is spent."""
        position = self._position
        total = position.schedule.total
        late = self._pace is not None and self._pace.over and position.step > 0
        return late or (total is not None and position.step >= total)

    @property
    def out_of_patience(self) -> bool:
        """Whether the validation loss has not fallen for so long that the run should end."""
        patience = self._config.patience
        if patience is None:
            total = self._position.schedule.total
            evaluations = self._evaluations_in(total) if total is not None else EVALUATIONS
            patience = round(PATIENCE_SHARE * evaluations)
        return patience > 0 and self._position.without_gain >= max(1, patience)

    def begin(self) -> None:
        """The run begins, or goes on."""
        if self._position.next_evaluation is None:
            self._plan_evaluation()

    def stepped(self, seconds: float) -> None:
        """A step took so long; settles the length of a run by the clock once its speed is known."""
        if self._pace is None:
            return
        self._pace.stepped(seconds)
        if self._position.schedule.total is None and self._pace.measured:
            self._follow_clock(self._pace)

    def evaluated(self, seconds: float) -> None:
        """An evaluation took so long; plans the next one."""
        pace, position = self._pace, self._position
        if pace is not None:
            pace.evaluated(seconds)
        # A run that goes on may meet an evaluation before it has measured its speed.
        speed_known = pace is not None and pace.step_seconds is not None
        if pace is not None and speed_known and position.step != position.schedule.total:
            self._follow_clock(pace)
        else:
            self._plan_evaluation()

    def _follow_clock(self, pace: Pace) -> None:
        position = self._position
        cost = steps_of_evaluation(self._step_characters, self._evaluation_characters)
        guess = pace.steps_left(0, 0.0) + position.step
        done = position.schedule.progress(position.step)
        evaluations = self._evaluations_in(guess)
        left = max(1, round(evaluations * (1 - done)))
        total = position.step + pace.steps_left(left, cost)
        position.schedule = position.schedule.settled(position.step, total)
        every = self._config.evaluate_every or max(1, round((total - position.step) / left))
        position.next_evaluation = min(total, position.step + every)

    def _plan_evaluation(self) -> None:
        """The next evaluation of a run whose length is known."""
        position, total = self._position, self._position.schedule.total
        if total is None:
            return
        every = self._config.evaluate_every or -(-total // self._evaluations_in(total))
        position.next_evaluation = min(total, position.step + every)

    def _evaluations_in(self, steps: int) -> int:
        if self._config.evaluate_every is not None:
            return max(1, round(steps / self._config.evaluate_every))
        return evaluations_in(steps, self._step_characters, self._evaluation_characters)
