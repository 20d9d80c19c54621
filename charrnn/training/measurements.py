"""What was measured on this machine, remembered from run to run.

A measurement is known by all that it hangs on: the machine, the versions, the network, the
wishes. Whoever uses it tells its date, and the file to remove for a new one, since work beside it
may have misled it.
"""

import contextlib
import dataclasses
import datetime
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from charrnn.checkpoint.atomic_files import write_text
from charrnn.corpus.cache import cache_root
from charrnn.model.choice import Timing
from charrnn.typecheck import mistyped_fields

MOST_REMEMBERED: Final = 200
"""Measurements kept; the oldest are forgotten first."""

_PROCESSOR: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What came out.

    Attributes:
        date: The day, "2026-11-21".
        timings: The quickest first; at least one.
    """

    date: str
    timings: tuple[Timing, ...]


def measurements_file() -> Path:
    """Where measurements are kept."""
    return cache_root() / "arithmetic.json"


def recall(question: Mapping[str, Any]) -> Measurement | None:
    """What was measured here for a question, or None.

    Args:
        question: All that was asked, as JSON has it.
    """
    asked = _on_this_machine(question)
    return next((found for other, found in _measurements() if other == asked), None)


def remember(question: Mapping[str, Any], timings: Sequence[Timing]) -> None:
    """Keep a measurement; one that cannot be written is made again another time.

    Args:
        question: All that was asked, as JSON has it.
        timings: What came out, the quickest first.
    """
    asked = _on_this_machine(question)
    today = datetime.datetime.now().astimezone().date().isoformat()
    others = [known for known in _measurements() if known[0] != asked]
    kept = [*others, (asked, Measurement(today, tuple(timings)))][-MOST_REMEMBERED:]
    document = [{"question": one, **dataclasses.asdict(found)} for one, found in kept]
    with contextlib.suppress(OSError):
        write_text(measurements_file(), json.dumps(document, indent=1))


def _on_this_machine(question: Mapping[str, Any]) -> dict[str, Any]:
    versions = {name: importlib.metadata.version(name) for name in ("charrnn", "tensorflow")}
    return {"processor": _processor(), **versions, **question}


def _processor() -> str:
    """The name of the processor, as far as the system tells it."""
    if _PROCESSOR.exists():
        for line in _PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _measurements() -> list[tuple[dict[str, Any], Measurement]]:
    """All that are kept, the oldest first; none where the file is not what was written."""
    try:
        document = json.loads(measurements_file().read_text(encoding="utf-8"))
        return [(entry["question"], _measurement(entry)) for entry in document]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def _measurement(entry: Mapping[str, Any]) -> Measurement:
    """One entry of the file; raises ValueError when it is not one, TypeError or KeyError."""
    timings = tuple(Timing(**timing) for timing in entry["timings"])
    measurement = Measurement(entry["date"], timings)
    if not timings or any(map(mistyped_fields, (measurement, *timings))):
        raise ValueError("not a measurement")
    return measurement
