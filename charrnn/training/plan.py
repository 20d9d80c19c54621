"""The settings that are left open, settled for a text.

Units, dropout, batch and rate of an LSTM follow runs of one to four minutes on two CPU cores
(docs/benchmarks.md, "How the sizes were chosen"). The budget, the rate of a simple_rnn, and that
what suits an LSTM suits a peephole_lstm, are judgement, not measurement.
"""

import dataclasses
import math
from typing import Final

from charrnn.architecture import Architecture
from charrnn.config import ModelConfig, TrainingConfig
from charrnn.corpus.vocabulary import LARGE_VOCABULARY
from charrnn.errors import ConfigurationError

SIZES: Final = (
    (50_000, 256, 0.5),
    (300_000, 256, 0.4),
    (math.inf, 512, 0.15),
)
"""Texts of up to so many characters, the units and the dropout that suit them."""

SMALLEST_BATCH: Final = 4
LARGEST_BATCH: Final = 32
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
        training: What is asked for.
        architecture: The network.
        training_characters: Length of the training part.
        devices: Devices that share each batch.

    Raises:
        ConfigurationError: The batch is larger than the text, or cannot be shared.
    """
    most = training_characters // training.window
    batch_size = training.batch_size
    if batch_size is None:
        # A short text is read in few streams, or an epoch would be a handful of steps.
        batch_size = min(LARGEST_BATCH, max(SMALLEST_BATCH, most // STEPS_IN_AN_EPOCH), most)
        batch_size = max(devices, batch_size - batch_size % devices)
    if batch_size > most:
        raise ConfigurationError(
            f"batch-size {batch_size} x window {training.window} needs "
            f"{batch_size * training.window:,} characters to train on, and there are "
            f"{training_characters:,}. Give batch-size {most} or less."
        )
    rate = training.learning_rate or _learning_rate(architecture, batch_size)
    epochs = training.epochs
    if training.steps is None and training.minutes is None and epochs is None:
        epochs = _epochs(training_characters)
    settled = dataclasses.replace(
        training, batch_size=batch_size, learning_rate=rate, epochs=epochs
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
    rate = 0.01 if architecture.units <= 256 else 0.005
    if architecture.cell == "simple_rnn":
        rate /= 5
    return float(f"{rate * math.sqrt(min(1.0, batch_size / 32)):.2g}")


def _epochs(training_characters: int) -> int:
    """Readings of the text: many of a short one, few of a long one."""
    return max(2, min(40, round(20 * math.sqrt(200_000 / training_characters))))
