import dataclasses
from typing import Any

import pytest

from charrnn.errors import ConfigurationError
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import TrainingConfig
from charrnn.training import precision
from charrnn.training.precision import (
    SHORTEST_COMPILED,
    WORTH_COMPILING,
    kernel_cores,
    precision_on,
    settle_precision,
)

ARCHITECTURE = Architecture(
    cell="lstm", vocabulary_size=50, embedding=8, layers=1, units=16, dropout=0.0, activation="tanh"
)
SHORT = TrainingConfig(steps=10, batch_size=32, window=64)
LONG = dataclasses.replace(SHORT, steps=10**9)


@pytest.fixture(params=[True, False])
def bfloat16(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the processor has bfloat16."""
    has: bool = request.param
    monkeypatch.setattr(precision, "has_bfloat16", lambda: has)
    return has


def settled(training: TrainingConfig, cores: int = 4, **changes: Any) -> tuple[Any, int]:
    """Precision and cores of the kernels."""
    after = settle_precision(
        dataclasses.replace(training, **changes),
        ARCHITECTURE,
        training_characters=1000,
        cores=cores,
    )
    return after.precision, kernel_cores(after, ARCHITECTURE, 1000, cores)


@pytest.mark.usefixtures("bfloat16")
@pytest.mark.parametrize("training", [SHORT, LONG])
def test_a_gpu_computes_keras_layers_in_float32(training: TrainingConfig) -> None:
    assert settled(training, cores=0) == ("float32", 0)
    assert settled(training, cores=0, precision="float32") == ("float32", 0)
    with pytest.raises(ConfigurationError) as refusal:
        settled(training, cores=0, precision="bfloat16")
    assert str(refusal.value) == (
        "precision bfloat16 is for training on a CPU; a GPU computes Keras's own layers in "
        "float32. Leave it out, or give --device cpu."
    )


def test_a_long_run_takes_what_the_processor_has(bfloat16: bool) -> None:
    assert settled(LONG) == ("bfloat16" if bfloat16 else "float32", 4)
    assert settled(LONG, precision="float32") == ("float32", 4)
    assert settled(LONG, precision="bfloat16") == ("bfloat16", 4)


@pytest.mark.usefixtures("bfloat16")
def test_a_short_run_computes_keras_layers_unless_it_asks_for_bfloat16() -> None:
    assert settled(SHORT) == settled(SHORT, precision="float32") == ("float32", 0)
    assert settled(SHORT, precision="bfloat16") == ("bfloat16", 4)


def test_steps_or_epochs_repay_compiling_from_so_many_operations_on() -> None:
    characters = WORTH_COMPILING / 6 / ARCHITECTURE.parameters
    steps = -(-characters // (32 * 64))
    for number, cores in ((steps - 1, 0), (steps, 4)):
        training = dataclasses.replace(SHORT, steps=int(number))
        assert kernel_cores(training, ARCHITECTURE, 1000, 4) == cores
    for epochs, cores in ((0.49, 0), (0.51, 4)):
        training = TrainingConfig(epochs=epochs, batch_size=32, window=64)
        assert kernel_cores(training, ARCHITECTURE, int(2 * characters), 4) == cores


def test_minutes_repay_compiling_by_the_clock() -> None:
    for minutes, cores in ((0.99 * SHORTEST_COMPILED, 0), (SHORTEST_COMPILED, 4)):
        training = TrainingConfig(minutes=minutes, batch_size=32, window=64)
        assert kernel_cores(training, ARCHITECTURE, 1000, 4) == cores


def test_a_resumed_run_keeps_its_precision_but_on_a_gpu() -> None:
    training = dataclasses.replace(LONG, precision="bfloat16")
    assert precision_on(training, cores=8) is training
    assert precision_on(training, cores=0).precision == "float32"
