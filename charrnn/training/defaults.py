"""Defaults that depend on the text, the budget and the processor."""

import dataclasses
import math
from typing import Final, NamedTuple

import numpy as np

from charrnn.corpus.vocabulary import LARGE_VOCABULARY
from charrnn.errors import ConfigurationError
from charrnn.model.device import has_bfloat16
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import SHORT_WINDOW, ModelConfig, ResolvedLayout, TrainingConfig
from charrnn.training.budget import (
    OPERATIONS_OF_A_WEIGHT,
    SHORTEST_COMPILED,
    Budget,
    usual_batch,
    usual_epochs,
)
from charrnn.training.name_augmentation import LONGEST_SEARCHED

SHORT_TEXT: Final = 300_000
"""Characters up to which a text is too short for the wider networks."""

NARROW: Final = 256

WIDTHS: Final = ((1024, 3_000_000), (512, 1_000_000), (NARROW, 0))
"""Units, and the characters that a network of that width should read at least. The widest network
that can read as many is chosen."""


class Regularization(NamedTuple):
    """Dropout rates for a number of epochs.

    Attributes:
        epochs: How often the network reads its text.
        dropout: Rate for outputs.
        weight_dropout: Rate for the recurrent weights of `REFERENCE_UNITS` units; narrower layers
            get less.
    """

    epochs: float
    dropout: float
    weight_dropout: float


REGULARIZATION: Final = (
    Regularization(2, 0.15, 0.0),
    Regularization(4.5, 0.3, 0.0),
    Regularization(9, 0.4, 0.2),
    Regularization(20, 0.5, 0.3),
    Regularization(80, 0.5, 0.4),
)
"""More epochs get more dropout; between these rows, interpolated over the logarithm of the epochs."""

REFERENCE_UNITS: Final = 1024

OFTEN: Final = 20
"""Epochs from which a continuous text is read in windows of `LONG_WINDOW`."""

LONG_WINDOW: Final = 256

NAME_AUGMENTATION_OF_TEXT: Final = 0.5
"""For plays and prose, which are full of names; poems have few."""

WARM_EPOCHS: Final = 3
"""Most epochs by default of a run that begins with another network, which soon fits too closely."""

WARM_RATE: Final = 0.25
"""Share of the usual learning rate for such a run, so that it keeps what it begins with."""

RATES: Final = ((1024, 0.004), (257, 0.005), (0, 0.01))
"""Least number of units, and the peak learning rate for batches of 32."""


def settle_architecture(
    model: ModelConfig, budget: Budget, training_characters: int, vocabulary_size: int
) -> Architecture:
    """The network for a text.

    The defaults are one layer, its units from `WIDTHS`, its dropout from `REGULARIZATION`, and an
    embedding of 64, or of 256 with a tied output for a vocabulary over 1,000.

    Args:
        model: What the user asked for.
        budget: What the run may read.
        training_characters: Length of the training split.
        vocabulary_size: Number of tokens.
    """
    large_vocabulary = vocabulary_size > LARGE_VOCABULARY
    settled = Architecture(
        cell=model.cell,
        vocabulary_size=vocabulary_size,
        embedding=model.embedding or (256 if large_vocabulary else 64),
        layers=model.layers or 1,
        units=model.units or NARROW,
        dropout=model.dropout or 0.0,
        activation=model.activation,
        output=model.output or ("tied" if large_vocabulary else "own"),
    )
    if model.units is None:
        settled = _widest(settled, budget, training_characters)
    if model.dropout is None:
        rates = regularization_for(settled, budget, training_characters)
        settled = dataclasses.replace(settled, dropout=rates.dropout)
    return settled


def regularization_for(
    architecture: Architecture, budget: Budget, training_characters: int
) -> Regularization:
    """Dropout rates for a run."""
    epochs = budget.affords(architecture.parameters) / training_characters
    known = np.log([rates.epochs for rates in REGULARIZATION])

    def between(shares: list[float]) -> float:
        return float(np.interp(math.log(max(epochs, 1e-9)), known, shares))

    spared = math.sqrt(min(1.0, architecture.units / REFERENCE_UNITS))
    return Regularization(
        epochs,
        round(between([rates.dropout for rates in REGULARIZATION]), 2),
        round(spared * between([rates.weight_dropout for rates in REGULARIZATION]), 2),
    )


def _widest(architecture: Architecture, budget: Budget, training_characters: int) -> Architecture:
    """The widest network that can read enough in the run."""
    if training_characters <= SHORT_TEXT:
        return architecture
    candidates = (
        (dataclasses.replace(architecture, units=units), needed) for units, needed in WIDTHS
    )
    return next(one for one, needed in candidates if budget.affords(one.parameters) >= needed)


def with_warm_budget(training: TrainingConfig, training_characters: int) -> TrainingConfig:
    """The settings of a run that begins with another network, with a budget if none was given."""
    if training.changed(("epochs", "steps", "minutes")):
        return training
    epochs = min(WARM_EPOCHS, usual_epochs(training_characters))
    return dataclasses.replace(training, epochs=float(epochs))


