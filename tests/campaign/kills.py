"""SIGKILL at every file event and at random instants; what is begun again ends as if undisturbed."""

import http.server
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

from tests.campaign.case import Case, alternating, drawn, require, shuffled
from tests.campaign.prepared import (
    MORE_STEPS,
    NAME,
    Prepared,
    check_same,
    load_training,
    succeed,
    use_catalogue,
    write_catalogue,
)
from tests.campaign.processes import Ended, forked, started

FILE_EVENTS = {
    "open",
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.truncate",
    "os.link",
    "os.fsync",
}
"""Python's audit events of what changes files, and of a file that is forced to the disk."""

DONE = "is finished", "exists already", "steps already"
"""What a command says that was killed when all was done."""

RESUME = ["train", "--resume", "--name", NAME]


@dataclass(frozen=True, eq=False)
class Job:
    """A command that writes files.

    Attributes:
        name: Its name.
        words: The command.
        begin: Lays out the directory that it runs in.
        result: What it makes, in that directory.
        again: The words to give after a kill, by the directory and what the last attempt said.
        environment: Variables of the command.
        before: Called in the process of the command.
    """

    name: str
    words: Sequence[str]
    begin: Callable[[Path], object]
    result: str
    again: Callable[[Path, Ended], Sequence[str]]
    environment: dict[str, str]
    before: Callable[[], None]


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """A kill at each file event of each job, half of them with a second kill; then random instants."""
    load_training()
    each = [_kills(seed, job, prepared) for job in jobs(prepared)]
    yield _twice(prepared)
    yield from alternating(*each, _of_new_processes(seed, prepared))


@cache
def jobs(prepared: Prepared) -> Sequence[Job]:
    """The commands that write files."""
    return tuple(_jobs(prepared))


def _jobs(prepared: Prepared) -> Iterator[Job]:
    run = f"checkpoints/{NAME}"
    longer = [*RESUME, "--steps", str(MORE_STEPS)]
    plain: dict[str, Any] = {"environment": {}, "before": lambda: None}
    yield Job(
        name="train",
        words=prepared.train(),
        begin=lambda _: None,
        result=run,
        again=partial(go_on, prepared.train()),
        **plain,
    )
    yield Job(
        name="resume",
        words=longer,
        begin=prepared.copy,
        result=run,
        again=lambda _, __: longer,
        **plain,
    )
    pack = ["pack", NAME, "gift"]
    yield Job(
        name="pack",
        words=pack,
        begin=prepared.copy,
        result="gift",
        again=lambda _, __: pack,
        **plain,
    )
    yield _download(prepared)


def go_on(first: list[str], directory: Path, last: Ended) -> Sequence[str]:
    """What a user does: follow the advice of what was said last; else resume a run that is there."""
    if "--resume" in last.err:
        return RESUME
    if "--overwrite" in last.err:
        return [*first, "--overwrite"]
    return RESUME if (directory / f"checkpoints/{NAME}/charrnn.json").exists() else first


@cache
def undisturbed(job: Job, prepared: Prepared) -> tuple[Ended, Path]:
    """A job that nothing disturbed, and its directory, with `events.txt`."""
    directory = prepared.place(f"undisturbed-{job.name}")
    job.begin(directory)
    return succeed(_run(job, job.words, directory)), directory


def _kills(seed: int, job: Job, prepared: Prepared) -> Iterator[Case]:
    """A kill at each file event, in an order that is drawn, then at random instants for ever."""
    ended, directory = undisturbed(job, prepared)
    expected = directory / job.result
    events = (directory / "events.txt").read_text(encoding="ascii").splitlines()
    for number in shuffled(drawn(seed, job.name), range(1, len(events) + 1)):
        yield Case(f"{job.name}-event-{number}", partial(_kill, seed, job, expected, number))
    for number in count(1):
        name = f"{job.name}-instant-{number}"
        instant = drawn(seed, name).uniform(0.0, ended.wall)
        yield Case(name, partial(_kill, seed, job, expected, instant))


