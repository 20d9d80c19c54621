"""Keras callbacks, driven by charrnn's own loop.

A Keras epoch is here the stretch between two evaluations, so that `val_loss` is there whenever a
callback looks at the end of an epoch.
"""

from collections.abc import Sequence

import keras

from charrnn.errors import ConfigurationError
from charrnn.settings.arguments import check_type

_STEERING = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


class CallbackDriver:
    """Tells Keras callbacks what happens.

    Args:
        callbacks: Any Keras callbacks, but those that set the learning rate.
        model: The network in training. Its weights are live; `val_loss` is of their average.
        epoch: Number of the first Keras epoch; above 0 when a run goes on.

    Raises:
        ConfigurationError: A callback would fight with the schedule over the learning rate.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        epoch: int = 0,
    ) -> None:
        for callback in callbacks:
            check_type("a callback", callback, keras.callbacks.Callback)
            if isinstance(callback, _STEERING):
                raise ConfigurationError(
                    f"the callback {type(callback).__name__} sets the learning rate, which "
                    "charrnn's schedule sets; give learning_rate in TrainingConfig instead."
                )
        self._model = model
        self._model.stop_training = False
        # Some callbacks report the learning rate of the model's optimizer; this one only tells it.
        self._optimizer = keras.optimizers.AdamW() if callbacks else None
        if callbacks:
            model.compile(
                optimizer=self._optimizer,
                loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            )
        self._list = keras.callbacks.CallbackList(list(callbacks), model=model)
        self._epoch = epoch
        self._batch = 0

    @property
    def stopped(self) -> bool:
        """Whether a callback asked for the end, by setting `model.stop_training`."""
        return bool(self._model.stop_training)

    def begin(self) -> None:
        """Training begins, or goes on."""
        self._list.on_train_begin()
        self._list.on_epoch_begin(self._epoch)

    def begin_batch(self, rate: float) -> None:
        """A step begins, at this learning rate."""
        if self._optimizer is not None:
            self._optimizer.learning_rate = rate
        self._list.on_train_batch_begin(self._batch)

    def end_batch(self, loss: float) -> None:
        """A step was done."""
        self._list.on_train_batch_end(self._batch, {"loss": loss})
        self._batch += 1

    def evaluated(self, loss: float, validation_loss: float) -> None:
        """The validation split was measured: a Keras epoch ends, and the next one begins."""
        self._list.on_test_begin()
        self._list.on_test_end({"loss": validation_loss})
        self._list.on_epoch_end(self._epoch, {"loss": loss, "val_loss": validation_loss})
        self._epoch += 1
        self._batch = 0
        self._list.on_epoch_begin(self._epoch)

    def end(self) -> None:
        """Training is over."""
        self._list.on_train_end()
