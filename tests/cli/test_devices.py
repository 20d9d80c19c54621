import json
from pathlib import Path

import pytest
import tensorflow as tf
from click.testing import CliRunner, Result

from charrnn.cli import main
from tests.generation.networks import POEM, save_reciting_run


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of runs with one that recites a poem."""
    save_reciting_run(tmp_path / "runs" / "reciter")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")


def generate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["generate", *arguments])


@pytest.mark.parametrize("device", ["auto", "tensorflow", "cpu:0", "gpu:", "GPU", ""])
def test_a_device_that_cannot_be_named_so_is_refused(device: str) -> None:
    result = generate("--device", device)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert f"it must be cpu, cpu:tensorflow, gpu or gpu:N. Received: {device}." in result.stderr


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="this machine has a GPU")
@pytest.mark.parametrize("device", ["gpu", "gpu:1"])
def test_a_gpu_that_is_not_there_never_means_the_cpu(device: str) -> None:
    result = generate("--device", device)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr.startswith("Error: TensorFlow finds no GPU here.")
    assert "Traceback" not in result.stderr


def test_tensorflow_writes_the_poem_too() -> None:
    result = generate("--device", "cpu:tensorflow")
    assert (result.stdout, result.stderr, result.exit_code) == (f"{POEM}\n", "", 0)


def test_hundreds_of_poems_are_those_of_numpy() -> None:
    asked = ("--count", "100", "--temperature", "20", "--length", "200", "--json", "--seed", "1")
    poems = [
        json.loads(generate(*asked, "--device", device).stdout)["poems"]
        for device in ("cpu", "cpu:tensorflow")
    ]
    numpy, tensorflow = ([poem["text"] for poem in one] for one in poems)
    assert len(set(numpy)) > 50
    assert tensorflow == numpy
