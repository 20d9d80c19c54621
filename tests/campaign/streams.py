"""Closed, full and forsaken streams, other encodings, little memory and few files, for each command."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from tests.campaign.case import FAULTS, Broken, Case, check_told, drawn, require, shuffled
from tests.campaign.prepared import NAME, Prepared
from tests.campaign.processes import Ended, started

TEXT = "the text"

COMMANDS: dict[str, Sequence[str]] = {
    "help": ("--help",),
    "version": ("--version",),
    "unknown": ("generate", "--no-such-option"),
    "missing": ("info", "no-such-network"),
    "list": ("info",),
    "info": ("info", NAME),
    "info-json": ("info", "shi", "--json"),
    "generate": ("generate", NAME, "--seed", "1"),
    "shi": ("generate", "shi", "--seed", "1"),
    "shi-json": ("generate", "shi", "--seed", "1", "--json"),
    "explain": ("generate", "shi", "--seed", "1", "--explain", "--length", "20"),
    "repl": ("repl", "shi", "--seed", "1", "--length", "20"),
    "evaluate": ("evaluate", NAME),
    "score": ("score", NAME, TEXT),
    "novelty": ("novelty", TEXT, "--checkpoint", NAME),
    "corpus-list": ("corpus", "list"),
    "corpus-show": ("corpus", "show", "jueju"),
    "corpus-check": ("corpus", "check", TEXT),
    "standard-input": ("corpus", "check", "-"),
    "forms": ("forms",),
    "forms-show": ("forms", "show", "qijue"),
    "sounds": ("forms", "sounds", "shi"),
    "verify": ("verify", "quatrain", TEXT),
    "pack": ("pack", NAME, "gift"),
    "train": ("train", TEXT, "--name", "new", "--steps", "2", "--units", "8"),
}

SAID = b"The moon\n\xe6\x9c\x88\n/more\n"

PIPE = 'set -o pipefail; "$@" | {}; exit ${{PIPESTATUS[0]}}'

CONDITIONS: dict[str, str] = {
    "stdout-closed": 'exec "$@" >&-',
    "stderr-closed": 'exec "$@" 2>&-',
    "stdin-closed": 'exec "$@" <&-',
    "all-closed": 'exec "$@" <&- >&- 2>&-',
    "stdout-full": 'exec "$@" >/dev/full',
    "stderr-full": 'exec "$@" 2>/dev/full',
    "both-full": 'exec "$@" >/dev/full 2>&1',
    "reader-gone": PIPE.format("true"),
    "reader-of-a-line": PIPE.format("head -1"),
    "reader-of-a-byte": PIPE.format("head -c1"),
    "stdin-null": 'exec "$@" </dev/null',
    "latin-1": 'PYTHONIOENCODING=latin-1 exec "$@"',
    "gbk": 'PYTHONIOENCODING=gbk exec "$@"',
    "ascii": 'PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 LC_ALL=C PYTHONIOENCODING=ascii exec "$@"',
    "posix": 'PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 LC_ALL=POSIX exec "$@"',
    "utf-16": 'PYTHONIOENCODING=utf-16-le exec "$@"',
    "memory-50": 'ulimit -v 51200; exec "$@"',
    "memory-120": 'ulimit -v 122880; exec "$@"',
    "memory-400": 'ulimit -v 409600; exec "$@"',
    "files-8": 'ulimit -n 8; exec "$@"',
    "files-16": 'ulimit -n 16; exec "$@"',
    "no-home": 'env -u HOME -u XDG_CACHE_HOME "$@"',
    "narrow": 'COLUMNS=1 exec "$@"',
    "no-temporary-files": 'TMPDIR=/nowhere exec "$@"',
}
"""Lines of bash, in which the command is `"$@"`."""

ENCODINGS = {
    "latin-1": "latin-1",
    "gbk": "gbk",
    "ascii": "ascii",
    "posix": "ascii",
    "utf-16": "utf-16-le",
}

MAY_FAIL = {"stdout-closed", "no-temporary-files"}
"""The conditions under which a command may do its work or say that it cannot."""

READ = {"repl", "standard-input"}
"""The commands that read standard input."""

JSON = {"info-json", "shi-json"}

INTERPRETER = "charrnn/"
"""Without this in a traceback, Python or a library could not start, and charrnn said nothing."""


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """Every command under every condition, in an order that is drawn."""
    prepared.finished  # noqa: B018 (before any limit)
    pairs = [(command, condition) for command in COMMANDS for condition in CONDITIONS]
    for command, condition in shuffled(drawn(seed, "streams"), pairs):
        yield Case(f"{command}-{condition}", partial(_try, prepared, command, condition))


def _try(prepared: Prepared, command: str, condition: str, directory: Path) -> None:
    usual = _usual(prepared, command)
    prepared.copy(directory)
    ended = _give(prepared, command, directory, CONDITIONS[condition])
    kind = condition.partition("-")[0]
    if kind in {"memory", "files"} and _never_began(ended):
        return
    require(not ended.hung, f"it never ends. {ended}")
    for fault in (*FAULTS, "Exception ignored"):
        require(fault not in ended.err, f"{fault}. {ended}")
    reads = command in READ
    if kind in {"memory", "files"} or (reads and kind == "stdin") or condition in MAY_FAIL:
        check_told(ended, {usual.code, 1})
    elif condition in ENCODINGS:
        _check_encoded(ended, usual, ENCODINGS[condition], command)
    elif condition == "stdout-full":
        check_told(ended, {1 if usual.out else usual.code})
    elif kind == "reader":
        require(ended.code in {usual.code, 141}, f"exit code {ended.code}. {ended}")
        require("Error" in usual.err or "Error" not in ended.err, f"told of it. {ended}")
        require(_said(usual).startswith(_said(ended)), f"other output. {ended}")
    elif "closed" in condition or "full" in condition:
        expected = {usual.code} if condition.startswith("stderr") else {usual.code, 1}
        require(ended.code in expected, f"exit code {ended.code}. {ended}")
        same = _said(ended) == _said(usual)
        require(same or "stderr" not in condition, f"other output. {ended}")
    else:
        check_told(ended, {usual.code})


def _said(ended: Ended) -> bytes:
    """The bytes of standard output, without the age of files."""
    return re.sub(rb"\S+ +\S+ ago", b"", ended.out.encode("utf-8", "surrogateescape"))


def _never_began(ended: Ended) -> bool:
    """Whether the interpreter or a library of C++ ended for want of memory or files, not charrnn."""
    return ended.code not in {0, 2} and INTERPRETER not in ended.err and "Error: " not in ended.err


def _check_encoded(ended: Ended, usual: Ended, encoding: str, command: str) -> None:
    require(ended.code == usual.code, f"exit code {ended.code}. {ended}")
    written = ended.out.encode("utf-8", "surrogateescape")
    try:
        said = written.decode(encoding)
    except UnicodeDecodeError as error:
        raise Broken(f"not in {encoding}: {error}. {ended}") from error
    lines, wanted = said.count("\n"), usual.out.count("\n")
    require(lines == wanted, f"{lines} lines, where {wanted} are usual. {ended}")
    if command in JSON:
        require(json.loads(said) == json.loads(usual.out), f"other JSON. {ended}")


def _give(prepared: Prepared, command: str, directory: Path, shell: str) -> Ended:
    words = [str(prepared.text) if word == TEXT else word for word in COMMANDS[command]]
    return started(words, directory, shell=shell, stdin=SAID)


@cache
def _usual(prepared: Prepared, command: str) -> Ended:
    directory = prepared.place(f"usual-{command}")
    prepared.copy(directory)
    return _give(prepared, command, directory, 'exec "$@"')
