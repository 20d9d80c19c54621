import contextlib
import dataclasses
import io
import zipfile

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.checkpoint.archive import DamagedFileError
from charrnn.checkpoint.hdf5 import Hdf5Arrays
from tests.decoding.networks import architecture, keras_network


def file_of(content: bytes) -> io.BytesIO:
    return io.BytesIO(content)


def written(**arrays: np.ndarray) -> bytes:
    """An HDF5 file with some arrays, `__` in a name for a slash."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, array in arrays.items():
            file[name.replace("__", "/")] = array
    return content.getvalue()


def opened(content: bytes, start: int = 0) -> Hdf5Arrays:
    return Hdf5Arrays(file_of(content), start, len(content) - start)


def read(content: bytes, *paths: str) -> dict[str, np.ndarray]:
    arrays = opened(content)
    return {path: arrays.find(path).read() for path in paths}


@pytest.fixture(scope="module")
def of_keras(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What Keras puts in a saved network."""
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    keras_network(architecture(layers=3)).save(path)
    with zipfile.ZipFile(path) as archive:
        return archive.read("model.weights.h5")


def test_what_keras_saved_is_found_as_h5py_finds_it(of_keras):
    expected = {}

    def collect(path: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            expected[path] = item[...]

    with h5py.File(file_of(of_keras)) as file:
        file.visititems(collect)
    assert len(expected) == 12
    found = read(of_keras, *expected)
    for path, array in found.items():
        np.testing.assert_array_equal(array, expected[path])


def test_halves_are_read_as_halves():
    numbers = np.array([[0.0, -0.0, 1 / 3], [65504.0, 6e-8, -2.0]], np.float16)
    stored = opened(written(half=numbers)).find("half")
    assert (stored.shape, stored.dtype) == ((2, 3), np.float16)
    np.testing.assert_array_equal(stored.read(), numbers, strict=True)
    assert np.signbit(stored.read()[0, 1])


def test_a_file_may_begin_inside_another_one(of_keras):
    path = "layers/lstm_2/cell/vars/1"
    stored = Hdf5Arrays(file_of(b"before" + of_keras + b"after"), 6, len(of_keras)).find(path)
    np.testing.assert_array_equal(stored.read(), read(of_keras, path)[path])


def test_halves_may_stand_beside_others():
    found = read(written(a=np.ones(3, np.float16), b=np.full(2, 2, np.float32)), "a", "b")
    assert {name: (array.dtype.name, array.tolist()) for name, array in found.items()} == {
        "a": ("float16", [1, 1, 1]),
        "b": ("float32", [2, 2]),
    }


@settings(deadline=None, max_examples=30)
@given(
    names=st.sets(st.text(st.characters(codec="ascii", exclude_characters="/.\0"), min_size=1)),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
)
def test_groups_of_any_size_are_read(names, shape):
    arrays = {name: np.full(shape, number, np.float32) for number, name in enumerate(names)}
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        group = file.create_group("deep")
        for name, array in arrays.items():
            group[name] = array
    found = read(content.getvalue(), *(f"deep/{name}" for name in names))
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[f"deep/{name}"], array)


def test_a_group_with_a_tree_of_several_levels_is_refused():
    content = written(**{f"a__{number}": np.float32([number]) for number in range(1000)})
    with pytest.raises(DamagedFileError, match=r"a group .* of another kind"):
        read(content, "a/7")


def test_many_attributes_are_passed_over():
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["a/b"] = np.arange(3, dtype=np.float32)
        for number in range(40):
            file["a/b"].attrs[f"attribute {number}"] = "long " * 20
            file["a"].attrs[f"attribute {number}"] = number
    np.testing.assert_array_equal(read(content.getvalue(), "a/b")["a/b"], [0, 1, 2])


@pytest.mark.parametrize("options", [{"libver": "latest"}, {"userblock_size": 512}])
def test_other_files_are_refused(options):
    content = io.BytesIO()
    with h5py.File(content, "w", **options) as file:
        file["a"] = np.ones(2, np.float32)
    with pytest.raises(DamagedFileError):
        read(content.getvalue(), "a")


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_an_array_that_goes_beyond_the_file_is_told(dtype):
    content = written(a=np.ones(20, dtype))
    stored = opened(content).find("a")
    short = dataclasses.replace(stored, file=file_of(content[: stored.offset + 7]))
    with pytest.raises(DamagedFileError, match="the file ends too early"):
        short.read()
    with pytest.raises(DamagedFileError, match=r"goes beyond the end|lies outside of it"):
        Hdf5Arrays(file_of(content), 0, stored.offset + 7).find("a")


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_noise_is_read_or_told_of_but_never_a_crash(of_keras, data):
    content = bytearray(of_keras)
    # What stands between the arrays is at the beginning.
    place = data.draw(st.integers(0, min(len(content), 20_000) - 9))
    content[place : place + 8] = data.draw(st.binary(min_size=8, max_size=8))
    kept = data.draw(st.sampled_from([len(content), place]))
    arrays = opened(bytes(content[:kept]))
    with contextlib.suppress(DamagedFileError):
        for number in range(3):
            arrays.find(f"layers/lstm/cell/vars/{number}").read()
