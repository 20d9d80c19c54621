"""The loop: read, learn, measure, save, until the budget is spent."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.directory import RESUME_DIRECTORY, CheckpointWriter
from charrnn.checkpoint.lookup import spoken_name
from charrnn.checkpoint.record import ModelRecord, RunRecord
from charrnn.errors import DivergenceError, TrainingInterrupted
from charrnn.model.network import State
from charrnn.training.batches import TrainingStreams
from charrnn.training.callbacks import CallbackDriver
from charrnn.training.course import Course
from charrnn.training.evaluation import EvaluationStopped, Evaluator
from charrnn.training.interruption import Interruption
from charrnn.training.observer import Ending, Evaluation, Outcome, Progress, TrainingObserver
from charrnn.training.renaming import RENAMED
from charrnn.training.resume import Meters, Position, save_state
from charrnn.training.step import TrainingStep
from charrnn.training.team import EVALUATE, FINISHED, LEARN, SAVE, Team

LONGEST_UNSAVED_SECONDS = 120.0

LONGEST_GLANCE_SECONDS = 0.5
"""How long an interrupted run measures its first network, so that it can be kept."""

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
        course: How far it goes from there.
        sample: Writes a sample at each evaluation, where there is one.
        begun: Whether the directory holds this run already.
        team: Those who train with it; it decides for all of them.
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
        course: Course,
        sample: SampleWriter | None,
        begun: bool,
        team: Team,
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
        self.course = course
        self.sample = sample
        self.team = team
        self._begun = begun
        self._saved_step = position.step if begun else None
        self._saved_at = time.monotonic()
        self._interruption = Interruption()

    def run(self) -> Outcome:
        """Train to the end.

        Raises:
            DivergenceError: The loss became NaN or infinite; the best network so far is kept.
            TrainingInterrupted: SIGINT or SIGTERM came; everything is saved.
            WorkersError: Another worker of the team is gone.
        """
        self.course.begin()
        with self._interruption, self.team.watched(self._what_is_kept):
            self.callbacks.begin()
            try:
                ending = self._loop()
            finally:
                self.callbacks.end()
        outcome = self._outcome(ending)
        told = dataclasses.asdict(outcome) | {"directory": str(outcome.directory)}
        self.team.order(FINISHED, outcome=told)
        return outcome

    def _loop(self) -> Ending:
        position = self.position
        while (ending := self._ending()) is None or not position.is_measured:
            if (signal := self._interruption.received or self.team.signal) is not None:
                self._interrupt(signal)
            due = position.step == position.next_evaluation and not position.is_measured
            if due or ending is not None:
                self._evaluate()
            else:
                self._learn()
                if time.monotonic() - self._saved_at > LONGEST_UNSAVED_SECONDS:
                    self._save()
        return ending

    def _ending(self) -> Ending | None:
        """Why the run is over, or None."""
        if self.callbacks.stopped:
            return "stopped by a callback"
        if self.course.out_of_patience:
            return "stopped early"
        return "finished" if self.course.is_over else None

    @property
    def _renames(self) -> bool:
        """Whether names are spelled anew; what a run is to write it learns in the rest of it."""
        return self.position.schedule.progress(self.position.step) < RENAMED

    def _learn(self) -> None:
        """One step."""
        position, began = self.position, time.monotonic()
        renames = self._renames
        batch = self.streams.batch(position.step, renames=renames)
        if batch.begins:
            self.state = self.step.zero_state()
        rate = position.schedule.rate(position.step)
        self.callbacks.begin_batch(rate)
        self.team.order(LEARN, step=position.step, rate=rate, renames=renames)
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
        self.course.stepped(seconds)
        self.observer.stepped(self._progress(result.loss))

    def _evaluate(self) -> None:
        """Measure, keep the best, save, tell; an interrupted run measures when it goes on."""
        began = time.monotonic()
        position = self.position
        try:
            validation_loss = self._validation_loss()
        except EvaluationStopped:
            self.team.give_up()
            position.seconds += time.monotonic() - began
            return
        if not math.isfinite(validation_loss):
            self._diverged("validation loss", validation_loss, position.step)
        best = validation_loss < position.best_loss
        evaluation = self._evaluation(validation_loss, best)
        self._begin_directory()
        if best:
            position.best_loss, position.best_step = validation_loss, position.step
            self._keep(evaluation)
        evaluation = dataclasses.replace(evaluation, sample=self._sample())
        renamed = bool(self.step.config.renaming) and self._renames
        position.without_gain = 0 if best or renamed else position.without_gain + 1
        position.meters = Meters()
        self.writer.append_history(dataclasses.asdict(evaluation))
        self.callbacks.evaluated(evaluation.training_loss, validation_loss)
        self.observer.evaluated(evaluation)
        self.course.evaluated(time.monotonic() - began)
        position.seconds += time.monotonic() - began
        self._save()

    def _validation_loss(self) -> float:
        self.team.order(EVALUATE)
        came = self._interruption.came
        return self.evaluator.loss(self.step.averaged, self.team.total, came)

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
        self.team.order(SAVE)
        carried = self.team.gathered(self.step.carried(self.state))
        directory = self.writer.directory / RESUME_DIRECTORY
        save_state(directory, self.position, self.step.arrays(self.state) | carried)
        self._saved_at, self._saved_step = time.monotonic(), self.position.step

    def _what_is_kept(self) -> str:
        """What is left of a run that other workers ended, and how to go on with it."""
        if self._saved_step is None:
            return "Nothing had been saved yet; start all workers again."
        return (
            f"All that was learned until step {self._saved_step:,} is kept in "
            f"{self.writer.directory}. {self._how_to_go_on()}"
        )

    def _how_to_go_on(self) -> str:
        command = f"charrnn train --resume --name {spoken_name(self.writer.directory)}"
        return f"Go on{self.team.scope} with: {command}"

    def _interrupt(self, signal_number: int) -> None:
        """Save, and end the run in the middle."""
        self._save()
        if not math.isfinite(self.position.best_loss):
            # There should be something to write with. The evaluation counts for nothing else, or
            # a run that goes on from here would not be the run that was never interrupted.
            loss = self.evaluator.glance(self.step.averaged, LONGEST_GLANCE_SECONDS)
            self._keep(self._evaluation(loss, best=True))
        total = self.position.schedule.total
        of = f" of {total:,}" if total is not None else ""
        raise TrainingInterrupted(
            f"Stopped after step {self.position.step:,}{of}; everything is saved in "
            f"{self.writer.directory}.\n{self._how_to_go_on()}",
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
