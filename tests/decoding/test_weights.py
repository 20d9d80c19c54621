import contextlib
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from charrnn.decoding.weights import NetworkWeights
from charrnn.errors import CheckpointError
from charrnn.settings.architecture import Architecture
from tests.decoding.networks import (
    architecture,
    arrays_of,
    changed,
    keras_network,
    read_weights,
    reciting_weights,
    save_network,
)

CELLS = [("lstm", 2), ("gru", 1), ("simple_rnn", 3), ("peephole_lstm", 2)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    """A two-layer LSTM that Keras saved, and its arrays in Keras's order."""
    model = keras_network(architecture())
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return path, model.get_weights()


def in_order(weights: NetworkWeights) -> list[np.ndarray]:
    recurrent = [array for layer in weights.recurrent for array in arrays_of(layer)]
    last = weights.projection or (weights.logits_kernel, weights.logits_bias)
    return [weights.embedding, *recurrent, *last]


def assert_tied(weights: NetworkWeights, sizes: Architecture) -> None:
    np.testing.assert_array_equal(weights.logits_kernel, weights.embedding.T)
    np.testing.assert_array_equal(weights.logits_bias, np.zeros(sizes.vocabulary_size))
    assert weights.logits_kernel.dtype == weights.logits_bias.dtype == np.float32


def test_the_arrays_are_those_that_keras_saved(saved):
    path, expected = saved
    for found, wanted in zip(in_order(read_weights(path, architecture())), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == np.float32


@pytest.mark.parametrize("output", ["own", "tied"])
@pytest.mark.parametrize(("cell", "layers"), CELLS)
def test_the_arrays_of_a_network_of_keras_are_named(cell, layers, output):
    sizes = architecture(cell=cell, layers=layers, output=output)
    arrays = keras_network(sizes).get_weights()
    weights = NetworkWeights.from_keras(arrays, sizes)
    assert len(weights.recurrent) == layers
    for found, wanted in zip(in_order(weights), arrays, strict=True):
        assert found is wanted
    if output == "tied":
        assert_tied(weights, sizes)
    else:
        assert weights.projection is None


@pytest.mark.parametrize(("cell", "layers"), CELLS)
def test_a_tied_output_is_found_where_keras_puts_it(tmp_path, cell, layers, monkeypatch):
    sizes = architecture(cell=cell, layers=layers, output="tied")
    model = keras_network(sizes)
    model.save(tmp_path / "model.keras")
    monkeypatch.setitem(sys.modules, "h5py", None)
    weights = read_weights(tmp_path / "model.keras", sizes)
    assert_tied(weights, sizes)
    for found, wanted in zip(in_order(weights), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == np.float32


def test_peepholes_are_found_where_keras_puts_them(tmp_path):
    sizes = architecture(cell="peephole_lstm", layers=3)
    model = keras_network(sizes)
    model.save(tmp_path / "model.keras")
    weights = read_weights(tmp_path / "model.keras", sizes)
    assert [layer.peephole.shape for layer in weights.recurrent] == [(3, 12)] * 3
    for found, wanted in zip(in_order(weights), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == np.float32


def test_arrays_are_read_without_h5py(saved, monkeypatch):
    path, expected = saved
    monkeypatch.setitem(sys.modules, "h5py", None)
    for found, wanted in zip(in_order(read_weights(path, architecture())), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_layer_is_read_when_it_is_asked_for_and_its_faults_are_told_then(peepholes, tmp_path):
    path = changed(peepholes, tmp_path / "model.keras", with_endless_peepholes)
    with NetworkWeights.open(path, architecture(cell="peephole_lstm")) as stored:
        assert stored.logits_bias.shape == (13,)
        with pytest.raises(CheckpointError, match=r"model\.keras is not the network .* not finite"):
            next(iter(stored.recurrent))


def test_errors_of_the_caller_are_not_blamed_on_the_file(saved):
    with pytest.raises(ValueError, match=r"^mine$"), NetworkWeights.open(saved[0], architecture()):
        raise ValueError("mine")


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"units": 13}, "the setting units of recurrent_1 is 12, where 13 was expected"),
        ({"vocabulary_size": 14}, "the setting input_dim of embedding is 13, where 14 was"),
        ({"embedding": 6}, "the setting output_dim of embedding is 5, where 6 was expected"),
        ({"layers": 3}, "the number of its layers is 7, where 9 was expected"),
        ({"cell": "gru"}, 'the class of its layer 3 is "LSTM", where "GRU" was expected'),
    ],
)
def test_another_architecture_is_refused(saved, sizes, message):
    with pytest.raises(CheckpointError, match=message):
        read_weights(saved[0], architecture(**sizes))


def test_a_weight_that_is_no_number_is_refused(tmp_path):
    weights, recited = reciting_weights()
    weights.logits_bias[2] = np.nan
    save_network(tmp_path / "model.keras", weights, recited)
    with pytest.raises(
        CheckpointError, match="array 1 of layer logits holds a value that is not finite"
    ):
        read_weights(tmp_path / "model.keras", recited)


@pytest.fixture(scope="module")
def tied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer LSTM whose output is tied, that Keras saved."""
    path = tmp_path_factory.mktemp("tied") / "model.keras"
    keras_network(architecture(output="tied")).save(path)
    return path


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tie_weights": False}, "tie_weights of embedding is false, where true was expected"),
        (
            {"logit_soft_cap": 30.0},
            r"logit_soft_cap of embedding is 30\.0, where null was expected",
        ),
    ],
)
def test_an_output_with_other_equations_is_refused(tied, tmp_path, settings, message):
    def change(_: h5py.File, description: dict[str, Any]) -> None:
        description["config"]["layers"][1]["config"] |= settings

    path = changed(tied, tmp_path / "model.keras", change)
    with pytest.raises(CheckpointError, match=message):
        read_weights(path, architecture(output="tied"))


def test_an_output_of_its_own_is_not_a_tied_one(saved, tied):
    with pytest.raises(CheckpointError, match='"Embedding", where "ReversibleEmbedding" was exp'):
        read_weights(saved[0], architecture(output="tied"))
    with pytest.raises(CheckpointError, match='"ReversibleEmbedding", where "Embedding" was exp'):
        read_weights(tied, architecture())


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"vocabulary_size": 14}, "input_dim of embedding is 13, where 14 was expected"),
        ({"embedding": 6}, "output_dim of embedding is 5, where 6 was expected"),
        ({"units": 13}, "units of recurrent_1 is 12, where 13 was expected"),
    ],
)
def test_a_tied_network_of_other_sizes_is_refused(tied, sizes, message):
    with pytest.raises(CheckpointError, match=message):
        read_weights(tied, architecture(output="tied", **sizes))


def test_what_leads_back_to_the_vectors_has_their_length(tied, tmp_path):
    def change(file: h5py.File, _: dict[str, Any]) -> None:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = np.zeros((12, 13), np.float32)

    path = changed(tied, tmp_path / "model.keras", change)
    message = r"array 0 of layer projection has the shape \(12, 13\), where \(12, 5\) was"
    with pytest.raises(CheckpointError, match=message):
        read_weights(path, architecture(output="tied"))


@pytest.fixture(scope="module")
def peepholes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A peephole LSTM of two layers that Keras saved."""
    path = tmp_path_factory.mktemp("peepholes") / "model.keras"
    keras_network(architecture(cell="peephole_lstm")).save(path)
    return path


def without_peepholes(file: h5py.File, _: dict[str, Any]) -> None:
    del file["layers/peephole_lstm_1/cell/vars/3"]


def with_two_peepholes(file: h5py.File, _: dict[str, Any]) -> None:
    del file["layers/peephole_lstm/cell/vars/3"]
    file["layers/peephole_lstm/cell/vars/3"] = np.zeros((2, 12), np.float32)


def with_endless_peepholes(file: h5py.File, _: dict[str, Any]) -> None:
    file["layers/peephole_lstm/cell/vars/3"][1, 2] = np.inf


def of_another_package(_: h5py.File, description: dict[str, Any]) -> None:
    for layer in description["config"]["layers"]:
        if layer["class_name"] == "PeepholeLSTM":
            layer["registered_name"] = "theirs>PeepholeLSTM"


def backwards(_: h5py.File, description: dict[str, Any]) -> None:
    description["config"]["layers"][2]["config"]["go_backwards"] = True


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_peepholes, "is damaged"),
        (
            with_two_peepholes,
            r"array 3 of layer recurrent_1 has the shape \(2, 12\), where \(3, 12\) was",
        ),
        (with_endless_peepholes, "array 3 of layer recurrent_1 holds a value that is not finite"),
        (
            of_another_package,
            '"theirs>PeepholeLSTM", where "charrnn>PeepholeLSTM" was expected',
        ),
        (backwards, "go_backwards of recurrent_1 is true, where null was expected"),
    ],
)
def test_peepholes_that_do_not_fit_are_refused(peepholes, tmp_path, change, message):
    path = changed(peepholes, tmp_path / "model.keras", change)
    with pytest.raises(CheckpointError, match=message):
        read_weights(path, architecture(cell="peephole_lstm"))


