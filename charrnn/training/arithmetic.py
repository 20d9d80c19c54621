"""The arithmetic of a run, settled: measured where that pays, and the same when it goes on."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypedDict

from charrnn.errors import ConfigurationError
from charrnn.model.choice import Timing, quickest_first
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import Precision, Split, TrainingConfig
from charrnn.training.measurements import measurements_file, recall, remember

WORTH_MEASURING: Final = 2e11
"""Operations of a run: a processor does them in a few seconds, which is what measuring takes."""

SHORTEST_MEASURED: Final = 0.25
"""Minutes of a run by the clock."""


class _Wishes(TypedDict):
    precision: Precision | None
    parts: int | None
    split: Split | None


def settle_arithmetic(
    training: TrainingConfig,
    architecture: Architecture,
    *,
    training_characters: int,
    devices: int,
    cores: int,
    noted: Callable[[str], None],
) -> TrainingConfig:
    """Settle precision, parts, and what is dealt to them.

    Args:
        training: Settings of the run, settled but for these.
        architecture: The network.
        training_characters: Length of the training part.
        devices: Devices that share each batch.
        cores: Cores that compute side by side; 0 on a GPU, which computes Keras's own layers.
        noted: Is told what was measured.

    Raises:
        ConfigurationError: They were asked for, and a GPU trains.
    """
    precision, parts, split = training.precision, training.parts, training.split
    if cores == 0:
        if parts or precision == "bfloat16" or split == "rows":
            raise ConfigurationError(
                "parts, split rows and precision bfloat16 are for training on a CPU; a GPU computes "
                "Keras's own layers. Leave them out, or give --device cpu."
            )
        return dataclasses.replace(training, precision="float32", parts=0, split="units")
    if parts == 0:
        return dataclasses.replace(training, precision="float32", split="units")
    if precision is not None and parts is not None and split is not None:
        return training
    if not _worth_measuring(training, architecture, training_characters):
        parts = parts or (cores if precision == "bfloat16" or split == "rows" else 0)
        return dataclasses.replace(
            training, precision=precision or "float32", parts=parts, split=split or "units"
        )
    assert training.batch_size is not None, "a settled training has a batch size"
    answer = quickest(training, architecture, training.batch_size // devices, cores)
    noted(str(answer))
    chosen = answer.timing
    return dataclasses.replace(
        training, precision=chosen.precision, parts=chosen.parts, split=chosen.split
    )


def arithmetic_on(training: TrainingConfig, cores: int) -> TrainingConfig:
    """The arithmetic of a run that goes on, which a GPU computes in its own way."""
    if cores == 0:
        return dataclasses.replace(training, precision="float32", parts=0, split="units")
    return training


@dataclass(frozen=True, slots=True)
class Answer:
    """Which arithmetic is the quickest for a layer.

    Attributes:
        timings: All that was timed, the quickest first.
        date: The day that it was timed on; None where that was now.
    """

    timings: tuple[Timing, ...]
    date: str | None

    @property
    def timing(self) -> Timing:
        """The quickest."""
        return self.timings[0]

    def __str__(self) -> str:
        chosen, *others = self.timings
        beside = f" ({'; '.join(map(str, others))})" if others else ""
        when = (
            ""
            if self.date is None
            else f", as measured on {self.date}. To measure again, remove {measurements_file()}"
        )
        return f"a layer reads a window with {chosen}{beside}{when}."


def quickest(
    training: TrainingConfig, architecture: Architecture, batch_size: int, cores: int
) -> Answer:
    """What reads a window fastest: as was measured before on this machine, or is now.

    Args:
        training: Precision, parts and split where they are given, and the window.
        architecture: The network; one layer of it is read.
        batch_size: Rows of a batch.
        cores: Cores that compute side by side.
    """
    wishes: _Wishes = {
        "precision": training.precision,
        "parts": training.parts,
        "split": training.split,
    }
    question = {
        "cores": cores,
        "batch_size": batch_size,
        "window": training.window,
        "cell": architecture.cell,
        "activation": architecture.activation,
        "units": architecture.units,
        "inputs": architecture.units if architecture.layers > 1 else architecture.embedding,
        **wishes,
    }
    assert training.window is not None, "a settled training has a window"
    known = recall(question)
    if known is not None:
        return Answer(known.timings, known.date)
    timings = quickest_first(architecture, batch_size, training.window, cores, **wishes)
    remember(question, timings)
    return Answer(tuple(timings), None)


def _worth_measuring(
    training: TrainingConfig, architecture: Architecture, training_characters: int
) -> bool:
    if training.minutes is not None:
        return training.minutes >= SHORTEST_MEASURED
    if training.steps is not None:
        assert training.batch_size is not None, "a settled training has a batch size"
        assert training.window is not None, "a settled training has a window"
        characters = float(training.steps * training.batch_size * training.window)
    else:
        assert training.epochs is not None, "a settled training has a budget"
        characters = training.epochs * training_characters
    # Forward, back to the inputs, back to the weights: a product and a sum each.
    return 6 * architecture.parameters * characters >= WORTH_MEASURING
