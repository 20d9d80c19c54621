"""The settings that are left open, settled for a text and for what a run may read of it.

Width, dropout, batch and rate of an LSTM follow runs of one minute to an hour on two CPU cores
(docs/benchmarks.md, "What was tried"). The rate of a simple_rnn, and that what suits an
LSTM suits the other cells, are judgement, not measurement.
"""

import dataclasses
import math
from typing import Final, NamedTuple

import numpy as np

from charrnn.corpus.layout import ResolvedLayout
from charrnn.corpus.vocabulary import LARGE_VOCABULARY
from charrnn.errors import ConfigurationError
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import SHORT_WINDOW, ModelConfig, TrainingConfig
from charrnn.training.budget import Budget, usual_batch, usual_epochs
from charrnn.training.renaming import LONGEST_SEARCHED

SHORT_TEXT: Final = 300_000
"""Characters up to which a text has too little to tell for the wider networks."""

NARROW: Final = 256

WIDTHS: Final = ((1024, 3_000_000), (512, 1_000_000), (NARROW, 0))
"""Units, and characters that a network of so many should be able to read; the widest one that can
is taken."""


class Noise(NamedTuple):
    """What a network is kept from learning by heart with.

    Attributes:
        readings: How often it reads its text.
        dropout: Share of outputs left out.
        weight_dropout: Share of recurrent weights left out, of `WIDTH_OF_NOISE` units; narrower
            layers can spare fewer.
    """

    readings: float
    dropout: float
    weight_dropout: float


NOISES: Final = (
    Noise(2, 0.15, 0.0),
    Noise(4.5, 0.3, 0.0),
    Noise(9, 0.4, 0.2),
    Noise(20, 0.5, 0.3),
    Noise(80, 0.5, 0.4),
)
"""The more often a text is read, the more noise; between these, in proportion to the logarithm."""

WIDTH_OF_NOISE: Final = 1024

OFTEN: Final = 20
"""Readings from which on a continuous text is read in windows of `LONG_WINDOW`."""

LONG_WINDOW: Final = 256

RENAMING_OF_TEXT: Final = 0.5
"""Of plays and prose, whose people come and go; a poem has few names, and the poet chose them."""

RATES: Final = ((1024, 0.004), (257, 0.005), (0, 0.01))
"""From so many units on, the highest learning rate, in batches of 32."""


def settle_architecture(
    model: ModelConfig, budget: Budget, training_characters: int, vocabulary_size: int
) -> Architecture:
    """The network for a text.

    What is open becomes one layer, with the units of `WIDTHS` and the dropout of `NOISES`; a
    character's vector has 64 numbers, or 256 in a vocabulary over 1,000, to which the output is
    tied then.

    Args:
        model: What is asked for.
        budget: What the run may read.
        training_characters: Length of the training part.
        vocabulary_size: Number of symbols.
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
        noise = noise_for(settled, budget, training_characters)
        settled = dataclasses.replace(settled, dropout=noise.dropout)
    return settled


def noise_for(architecture: Architecture, budget: Budget, training_characters: int) -> Noise:
    """The noise that suits a run."""
    readings = budget.affords(architecture.parameters) / training_characters
    known = np.log([noise.readings for noise in NOISES])

    def between(shares: list[float]) -> float:
        return float(np.interp(math.log(max(readings, 1e-9)), known, shares))

    spared = math.sqrt(min(1.0, architecture.units / WIDTH_OF_NOISE))
    return Noise(
        readings,
        round(between([noise.dropout for noise in NOISES]), 2),
        round(spared * between([noise.weight_dropout for noise in NOISES]), 2),
    )


def _widest(architecture: Architecture, budget: Budget, training_characters: int) -> Architecture:
    """The widest network that a run can teach enough."""
    if training_characters <= SHORT_TEXT:
        return architecture
    candidates = (
        (dataclasses.replace(architecture, units=units), needed) for units, needed in WIDTHS
    )
    return next(one for one, needed in candidates if budget.affords(one.parameters) >= needed)


def settle_training(
    training: TrainingConfig,
    architecture: Architecture,
    budget: Budget,
    training_characters: int,
    *,
    devices: int,
    layout: ResolvedLayout,
) -> TrainingConfig:
    """Batch size, window, learning rate, noise and length for a text.

    Args:
        training: What is asked for.
        architecture: The network.
        budget: What the run may read.
        training_characters: Length of the training part.
        devices: Devices that share each batch.
        layout: How poems stand in the text.

    Raises:
        ConfigurationError: The batch is larger than the text, or cannot be shared.
    """
    if training.window is None or training.weight_dropout is None:
        noise = noise_for(architecture, budget, training_characters)
        window = training.window or _window(training, noise.readings, training_characters, layout)
        weight_dropout = training.weight_dropout
        if weight_dropout is None:
            weight_dropout = noise.weight_dropout
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
    rate = training.learning_rate or _learning_rate(architecture, batch_size)
    epochs = training.epochs
    if training.steps is None and training.minutes is None and epochs is None:
        epochs = usual_epochs(training_characters)
    settled = dataclasses.replace(
        training,
        batch_size=batch_size,
        window=window,
        learning_rate=rate,
        epochs=epochs,
        renaming=_renaming(training, training_characters, layout),
        weight_dropout=weight_dropout,
    )
    check_batch(settled, devices)
    return settled


def check_batch(training: TrainingConfig, devices: int) -> None:
    """Refuse a settled batch that devices cannot share; raises ConfigurationError."""
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
    """Wide layers and small batches want smaller steps; a plain recurrence smaller ones still."""
    rate = next(rate for least, rate in RATES if architecture.units >= least)
    if architecture.cell == "simple_rnn":
        rate /= 5
    return float(f"{rate * math.sqrt(min(1.0, batch_size / 32)):.2g}")


def _renaming(training: TrainingConfig, training_characters: int, layout: ResolvedLayout) -> float:
    searched = training_characters <= LONGEST_SEARCHED
    if training.renaming is None:
        return RENAMING_OF_TEXT if layout == "text" and searched else 0.0
    if training.renaming and not searched:
        raise ConfigurationError(
            f"renaming searches texts of up to {LONGEST_SEARCHED:,} characters for names, and there "
            f"are {training_characters:,}. Leave --renaming out."
        )
    return training.renaming


def _window(
    training: TrainingConfig, readings: float, training_characters: int, layout: ResolvedLayout
) -> int:
    """Long windows make fewer steps of a reading, and pay where there are many readings."""
    # A run of so many steps would read more in longer windows, and take longer.
    often = readings >= OFTEN and training_characters > SHORT_TEXT and training.steps is None
    return LONG_WINDOW if often and layout == "text" else SHORT_WINDOW
