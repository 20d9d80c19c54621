"""Downloading one file: resumed after an interruption, and accepted only with the right digest.

A server may be slow, broken or hostile. All its bytes, also those of headers, pass through
`_Incoming`, which ends an answer that makes no progress or is too long.
"""

import contextlib
import hashlib
import http.client
import io
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol

from charrnn.corpus.store import disk_errors
from charrnn.errors import CorpusError
from charrnn.wording import size_in_words

_CHUNK: Final = 1 << 16
_BESIDE_THE_FILE: Final = 1 << 20
"""Bytes that an answer may have beside the file: its headers and the like."""

_THIS_MACHINE: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        silence: Most seconds without a byte.
        stretch: Seconds in which at least `least` bytes arrive.
        least: Bytes that arrive in each stretch.
        clock: Seconds that only grow.
    """

    silence: float = 30.0
    stretch: float = 60.0
    least: int = 4096
    clock: Callable[[], float] = time.monotonic


class DownloadProgress(Protocol):
    """A callback for the progress of a download."""

    def __call__(self, name: str, received: int, size: int | None) -> None:
        """Receive the bytes of a file so far, also from earlier calls, and its size if known."""


def untold(name: str, received: int, size: int | None) -> None:
    """A DownloadProgress that does nothing."""
    del name, received, size


def download(
    url: str,
    destination: Path,
    sha256: str,
    *,
    most: int,
    progress: DownloadProgress = untold,
    patience: Patience | None = None,
) -> None:
    """Download a file, or the rest of it.

    The address is HTTPS, or plain HTTP on this machine. The file is named `destination` + `.part`
    until it is complete and its digest is right. After an interruption, the next call continues it.
    No more than about `most` bytes are received.

    Raises:
        CorpusError: The connection fails or makes no progress, the server refuses or sends
            something else, the disk is full, or the digest is wrong.
    """
    part = destination.with_name(destination.name + ".part")
    with disk_errors(part.parent):
        destination.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
    try:
        _fetch(url, part, have, most=most, progress=progress, patience=patience or Patience())
    except _WrongFileError:
        part.unlink(missing_ok=True)
        raise
    with disk_errors(part.parent):
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            part.unlink()
            raise CorpusError(
                f"{url} is not the expected file: its SHA-256 is {digest} and should be {sha256}. "
                "It was deleted; try again. If the error stays, the source has changed."
            )
        part.replace(destination)


class _WrongFileError(CorpusError):
    """What the server sends cannot be the file."""


def _fetch(
    url: str, part: Path, have: int, *, most: int, progress: DownloadProgress, patience: Patience
) -> None:
    name = urllib.parse.unquote(url.rsplit("/", 1)[-1])
    too_long = _WrongFileError(
        f"{_host(url)} sends more than {size_in_words(most)} for {name}, which is much longer than "
        "the catalogue says. It was deleted; if the error stays, the source has changed."
    )
    with _network_errors(url, patience):
        try:
            response = _ask(url, have, _Watch(patience, most + _BESIDE_THE_FILE - have, too_long))
        except urllib.error.HTTPError as error:
            if have and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                error.close()
                return  # Nothing is missing, or the digest will be wrong.
            raise
    with response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _WrongFileError(
                f"{_host(url)} sent another part of {name} than it was asked for. What was there "
                "of it was deleted; run the same command again."
            )
        size = None if response.length is None else have + response.length
        if size is not None and size > most:
            raise too_long
        with disk_errors(part.parent):
            file = part.open("ab" if have else "wb")
        with file:
            for chunk in _chunks(response, url, patience):
                with disk_errors(part.parent):
                    file.write(chunk)
                    file.flush()
                have += len(chunk)
                progress(name, have, size)
    if size is not None and have < size:
        raise CorpusError(
            f"the connection to {_host(url)} ended after {have:,} of {size:,} bytes; "
            "run the same command again to fetch the rest."
        )


def _ask(url: str, have: int, watch: "_Watch") -> http.client.HTTPResponse:
    _require_safe(url)
    headers = {"User-Agent": "charrnn", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    opener = urllib.request.build_opener(_SafeRedirects, _WatchedHandler(watch))
    response: http.client.HTTPResponse = opener.open(request, timeout=watch.patience.silence)
    return response


@dataclass(frozen=True, slots=True)
class _Watch:
    """What each answer keeps to, and the error if it is too long."""

    patience: Patience
    most: int
    too_long: CorpusError


class _Incoming(io.RawIOBase):
    """The bytes of one answer as they come from the network."""

    def __init__(self, raw: io.RawIOBase, watch: _Watch) -> None:
        self._raw = raw
        self._watch = watch
        self._received = self._received_before = 0
        self._stretch_began = watch.patience.clock()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        received = self._raw.readinto(buffer) or 0
        self._received += received
        if self._received > self._watch.most:
            raise self._watch.too_long
        patience = self._watch.patience
        now = patience.clock()
        if now - self._stretch_began > patience.stretch:
            if received and self._received - self._received_before < patience.least:
                raise ConnectionError(
                    f"fewer than {patience.least:,} bytes in {patience.stretch:g} seconds"
                )
            self._stretch_began, self._received_before = now, self._received
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


class _WatchedHandler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens connections whose answers are watched."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self._open(http.client.HTTPConnection, req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self._open(http.client.HTTPSConnection, req)

    def _open(
        self, kind: type[http.client.HTTPConnection], request: urllib.request.Request
    ) -> http.client.HTTPResponse:
        def connection(host: str, **options: Any) -> http.client.HTTPConnection:
            made = kind(host, **options)
            made.response_class = self._response  # type: ignore[assignment]
            return made

        return self.do_open(connection, request)

    def _response(self, *arguments: Any, **options: Any) -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(*arguments, **options)
        response.fp = io.BufferedReader(_Incoming(response.fp.detach(), self._watch))
        return response


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows at most ten redirects, as urllib does, and only to safe addresses."""

    def http_error_302(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
    ) -> Any:
        fp.close()  # urllib would read the body of a redirect, however long.
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(  # noqa: PLR0917 (urllib's signature)
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _require_safe(newurl, from_plain=req.type == "http")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_safe(url: str, *, from_plain: bool = True) -> None:
    """Refuse other addresses than HTTPS; this machine may serve plain HTTP."""
    address = urllib.parse.urlsplit(url)
    plain = from_plain and address.scheme == "http" and address.hostname in _THIS_MACHINE
    if address.scheme != "https" and not plain:
        raise CorpusError(f"texts are downloaded by HTTPS only. Received: {url}.")


def _chunks(response: IO[bytes], url: str, patience: Patience) -> Iterator[bytes]:
    while True:
        with _network_errors(url, patience):
            try:
                chunk = response.read(_CHUNK)
            except http.client.IncompleteRead as error:
                chunk = error.partial
        if not chunk:
            return
        yield chunk


@contextlib.contextmanager
def _network_errors(url: str, patience: Patience) -> Iterator[None]:
    """Turn what a network or a server causes into a sentence, without words of the server."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise CorpusError(
            f"{_host(url)} answered {_status(error.code)} for {url}; try again later."
        ) from error
    except (OSError, http.client.HTTPException, ValueError, OverflowError) as error:
        raise CorpusError(
            f"the connection to {_host(url)} failed ({_reason(error, patience)}). Check the "
            "network and run the same command again; the received part is kept."
        ) from error


def _status(code: int) -> str:
    try:
        return f"{code} {http.HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _reason(error: Exception, patience: Patience) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if not isinstance(reason, OSError):
        return "its answer is not valid HTTP"
    if isinstance(reason, TimeoutError) and reason.errno is None:
        return f"no answer for {patience.silence:g} seconds"
    return "".join(filter(str.isprintable, reason.strerror or str(reason)))


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url
