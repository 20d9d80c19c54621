"""What a run that goes on may change, and what it must keep."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from charrnn.checkpoint.lookup import spoken_name
from charrnn.checkpoint.record import RunRecord
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.settings.setting import AUTO, Configuration, settings_of
from charrnn.training.batches import TrainingStreams
from charrnn.training.plan import total_steps
from charrnn.training.resume import Position
from charrnn.training.schedule import Schedule
from charrnn.training.trainer import Trainer

BUDGET: Final = frozenset({"epochs", "steps", "minutes"})

FREE_TO_CHANGE: Final = BUDGET | {"patience", "evaluate_every"}
"""Settings that a run which goes on may have new values of."""


def has_new_budget(changes: Mapping[str, Any]) -> bool:
    """Whether one of the changes sets how long the run is."""
    return any(changes.get(name) is not None for name in BUDGET)


def changed_training(
    record: RunRecord, changes: Mapping[str, Any], directory: Path
) -> TrainingConfig:
    """The settings of a run that goes on.

    Args:
        record: The run.
        changes: Settings asked for now, by name; `None` or "auto" leaves one as it is.
        directory: Where the run is, for the message.

    Raises:
        CheckpointError: A change would make it another run.
        ConfigurationError: A new value is out of range, or there are two budgets.
    """
    known: dict[str, Any] = {}
    configurations: tuple[Configuration, ...] = (record.corpus_config, record.training)
    for configuration in configurations:
        known |= {name: getattr(configuration, name) for name in settings_of(type(configuration))}
    known |= dataclasses.asdict(record.architecture) | {"layout": record.corpus.layout}
    asked = {name: value for name, value in changes.items() if value is not None and value != AUTO}
    for name in sorted(asked.keys() - FREE_TO_CHANGE):
        if name not in known:
            raise ConfigurationError(f"there is no setting named {name}.")
        if known[name] != asked[name]:
            raise CheckpointError(
                f"{directory} was begun with {name.replace('_', '-')} "
                f"{_spelled(name, known[name])}, not {asked[name]}. "
                "Leave it out to go on, or start a new run with --name."
            )
    taken = {name: asked[name] for name in asked.keys() & FREE_TO_CHANGE}
    if has_new_budget(taken):
        taken = dict.fromkeys(BUDGET) | taken
    return dataclasses.replace(record.training, **taken)


def _spelled(name: str, value: Any) -> str:
    """A setting's value in words: what `None` means, not "None"."""
    for configuration in (CorpusConfig, ModelConfig, TrainingConfig):
        if name in settings_of(configuration):
            return settings_of(configuration)[name].spelled(value)
    return str(value)


def sources_of(record: RunRecord, directory: Path) -> tuple[str, ...]:
    """Where the text of a run can be read again; raises CheckpointError if nowhere."""
    sources = record.corpus.sources
    if not sources or "-" in sources:
        raise CheckpointError(
            f"the text of {directory} was not read from a file; give it again, as in: "
            f"charrnn train - --resume --name {spoken_name(directory)} < FILE"
        )
    return sources


def lengthened(position: Position, training: TrainingConfig, streams: TrainingStreams) -> Position:
    """A position with its schedule laid out anew; raises CheckpointError if it is no longer."""
    schedule = new_schedule(training, streams)
    if schedule.total is None:
        # The clock settles the length soon; what is behind counts as half of the whole.
        schedule = dataclasses.replace(schedule, anchor=position.step, anchor_progress=0.5)
    elif schedule.total <= position.step:
        raise CheckpointError(
            f"the run has done {position.step:,} steps already, and the new budget ends at "
            f"{schedule.total:,}. Give a longer one."
        )
    return dataclasses.replace(
        position,
        schedule=schedule,
        next_evaluation=None,
        without_gain=0,
        budget_began=position.seconds,
    )


def refuse_finished(trainer: Trainer, directory: Path) -> None:
    """Refuse to go on where nothing is left to do; raises CheckpointError."""
    position = trainer.position
    total = position.schedule.total
    if total is not None and position.step >= total and position.is_measured:
        raise CheckpointError(
            f"{directory} is finished: {position.step:,} steps. To train it further, "
            "give a longer budget, such as --epochs or --minutes."
        )
    if trainer.course.out_of_patience:
        raise CheckpointError(
            f"{directory} was stopped early, as its validation loss no longer fell. To train it "
            "further all the same, give --patience 0 or a new budget, such as --epochs."
        )


def new_schedule(training: TrainingConfig, streams: TrainingStreams) -> Schedule:
    """The schedule of a run from its beginning, for settled settings."""
    assert training.learning_rate is not None, "a settled training has a learning rate"
    total = total_steps(training, streams.steps_per_epoch)
    return Schedule(peak=training.learning_rate, total=total)
