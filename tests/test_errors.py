import signal

import pytest

from charrnn import errors


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (errors.CharrnnError("x"), 1),
        (errors.ConfigurationError("x"), 2),
        (errors.CorpusError("x"), 1),
        (errors.CheckpointError("x"), 1),
        (errors.DeviceError("x"), 1),
        (errors.DivergenceError("x"), 1),
        (errors.TrainingInterrupted("x", signal.SIGINT), 130),
        (errors.TrainingInterrupted("x", signal.SIGTERM), 143),
    ],
)
def test_every_error_has_its_exit_code(error: errors.CharrnnError, exit_code: int) -> None:
    assert error.exit_code == exit_code
    assert str(error) == "x"


def test_a_wrong_setting_is_a_value_error_for_python() -> None:
    assert issubclass(errors.ConfigurationError, ValueError)
