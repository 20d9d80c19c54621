"""A server on this machine whose answers are wrong, endless, too slow or hostile.

    with MaliciousServer() as server:
        download(server.url("endless-body"), destination, DIGEST, most=len(CONTENT))

The first part of the path names the behaviour. `BEHAVIOURS` names them all.
"""

import contextlib
import itertools
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

CONTENT = bytes(range(256)) * 2000
"""The file that an honest server would send."""

HARMLESS = frozenset({"honest", "without-ranges", "endless-redirect-body"})
"""The behaviours that let the whole file be fetched."""


@dataclass(frozen=True)
class Request:
    """What a client asked for.

    Attributes:
        number: The number in the path, or 0.
        start: The first byte that it wants, if it does not want all.
        address: The server's own address.
    """

    number: int
    start: int | None
    address: str


Answer = Iterator[bytes | None]
"""The bytes of an answer; None is a pause."""

Behaviour = Callable[[Request], Answer]

BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(name: str) -> Callable[[Behaviour], Behaviour]:
    def add(function: Behaviour) -> Behaviour:
        BEHAVIOURS[name] = function
        return function

    return add


def head(status: str = "200 OK", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", *headers, "Connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1")


def answer(status: str, *headers: str, body: bytes = b"") -> Behaviour:
    """A behaviour that says the same to everyone."""
    return lambda _: iter([head(status, *headers), body])


def length(size: int | str) -> str:
    return f"Content-Length: {size}"


CHUNKED = "Transfer-Encoding: chunked"


@behaviour("honest")
def honest(request: Request) -> Answer:
    start = request.start or 0
    body = CONTENT[start:]
    ranged = f"Content-Range: bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
    if start >= len(CONTENT):
        yield head("416 Range Not Satisfiable", length(0))
    elif request.start is None:
        yield head("200 OK", length(len(body))) + body
    else:
        yield head("206 Partial Content", ranged, length(len(body))) + body


@behaviour("without-ranges")
def without_ranges(request: Request) -> Answer:
    del request
    yield head("200 OK", length(len(CONTENT))) + CONTENT


@behaviour("cut-short")
def cut_short(request: Request) -> Answer:
    del request
    yield head("200 OK", length(len(CONTENT))) + CONTENT[:1000]


@behaviour("wrong-range")
def wrong_range(request: Request) -> Answer:
    start = (request.start or 0) + 1
    yield head("206 Partial Content", f"Content-Range: bytes {start}-9/10", length(4)) + b"abcd"


@behaviour("endless-body")
def endless_body(request: Request) -> Answer:
    del request
    yield head()
    yield from itertools.repeat(b"x" * 65536)


@behaviour("endless-chunks")
def endless_chunks(request: Request) -> Answer:
    del request
    yield head("200 OK", CHUNKED)
    yield from itertools.repeat(b"10000\r\n" + b"x" * 65536 + b"\r\n")


@behaviour("endless-trailers")
def endless_trailers(request: Request) -> Answer:
    del request
    yield head("200 OK", CHUNKED) + b"1\r\nx\r\n0\r\n"
    yield from itertools.repeat(b"Trailer: x\r\n" * 1000)


@behaviour("endless-continue")
def endless_continue(request: Request) -> Answer:
    del request
    yield from itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@behaviour("endless-redirect-body")
def endless_redirect_body(request: Request) -> Answer:
    yield head("302 Found", f"Location: {request.address}/honest/poems.txt")
    yield from itertools.repeat(b"x" * 65536)


@behaviour("silence")
def silence(request: Request) -> Answer:
    del request
    yield from itertools.repeat(None)


@behaviour("silence-in-the-body")
def silence_in_the_body(request: Request) -> Answer:
    del request
    yield head("200 OK", length(len(CONTENT))) + CONTENT[:1000]
    yield from itertools.repeat(None)


def trickled(content: bytes) -> Answer:
    for byte in itertools.chain(content, itertools.repeat(ord("x"))):
        yield bytes([byte])
        yield None


@behaviour("trickled-status")
def trickled_status(request: Request) -> Answer:
    del request
    yield from trickled(b"HTTP/1.1 200 ")


@behaviour("trickled-headers")
def trickled_headers(request: Request) -> Answer:
    del request
    yield b"HTTP/1.1 200 OK\r\n"
    yield from trickled(b"X-Slow: ")


@behaviour("trickled-body")
def trickled_body(request: Request) -> Answer:
    del request
    yield head("200 OK", length(len(CONTENT)))
    yield from trickled(CONTENT)


@behaviour("redirects-for-ever")
def redirects_for_ever(request: Request) -> Answer:
    place = f"{request.address}/redirects-for-ever/{request.number + 1}/poems.txt"
    yield head("302 Found", f"Location: {place}", length(0))


@behaviour("redirect-of-a-terabyte")
def redirect_of_a_terabyte(request: Request) -> Answer:
    place = f"{request.address}/not-found/poems.txt"
    yield head("302 Found", f"Location: {place}", length(10**12)) + b"x"


def redirect(place: str) -> Behaviour:
    return answer("302 Found", f"Location: {place}", length(0))


BEHAVIOURS |= {
    "redirect-to-itself": redirect("/redirect-to-itself/poems.txt"),
    "redirect-to-half-an-address": redirect("http://[::1/"),
    "redirect-to-a-file": redirect("file:///etc/passwd"),
    "redirect-to-ftp": redirect("ftp://127.0.0.1/poems.txt"),
    "redirect-to-data": redirect("data:text/plain,poems"),
    "redirect-to-plain-http": redirect("http://0.0.0.0:1/poems.txt"),
    "redirect-to-a-wrong-port": redirect("http://127.0.0.1:99999999999999999999/poems.txt"),
    "redirect-to-a-port-of-letters": redirect("http://127.0.0.1:port/poems.txt"),
    "redirect-to-a-long-host": redirect(f"https://{'a' * 500}.example/poems.txt"),
    "redirect-to-an-empty-label": redirect("https://a..example/poems.txt"),
    "redirect-with-controls": redirect("\x1b[31mred\x07"),
    "redirect-to-nowhere": answer("302 Found", length(0)),
    "partial-content-of-nothing": answer("206 Partial Content", length(0)),
    "length-of-5000-digits": answer("200 OK", length("9" * 5000), body=b"x"),
    "length-of-a-terabyte": answer("200 OK", length(10**12), body=b"x"),
    "length-below-nothing": answer("200 OK", length(-5), body=b"x"),
    "length-of-letters": answer("200 OK", length("many"), body=b"x"),
    "chunk-of-minus-five": answer("200 OK", CHUNKED, body=b"-5\r\nx\r\n"),
    "chunk-of-letters": answer("200 OK", CHUNKED, body=b"many\r\nx\r\n"),
    "chunk-of-a-terabyte": answer("200 OK", CHUNKED, body=b"fffffffffff\r\nx"),
    "chunk-size-of-a-million-digits": answer("200 OK", CHUNKED, body=b"1" * 1_000_000),
    "chunk-without-end": answer("200 OK", CHUNKED, body=b"5\r\nxx"),
    "many-headers": answer("200 OK", *(f"X-{number}: x" for number in range(1000))),
    "long-header": answer("200 OK", f"X-Long: {'x' * 1_000_000}"),
    "compressed": answer("200 OK", "Content-Encoding: gzip", body=b"\x1f\x8b" + b"\0" * 99),
    "another-file": answer("200 OK", body=b"not these poems"),
    "nothing-inside": answer("204 No Content"),
    "not-modified": answer("304 Not Modified"),
    "unauthorised": answer("401 Unauthorized", "WWW-Authenticate: Basic"),
    "not-found": answer("404 Not Found", length(0)),
    "range-refused": answer("416 Range Not Satisfiable", length(0)),
    "broken": answer("503 Service Unavailable", length(0)),
    "unknown-status": answer("799 What", length(0)),
    "controls-in-the-reason": answer("404 \x1b]0;owned\x07\x1b[31mred", length(0)),
    "controls-in-the-version": lambda _: iter([b"HTTP/\x1b[31m9 200 OK\r\n\r\n"]),
    "controls-for-a-status": lambda _: iter([b"\x1b[2J\x1b[31m hello\r\n\r\n"]),
    "no-status": lambda _: iter([b"HTTP/1.1 many OK\r\n\r\n"]),
    "garbage": lambda _: iter([b"\0\xff" * 1000]),
    "a-line-without-end": lambda _: iter([b"x" * 1_000_000]),
    "hang-up": lambda _: iter([]),
}


@behaviour("chunk-of-minus-one")
def chunk_of_minus_one(request: Request) -> Answer:
    del request
    yield head("200 OK", CHUNKED) + b"-1\r\n"
    yield from itertools.repeat(b"x" * 65536)


class MaliciousServer(socketserver.ThreadingTCPServer):
    """Serves on a port of its own, each connection in a thread, until the `with` block ends.

    Args:
        pause: Seconds of each pause in an answer.

    Attributes:
        requests: The path and the wanted range of each request.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, pause: float = 0.001) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.pause = pause
        self.requests: list[tuple[str, str | None]] = []
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def url(self, name: str) -> str:
        """The address of a file that is sent with this behaviour."""
        assert name in BEHAVIOURS
        return f"{self.address}/{name}/poems.txt"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: MaliciousServer

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # The client has gone.
            self._answer()

    def _answer(self) -> None:
        first = self.rfile.readline().split()
        if len(first) < 2:
            return  # The client was killed before it asked.
        path, headers = first[1].decode(), dict[str, str]()
        while line := self.rfile.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        wanted = headers.get("range")
        self.server.requests.append((path, wanted))
        name, *rest = path.strip("/").split("/")
        number = int(rest[0]) if rest and rest[0].isdecimal() else 0
        start = None if wanted is None else int(wanted.removeprefix("bytes=").split("-")[0])
        for piece in BEHAVIOURS[name](Request(number, start, self.server.address)):
            if self.server.ended.is_set():
                return
            if piece is None:
                self.server.ended.wait(self.server.pause)
            else:
                self.wfile.write(piece)
