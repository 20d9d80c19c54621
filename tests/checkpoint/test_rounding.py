import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from charrnn.checkpoint.export import round_weights
from charrnn.decoding.engine import NumpyEngine
from charrnn.errors import CheckpointError
from tests.decoding.networks import architecture, keras_network, read_weights

ARRAYS = "model.weights.h5"

TIMES = 1 << 0x0E | 1 << 0x12
"""Bits of the messages that tell when an object of HDF5 was changed (specification, IV.A.2.o, s)."""

NETWORKS = [
    {"cell": "lstm", "output": "own"},
    {"cell": "gru", "output": "tied"},
    {"cell": "peephole_lstm", "output": "tied"},
    {"cell": "simple_rnn", "output": "own", "layers": 1},
]


def saved(place: Path, change: Callable[[Any], None] = lambda _: None, **sizes: Any) -> Path:
    model = keras_network(architecture(**sizes))
    change(model)
    model.save(place)
    return place


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of two layers that Keras saved; to be read, not changed."""
    return saved(tmp_path_factory.mktemp("source") / "model.keras")


@pytest.mark.parametrize("sizes", NETWORKS, ids=lambda sizes: "-".join(map(str, sizes.values())))
def test_keras_and_charrnn_read_the_rounded_numbers_in_full_precision(tmp_path, sizes):
    path = saved(tmp_path / "model.keras", **sizes)
    rounded = tmp_path / "rounded.keras"
    round_weights(path, rounded, architecture(**sizes))
    exact, loaded = (keras.saving.load_model(file) for file in (path, rounded))
    for found, weight in zip(loaded.get_weights(), exact.get_weights(), strict=True):
        np.testing.assert_array_equal(
            found, weight.astype(np.float16).astype(np.float32), strict=True
        )
    read = read_weights(rounded, architecture(**sizes))
    np.testing.assert_array_equal(read.embedding, loaded.get_weights()[0], strict=True)
    ids = np.random.default_rng(2).integers(0, 13, (2, 30))
    network = NumpyEngine.open(rounded, architecture(**sizes))
    logits, _ = network.read(ids, network.initial_state(2))
    np.testing.assert_allclose(logits, loaded(ids.astype(np.int32)), atol=1e-5, rtol=0)


def test_the_same_network_becomes_the_same_bytes_at_any_time(source, tmp_path, monkeypatch):
    one, other = tmp_path / "one.keras", tmp_path / "other.keras"
    round_weights(source, one, architecture())
    monkeypatch.setattr(time, "time", lambda: 1e9)
    round_weights(source, other, architecture())
    assert one.read_bytes() == other.read_bytes()
    # HDF5 asks the system itself what time it is, unless it is told not to.
    with zipfile.ZipFile(one) as archive, h5py.File(archive.open(ARRAYS)) as file:
        told: list[int] = []
        file.visititems(lambda _, item: told.append(h5py.h5o.get_info(item.id).hdr.mesg.present))
    assert told
    assert not any(messages & TIMES for messages in told)


def test_the_source_is_not_touched_and_an_older_copy_is_replaced(source, tmp_path):
    before = source.read_bytes()
    rounded = tmp_path / "rounded.keras"
    rounded.write_bytes(b"older " * 100_000)
    round_weights(source, rounded, architecture())
    assert source.read_bytes() == before
    assert rounded.stat().st_size < len(before)
    assert read_weights(rounded, architecture()).embedding.shape == (13, 5)


def test_rounding_again_changes_nothing(source, tmp_path):
    once, twice = tmp_path / "once.keras", tmp_path / "twice.keras"
    round_weights(source, once, architecture())
    round_weights(once, twice, architecture())
    assert once.read_bytes() == twice.read_bytes()


@pytest.mark.parametrize("number", [65505.0, 65519.0, -65519.0, 1e30])
def test_a_number_that_is_too_large_is_refused(tmp_path, number):
    def change(model: Any) -> None:
        bias = np.zeros(13)
        bias[3] = number
        model.get_layer("logits").bias.assign(bias)

    path = saved(tmp_path / "model.keras", change, layers=1)
    with pytest.raises(CheckpointError) as refusal:
        round_weights(path, tmp_path / "rounded.keras", architecture(layers=1))
    assert str(refusal.value) == (
        f"{path} cannot be rounded to float16: it holds the number {abs(np.float32(number)):,.0f}, above 65,504. "
        "Give it away as it is."
    )


def test_the_largest_number_there_is_is_kept(tmp_path):
    def change(model: Any) -> None:
        model.get_layer("logits").bias.assign(np.linspace(-65504.0, 65504.0, 13))

    path = saved(tmp_path / "model.keras", change, layers=1)
    round_weights(path, tmp_path / "rounded.keras", architecture(layers=1))
    bias = read_weights(tmp_path / "rounded.keras", architecture(layers=1)).logits_bias
    assert (bias[0], bias[-1]) == (-65504.0, 65504.0)
