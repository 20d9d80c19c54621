"""What training reports to an observer: a display, a log, a test. Needs no TensorFlow."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from charrnn.settings.architecture import Architecture

Ending = Literal["finished", "stopped early", "stopped by a callback"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingPlan:
    """What is about to happen, reported before the first step.

    Attributes:
        device: Where it trains, in words.
        window: Characters of each sequence read in one step.
        steps: Steps of the whole run; None when a clock decides.
        minutes: Time of training allowed; None when steps decide.
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
        steps: Steps of the whole run, once known.
        loss: Nats per character of this step.
        seconds: Time of training, with earlier sessions.
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
        seconds: Time of training, with earlier sessions.
        training_loss: Mean since the evaluation before, in nats per character.
        validation_loss: Of the EMA weights on the validation split, in nats per character.
        gradient_norm: Mean norm of the gradients before clipping.
        clipped: Share of the steps whose gradients were clipped.
        best: Whether this is the lowest validation loss so far.
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
        seconds: Time of training, with earlier sessions.
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


class TrainingObserver:
    """Receives reports of training; a subclass overrides what it needs."""

    def noted(self, sentence: str) -> None:
        """Something was found or decided."""

    def started(self, plan: TrainingPlan) -> None:
        """Training is about to begin."""

    def stepped(self, progress: Progress) -> None:
        """A step was done."""

    def evaluated(self, evaluation: Evaluation) -> None:
        """The validation split was evaluated."""

    def finished(self, result: TrainingResult) -> None:
        """Training ended normally."""