@pytest.mark.parametrize(("one", "other"), [("lstm", "peephole_lstm"), ("peephole_lstm", "lstm")])
def test_an_lstm_with_peepholes_is_not_one_without(tmp_path, one, other):
    keras_network(architecture(cell=one)).save(tmp_path / "model.keras")
    with pytest.raises(CheckpointError, match="the class of its layer 3 is"):
        read_weights(tmp_path / "model.keras", architecture(cell=other))


@pytest.mark.parametrize("kept", [0, 1, 100, 5_000, 20_000])
def test_a_file_that_was_cut_short_is_refused_in_a_sentence(saved, tmp_path, kept):
    path = tmp_path / "model.keras"
    path.write_bytes(saved[0].read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"model\.keras is damaged, or was not saved by"):
        read_weights(path, architecture())


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_an_archive_without_its_parts_is_refused_in_a_sentence(saved, tmp_path, missing):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(saved[0]) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if name != missing:
                target.writestr(name, source.read(name))
    with pytest.raises(CheckpointError, match="is damaged"):
        read_weights(path, architecture())


def test_arrays_that_are_overwritten_with_noise_are_refused_or_read_but_never_crash(
    saved, tmp_path
):
    original = saved[0].read_bytes()
    path = tmp_path / "model.keras"
    generator = np.random.default_rng(0)
    for _ in range(30):
        content = bytearray(original)
        place = int(generator.integers(len(content) - 64))
        content[place : place + 64] = generator.bytes(64)
        path.write_bytes(content)
        with contextlib.suppress(CheckpointError):
            read_weights(path, architecture())
