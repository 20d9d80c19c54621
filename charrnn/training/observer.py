"""What training reports to an observer: a display, a log, a test. Needs no TensorFlow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from charrnn.settings.architecture import Architecture

Ending = Literal["finished", "stopped early", "stopped by a callback"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingPlan:
    """What is about to happen, reported before the first step.

    Attributes:
        directory: Where the run is written.
        architecture: The network.
        device: Where it trains, in words.
        training_characters: Length of the training split.
        validation_characters: Length of the validation split.
        batch_size: Sequences in one batch.
        window: Characters of each sequence read in one step.
        steps: Steps of the whole run; None when a clock decides.
        steps_per_epoch: Steps in which the whole training part is read once.
        minutes: Time allowed; None when steps decide.
        baselines: Losses to compare with, in nats per character, by name.
        begins_at: Step at which it begins: 0, or where a resumed run stood.
    """

    directory: Path
    architecture: Architecture
    device: str
    training_characters: int
    validation_characters: int
    batch_size: int
    window: int
    steps: int | None
    steps_per_epoch: int
    minutes: float | None
    baselines: dict[str, float]
    begins_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where training stands after a step.

    Attributes:
        step: Steps done.
        steps: Steps of the whole run, once known.
        epoch: Epochs done.
        loss: Nats per character of this step.
        characters_per_second: Current speed of training.
        seconds: Time since the run began, with earlier sessions.
        seconds_left: Time until the end, once known.
    """

    step: int
    steps: int | None
    epoch: float
    loss: float
    characters_per_second: float
    seconds: float
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """One evaluation on the validation split: a line of `history.jsonl`.

    Attributes:
        step: Steps done.
        epoch: Epochs done.
        seconds: Time since the run began, with earlier sessions.
        training_loss: Mean since the evaluation before, in nats per character.
        validation_loss: Of the EMA weights on the validation split, in nats per character.
        learning_rate: Rate of the last step.
        gradient_norm: Mean norm of the gradients before clipping.
        clipped: Share of the steps whose gradients were clipped.
        characters_per_second: Speed of training since the evaluation before.
        best: Whether this is the lowest validation loss so far.
        sample: Something the network wrote, where a writer was given.
    """

    step: int
    epoch: float
    seconds: float
    training_loss: float
    validation_loss: float
    learning_rate: float
    gradient_norm: float
    clipped: float
    characters_per_second: float
    best: bool
    sample: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingResult:
    """How a run ended.

    Attributes:
        directory: Where it was written.
        ending: Why it ended.
        steps: Steps done.
        epochs: Epochs done.
        seconds: Time since the run began, with earlier sessions.
        best_step: Step of the network that was kept.
        validation_loss: Its loss, in nats per character.
        baselines: Losses to compare with, in nats per character, by name.
    """

    directory: Path
    ending: Ending
    steps: int
    epochs: float
    seconds: float
    best_step: int
    validation_loss: float
    baselines: dict[str, float]


class TrainingObserver(Protocol):
    """Receives reports of training."""

    def noted(self, sentence: str) -> None:
        """A sentence to show."""

    def started(self, plan: TrainingPlan) -> None:
        """Training is about to begin."""

    def stepped(self, progress: Progress) -> None:
        """A step was done."""

    def evaluated(self, evaluation: Evaluation) -> None:
        """The validation part was measured."""

    def finished(self, outcome: TrainingResult) -> None:
        """Training ended normally."""


class SilentObserver:
    """Ignores all reports; a base for observers that need only some."""

    def noted(self, sentence: str) -> None:
        """Ignore it."""

    def started(self, plan: TrainingPlan) -> None:
        """Ignore it."""

    def stepped(self, progress: Progress) -> None:
        """Ignore it."""

    def evaluated(self, evaluation: Evaluation) -> None:
        """Ignore it."""

    def finished(self, outcome: TrainingResult) -> None:
        """Ignore it."""
