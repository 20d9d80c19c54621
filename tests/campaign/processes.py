"""Commands in processes of their own: forked from this one, which is quick, or started anew."""

import contextlib
import os
import re
import resource
import runpy
import shlex
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import io

ROOT = Path(__file__).parents[2]

LONGEST = 60.0
"""Seconds by the clock after which a command is taken to wait for ever."""

HEADROOM = 4 << 30
"""Bytes of address space above that of this process; what needs more is a bomb."""

Signals = Sequence[tuple[float, int]]
"""Signals to send, each after some seconds."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        words: Its words.
        code: Its exit code; below 0 the signal that ended it.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
        cpu: Seconds of a processor.
        wall: Seconds by the clock.
        megabytes: Memory at its peak; of a forked one, above that of this process.
        hung: Whether it was ended because it took too long by the clock.
    """

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    cpu: float
    wall: float
    megabytes: float
    hung: bool

    def __str__(self) -> str:
        """The command and the end of what it said, for the report of a failure."""
        said = self.err.strip()[-400:] or self.out.strip()[-200:]
        return f"charrnn {shlex.join(self.words)[:300]!a}, exit code {self.code}: {said!a}"


def forked(
    words: Sequence[str],
    directory: Path,
    *,
    before: Callable[[], None] | None = None,
    stdin: bytes = b"",
    stdout: Path | None = None,
    environment: Mapping[str, str] | None = None,
    signals: Signals = (),
    longest: float = LONGEST,
) -> Ended:
    """Run a command of charrnn in a fork of this process, which has loaded its modules already.

    Args:
        words: The command, without `charrnn`.
        directory: Where it runs.
        before: Called in the new process first.
        stdin: What it reads.
        stdout: A file for standard output.
        environment: Variables beside those of this process.
        signals: What is sent to it.
        longest: Seconds after which it is taken to wait for ever.
    """
    with contextlib.ExitStack() as stack:
        source, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        output = tempfile.TemporaryFile() if stdout is None else stdout.open("w+b")  # noqa: SIM115
        out = stack.enter_context(output)
        source.write(stdin)
        source.seek(0)
        used = _memory()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            _become(words, directory, before, (source, out, err), environment or {})
        return _wait(child, words, (out, err), signals=signals, longest=longest, used=used)


def started(
    words: Sequence[str],
    directory: Path,
    *,
    shell: str = 'exec "$@"',
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    signals: Signals = (),
    longest: float = 2 * LONGEST,
) -> Ended:
    """Run a command of charrnn in a new interpreter, by a line of bash in which it is `"$@"`."""
    command = ["bash", "-c", shell, "charrnn", sys.executable, "-m", "charrnn", *words]
    with contextlib.ExitStack() as stack:
        source, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        source.write(stdin)
        source.seek(0)
        moves = [
            (os.POSIX_SPAWN_DUP2, file.fileno(), to) for to, file in enumerate((source, out, err))
        ]
        variables = os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {})
        # posix_spawn has no directory of its own to start in.
        command[2] = f"cd {shlex.quote(str(directory))} && {{ {shell}\n}}"
        handlers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ]
        child = os.posix_spawn(
            "/bin/bash", command, variables, file_actions=moves, setsigdef=handlers
        )
        return _wait(child, words, (out, err), signals=signals, longest=longest)


def _become(
    words: Sequence[str],
    directory: Path,
    before: Callable[[], None] | None,
    files: Sequence["io.BufferedRandom | io.BufferedWriter"],
    environment: Mapping[str, str],
) -> None:
    """Be the command, as its own interpreter would, and end."""
    code = 1
    try:
        os.chdir(directory)
        for to, file in enumerate(files):
            os.dup2(file.fileno(), to)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(  # noqa: SIM115
            2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False
        )
        os.environ.update(environment)
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + HEADROOM,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["charrnn", *words]
        if before is not None:
            before()
        runpy.run_module("charrnn", run_name="__main__")
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 (what an interpreter does)
        traceback.print_exc()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120  # As the interpreter does at its exit.
    finally:
        os._exit(code & 255)


def _wait(
    child: int,
    words: Sequence[str],
    written: "Sequence[io.BufferedRandom]",
    *,
    signals: Signals,
    longest: float,
    used: float = 0.0,
) -> Ended:
    began, pause, hung = time.monotonic(), 0.001, False
    pending = sorted(signals, key=lambda one: one[0])  # Those of one instant keep their order.
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            break
        passed = time.monotonic() - began
        while pending and pending[0][0] <= passed:
            os.kill(child, pending.pop(0)[1])
        if passed > longest and not hung:
            hung = True
            os.kill(child, signal.SIGKILL)
        soonest = pending[0][0] - passed if pending else pause
        time.sleep(max(0.0, min(pause, soonest)))
        pause = min(0.02, 1.5 * pause)
    texts = []
    for file in written:
        file.seek(0)
        texts.append(file.read().decode("utf-8", "surrogateescape"))
    return Ended(
        words=tuple(words),
        code=os.waitstatus_to_exitcode(status),
        out=texts[0],
        err=texts[1],
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.monotonic() - began,
        megabytes=usage.ru_maxrss / 1024 - used,
        hung=hung,
    )


def _memory() -> float:
    """Megabytes of memory that this process has now."""
    found = re.search(r"VmRSS:\s*(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else 0.0


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
