"""Downloads from a malicious server: one sentence, soon and small; then, from an honest one, the text."""

import hashlib
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import Any

from tests import malicious_server
from tests.campaign.case import Case, check_told, drawn, require, shuffled
from tests.campaign.prepared import Prepared, load_writing, succeed, use_catalogue, write_catalogue
from tests.campaign.processes import Ended, forked

TEXT = b"The sea is grey, the sea is wide;\nit comes and goes with every tide.\n\n" * 4000
FILE = "poems.txt"
CACHE = {"CHARRNN_CACHE": "cache"}

MOST = 8 * len(TEXT) + (1 << 20)
"""Bytes that may be on the disk afterwards: of a killed download, its longest file."""

LONGEST = 30.0
"""Seconds after which a command is taken to wait for ever; it has been made impatient."""

LARGEST = 64 * 2**20
"""Bytes of a file at which the system ends what fills the disk."""


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """Each behaviour, without and with a part that was received before; then kills, for ever."""
    load_writing()
    address = _serve()
    served = {name: f"{address}/{name}/" for name in malicious_server.BEHAVIOURS}
    hostile, honest = prepared.root / "hostile", prepared.root / "honest"
    write_catalogue(hostile, served, {FILE: TEXT})
    write_catalogue(honest, dict.fromkeys(served, served["honest"]), {FILE: TEXT})
    catalogues, usual = (hostile, honest), _usual(prepared, honest)
    for name, part in shuffled(drawn(seed, "server"), product(served, (False, True))):
        run = partial(_download, name, part=part, catalogues=catalogues, usual=usual)
        yield Case(f"{name}-{'part' if part else 'new'}", run)
    for number in count(1):
        case = f"kill-{number}"
        draws = drawn(seed, case)
        name, instant = draws.choice(sorted(served)), draws.uniform(0.0, 0.3)
        part = draws.random() < 0.5
        run = partial(_download, name, part=part, catalogues=catalogues, usual=usual)
        yield Case(f"{case}-{name}", partial(run, instant=instant))


def _usual(prepared: Prepared, honest: Path) -> Ended:
    return succeed(_ask("honest", honest, prepared.place("honestly")))


def _download(
    name: str,
    directory: Path,
    *,
    part: bool,
    catalogues: tuple[Path, Path],
    usual: Ended,
    instant: float | None = None,
) -> None:
    cache = directory / "cache/corpora"
    hostile, honest = catalogues
    if part:
        (cache / f"{name}.parts").mkdir(parents=True)
        (cache / f"{name}.parts" / f"{FILE}.part").write_bytes(TEXT[:1000])
    ended = _ask(name, hostile, directory, instant)
    if instant is None:
        check_told(ended, usual=usual)
        harmless = name in malicious_server.HARMLESS
        require((ended.code == 0) >= harmless, f"a harmless server is refused: {ended}")
    used = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    require(used <= MOST, f"{used:,} bytes are left on the disk by {name}: {ended}")
    if ended.code == 0:
        _check_text(cache, name)
        return
    require(not list(cache.glob("*.txt")), f"{name} left what looks like a text")
    again = _ask(name, honest, directory)
    if again.code == 1 and "deleted" in again.err:  # What was there was not the text.
        again = _ask(name, honest, directory)
    require(again.code == 0, f"an honest server does not help after {name}: {again}")
    _check_text(cache, name)


def _check_text(cache: Path, name: str) -> None:
    found = sorted(path.name for path in cache.iterdir())
    text = cache / f"{name}-{hashlib.sha256(TEXT).hexdigest()[:16]}.txt"
    require(found == [text.name], f"besides the text, the cache holds {found}")
    require(text.read_bytes() == TEXT, "the text is another one")


def _ask(name: str, catalogue: Path, directory: Path, instant: float | None = None) -> Ended:
    """Download a corpus by a catalogue, with less patience than users have."""

    def before() -> None:
        use_catalogue(catalogue)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
        module: Any = sys.modules["charrnn.corpus.download"]
        if hasattr(module, "Patience"):
            module.Patience = partial(module.Patience, silence=1.0, stretch=2.0)

    signals = [] if instant is None else [(instant, signal.SIGKILL)]
    words = ["corpus", "download", name]
    return forked(
        words, directory, before=before, environment=CACHE, signals=signals, longest=LONGEST
    )


class _Quiet(malicious_server.MaliciousServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed."""


def _serve() -> str:
    """Start the server in a process that ends with this one; its address."""
    told, tell = os.pipe()
    parent = os.getpid()
    if not os.fork():
        malicious_server.CONTENT = TEXT
        with _Quiet(pause=0.01) as server:
            os.write(tell, server.address.encode())
            os.close(tell)
            while os.getppid() == parent:
                threading.Event().wait(0.5)
            os._exit(0)
    os.close(tell)
    with os.fdopen(told) as pipe:
        return pipe.read()
