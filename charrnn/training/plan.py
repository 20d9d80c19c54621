"""The settings that are left open, settled for a text.

The rules come from runs on two CPU cores (docs/benchmarks.md, "How the sizes were chosen"): the
size that had the lowest validation loss after the default budget, on texts of 0.05 to 10 MB.
"""

import dataclasses
import math
from typing import Final

from charrnn.architecture import Architecture
from charrnn.config import ModelConfig, TrainingConfig
from charrnn.errors import ConfigurationError

SIZES: Final = (
    (50_000, 256, 0.5),
    (300_000, 256, 0.3),
    (math.inf, 512, 0.15),
)
"""Texts of up to so many characters, the units and the dropout that suit them."""

LARGE_VOCABULARY: Final = 1_000
SMALLEST_BATCH: Final = 4
STEP_CHARACTERS: Final = 2048
"""Characters read in a step at most, over all streams."""

STEPS_IN_AN_EPOCH: Final = 50


def settle_architecture(
    model: ModelConfig, training_characters: int, vocabulary_size: int
) -> Architecture:
    """The network for a text.

    What is open becomes one layer, with the units and the dropout of `SIZES`; a character's
    vector has 64 numbers, or 256 in a vocabulary over 1,000.

    Args:
        model: What is asked for.
        training_characters: Length of the training part.
        vocabulary_size: Number of symbols.
    """
    units, dropout = next(
        (units, dropout) for most, units, dropout in SIZES if training_characters <= most
    )
    large_vocabulary = vocabulary_size > LARGE_VOCABULARY
    return Architecture(
        cell=model.cell,
        vocabulary_size=vocabulary_size,
        embedding=model.embedding or (256 if large_vocabulary else 64),
        layers=model.layers or 1,
        units=model.units or units,
        dropout=model.dropout if model.dropout is not None else dropout,
        activation=model.activation,
    )


def settle_training(
    training: TrainingConfig, architecture: Architecture, training_characters: int, devices: int
) -> TrainingConfig:
    """Batch size, learning rate and budget for a text.

    Args:
        training: What is asked for; its window is settled.
        architecture: The network.
        training_characters: Length of the training part.
        devices: Devices that share each batch.

    Raises:
        ConfigurationError: The batch is larger than the text, or cannot be shared.
    """
    assert training.window is not None, "the window is settled before the text is divided"
    most = training_characters // training.window
    batch_size = training.batch_size
    if batch_size is None:
        # A short text is read in few streams, or an epoch would be a handful of steps.
        largest = max(SMALLEST_BATCH, STEP_CHARACTERS // training.window)
        batch_size = min(largest, max(SMALLEST_BATCH, most // STEPS_IN_AN_EPOCH), most)
        batch_size = max(devices, batch_size - batch_size % devices)
    if batch_size > most:
        raise ConfigurationError(
            f"batch-size {batch_size} x window {training.window} needs "
            f"{batch_size * training.window:,} characters to train on, and there are "
            f"{training_characters:,}. Give batch-size {most} or less."
        )
    if batch_size % devices:
        raise ConfigurationError(
            f"batch-size must be a multiple of the {devices} devices. Received: {batch_size}."
        )
    rate = training.learning_rate or _learning_rate(architecture)
    epochs = training.epochs
    if training.steps is None and training.minutes is None and epochs is None:
        epochs = _epochs(training_characters)
    return dataclasses.replace(training, batch_size=batch_size, learning_rate=rate, epochs=epochs)


def total_steps(training: TrainingConfig, steps_per_epoch: int) -> int | None:
    """Steps of the whole run, or None where a clock decides."""
    if training.minutes is not None:
        return None
    if training.steps is not None:
        return training.steps
    assert training.epochs is not None, "a settled training has a budget"
    return max(1, math.ceil(training.epochs * steps_per_epoch))


def _learning_rate(architecture: Architecture) -> float:
    """Wider layers want smaller steps; a plain recurrence wants smaller ones still."""
    rate = 5e-3 if architecture.units <= 512 else 4e-3
    return rate / 4 if architecture.cell == "simple_rnn" else rate


def _epochs(training_characters: int) -> int:
    """Readings of the text: many of a short one, few of a long one."""
    return max(2, min(40, round(20 * math.sqrt(200_000 / training_characters))))
