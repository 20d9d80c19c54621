"""The loop: read, learn, measure, save, until the budget is spent."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint import RESUME_DIRECTORY, CheckpointWriter
from charrnn.errors import DivergenceError, TrainingInterrupted
from charrnn.model.network import State
from charrnn.naming import spoken_name
from charrnn.record import ModelRecord, RunRecord
from charrnn.training.batches import TrainingStreams
from charrnn.training.callbacks import CallbackDriver
from charrnn.training.evaluation import Evaluator
from charrnn.training.interruption import Interruption
from charrnn.training.observer import Ending, Evaluation, Outcome, Progress, TrainingObserver
from charrnn.training.pace import EVALUATIONS, Pace, evaluations_in
from charrnn.training.resume import Meters, Position, save_state
from charrnn.training.step import TrainingStep

LONGEST_UNSAVED_SECONDS = 120.0
PATIENCE_SHARE = 0.4
"""Share of a run's evaluations without a better loss that ends it, unless patience is given."""

SampleWriter = Callable[[RunRecord, Sequence[npt.NDArray[np.float32]], int], str]
"""Writes something with a network: what `charrnn.json` says, what `get_weights` returns, a seed."""


class Trainer:
    """Trains one network on one text, and keeps its checkpoint directory.

    Args:
        step: The network and its optimizer.
        streams: The training part.
        evaluator: The validation part, of `validation_characters`.
        validation_characters: Its length.
        position: Where the run stands.
        state: Where its streams stand.
        writer: Its directory, which is first written to when there is something to keep.
        record: What its `charrnn.json` says.
        observer: Whom to tell.
        callbacks: Keras's own observers.
        pace: The clock that ends the run; None when `position.schedule` knows its length.
        sample: Writes a sample at each evaluation, where there is one.
        begun: Whether the directory holds this run already.
    """

    def __init__(
        self,
        *,
        step: TrainingStep,
        streams: TrainingStreams,
        evaluator: Evaluator,
        validation_characters: int,
        position: Position,
        state: State,
        writer: CheckpointWriter,
        record: RunRecord,
        observer: TrainingObserver,
        callbacks: CallbackDriver,
        pace: Pace | None,
        sample: SampleWriter | None,
        begun: bool,
    ) -> None:
        self.step = step
        self.streams = streams
        self.evaluator = evaluator
        self.validation_characters = validation_characters
        self.position = position
        self.state = state
        self.writer = writer
        self.record = record
        self.observer = observer
        self.callbacks = callbacks
        self.pace = pace
        self.sample = sample
        self._begun = begun
        self._last_evaluated = position.step if math.isfinite(position.best_loss) else None
        self._saved_at = time.monotonic()

    def run(self) -> Outcome:
        """Train to the end.

        Raises:
            DivergenceError: The loss became NaN or infinite; the best network so far is kept.
            TrainingInterrupted: SIGINT or SIGTERM came; everything is saved.
        """
        if self.position.next_evaluation is None:
            self._plan_evaluation()
        with Interruption() as interruption:
            self.callbacks.begin()
            try:
                ending = self._loop(interruption)
            finally:
                self.callbacks.end()
        outcome = self._outcome(ending)
        self.observer.finished(outcome)
        return outcome

    def _loop(self, interruption: Interruption) -> Ending:
        while (ending := self._ending()) is None:
            self._learn()
            self._lay_out()
            if self.position.step == self.position.next_evaluation:
                self._evaluate()
            elif time.monotonic() - self._saved_at > LONGEST_UNSAVED_SECONDS:
                self._save()
            if interruption.received is not None and self._ending() is None:
                self._interrupt(interruption.received)
        if self._last_evaluated != self.position.step:
            self._evaluate()
        return ending

    def _ending(self) -> Ending | None:
        """Why the run is over, or None."""
        position = self.position
        if self.callbacks.stopped:
            return "stopped by a callback"
        if self.out_of_patience:
            return "stopped early"
        total = position.schedule.total
        over = self.pace is not None and self.pace.over and position.step > 0
        return "finished" if over or (total is not None and position.step >= total) else None

    @property
    def out_of_patience(self) -> bool:
        """Whether the validation loss has not fallen for so long that the run should end."""
        patience = self.step.config.patience
        if patience is None:
            total = self.position.schedule.total
            evaluations = self._evaluations_in(total) if total is not None else EVALUATIONS
            patience = round(PATIENCE_SHARE * evaluations)
        return patience > 0 and self.position.without_gain >= max(1, patience)

    def _learn(self) -> None:
        """One step."""
        position, began = self.position, time.monotonic()
        batch = self.streams.batch(position.step)
        if batch.begins:
            self.state = self.step.zero_state()
        self.callbacks.begin_batch()
        rate = position.schedule.rate(position.step)
        result, self.state = self.step(batch, self.state, position.step, rate)
        if not math.isfinite(result.loss):
            self._diverged("training loss", result.loss, position.step + 1)
        if not math.isfinite(result.gradient_norm):
            self._diverged("norm of the gradients", result.gradient_norm, position.step + 1)
        self.callbacks.end_batch(result.loss)

        seconds = time.monotonic() - began
        position.step += 1
        position.seconds += seconds
        meters = position.meters
        meters.steps += 1
        meters.loss += result.loss
        meters.gradient_norm += result.gradient_norm
        meters.clipped += result.gradient_norm > self.step.config.gradient_norm
        meters.seconds += seconds
        if self.pace is not None:
            self.pace.stepped(seconds)
        self.observer.stepped(self._progress(result.loss))

    def _lay_out(self) -> None:
        """Settle the length of a run by the clock, once its speed is known."""
        if self.position.schedule.total is None and self.pace is not None and self.pace.measured:
            self._follow_clock(self.pace)

    def _follow_clock(self, pace: Pace) -> None:
        position = self.position
        cost = self.validation_characters / 3 / self.step.step_characters
        guess = pace.steps_left(0, 0.0) + position.step
        done = position.schedule.progress(position.step)
        evaluations = self._evaluations_in(guess)
        left = max(1, round(evaluations * (1 - done)))
        total = position.step + pace.steps_left(left, cost)
        position.schedule = position.schedule.settled(position.step, total)
        every = self.step.config.evaluate_every or max(1, round((total - position.step) / left))
        position.next_evaluation = min(total, position.step + every)

    def _plan_evaluation(self) -> None:
        """The next evaluation of a run whose length is known."""
        position, total = self.position, self.position.schedule.total
        if total is None:
            return
        every = self.step.config.evaluate_every or -(-total // self._evaluations_in(total))
        position.next_evaluation = min(total, position.step + every)

    def _evaluations_in(self, steps: int) -> int:
        if self.step.config.evaluate_every is not None:
            return max(1, round(steps / self.step.config.evaluate_every))
        return evaluations_in(steps, self.step.step_characters, self.validation_characters)

    def _evaluate(self) -> None:
        """Measure, keep the best, save, tell."""
        began = time.monotonic()
        position = self.position
        validation_loss = self.evaluator.loss(self.step.averaged)
        if not math.isfinite(validation_loss):
            self._diverged("validation loss", validation_loss, position.step)
        best = validation_loss < position.best_loss
        evaluation = self._evaluation(validation_loss, best)
        self._begin_directory()
        if best:
            position.best_loss, position.best_step = validation_loss, position.step
            self._keep(evaluation)
        evaluation = dataclasses.replace(evaluation, sample=self._sample())
        position.without_gain = 0 if best else position.without_gain + 1
        position.meters = Meters()
        self._last_evaluated = position.step
        self.writer.append_history(dataclasses.asdict(evaluation))
        self.callbacks.evaluated(evaluation.training_loss, validation_loss)
        self.observer.evaluated(evaluation)
        if self.pace is not None:
            self.pace.evaluated(time.monotonic() - began)
        # A run that goes on may meet an evaluation before it has measured its speed.
        speed_known = self.pace is not None and self.pace.step_seconds is not None
        if self.pace is not None and speed_known and position.step != position.schedule.total:
            self._follow_clock(self.pace)
        else:
            self._plan_evaluation()
        position.seconds += time.monotonic() - began
        self._save()

    def _evaluation(self, validation_loss: float, best: bool) -> Evaluation:
        position, meters = self.position, self.position.meters
        steps = max(1, meters.steps)
        return Evaluation(
            step=position.step,
            epoch=position.step / self.streams.steps_per_epoch,
            seconds=position.seconds,
            training_loss=meters.loss / steps,
            validation_loss=validation_loss,
            learning_rate=position.schedule.rate(max(0, position.step - 1)),
            gradient_norm=meters.gradient_norm / steps,
            clipped=meters.clipped / steps,
            characters_per_second=meters.steps
            * self.step.step_characters
            / max(1e-9, meters.seconds),
            best=best,
            sample=None,
        )

    def _sample(self) -> str | None:
        if self.sample is None:
            return None
        weights = self.step.averaged.model.get_weights()
        return self.sample(self.record, weights, self.position.step)

    def _begin_directory(self) -> None:
        """Take the directory over; a run that is overwritten is gone from here, and not before."""
        if self._begun:
            return
        self.writer.clear()
        self.writer.write_record(self.record)
        self._begun = True

    def _keep(self, evaluation: Evaluation) -> None:
        """Save the averaged network as the best so far."""
        model = ModelRecord(
            sha256="",
            step=evaluation.step,
            epoch=evaluation.epoch,
            training_loss=evaluation.training_loss,
            validation_loss=evaluation.validation_loss,
        )
        self.record = self.writer.write_model(self.record, model, self.step.averaged.model.save)

    def _save(self) -> None:
        """Save all that a resumed run needs."""
        self._begin_directory()
        directory = self.writer.directory / RESUME_DIRECTORY
        save_state(directory, self.position, self.step.arrays(self.state))
        self._saved_at = time.monotonic()

    def _interrupt(self, signal_number: int) -> None:
        """Save, and end the run in the middle."""
        self._save()
        if self._last_evaluated is None:
            # There should be something to write with. The evaluation counts for nothing else, or
            # a run that goes on from here would not be the run that was never interrupted.
            self._keep(self._evaluation(self.evaluator.loss(self.step.averaged), best=True))
        total = self.position.schedule.total
        of = f" of {total:,}" if total is not None else ""
        raise TrainingInterrupted(
            f"Stopped after step {self.position.step:,}{of}; everything is saved in "
            f"{self.writer.directory}.\nGo on with: charrnn train --resume "
            f"--name {spoken_name(self.writer.directory)}",
            signal_number,
        )

    def _diverged(self, what: str, value: float, step: int) -> None:
        kept = (
            f"the best network, of step {self.position.best_step:,}, is kept in "
            f"{self.writer.directory}"
            if math.isfinite(self.position.best_loss)
            else "no network had been saved yet"
        )
        rate = self.step.config.learning_rate
        raise DivergenceError(
            f"the {what} became {value} at step {step:,}; {kept}. Train again with a lower "
            f"--learning-rate than {rate:g}, under another --name or with --overwrite."
        )

    def _progress(self, loss: float) -> Progress:
        position, total = self.position, self.position.schedule.total
        seconds = position.meters.seconds / max(1, position.meters.steps)
        left = (total - position.step) * seconds if total is not None else None
        return Progress(
            step=position.step,
            steps=total,
            epoch=position.step / self.streams.steps_per_epoch,
            loss=loss,
            characters_per_second=self.step.step_characters / max(1e-9, seconds),
            seconds=position.seconds,
            seconds_left=left,
        )

    def _outcome(self, ending: Ending) -> Outcome:
        position = self.position
        return Outcome(
            directory=self.writer.directory,
            ending=ending,
            steps=position.step,
            epochs=position.step / self.streams.steps_per_epoch,
            seconds=position.seconds,
            best_step=position.best_step,
            validation_loss=position.best_loss,
            baselines=self.record.baselines,
        )
