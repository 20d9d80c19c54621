"""Where something was measured: the processor, the versions, the commit."""

import os
import platform
import re
import resource
import subprocess
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "torch")


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def megabytes(usage: resource.struct_rusage) -> float:
    """The most memory that a process held, by what the system noted of it."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return usage.ru_maxrss * unit / 1e6


def peak_megabytes() -> float:
    """The most memory that this process has held so far."""
    return megabytes(resource.getrusage(resource.RUSAGE_SELF))


def described() -> str:
    """One line: cores and processor, system, versions, commit."""
    return "; ".join(
        (
            f"{available_cores()} cores of {processor()}, {platform.system()}",
            ", ".join([f"Python {platform.python_version()}", *versions()]),
            f"commit {commit()}",
        )
    )


def processor() -> str:
    """Its name, as its maker writes it where Linux tells."""
    facts = Path("/proc/cpuinfo")
    named = (
        re.search(r"^model name\s*: (.+)$", facts.read_text(), re.MULTILINE)
        if facts.exists()
        else None
    )
    return named[1] if named else platform.processor() or platform.machine()


def versions() -> list[str]:
    """Of charrnn and the packages it is measured with and against, where they are installed."""
    installed = [name for name in PACKAGES if find_spec(name) is not None]
    return [f"{name} {metadata.version(name)}" for name in ("charrnn", *installed)]


def commit() -> str:
    """The commit of this checkout, and whether anything was changed since."""
    directory = Path(__file__).parent
    try:
        name, changes = (
            subprocess.run(
                ["git", *arguments], cwd=directory, capture_output=True, text=True, check=True
            ).stdout.strip()
            for arguments in (
                ("rev-parse", "--short", "HEAD"),
                ("status", "--porcelain", "--untracked-files=no"),
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name} and uncommitted changes" if changes else name
