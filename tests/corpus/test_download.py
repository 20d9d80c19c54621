import errno
import functools
import hashlib
import itertools
import socket
from pathlib import Path

import pytest

from charrnn.corpus import download as module
from charrnn.corpus.catalogue import open_catalogue
from charrnn.corpus.download import Patience
from charrnn.errors import CorpusError
from tests.malicious_server import BEHAVIOURS, CONTENT, HARMLESS, MaliciousServer

DIGEST = hashlib.sha256(CONTENT).hexdigest()

download = functools.partial(module.download, most=len(CONTENT))

HASTY = Patience(least=10**9, clock=itertools.count(step=61).__next__)
"""Each look at the clock is a stretch later, so that an answer in two pieces is too slow."""

SHORT = Patience(silence=0.2)


@pytest.fixture
def server():
    with MaliciousServer() as server:
        yield server


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "cache" / "poems.txt"


def part_of(destination):
    return destination.with_name("poems.txt.part")


def test_a_file_is_fetched_whole_and_progress_is_told(server, destination):
    told = []
    download(server.url("honest"), destination, DIGEST, progress=lambda *news: told.append(news))
    assert destination.read_bytes() == CONTENT
    assert [path.name for path in destination.parent.iterdir()] == ["poems.txt"]
    assert told[-1] == ("poems.txt", len(CONTENT), len(CONTENT))
    assert [news[1] for news in told] == sorted(news[1] for news in told)


def test_a_download_that_broke_off_goes_on_where_it_stopped(server, destination):
    with pytest.raises(CorpusError, match="ended after 1,000 of 512,000 bytes"):
        download(server.url("cut-short"), destination, DIGEST)
    assert not destination.exists()
    assert part_of(destination).read_bytes() == CONTENT[:1000]
    told = []
    download(server.url("honest"), destination, DIGEST, progress=lambda *news: told.append(news))
    assert [wanted for _, wanted in server.requests] == [None, "bytes=1000-"]
    assert destination.read_bytes() == CONTENT
    assert told[0][1] > 1000
    assert told[-1][1:] == (len(CONTENT), len(CONTENT))


def test_a_server_that_knows_no_ranges_is_read_from_the_start(server, destination):
    destination.parent.mkdir()
    part_of(destination).write_bytes(CONTENT[:1000])
    download(server.url("without-ranges"), destination, DIGEST)
    assert destination.read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_taken(server, destination):
    destination.parent.mkdir()
    part_of(destination).write_bytes(CONTENT)
    download(server.url("honest"), destination, DIGEST)
    assert destination.read_bytes() == CONTENT


def test_a_wrong_digest_is_refused_and_the_next_try_starts_afresh(server, destination):
    with pytest.raises(CorpusError, match=f"its SHA-256 is {DIGEST} and should be 0000"):
        download(server.url("honest"), destination, "0" * 64)
    assert list(destination.parent.iterdir()) == []


def test_a_part_of_another_file_is_thrown_away(server, destination):
    destination.parent.mkdir()
    part_of(destination).write_bytes(b"x" * 1000)
    with pytest.raises(CorpusError, match="is not the expected file"):
        download(server.url("honest"), destination, DIGEST)
    download(server.url("honest"), destination, DIGEST)
    assert destination.read_bytes() == CONTENT


def test_no_connection_is_one_sentence(destination):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/poems.txt"
    with pytest.raises(CorpusError, match=r"the connection to 127.0.0.1 failed \(.*\)"):
        download(url, destination, DIGEST)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full.*CHARRNN_CACHE"), (errno.EROFS, "cannot be written")],
)
def test_a_disk_that_takes_no_more_is_told_and_what_arrived_is_kept(
    server, destination, monkeypatch, number, words
):
    real_open = Path.open

    def open_on_small_disk(path, mode="r", *arguments, **options):
        file = real_open(path, mode, *arguments, **options)
        if mode != "wb":
            return file
        return SmallDisk(file, number)

    monkeypatch.setattr(Path, "open", open_on_small_disk)
    with pytest.raises(CorpusError, match=words):
        download(server.url("honest"), destination, DIGEST)
    assert not destination.exists()
    assert part_of(destination).stat().st_size == SmallDisk.room
    monkeypatch.undo()
    download(server.url("honest"), destination, DIGEST)
    assert server.requests[-1][1] == f"bytes={SmallDisk.room}-"
    assert destination.read_bytes() == CONTENT


