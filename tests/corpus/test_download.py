import errno
import hashlib
import http.server
import socket
import threading
from pathlib import Path

import pytest

from charrnn.corpus.download import download
from charrnn.errors import CorpusError

CONTENT = bytes(range(256)) * 2000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges = []
        self.cut_after = None
        self.knows_ranges = True
        self.status = 200
        self.location = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/poems.txt"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers["Range"]
        self.server.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if self.server.status != 200 or self.server.location:
            self.send_response(self.server.status)
            if self.server.location:
                self.send_header("Location", self.server.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if start >= len(CONTENT) and self.server.knows_ranges:
            self.send_error(416)
            return
        if wanted and self.server.knows_ranges:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        else:
            self.send_response(200)
            start = 0
        body = CONTENT[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut_after])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def destination(tmp_path):
    return tmp_path / "cache" / "poems.txt"


def part_of(destination):
    return destination.with_name("poems.txt.part")


def test_a_file_is_fetched_whole_and_progress_is_told(server, destination):
    told = []
    download(server.url, destination, DIGEST, lambda *news: told.append(news))
    assert destination.read_bytes() == CONTENT
    assert [path.name for path in destination.parent.iterdir()] == ["poems.txt"]
    assert told[-1] == ("poems.txt", len(CONTENT), len(CONTENT))
    assert [news[1] for news in told] == sorted(news[1] for news in told)


def test_a_download_that_broke_off_goes_on_where_it_stopped(server, destination):
    server.cut_after = 100_000
    with pytest.raises(CorpusError, match="ended after 100,000 of 512,000 bytes"):
        download(server.url, destination, DIGEST)
    assert not destination.exists()
    assert part_of(destination).read_bytes() == CONTENT[:100_000]
    server.cut_after = None
    told = []
    download(server.url, destination, DIGEST, lambda *news: told.append(news))
    assert server.ranges == [None, "bytes=100000-"]
    assert destination.read_bytes() == CONTENT
    assert told[0][1] > 100_000
    assert told[-1][1:] == (len(CONTENT), len(CONTENT))


def test_a_server_that_knows_no_ranges_is_read_from_the_start(server, destination):
    server.knows_ranges = False
    destination.parent.mkdir()
    part_of(destination).write_bytes(CONTENT[:1000])
    download(server.url, destination, DIGEST)
    assert destination.read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_taken(server, destination):
    destination.parent.mkdir()
    part_of(destination).write_bytes(CONTENT)
    download(server.url, destination, DIGEST)
    assert destination.read_bytes() == CONTENT


def test_a_wrong_digest_is_refused_and_the_next_try_starts_afresh(server, destination):
    with pytest.raises(CorpusError, match=f"its SHA-256 is {DIGEST} and should be 0000"):
        download(server.url, destination, "0" * 64)
    assert list(destination.parent.iterdir()) == []


def test_a_part_of_another_file_is_thrown_away(server, destination):
    destination.parent.mkdir()
    part_of(destination).write_bytes(b"x" * 1000)
    with pytest.raises(CorpusError, match="is not the expected file"):
        download(server.url, destination, DIGEST)
    download(server.url, destination, DIGEST)
    assert destination.read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "words"), [(404, "answered 404 Not Found"), (503, "503")])
def test_an_answer_that_is_an_error_is_told(server, destination, status, words):
    server.status = status
    with pytest.raises(CorpusError, match=words):
        download(server.url, destination, DIGEST)


def test_no_connection_is_one_sentence(destination):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/poems.txt"
    with pytest.raises(CorpusError, match=r"127.0.0.1 cannot be reached \(.*\)"):
        download(url, destination, DIGEST)


def test_a_server_that_says_nothing_is_given_up(destination, monkeypatch):
    monkeypatch.setattr("charrnn.corpus.download.TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/poems.txt"
        with pytest.raises(CorpusError, match=r"\(no answer for 0.05 seconds\)"):
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
        download(server.url, destination, DIGEST)
    assert not destination.exists()
    assert part_of(destination).stat().st_size == SmallDisk.room
    monkeypatch.undo()
    download(server.url, destination, DIGEST)
    assert server.ranges[-1] == f"bytes={SmallDisk.room}-"
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


def test_a_server_may_not_lead_away_from_https(server, destination):
    server.status, server.location = 302, "http://0.0.0.0:1/poems.txt"
    with pytest.raises(CorpusError, match="HTTPS only"):
        download(server.url, destination, DIGEST)
