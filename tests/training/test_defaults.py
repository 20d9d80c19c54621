import dataclasses

import pytest

from charrnn.errors import ConfigurationError
from charrnn.settings.architecture import Architecture
from charrnn.settings.configuration import SHORT_WINDOW, ModelConfig, TrainingConfig
from charrnn.training.budget import ByClock, Characters, budget_of
from charrnn.training.defaults import (
    LONG_WINDOW,
    REGULARIZATION,
    SHORT_TEXT,
    WARM_EPOCHS,
    WARM_RATE,
    regularization_for,
    settle_architecture,
    settle_training,
    total_steps,
    with_warm_budget,
)
from charrnn.training.name_augmentation import LONGEST_SEARCHED

MUCH = Characters(10**9)


def settled(training: TrainingConfig, characters: int = 100_000, devices: int = 1, layout="text"):
    budget = budget_of(training, characters, lambda: 1e9)
    architecture = settle_architecture(ModelConfig(), budget, characters, 70)
    return settle_training(
        training, architecture, budget, characters, devices=devices, layout=layout
    )


def test_what_is_asked_for_is_built() -> None:
    model = ModelConfig(cell="gru", layers=3, units=7, embedding=5, dropout=0.0)
    architecture = settle_architecture(model, MUCH, 10**7, 9000)
    assert (architecture.cell, architecture.layers, architecture.units) == ("gru", 3, 7)
    assert (architecture.embedding, architecture.dropout) == (5, 0.0)


def test_longer_texts_get_wider_networks() -> None:
    units = [
        settle_architecture(ModelConfig(), Characters(20.0 * n), n, 70).units
        for n in (10**4, 10**5, 10**6, 10**7)
    ]
    assert units == sorted(units)
    assert units[0] < units[-1]


def test_a_large_vocabulary_gets_longer_vectors() -> None:
    small = settle_architecture(ModelConfig(), MUCH, 10**6, 70)
    large = settle_architecture(ModelConfig(), MUCH, 10**6, 8000)
    assert small.embedding < large.embedding


def test_a_run_with_more_time_gets_a_wider_network_and_a_slow_machine_a_narrower_one() -> None:
    def units(seconds: float, speed: float) -> int:
        budget = ByClock(seconds, lambda: speed)
        return settle_architecture(ModelConfig(), budget, 10**6, 70).units

    assert [units(seconds, 4e11) for seconds in (15, 60, 240, 3600)] == [256, 512, 1024, 1024]
    assert units(240, 4e10) == 512
    assert units(0.001, 1.0) == 256


def test_the_more_often_a_text_is_read_the_more_is_left_out() -> None:
    architecture = settle_architecture(ModelConfig(), MUCH, 10**6, 70)
    for noise in REGULARIZATION:
        assert regularization_for(architecture, Characters(noise.epochs * 10**6), 10**6) == noise
    between = regularization_for(architecture, Characters(6.36 * 10**6), 10**6)
    assert (
        REGULARIZATION[1].weight_dropout < between.weight_dropout < REGULARIZATION[2].weight_dropout
    )
    narrow = dataclasses.replace(architecture, units=256)
    assert regularization_for(narrow, Characters(80 * 10**6), 10**6) == (80, 0.5, 0.2)
    least, most = (
        regularization_for(architecture, Characters(count), 10**6) for count in (1e-3, 1e30)
    )
    assert least[1:] == REGULARIZATION[0][1:]
    assert most[1:] == REGULARIZATION[-1][1:]


def test_noise_that_is_asked_for_stays() -> None:
    training = TrainingConfig(weight_dropout=0.0)
    assert settled(training).weight_dropout == 0.0
    architecture = settle_architecture(ModelConfig(dropout=0.0), MUCH, 10**6, 70)
    assert architecture.dropout == 0.0


@pytest.mark.parametrize("characters", [65, 300, 5_000, 100_000, 10**7])
def test_a_settled_run_always_fits_its_text(characters: int) -> None:
    training = settled(TrainingConfig(), characters)
    assert training.batch_size is not None
    assert 1 <= training.batch_size <= characters // (training.window or 0)
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


def test_names_of_continuous_text_are_spelled_anew_and_those_of_poems_stay() -> None:
    assert settled(TrainingConfig(), layout="text").name_augmentation == 0.5
    assert settled(TrainingConfig(), layout="blocks").name_augmentation == 0.0
    assert settled(TrainingConfig(), layout="lines").name_augmentation == 0.0
    assert settled(TrainingConfig(name_augmentation=0.2), layout="lines").name_augmentation == 0.2


def test_names_are_sought_in_texts_of_bounded_length() -> None:
    asked, much = TrainingConfig(name_augmentation=0.5, epochs=1), LONGEST_SEARCHED + 1
    assert settled(asked, LONGEST_SEARCHED).name_augmentation == 0.5
    assert settled(TrainingConfig(epochs=1), much).name_augmentation == 0.0
    assert settled(TrainingConfig(name_augmentation=0.0, epochs=1), much).name_augmentation == 0.0
    with pytest.raises(ConfigurationError, match=r"up to 10,000,000 characters .* 10,000,001\."):
        settled(asked, much)


def test_long_windows_are_for_continuous_texts_that_are_read_often() -> None:
    often, seldom = TrainingConfig(epochs=20), TrainingConfig(epochs=19)
    assert settled(often, 10**6).window == LONG_WINDOW
    assert settled(seldom, 10**6).window == SHORT_WINDOW
    assert settled(often, SHORT_TEXT).window == SHORT_WINDOW
    assert settled(often, 10**6, layout="lines").window == SHORT_WINDOW
    assert settled(TrainingConfig(epochs=20, window=7), 10**6).window == 7
    # So many steps would be more readings, and another run than the one asked for.
    assert settled(TrainingConfig(steps=10**5), 10**6).window == SHORT_WINDOW


def test_a_run_that_begins_with_another_network_is_short_and_careful() -> None:
    open_settings = TrainingConfig()
    assert with_warm_budget(open_settings, 30_000).epochs == WARM_EPOCHS
    assert with_warm_budget(open_settings, 10**9).epochs == 2
    for asked in (TrainingConfig(minutes=1), TrainingConfig(steps=5), TrainingConfig(epochs=9)):
        assert with_warm_budget(asked, 30_000) == asked
    architecture = Architecture(
        cell="lstm",
        vocabulary_size=70,
        embedding=64,
        layers=1,
        units=1024,
        dropout=0.0,
        activation="tanh",
    )
    budget = budget_of(open_settings, 30_000, lambda: 1e9)
    cold, warm = (
        settle_training(
            open_settings, architecture, budget, 30_000, devices=1, layout="blocks", warm=warm
        )
        for warm in (False, True)
    )
    assert warm.learning_rate == WARM_RATE * cold.learning_rate
    asked = TrainingConfig(learning_rate=0.02)
    assert (
        settle_training(
            asked, architecture, budget, 30_000, devices=1, layout="blocks", warm=True
        ).learning_rate
        == 0.02
    )