def _kill(seed: int, job: Job, expected: Path, moment: float, directory: Path) -> None:
    """Kill a command at an event or an instant; half of the next ones too; then let it end."""
    draws = drawn(seed, f"{job.name}/{moment}")
    job.begin(directory)
    last = _run(job, job.words, directory, moment)
    for attempt in range(5):
        if last.code == 0 or any(said in last.err for said in DONE):
            break
        again = last.code < 0 and attempt < 2 and draws.random() < 0.5
        second = draws.randrange(1, 60) if again else None
        last = _run(job, job.again(directory, last), directory, second)
        require(last.code in {0, 1, 2, -signal.SIGKILL}, f"an attempt after a kill: {last}")
    check_same(directory / job.result, expected)
    litter = [str(path) for path in directory.rglob(".writing-*")]
    require(not litter, f"litter: {litter}")


def _run(job: Job, words: Sequence[str], directory: Path, moment: float | None = None) -> Ended:
    """Run a command, kill it before a file event (an int) or after some seconds (a float)."""
    event = moment if isinstance(moment, int) else None
    signals = [(moment, signal.SIGKILL)] if isinstance(moment, float) else []

    def before() -> None:
        job.before()
        watch(directory, event)

    return forked(words, directory, before=before, environment=job.environment, signals=signals)


def watch(directory: Path, event: int | None) -> None:
    """Note the file events of this process in `events.txt`; kill it before the one of a number."""
    inside = str(directory.resolve())
    notes = os.open(directory / "events.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    number = 0

    def heard(name: str, arguments: Sequence[Any]) -> None:
        nonlocal number
        path = str(arguments[0]) if arguments else ""
        if name not in FILE_EVENTS or (name == "open" and path[:1] == "/" and inside not in path):
            return
        number += 1
        if number == event:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(notes, f"{number} {name} {path!a}\n".encode())

    synced = os.fsync

    def fsync(file: Any) -> None:
        heard("os.fsync", [file])
        synced(file)

    os.fsync = fsync
    sys.addaudithook(heard)


def _twice(prepared: Prepared) -> Case:
    """The same seed makes the same bytes."""

    def run(directory: Path) -> None:
        succeed(forked(prepared.train(), directory))
        one, other = (root / NAME for root in (directory / "checkpoints", prepared.finished))
        for name in ("model.keras", "ngrams.filter", "words.json"):
            same = (one / name).read_bytes() == (other / name).read_bytes()
            require(same, f"{name} of the same seed has other bytes")

    return Case("train-twice", run)


def _of_new_processes(seed: int, prepared: Prepared) -> Iterator[Case]:
    """Kills of an interpreter that starts, loads TensorFlow and trains, at random instants."""
    for number in count(1):
        name = f"train-process-{number}"
        yield Case(name, partial(_kill_process, drawn(seed, name).uniform(0.0, 8.0), prepared))


def _kill_process(instant: float, prepared: Prepared, directory: Path) -> None:
    last = started(prepared.train(), directory, signals=[(instant, signal.SIGKILL)])
    if last.code:
        last = forked(go_on(prepared.train(), directory, last), directory)
        require(last.code == 0 or "is finished" in last.err, f"after a kill: {last}")
    check_same(directory / "checkpoints" / NAME, prepared.finished / NAME)


def _download(prepared: Prepared) -> Job:
    """`corpus download` from a server on this machine, of a corpus in two parts."""
    served = prepared.place("served")
    parts = {f"part{number}.txt": bytes(range(32, 127)) * 900 for number in (1, 2)}
    for name, content in parts.items():
        (served / name).write_bytes(content)
    address = serve(partial(_Quiet, directory=str(served)))
    words = ["corpus", "download", "sea"]
    catalogue = prepared.root / "catalogue"
    write_catalogue(catalogue, {"sea": address}, parts)
    before = partial(use_catalogue, catalogue)
    environment = {"CHARRNN_CACHE": "cache"}
    return Job(
        name="download",
        words=words,
        begin=lambda _: None,
        result="cache/corpora",
        again=lambda _, __: words,
        environment=environment,
        before=before,
    )


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (its name there)
        pass


def serve(handler: Callable[..., http.server.BaseHTTPRequestHandler]) -> str:
    """Start a server on this machine, in a process that ends with this one; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    parent, address = os.getpid(), f"http://127.0.0.1:{server.server_port}/"
    if not os.fork():
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while os.getppid() == parent:
            threading.Event().wait(0.5)
        os._exit(0)
    server.socket.close()
    return address
