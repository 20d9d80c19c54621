from typing import Any

import keras
import pytest

from charrnn.errors import ConfigurationError
from charrnn.training.callbacks import CallbackDriver


class Diary(keras.callbacks.Callback):
    """Writes down what it is told, and the learning rate that it sees meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[Any, ...]] = []

    def _rate(self) -> float:
        return round(float(self.model.optimizer.learning_rate), 6)

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        self.told.append(("begin",))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.told.append(("epoch", epoch))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.told.append(("batch", batch, self._rate()))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.told.append(("batch done", batch, logs["loss"], self._rate()))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.told.append(("epoch done", epoch, dict(logs), self._rate()))

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
        self.told.append(("end",))


@pytest.fixture
def model() -> keras.Model:
    inputs = keras.Input((1,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


def test_callbacks_are_told_everything_in_order_with_the_rate_of_each_step(
    model: keras.Model,
) -> None:
    diary = Diary()
    driver = CallbackDriver([diary], model, 3)
    driver.begin()
    for rate, loss in ((0.5, 2.0), (0.25, 1.5)):
        driver.begin_batch(rate)
        driver.end_batch(loss)
    driver.evaluated(1.75, 1.9)
    driver.begin_batch(0.125)
    driver.end_batch(1.0)
    driver.end()
    assert diary.told == [
        ("begin",),
        ("epoch", 3),
        ("batch", 0, 0.5),
        ("batch done", 0, 2.0, 0.5),
        ("batch", 1, 0.25),
        ("batch done", 1, 1.5, 0.25),
        ("epoch done", 3, {"loss": 1.75, "val_loss": 1.9}, 0.25),
        ("epoch", 4),
        ("batch", 0, 0.125),
        ("batch done", 0, 1.0, 0.125),
        ("end",),
    ]


@pytest.mark.parametrize("callbacks", [[], [Diary()]])
def test_a_callback_stops_the_run_through_its_model(
    callbacks: list[keras.callbacks.Callback], model: keras.Model
) -> None:
    model.stop_training = True
    driver = CallbackDriver(callbacks, model)
    assert not driver.stopped
    model.stop_training = True
    assert driver.stopped


def test_without_callbacks_the_model_is_left_as_it_is(model: keras.Model) -> None:
    driver = CallbackDriver([], model)
    driver.begin()
    driver.begin_batch(0.5)
    driver.end_batch(1.0)
    assert not model.compiled


@pytest.mark.parametrize(
    "callback",
    [keras.callbacks.ReduceLROnPlateau(), keras.callbacks.LearningRateScheduler(lambda _: 0.1)],
)
def test_a_callback_that_steers_the_rate_is_refused(
    callback: keras.callbacks.Callback, model: keras.Model
) -> None:
    with pytest.raises(ConfigurationError, match=f"{type(callback).__name__} sets the learning"):
        CallbackDriver([Diary(), callback], model)