class SmallDisk:
    room = 2 * (1 << 16)

    def __init__(self, file, number):
        self.file = file
        self.number = number

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.file.close()

    def write(self, data):
        if self.file.tell() + len(data) > self.room:
            raise OSError(self.number, "no")
        return self.file.write(data)

    def flush(self):
        self.file.flush()


@pytest.mark.parametrize("url", ["http://example.org/poems.txt", "file:///etc/passwd"])
def test_only_https_is_asked_for(destination, url):
    with pytest.raises(CorpusError, match=f"by HTTPS only. Received: {url}"):
        download(url, destination, DIGEST)


SENTENCES = {
    "endless-body": "sends more than 512 kB for poems.txt",
    "endless-chunks": "sends more than",
    "endless-trailers": "sends more than",
    "endless-continue": "sends more than",
    "chunk-of-minus-one": "sends more than",
    "length-of-a-terabyte": "sends more than",
    "trickled-body": r"fewer than 1,000,000,000 bytes in 60 seconds",
    "trickled-status": "fewer than",
    "trickled-headers": "fewer than",
    "silence": r"\(no answer for 0.2 seconds\)",
    "silence-in-the-body": "no answer",
    "wrong-range": "sent another part of poems.txt",
    "partial-content-of-nothing": "sent another part",
    "redirect-to-half-an-address": "its answer is not valid HTTP",
    "redirect-to-plain-http": "by HTTPS only. Received: http://0.0.0.0:1/poems.txt",
    "redirect-to-ftp": "by HTTPS only",
    "redirect-to-a-file": "answered 302 Found",
    "redirects-for-ever": "answered 302 Found",
    "redirect-to-itself": "answered 302 Found",
    "redirect-of-a-terabyte": "answered 404 Not Found",
    "cut-short": "ended after 1,000 of 512,000 bytes",
    "not-found": "answered 404 Not Found",
    "broken": "answered 503 Service Unavailable",
    "controls-in-the-reason": "answered 404 Not Found for",
    "hang-up": "closed connection without response",
}
PATIENCE = dict.fromkeys(["silence", "silence-in-the-body"], SHORT) | dict.fromkeys(
    ["trickled-status", "trickled-headers", "trickled-body"], HASTY
)


@pytest.mark.parametrize("name", sorted(BEHAVIOURS.keys() - HARMLESS))
def test_what_a_server_may_do_is_one_sentence_and_little_is_kept(server, destination, name):
    patience = PATIENCE.get(name)
    with pytest.raises(CorpusError, match=SENTENCES.get(name)) as caught:
        download(server.url(name), destination, DIGEST, patience=patience)
    assert str(caught.value).isprintable()
    assert not destination.exists()
    part = part_of(destination)
    assert not part.exists() or part.stat().st_size <= 2 * len(CONTENT)
    assert len(server.requests) <= 11
    download(server.url("honest"), destination, DIGEST)
    assert destination.read_bytes() == CONTENT


def test_the_body_of_a_redirect_is_not_read(server, destination):
    download(server.url("endless-redirect-body"), destination, DIGEST)
    assert destination.read_bytes() == CONTENT


def test_a_download_that_is_asked_to_go_on_by_the_wrong_part_starts_afresh(server, destination):
    destination.parent.mkdir()
    part_of(destination).write_bytes(CONTENT[:1000])
    with pytest.raises(CorpusError, match="sent another part"):
        download(server.url("wrong-range"), destination, DIGEST)
    assert len(server.requests) == 1
    assert not part_of(destination).exists()


def test_a_slow_server_that_sends_enough_is_waited_for(server, destination):
    clock = itertools.count(step=61).__next__
    patience = Patience(least=1, clock=clock)
    download(server.url("honest"), destination, DIGEST, patience=patience)
    assert destination.read_bytes() == CONTENT


def test_the_files_of_the_catalogue_may_be_longer_than_their_texts():
    entries = open_catalogue().entries.values()
    assert all(
        min(8 * entry.size, 1 << 26) <= entry.longest_file < 100_000_000 for entry in entries
    )