def settle_training(
    training: TrainingConfig,
    architecture: Architecture,
    budget: Budget,
    training_characters: int,
    *,
    devices: int,
    layout: ResolvedLayout,
    warm: bool = False,
) -> TrainingConfig:
    """Batch size, window, learning rate, dropout and length for a text.

    Args:
        training: What the user asked for.
        architecture: The network.
        budget: What the run may read.
        training_characters: Length of the training split.
        devices: Devices that share each batch.
        layout: How poems stand in the text.
        warm: Whether the network begins with the weights of another one.

    Raises:
        ConfigurationError: The batch is larger than the text, or cannot be shared.
    """
    if training.window is None or training.weight_dropout is None:
        rates = regularization_for(architecture, budget, training_characters)
        window = training.window or _window(training, rates.epochs, training_characters, layout)
        weight_dropout = training.weight_dropout
        if weight_dropout is None:
            weight_dropout = rates.weight_dropout
    else:
        window, weight_dropout = training.window, training.weight_dropout
    most = training_characters // window
    batch_size = training.batch_size
    if batch_size is None:
        batch_size = usual_batch(training_characters, window)
        batch_size = max(devices, batch_size - batch_size % devices)
    if batch_size > most:
        raise ConfigurationError(
            f"batch-size {batch_size} x window {window} needs "
            f"{batch_size * window:,} characters to train on, and there are "
            f"{training_characters:,}. Give batch-size {most} or less."
        )
    usual_rate = _learning_rate(architecture, batch_size) * (WARM_RATE if warm else 1.0)
    rate = training.learning_rate or usual_rate
    epochs = training.epochs
    if training.steps is None and training.minutes is None and epochs is None:
        epochs = usual_epochs(training_characters)
    settled = dataclasses.replace(
        training,
        batch_size=batch_size,
        window=window,
        learning_rate=rate,
        epochs=epochs,
        name_augmentation=_name_augmentation(training, training_characters, layout),
        weight_dropout=weight_dropout,
    )
    check_batch(settled, devices)
    return settled


def check_batch(training: TrainingConfig, devices: int) -> None:
    """Refuse a batch that the devices cannot share; raises ConfigurationError."""
    assert training.batch_size is not None, "a settled training has a batch size"
    if training.batch_size % devices:
        raise ConfigurationError(
            f"batch-size must be a multiple of the {devices} devices that share it. Received: "
            f"{training.batch_size}. Change it, or choose one device, as in --device gpu:0."
        )


def total_steps(training: TrainingConfig, steps_per_epoch: int) -> int | None:
    """Steps of the whole run, or None where a clock decides."""
    if training.minutes is not None:
        return None
    if training.steps is not None:
        return training.steps
    assert training.epochs is not None, "a settled training has a budget"
    return max(1, math.ceil(training.epochs * steps_per_epoch))


def _learning_rate(architecture: Architecture, batch_size: int) -> float:
    """Wide layers and small batches need a lower rate, and a simple_rnn a lower one still."""
    rate = next(rate for least, rate in RATES if architecture.units >= least)
    if architecture.cell == "simple_rnn":
        rate /= 5
    return float(f"{rate * math.sqrt(min(1.0, batch_size / 32)):.2g}")


def _name_augmentation(
    training: TrainingConfig, training_characters: int, layout: ResolvedLayout
) -> float:
    searched = training_characters <= LONGEST_SEARCHED
    if training.name_augmentation is None:
        return NAME_AUGMENTATION_OF_TEXT if layout == "text" and searched else 0.0
    if training.name_augmentation and not searched:
        raise ConfigurationError(
            f"name-augmentation searches texts of up to {LONGEST_SEARCHED:,} characters for names, and there "
            f"are {training_characters:,}. Leave --name-augmentation out."
        )
    return training.name_augmentation


def _window(
    training: TrainingConfig, epochs: float, training_characters: int, layout: ResolvedLayout
) -> int:
    """Long windows make fewer steps of an epoch, which pays when there are many epochs."""
    # With a fixed number of steps, longer windows would make the run longer.
    often = epochs >= OFTEN and training_characters > SHORT_TEXT and training.steps is None
    return LONG_WINDOW if often and layout == "text" else SHORT_WINDOW


WORTH_COMPILING: Final = 2e11
"""Operations of a run from which the kernels save more time than compiling them takes."""


def settle_precision(
    training: TrainingConfig, architecture: Architecture, *, training_characters: int, cores: int
) -> TrainingConfig:
    """Settle the precision: bfloat16 for kernels on a processor that has it, else float32.

    Args:
        training: Settings of the run, the others settled.
        architecture: The network.
        training_characters: Length of the training split.
        cores: Cores that compute in parallel; 0 on a GPU.

    Raises:
        ConfigurationError: bfloat16 was asked for on a GPU.
    """
    if cores == 0 and training.precision == "bfloat16":
        raise ConfigurationError(
            "precision bfloat16 is for training on a CPU; a GPU computes Keras's own layers in "
            "float32. Leave it out, or give --device cpu."
        )
    if training.precision is not None:
        return training
    compiled = kernel_cores(training, architecture, training_characters, cores) > 0
    precision: Final = "bfloat16" if compiled and has_bfloat16() else "float32"
    return dataclasses.replace(training, precision=precision)


def precision_on(training: TrainingConfig, cores: int) -> TrainingConfig:
    """The settings of a resumed run; a GPU computes in float32."""
    return training if cores else dataclasses.replace(training, precision="float32")


def kernel_cores(
    training: TrainingConfig, architecture: Architecture, training_characters: int, cores: int
) -> int:
    """Cores that the kernels use; 0 where Keras's own layers compute.

    Keras's layers compute on GPUs, and in runs too short to repay compiling the kernels.
    """
    repays = training.precision == "bfloat16" or _repays_compiling(
        training, architecture, training_characters
    )
    return cores if repays else 0


def _repays_compiling(
    training: TrainingConfig, architecture: Architecture, training_characters: int
) -> bool:
    if training.minutes is not None:
        return training.minutes >= SHORTEST_COMPILED
    if training.steps is not None:
        assert training.batch_size is not None, "a settled training has a batch size"
        assert training.window is not None, "a settled training has a window"
        characters = float(training.steps * training.batch_size * training.window)
    else:
        assert training.epochs is not None, "a settled training has a budget"
        characters = training.epochs * training_characters
    return OPERATIONS_OF_A_WEIGHT * architecture.parameters * characters >= WORTH_COMPILING
