"""What computes a run: in which precision, and by the kernels or by Keras's own layers."""

import dataclasses
from typing import Final

from charrnn.errors import ConfigurationError
from charrnn.model.device import has_bfloat16
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import TrainingConfig

WORTH_COMPILING: Final = 2e11
"""Operations of a run. The kernels save seconds in them, as much as compiling the kernels takes."""

SHORTEST_COMPILED: Final = 0.25
"""Minutes of a run by the clock."""


def settle_precision(
    training: TrainingConfig, architecture: Architecture, *, training_characters: int, cores: int
) -> TrainingConfig:
    """Settle the precision: bfloat16 for kernels on a processor that has it, else float32.

    Args:
        training: Settings of the run, settled but for this.
        architecture: The network.
        training_characters: Length of the training part.
        cores: Cores that compute side by side; 0 on a GPU.

    Raises:
        ConfigurationError: A GPU should train in bfloat16.
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
    """The settings of a resumed run, which a GPU computes in float32."""
    return training if cores else dataclasses.replace(training, precision="float32")


def kernel_cores(
    training: TrainingConfig, architecture: Architecture, training_characters: int, cores: int
) -> int:
    """Cores that the kernels use; 0 where Keras's own layers compute.

    Keras's layers compute on GPUs, and runs that are too short to repay compiling the kernels.
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
    # Forward, back to the inputs, back to the weights: a product and a sum each.
    return 6 * architecture.parameters * characters >= WORTH_COMPILING
