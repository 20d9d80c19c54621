"""What a resumed run may change, and what it must keep."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from charrnn.checkpoint.lookup import spoken_name
from charrnn.checkpoint.record import RunRecord
from charrnn.errors import CheckpointError, ConfigurationError
from charrnn.settings.configuration import CorpusConfig, ModelConfig, TrainingConfig
from charrnn.settings.setting import AUTO, Configuration, settings_of
from charrnn.training.data import TrainingStreams
from charrnn.training.defaults import total_steps
from charrnn.training.learning_rate import LearningRateSchedule
from charrnn.training.schedule import TrainingSchedule
from charrnn.training.state import TrainerState
from charrnn.wording import counted

BUDGET: Final = frozenset({"epochs", "steps", "minutes"})

FREE_TO_CHANGE: Final = BUDGET | {"patience", "evaluate_every"}
"""Settings that a resumed run may change."""


def has_new_budget(changes: Mapping[str, Any]) -> bool:
    """Whether one of the changes sets the length of the run."""
    return any(changes.get(name) is not None for name in BUDGET)


def changed_training(
    record: RunRecord, changes: Mapping[str, Any], directory: Path
) -> TrainingConfig:
    """The settings of a resumed run.

    Args:
        record: The run.
        changes: New settings by name; None or "auto" keeps one.
        directory: Where the run is, for the message.

    Raises:
        CheckpointError: A change would make it another run.
        ConfigurationError: A new value is out of range, or there are two budgets.
    """
    known: dict[str, Any] = {}
    configurations: tuple[Configuration, ...] = (record.corpus_config, record.training)
    for configuration in configurations:
        known |= {name: getattr(configuration, name) for name in settings_of(type(configuration))}
    known |= dataclasses.asdict(record.architecture)
    known |= {"layout": record.corpus.layout, "stanzas": record.corpus.stanzas}
    asked = {name: value for name, value in changes.items() if value is not None and value != AUTO}
    for name in sorted(asked.keys() - FREE_TO_CHANGE):
        if name not in known:
            raise ConfigurationError(f"there is no setting named {name}.")
        if known[name] != asked[name]:
            raise CheckpointError(
                f"{directory} was begun with {name.replace('_', '-')} "
                f"{_spelled(name, known[name])}, not {_spelled(name, asked[name])}. "
                "Leave it out to go on, or start a new run with --name."
            )
    taken = {name: asked[name] for name in asked.keys() & FREE_TO_CHANGE}
    if has_new_budget(taken):
        taken = dict.fromkeys(BUDGET) | taken
    return dataclasses.replace(record.training, **taken)


def _spelled(name: str, value: Any) -> str:
    """A setting's value in words."""
    for configuration in (CorpusConfig, ModelConfig, TrainingConfig):
        if name in settings_of(configuration):
            return settings_of(configuration)[name].spelled(value)
    return str(value)


def sources_of(record: RunRecord, directory: Path) -> tuple[str, ...]:
    """The sources of a run's text; raises CheckpointError if it was not read from a file."""
    sources = record.corpus.sources
    if not sources or "-" in sources:
        raise CheckpointError(
            f"the text of {directory} was not read from a file; give it again, as in: "
            f"charrnn train - --resume --name {spoken_name(directory)} < FILE"
        )
    return sources


def with_new_budget(
    state: TrainerState, training: TrainingConfig, streams: TrainingStreams
) -> TrainerState:
    """The state with a new schedule; raises CheckpointError if it is not longer."""
    schedule = new_schedule(training, streams)
    if schedule.total is None:
        # The clock will soon tell the length; the steps done count as half of the whole.
        schedule = dataclasses.replace(schedule, anchor=state.step, anchor_progress=0.5)
    elif schedule.total <= state.step:
        raise CheckpointError(
            f"the run has done {counted(state.step, 'step')} already, and the new budget ends at "
            f"{schedule.total:,}. Give a longer one."
        )
    return dataclasses.replace(
        state,
        learning_rate_schedule=schedule,
        next_evaluation=None,
        evaluations_since_best=0,
        budget_began=state.seconds,
    )


def refuse_finished(state: TrainerState, schedule: TrainingSchedule, directory: Path) -> None:
    """Refuse to resume when nothing is left to do; raises CheckpointError."""
    if schedule.is_over and state.is_evaluated:
        raise CheckpointError(
            f"{directory} is finished: {counted(state.step, 'step')}. To train it further, "
            "give a longer budget, such as --epochs or --minutes."
        )
    if schedule.out_of_patience:
        raise CheckpointError(
            f"{directory} was stopped early, as its validation loss no longer fell. To train it "
            "further all the same, give --patience 0 or a new budget, such as --epochs."
        )


def new_schedule(training: TrainingConfig, streams: TrainingStreams) -> LearningRateSchedule:
    """The schedule of a new run, for settled settings."""
    assert training.learning_rate is not None, "a settled training has a learning rate"
    total = total_steps(training, streams.steps_per_epoch)
    return LearningRateSchedule(peak=training.learning_rate, total=total)
