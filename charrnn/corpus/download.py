"""Downloading one file: resumed after an interruption, and accepted only with the right digest."""

import contextlib
import hashlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Protocol

from charrnn.corpus.store import disk_errors
from charrnn.errors import CorpusError

TIMEOUT: Final = 30.0
"""Seconds to wait for a server."""

_CHUNK: Final = 1 << 16
_THIS_MACHINE: Final = ("127.0.0.1", "localhost", "::1")


class DownloadProgress(Protocol):
    """A callback for the progress of a download."""

    def __call__(self, name: str, received: int, size: int | None) -> None:
        """Receive progress.

        Args:
            name: Name of the file.
            received: Bytes received so far, those before an interruption included.
            size: Bytes of the whole file, if known.
        """


def untold(name: str, received: int, size: int | None) -> None:
    """A DownloadProgress that does nothing."""
    del name, received, size


def download(url: str, destination: Path, sha256: str, progress: DownloadProgress = untold) -> None:
    """Download a file, or the rest of it.

    The file is named `destination` + `.part` until it is complete and its digest is right. After an
    interruption, the next call continues it.

    Args:
        url: The address: HTTPS, or plain HTTP on this machine.
        destination: The new file; its directory is made if it is missing.
        sha256: Expected SHA-256 in hexadecimal.
        progress: Receives the progress.

    Raises:
        CorpusError: The connection fails, the server refuses, the disk is full, or the digest is
            wrong.
    """
    part = destination.with_name(destination.name + ".part")
    with disk_errors(part.parent):
        destination.parent.mkdir(parents=True, exist_ok=True)
        have = part.stat().st_size if part.exists() else 0
    _fetch(url, part, have, progress)
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


def _fetch(url: str, part: Path, have: int, progress: DownloadProgress) -> None:
    name = urllib.parse.unquote(url.rsplit("/", 1)[-1])
    with _network_errors(url):
        try:
            response = _ask(url, have)
        except urllib.error.HTTPError as error:
            if have and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # Nothing is missing, or the digest will be wrong.
            raise
    with response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0
        size = _announced(response, have)
        with disk_errors(part.parent):
            file = part.open("ab" if have else "wb")
        with file:
            for chunk in _chunks(response, url):
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


def _ask(url: str, have: int) -> http.client.HTTPResponse:
    _require_safe(url)
    headers = {"User-Agent": "charrnn", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    opener = urllib.request.build_opener(_SafeRedirects)
    response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT)
    begins = f"bytes {have}-"
    if response.status == http.HTTPStatus.PARTIAL_CONTENT and not response.headers.get(
        "Content-Range", begins
    ).startswith(begins):
        response.close()
        return _ask(url, 0)
    return response


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to safe addresses only."""

    def redirect_request(  # noqa: PLR0917 (urllib's signature)
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _require_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _require_safe(url: str) -> None:
    address = urllib.parse.urlsplit(url)
    if address.scheme != "https" and not (
        address.scheme == "http" and address.hostname in _THIS_MACHINE
    ):
        raise CorpusError(f"texts are downloaded by HTTPS only. Received: {url}.")


def _announced(response: http.client.HTTPResponse, have: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return have + int(length) if length.isdecimal() else None


def _chunks(response: IO[bytes], url: str) -> Iterator[bytes]:
    while True:
        with _network_errors(url):
            try:
                chunk = response.read(_CHUNK)
            except http.client.IncompleteRead as error:
                chunk = error.partial
        if not chunk:
            return
        yield chunk


@contextlib.contextmanager
def _network_errors(url: str) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise CorpusError(
            f"{_host(url)} answered {error.code} {error.reason} for {url}; try again later."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            reason = f"no answer for {TIMEOUT:g} seconds"
        raise CorpusError(
            f"{_host(url)} cannot be reached ({reason}). Check the network and run the same "
            "command again; the received part is kept."
        ) from error


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url
