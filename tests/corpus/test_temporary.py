import errno
import gc
import io
import os
import tempfile
import threading

import pytest

from charrnn.corpus import temporary
from charrnn.corpus.cache import cache_directory
from charrnn.corpus.temporary import TemporaryStore, rereadable
from charrnn.errors import CorpusError


class FullDisk(io.RawIOBase):
    """Takes a few bytes, and then no more."""

    def writable(self):
        return True

    def seek(self, position, whence=0):
        del whence
        return position

    def write(self, data):
        if len(data) > 5:
            return 5
        raise OSError(errno.ENOSPC, "No space left on device")


def test_bytes_are_read_back_from_anywhere():
    store = TemporaryStore()
    store.append(memoryview(b"the tide "))
    assert store.read(4, 8) == b"tide"
    store.append(memoryview(b""))
    store.append(memoryview(b"comes in"))
    assert store.size == 17
    assert store.read(0, 17) == b"the tide comes in"
    assert store.read(3, 3) == b""


@pytest.mark.skipif(os.name == "nt", reason="a file that is open keeps its name")
def test_a_temporary_file_has_no_name_in_the_directory():
    store = TemporaryStore()
    store.append(memoryview(b"a"))
    assert list(cache_directory().iterdir()) == []


def test_a_temporary_file_is_closed_with_its_store(monkeypatch):
    files = []
    really = tempfile.TemporaryFile

    def noted(**options):
        files.append(really(**options))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    store = TemporaryStore()
    assert not files[0].closed
    del store
    gc.collect()
    assert files[0].closed


def test_temporary_files_stand_where_the_cache_was_moved(tmp_path, monkeypatch):
    places = []

    def noted(**options):
        places.append(options["dir"])
        return io.BytesIO()

    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "big disk"))
    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    TemporaryStore()
    assert places == [tmp_path / "big disk" / "corpora"]


def test_a_full_disk_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: FullDisk())
    with pytest.raises(CorpusError, match=r"the disk is full: .* long text .*CHARRNN_CACHE"):
        TemporaryStore().append(memoryview(b"the tide"))
    monkeypatch.setattr(temporary, "LONG", 4)
    with pytest.raises(CorpusError, match="the disk is full"):
        rereadable(io.BytesIO(b"the tide"))


def test_a_directory_that_cannot_be_made_is_told_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("CHARRNN_CACHE", str(tmp_path / "file"))
    with pytest.raises(CorpusError, match="cannot be written"):
        TemporaryStore()


@pytest.mark.parametrize("length", [0, 9, 10, 11, 1000])
def test_a_stream_can_be_read_again_whether_it_is_long_or_short(length, monkeypatch):
    monkeypatch.setattr(temporary, "LONG", 10)
    monkeypatch.setattr(temporary, "_CHUNK", 7)
    content = bytes(number % 251 for number in range(length))
    with rereadable(io.BytesIO(content)) as file:
        assert isinstance(file, io.BytesIO) == (length < 10)
        for _ in range(2):
            file.seek(0)
            assert file.read() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_read_as_a_file_is(tmp_path):
    from charrnn.corpus.reading import read_corpus

    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=("é\nb".encode("cp1252"),))
    writer.start()
    corpus = read_corpus([str(pipe)])
    writer.join()
    assert (corpus.text, corpus.encoding) == ("é\nb", "cp1252")
