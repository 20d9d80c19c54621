"""The training loop: read, learn, evaluate, save, until the budget is spent."""

import contextlib
import dataclasses
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from charrnn.checkpoint.directory import (
    RESUME_DIRECTORY,
    STATE_FILE,
    CheckpointWriter,
)
from charrnn.checkpoint.history import HISTORY_FILE, append_history, read_history
from charrnn.checkpoint.network_file import write_network
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE, ModelRecord, RunRecord
from charrnn.cluster import Cluster
from charrnn.corpus.loading import Corpus
from charrnn.corpus.text_files import TextFile
from charrnn.errors import DivergenceError, TrainingInterrupted
from charrnn.model.network import State
from charrnn.training.callbacks import CallbackDriver
from charrnn.training.data import TrainingStreams
from charrnn.training.evaluation import EvaluationStopped, Evaluator
from charrnn.training.name_augmentation import AUGMENTED
from charrnn.training.observer import (
    Ending,
    Evaluation,
    Progress,
    TrainingObserver,
    TrainingResult,
)
from charrnn.training.schedule import TrainingSchedule
from charrnn.training.state import RunningMetrics, TrainerState, save_state, writing_told
from charrnn.training.step import TrainingStep
from charrnn.training.workers import Interruption, Report, Workers, how_to_resume

LONGEST_UNSAVED_SECONDS = 120.0

LONGEST_QUICK_LOSS_SECONDS = 0.5
"""How long an interrupted run measures its first network, so that it can be kept."""

SampleWriter = Callable[[RunRecord, Sequence[npt.NDArray[np.float32]], int], str]
"""Writes something with a network: what `charrnn.json` says, what `get_weights` returns, a seed."""


@dataclass(frozen=True, slots=True)
class RunHooks:
    """What is called during a run.

    Attributes:
        observer: Is told of everything.
        callbacks: Keras callbacks.
        sample: Writes a sample at each evaluation.
        text_files: The files that depend on the text alone, made before the first step.
    """

    observer: TrainingObserver = field(default_factory=TrainingObserver)
    callbacks: Sequence[keras.callbacks.Callback] = ()
    sample: SampleWriter | None = None
    text_files: Sequence[TextFile] = ()

    def for_worker(self, cluster: Cluster | None) -> "RunHooks":
        """The hooks of one worker: only worker 0 tells how it goes."""
        if cluster is None or cluster.index == 0:
            return self
        return dataclasses.replace(self, observer=TrainingObserver())


