import errno
import gc
import io
import os
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus import store
from charrnn.corpus.store import (
    StoredRows,
    StoredText,
    as_array,
    blocks,
    cache_directory,
    code_units,
    pieces,
    rereadable,
    whole_lines,
)
from charrnn.errors import CorpusError

characters = st.sampled_from("ab\né诗𠀀")
parts = st.lists(st.lists(st.tuples(st.integers(-9, 2**40), st.integers(0, 9)), max_size=5))


class FullDisk(io.BytesIO):
    """Takes nothing when what was written is to reach the disk."""

    def flush(self):
        raise OSError(errno.ENOSPC, "No space left on device")


@given(
    st.lists(st.text(characters, max_size=9), max_size=9),
    st.integers(1, 30),
    st.integers(1, 5),
    st.integers(-50, 50),
    st.integers(-50, 50),
)
def test_a_text_is_the_same_in_memory_and_in_a_file(some, long, chunk, start, stop):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "LONG", long)
        patch.setattr(store, "CHUNK", chunk)
        stored = StoredText()
        for part in some:
            stored.append(part)
        text, whole = stored.finish(), "".join(some)
        assert isinstance(text, str) == (len(whole.encode()) <= long)
        for one in (stored, text):
            assert len(one) == len(whole)
            assert one[:] == whole
            assert one[start:stop] == whole[start:stop]
        assert "".join(pieces(text)) == whole
        lines = list(whole_lines(text, 0, len(text)))
        assert "".join(lines) == whole
        assert all(some.endswith("\n") for some in lines[:-1])


@given(parts, st.sampled_from([1, 20, 60, 1 << 24]), st.integers(-40, 40), st.integers(-40, 40))
def test_rows_are_the_same_in_memory_and_in_a_file(some, long, start, stop):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "LONG", long)
        stored = StoredRows(np.int64, (2,))
        for part in some:
            stored.append(np.array(part, np.int64).reshape(-1, 2))
        rows = stored.finish()
    whole = np.array([row for part in some for row in part], np.int64).reshape(-1, 2)
    for one in (stored, rows):
        assert len(one) == len(whole)
        assert one.dtype == np.int64
        np.testing.assert_array_equal(as_array(one), whole)
        np.testing.assert_array_equal(one[start:stop], whole[start:stop])
        for block, expected in zip(blocks(one, 3), blocks(whole, 3), strict=True):
            np.testing.assert_array_equal(block, expected)


def test_what_is_stored_is_read_in_order_only():
    rows, text = StoredRows(np.uint8), StoredText()
    rows.append(np.arange(5, dtype=np.uint8))
    text.append("abc")
    assert rows[1:3].tolist() == [1, 2]
    for one in (rows, text):
        with pytest.raises(ValueError, match="in order"):
            one[::-1]


@given(st.text(st.characters(codec=None)))
def test_code_units_are_the_code_points(text):
    units = code_units(text)
    assert units.tolist() == list(map(ord, text))
    widest = max(map(ord, text), default=0)
    assert units.dtype == (np.uint8 if widest < 256 else np.uint16 if widest < 65536 else np.uint32)


@pytest.mark.skipif(os.name == "nt", reason="a file that is open keeps its name")
def test_a_long_array_stands_in_a_file_without_a_name_where_the_cache_is(tmp_path, monkeypatch):
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "big disk"))
    monkeypatch.setattr(store, "LONG", 4)
    rows = StoredRows(np.uint8)
    rows.append(np.zeros(4, np.uint8))
    assert not cache_directory().exists()
    rows.append(np.zeros(1, np.uint8))
    assert list(cache_directory().iterdir()) == []
    assert cache_directory().parent == tmp_path / "big disk"


def test_a_temporary_file_is_closed_with_what_is_stored_in_it(monkeypatch):
    files = []
    really = tempfile.SpooledTemporaryFile

    def noted(*arguments, **options):
        files.append(really(*arguments, **options))
        return files[-1]

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", noted)
    rows = StoredRows(np.uint8)
    assert not files[0].closed
    del rows
    gc.collect()
    assert files[0].closed


def test_a_full_disk_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda *_, **__: FullDisk())
    with pytest.raises(CorpusError, match=r"the disk is full: .* long text .*CHARRNN_CACHE"):
        StoredText().append("the tide")
    with pytest.raises(CorpusError, match="the disk is full"):
        rereadable(io.BytesIO(b"the tide"))


def test_a_directory_that_cannot_be_made_is_told_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(store, "LONG", 4)
    with pytest.raises(CorpusError, match="cannot be written"):
        StoredText().append("the tide")


@pytest.mark.parametrize("length", [0, 9, 10, 11, 1000])
def test_a_stream_can_be_read_again_whether_it_is_long_or_short(length, monkeypatch):
    monkeypatch.setattr(store, "LONG", 10)
    monkeypatch.setattr(store, "_BLOCK", 7)
    content = bytes(number % 251 for number in range(length))
    with rereadable(io.BytesIO(content)) as file:
        for _ in range(2):
            file.seek(0)
            assert file.read() == content
