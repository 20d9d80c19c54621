"""No file of a stranger's checkpoint is read beyond bounds, or fails with more than a sentence."""

import shutil
import tracemalloc
from pathlib import Path

import pytest

from charrnn.checkpoint.directory import Checkpoint
from charrnn.checkpoint.network_file import read_network
from charrnn.errors import CheckpointError
from tests import hostile
from tests.decoding.networks import save_reciting_run

MOST_MEMORY = 16 * 2**20
"""Bytes that refusing a tiny network may take. A bomb would unpack to more."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sound") / "black"
    save_reciting_run(directory)
    return directory


@pytest.fixture
def directory(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "black"))


def read(directory: Path) -> int:
    """Read a network; returns how many arrays it has."""
    checkpoint = Checkpoint.open(directory)
    return len(read_network(checkpoint.model_path, checkpoint.record.architecture))


@pytest.mark.parametrize("make", hostile.MODELS.values(), ids=hostile.MODELS)
def test_a_hostile_network_is_refused_in_a_sentence(directory: Path, make: hostile.Hostile) -> None:
    make(directory)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError) as refused:
            read(directory)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < MOST_MEMORY
    assert "model.keras" in str(refused.value)
    assert len(str(refused.value)) < 1_000
    str(refused.value).encode()


def test_a_sound_network_is_read(directory: Path) -> None:
    hostile.sign_model(directory)
    assert read(directory) == 6
