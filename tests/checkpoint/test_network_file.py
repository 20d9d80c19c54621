"""`model.keras` is written alike each time, plain Keras opens it, and what Keras saves is read too."""

import itertools
import os
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from charrnn.checkpoint.archive import DamagedFileError, stored_members, write_archive
from charrnn.checkpoint.keras_layers import (
    LARGEST_METADATA,
    array_shapes,
    keras_layers,
    largest_network_file,
)
from charrnn.checkpoint.network_file import read_network, write_network
from charrnn.errors import CheckpointError
from charrnn.model.network import build_network
from charrnn.settings.architecture import Architecture
from tests.decoding.networks import architecture

KINDS = list(itertools.product(("lstm", "gru", "simple_rnn", "peephole_lstm"), ("own", "tied")))


def random_arrays(sizes: Architecture) -> list[np.ndarray]:
    generator = np.random.default_rng(1)
    return [generator.normal(size=shape).astype(np.float32) for shape in array_shapes(sizes)]


@pytest.fixture(params=KINDS, ids="-".join)
def sizes(request: pytest.FixtureRequest) -> Architecture:
    cell, output = request.param
    return architecture(cell=cell, output=output, layers=3)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_keras_opens_what_was_written_and_computes_the_same(
    tmp_path: Path, sizes: Architecture, dtype: type
) -> None:
    path, arrays = tmp_path / "model.keras", random_arrays(sizes)
    write_network(path, sizes, arrays, dtype)
    rounded = [array.astype(dtype).astype(np.float32) for array in arrays]
    own = build_network(sizes)
    own.set_weights(rounded)
    opened = keras.saving.load_model(path)
    for found, wanted in zip(opened.get_weights(), rounded, strict=True):
        np.testing.assert_array_equal(found, wanted, strict=True)
    ids = np.arange(26).reshape(2, 13) % 13
    np.testing.assert_array_equal(opened(ids), own(ids))
    for layer, wanted in zip(opened.layers, own.layers, strict=True):
        assert (layer.name, type(layer)) == (wanted.name, type(wanted))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_what_was_written_is_read(tmp_path: Path, sizes: Architecture, dtype: type) -> None:
    path, arrays = tmp_path / "model.keras", random_arrays(sizes)
    write_network(path, sizes, arrays, dtype)
    for found, wanted in zip(read_network(path, sizes), arrays, strict=True):
        np.testing.assert_array_equal(found, wanted.astype(dtype).astype(np.float32), strict=True)


def test_what_keras_saves_itself_is_read(tmp_path: Path, sizes: Architecture) -> None:
    model = build_network(sizes, seed=3)
    model.save(tmp_path / "model.keras")
    read = read_network(tmp_path / "model.keras", sizes)
    for found, wanted in zip(read, model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted, strict=True)


def test_the_layers_are_those_that_keras_has(sizes: Architecture) -> None:
    model = build_network(sizes)
    described = keras_layers(sizes)
    assert [(layer.kind, layer.name) for layer in described] == [
        (type(layer).__name__, layer.name) for layer in model.layers
    ]
    assert array_shapes(sizes) == [tuple(weight.shape) for weight in model.weights]
    for layer, made in zip(described, model.layers, strict=True):
        config = made.get_config()
        for name, value in layer.settings.items():
            own = made.dtype if name == "dtype" else config[name]
            assert (list(own) if isinstance(own, tuple) else own) == value


def test_equal_networks_are_equal_bytes_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = architecture()
    write_network(tmp_path / "one.keras", sizes, random_arrays(sizes))
    monkeypatch.setattr("time.localtime", lambda *_: pytest.fail("a date is in the file"))
    write_network(tmp_path / "two.keras", sizes, random_arrays(sizes))
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "two.keras").read_bytes()


def test_the_largest_descriptions_are_within_the_limit(tmp_path: Path) -> None:
    sizes = architecture(cell="peephole_lstm", output="tied", layers=16, vocabulary_size=30_000)
    path = tmp_path / "model.keras"
    write_network(path, sizes, random_arrays(sizes))
    ours = path.stat().st_size - 4 * sizes.parameters
    build_network(sizes).save(path)
    of_keras = path.stat().st_size - 4 * sizes.parameters
    assert ours < of_keras < LARGEST_METADATA / 4
    assert len(read_network(path, sizes)) == 3 + 4 * 16


def test_one_byte_more_than_a_network_can_have_is_too_many(tmp_path: Path) -> None:
    sizes, path = architecture(), tmp_path / "model.keras"
    write_network(path, sizes, random_arrays(sizes))
    for size, fault in ((0, "does not end"), (1, "has .* bytes, where at most")):
        os.truncate(path, largest_network_file(sizes) + size)
        with pytest.raises(CheckpointError, match=fault):
            read_network(path, sizes)


# Archives


def members_of(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return dict(stored_members(file))


def test_an_archive_of_more_than_four_gigabytes_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python writes numbers of 64 bits from this limit on.
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    path, content = tmp_path / "large.zip", {"one": bytes(200), "two": b"2" * 300, "three": b""}
    write_archive(path, content)
    assert b"PK\6\6" in path.read_bytes()
    for name, member in members_of(path).items():
        assert path.read_bytes()[member.offset :][: member.size] == content[name]


@pytest.mark.parametrize("seed", range(20))
def test_a_changed_archive_is_read_or_told_of_but_never_a_crash(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "changed.zip"
    write_archive(path, {"one": bytes(200), "two": b"2" * 300})
    whole = path.read_bytes()
    generator = np.random.default_rng(seed)
    for _ in range(50):
        content = bytearray(whole[: int(generator.integers(len(whole) + 1))])
        for place in generator.integers(len(whole), size=3):
            content[place : place + 1] = generator.bytes(1)
        path.write_bytes(content)
        try:
            members = members_of(path)
        except DamagedFileError:
            continue
        assert sum(member.size for member in members.values()) <= len(content)
