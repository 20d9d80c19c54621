import pytest

import charrnn
from charrnn import require_tensorflow
from charrnn.errors import ConfigurationError


def test_tensorflow_is_what_keras_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    require_tensorflow()
    monkeypatch.delenv("KERAS_BACKEND")
    require_tensorflow()


def test_another_backend_is_refused_before_keras_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    with pytest.raises(ConfigurationError, match=r"KERAS_BACKEND is numpy\. Unset it"):
        require_tensorflow()
    with pytest.raises(ConfigurationError, match="KERAS_BACKEND"):
        _ = charrnn.train
