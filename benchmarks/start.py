"""How long charrnn takes to its first character and to its first prompt, and what for.

    python benchmarks/start.py quatrains

Each command is started several times in a process of its own; the median counts. The share of what
is imported is that of Python's own clock (-X importtime), which slows imports by a few milliseconds.
"""

import os
import pty
import re
import select
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from benchmarks.machine import described, megabytes
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, find_checkpoint

PROMPT_BEGINS: Final = b"\x1b[?2004h"
"""Tells a terminal to mark what is pasted; it comes before a prompt."""

SLOWEST: Final = 30.0
SHOWN: Final = 8

Start = tuple[float, float]
"""Seconds until something was there, and the most memory in megabytes until then."""


@click.command()
@click.argument("checkpoint")
@click.option("--repeats", default=7, help="Starts of each command.")
@click.option("--checkpoints", type=click.Path(path_type=Path), default=DEFAULT_CHECKPOINTS)
def main(*, checkpoint: str, repeats: int, checkpoints: Path) -> None:
    """Start charrnn with CHECKPOINT again and again."""
    directory = str(find_checkpoint(checkpoint, checkpoints))
    click.echo(described() + "\n")
    report("python -c pass", lambda: until_end([sys.executable, "-c", "pass"]), repeats)
    charrnn = [sys.executable, "-m", "charrnn"]
    report("charrnn --help", lambda: until_end([*charrnn, "--help"]), repeats)
    writing = [*charrnn, "generate", directory, "--length"]
    report("charrnn generate, a character", lambda: until_end([*writing, "1"]), repeats)
    report("charrnn repl, its prompt", lambda: until_prompt([*charrnn, "repl", directory]), repeats)
    click.echo("\nImports of charrnn generate, in milliseconds:")
    for package, milliseconds in import_times(writing[2:]).most_common(SHOWN):
        click.echo(f"{milliseconds:7.1f}  {package}")


def report(name: str, start: Callable[[], Start], repeats: int) -> None:
    """Print the median of several starts."""
    seconds, memory = zip(*(start() for _ in range(repeats)), strict=True)
    click.echo(f"{name:32}{statistics.median(seconds):6.3f} s {statistics.median(memory):6.0f} MB")


def until_end(command: list[str]) -> Start:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{' '.join(command)} ended with {process.returncode}.")
    return seconds, megabytes(usage)


def until_prompt(command: list[str]) -> Start:
    """Run a command at a terminal until it prompts."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
        os.execv(command[0], command)
    shown = b""
    while b">" not in shown.partition(PROMPT_BEGINS)[2]:
        ready, _, _ = select.select([terminal], [], [], SLOWEST)
        if not ready:
            raise click.ClickException(f"no prompt came in {SLOWEST:.0f} seconds.")
        try:
            shown += os.read(terminal, 1 << 16)
        except OSError as ended:
            told = shown.decode(errors="replace")
            raise click.ClickException(f"{command} ended: {told}") from ended
    seconds = time.perf_counter() - began
    os.kill(pid, 9)
    _, _, usage = os.wait4(pid, 0)
    os.close(terminal)
    return seconds, megabytes(usage)


def import_times(arguments: list[str]) -> Counter[str]:
    """Milliseconds of importing each package, whatever it imports of others not counted."""
    command = [sys.executable, "-X", "importtime", "-m", *arguments, "1"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    times: Counter[str] = Counter()
    for own, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)", told, re.MULTILINE):
        package = name.partition(".")[0]
        standard = package in sys.stdlib_module_names or package.startswith("_")
        times["the standard library" if standard else package] += int(own) / 1000
    return times


if __name__ == "__main__":
    main()
