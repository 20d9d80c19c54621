import pytest

from charrnn.config import ModelConfig, TrainingConfig
from charrnn.errors import ConfigurationError
from charrnn.training.plan import settle_architecture, settle_training, total_steps


def settled(training: TrainingConfig, characters: int = 100_000, devices: int = 1):
    architecture = settle_architecture(ModelConfig(), characters, 70)
    return settle_training(training, architecture, characters, devices)


def test_what_is_asked_for_is_built() -> None:
    model = ModelConfig(cell="gru", layers=3, units=7, embedding=5, dropout=0.0)
    architecture = settle_architecture(model, 10**7, 9000)
    assert (architecture.cell, architecture.layers, architecture.units) == ("gru", 3, 7)
    assert (architecture.embedding, architecture.dropout) == (5, 0.0)


def test_longer_texts_get_wider_networks() -> None:
    units = [settle_architecture(ModelConfig(), n, 70).units for n in (10**4, 10**5, 10**6, 10**7)]
    assert units == sorted(units)
    assert units[0] < units[-1]


def test_a_large_vocabulary_gets_longer_vectors() -> None:
    small = settle_architecture(ModelConfig(), 10**6, 70)
    large = settle_architecture(ModelConfig(), 10**6, 8000)
    assert small.embedding < large.embedding


@pytest.mark.parametrize("characters", [65, 300, 5_000, 100_000, 10**7])
def test_a_settled_run_always_fits_its_text(characters: int) -> None:
    training = settled(TrainingConfig(), characters)
    assert training.batch_size is not None
    assert 1 <= training.batch_size <= characters // training.window
    assert training.learning_rate is not None
    assert training.epochs is not None


def test_an_open_batch_is_a_multiple_of_the_devices() -> None:
    assert settled(TrainingConfig(), devices=3).batch_size % 3 == 0


def test_a_batch_that_devices_cannot_share_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"multiple of the 3 devices that share it. Received: 32"
    ):
        settled(TrainingConfig(batch_size=32), devices=3)


def test_a_batch_larger_than_the_text_is_refused_with_the_largest_that_fits() -> None:
    with pytest.raises(ConfigurationError, match="Give batch-size 15 or less"):
        settled(TrainingConfig(batch_size=16), characters=1000)


def test_budgets_become_steps() -> None:
    assert total_steps(settled(TrainingConfig(epochs=2.5)), 100) == 250
    assert total_steps(settled(TrainingConfig(steps=7)), 100) == 7
    assert total_steps(settled(TrainingConfig(minutes=1)), 100) is None
    assert total_steps(settled(TrainingConfig(epochs=0.001)), 100) == 1