class Trainer:
    """Trains one network on one text, and keeps its checkpoint directory.

    Args:
        step: The network and its optimizer.
        streams: The training split.
        evaluator: The validation split.
        corpus: The text, for the files that depend on it.
        state: Where the run stands.
        carried: The recurrent state of its streams.
        writer: Its directory, which is first written to when there is something to keep.
        record: What its `charrnn.json` says.
        hooks: What is called on the way.
        workers: The processes that train together.
        resumed: Whether the directory holds this run already.
    """

    def __init__(
        self,
        *,
        step: TrainingStep,
        streams: TrainingStreams,
        evaluator: Evaluator,
        corpus: Corpus,
        state: TrainerState,
        carried: State,
        writer: CheckpointWriter,
        record: RunRecord,
        hooks: RunHooks,
        workers: Workers,
        resumed: bool = False,
    ) -> None:
        self.step = step
        self.streams = streams
        self.evaluator = evaluator
        self.state = state
        self.writer = writer
        self.record = record
        self.schedule = TrainingSchedule(
            state,
            step.config,
            step_characters=step.step_characters,
            evaluation_characters=evaluator.characters_read,
            clock=workers.clock,
        )
        self._carried = carried
        self._hooks = hooks
        until = state.evaluated_until
        kept = [line for line in read_history(writer.directory) if line["step"] <= until]
        first_epoch = len(kept) if resumed else 0
        self._callbacks = CallbackDriver(hooks.callbacks, step.network.model, first_epoch)
        self._corpus = corpus
        self._workers = workers
        self._writes = workers.index == 0
        self._begun = resumed
        self._saved_at = workers.clock()
        self._saved_step = state.step if resumed else None
        self._interruption = Interruption()

    def run(self) -> TrainingResult:
        """Train to the end.

        Raises:
            DivergenceError: The loss became NaN or infinite; the best network so far is kept.
            TrainingInterrupted: SIGINT, SIGHUP or SIGTERM came; everything is saved.
            WorkersError: Another worker is gone.
        """
        with self._interruption, tempfile.TemporaryDirectory() as staged:
            self._staged = Path(staged)
            self._make_files()
            self.evaluator.compile(self.step.ema)
            self._callbacks.begin()
            self._workers.wait()
            self.schedule.begin()
            try:
                ending = self._loop()
            finally:
                self._callbacks.end()
            self._workers.wait()  # The first worker may still be writing.
        return self._result(ending)

    def _make_files(self) -> None:
        """Make the files that depend on the text alone.

        They wait elsewhere until the run takes its directory over.
        """
        place = self.writer.directory if self._begun else self._staged
        known = dict(self.record.text_files)
        for file in self._hooks.text_files if self._writes else ():
            told = self._hooks.observer.noted
            known[file.name] = file.keep(place, self._corpus, self.record, told)
        if known != self.record.text_files:
            self.record = dataclasses.replace(self.record, text_files=known)
            if self._begun:
                with self._writing(RECORD_FILE):
                    self.writer.write_record(self.record)

    def _loop(self) -> Ending:
        state, workers = self.state, self._workers
        while True:
            if workers.count == 1:
                self._report()  # Several workers hear of one another in each step and evaluation.
            ending = self._ending()
            if ending is not None and state.is_evaluated:
                return ending
            if workers.stop_signal is not None:
                self._interrupt(workers.stop_signal)
            due = state.step == state.next_evaluation and not state.is_evaluated
            if due or ending is not None:
                self._evaluate()
            else:
                self._learn()
                if workers.clock() - self._saved_at > LONGEST_UNSAVED_SECONDS:
                    self._save()

    def _report(self) -> Report:
        """What this worker tells the others."""
        return self._workers.report(self._interruption.received, self._callbacks.stopped)

    def _ending(self) -> Ending | None:
        """Why the run is over, or None."""
        if self._workers.stopped:
            return "stopped by a callback"
        if self.schedule.out_of_patience:
            return "stopped early"
        return "finished" if self.schedule.is_over else None

    @property
    def _augments(self) -> bool:
        """Whether names are replaced; the rest of the run learns the names to be written."""
        return self.state.learning_rate_schedule.progress(self.state.step) < AUGMENTED

    def _learn(self) -> None:
        """One step."""
        state = self.state
        batch = self.streams.batch(state.step, augments=self._augments)
        if batch.begins:
            self._carried = self.step.zero_state()
        rate = state.learning_rate_schedule.rate(state.step)
        self._callbacks.begin_batch(rate)
        result, self._carried = self.step(batch, self._carried, state.step, rate, self._report())
        self._workers.heard(result.reports)
        if not math.isfinite(result.loss):
            self._diverged("training loss", result.loss, state.step + 1)
        if not math.isfinite(result.gradient_norm):
            self._diverged("norm of the gradients", result.gradient_norm, state.step + 1)
        self._callbacks.end_batch(result.loss)

        state.step += 1
        metrics = state.metrics
        metrics.steps += 1
        metrics.loss += result.loss
        metrics.gradient_norm += result.gradient_norm
        metrics.clipped += result.gradient_norm > self.step.config.clip_norm
        metrics.seconds += self.schedule.stepped()
        self._hooks.observer.stepped(self._progress(result.loss))

    def _evaluate(self) -> None:
        """Measure, keep the best, save, tell; an interrupted run measures when it goes on."""
        state = self.state
        validation_loss = self._validation_loss()
        if validation_loss is None:
            self.schedule.paused()
            return
        if not math.isfinite(validation_loss):
            self._diverged("validation loss", validation_loss, state.step)
        best = state.best_loss is None or validation_loss < state.best_loss
        evaluation = self._evaluation(validation_loss, best)
        if not self._begun:
            self._save()
        if best:
            state.best_loss, state.best_step = validation_loss, state.step
            self._keep(evaluation)
        evaluation = dataclasses.replace(evaluation, sample=self._written_sample())
        augmented = bool(self.step.config.name_augmentation) and self._augments
        counted = not best and not augmented
        state.evaluations_since_best = state.evaluations_since_best + 1 if counted else 0
        state.metrics = RunningMetrics()
        if self._writes:
            with self._writing(HISTORY_FILE):
                append_history(self.writer.directory, dataclasses.asdict(evaluation))
        self._callbacks.evaluated(evaluation.training_loss, validation_loss)
        self._hooks.observer.evaluated(evaluation)
        self._workers.wait()
        self.schedule.evaluated()
        self._save()

    def _validation_loss(self) -> float | None:
        """Nats per character of the validation split; None where a signal stopped it."""
        try:
            nats = self.evaluator.nats(self.step.ema, self._interruption.came)
        except EvaluationStopped:
            nats = 0.0
        total = self._workers.total(np.append(np.float64(nats), self._report()))
        self._workers.heard(total[1:])
        if self._workers.stop_signal is not None:
            return None
        return float(total[0]) / self.evaluator.characters

    def _evaluation(self, validation_loss: float, best: bool) -> Evaluation:
        state, metrics = self.state, self.state.metrics
        steps, seconds = max(1, metrics.steps), max(1e-9, metrics.seconds)
        return Evaluation(
            step=state.step,
            epoch=state.step / self.streams.steps_per_epoch,
            seconds=state.seconds,
            training_loss=metrics.loss / steps,
            validation_loss=validation_loss,
            learning_rate=state.learning_rate_schedule.rate(max(0, state.step - 1)),
            gradient_norm=metrics.gradient_norm / steps,
            clipped=metrics.clipped / steps,
            characters_per_second=metrics.steps * self.step.step_characters / seconds,
            best=best,
            sample=None,
        )

    def _written_sample(self) -> str | None:
        if self._hooks.sample is None or not self._writes:
            return None
        weights = self.step.ema.model.get_weights()
        return self._hooks.sample(self.record, weights, self.state.step)

    def _writing(self, file: str) -> contextlib.AbstractContextManager[None]:
        return writing_told(self.writer.directory, file, self._saved_step)

    def _keep(self, evaluation: Evaluation) -> None:
        """Save the averaged network as the best so far."""
        if not self._writes:
            return
        model = ModelRecord(
            sha256="",
            step=evaluation.step,
            epoch=evaluation.epoch,
            training_loss=evaluation.training_loss,
            validation_loss=evaluation.validation_loss,
        )
        weights = self.step.ema.model.get_weights()
        with self._writing(MODEL_FILE):
            save = partial(write_network, architecture=self.record.architecture, arrays=weights)
            self.record = self.writer.write_model(self.record, model, save)

    def _save(self) -> None:
        """Save all that a resumed run needs; the first time, take the directory over with it."""
        carried = self.step.carried(self._carried)
        if self._workers.count > 1:
            carried = {name: self._gathered(rows) for name, rows in carried.items()}
        if self._writes:
            # A run that is overwritten is gone from here, and not before.
            begins = self.writer.beginning(self.record, self._staged)
            told = self._writing(f"{RESUME_DIRECTORY}/{STATE_FILE}")
            with told, contextlib.nullcontext() if self._begun else begins:
                directory = self.writer.directory / RESUME_DIRECTORY
                save_state(directory, self.state, self.step.arrays(self._carried) | carried)
        self._begun = True
        self._saved_step = self.state.step
        self._saved_at = self._workers.clock()
        self.schedule.paused()

    def _gathered(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The rows of all workers, in their order, of the rows that this one holds."""
        whole = np.zeros((self._workers.count, *rows.shape), rows.dtype)
        whole[self._workers.index] = rows
        return self._workers.total(whole).reshape(-1, *rows.shape[1:])

    def _interrupt(self, signal_number: int) -> None:
        """Save, and end the run in the middle."""
        self._save()
        if self.state.best_loss is None and self._writes:
            # There should be something to write with. The evaluation counts for nothing else.
            loss = self.evaluator.quick_loss(self.step.ema, LONGEST_QUICK_LOSS_SECONDS)
            if math.isfinite(loss):
                self._keep(self._evaluation(loss, best=True))
        total = self.state.learning_rate_schedule.total
        of = f" of {total:,}" if total is not None else ""
        command = how_to_resume(self.writer.directory, several=self._workers.count > 1)
        self._workers.wait()  # One that is gone early would end the others before they have saved.
        raise TrainingInterrupted(
            f"Stopped after step {self.state.step:,}{of}; everything is saved in "
            f"{self.writer.directory}.\n{command}",
            signal_number,
        )

    def _diverged(self, what: str, value: float, step: int) -> None:
        kept = (
            "no network had been saved yet"
            if self.state.best_loss is None
            else f"the best network, of step {self.state.best_step:,}, is kept in "
            f"{self.writer.directory}"
        )
        rate = self.step.config.learning_rate
        raise DivergenceError(
            f"the {what} became {value} at step {step:,}; {kept}. Train again with a lower "
            f"--learning-rate than {rate:g}, under another --name or with --overwrite."
        )

    def _progress(self, loss: float) -> Progress:
        state, total = self.state, self.state.learning_rate_schedule.total
        seconds = state.metrics.seconds / max(1, state.metrics.steps)
        return Progress(
            step=state.step,
            steps=total,
            epoch=state.step / self.streams.steps_per_epoch,
            loss=loss,
            characters_per_second=self.step.step_characters / max(1e-9, seconds),
            seconds=state.seconds,
            seconds_left=self.schedule.time_left(seconds),
        )

    def _result(self, ending: Ending) -> TrainingResult:
        state = self.state
        assert state.best_loss is not None, "a run ends with an evaluation"
        return TrainingResult(
            directory=self.writer.directory,
            ending=ending,
            steps=state.step,
            epochs=state.step / self.streams.steps_per_epoch,
            seconds=state.seconds,
            best_step=state.best_step,
            validation_loss=state.best_loss,
            baselines=self.record.baselines,
        )
