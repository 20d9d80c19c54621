"""Handmade hostile checkpoints: bombs, loops, pipes, devices, other files, escapes in every string."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from charrnn.checkpoint.record import RECORD_FILE
from tests import hostile
from tests.campaign.case import Case, drawn, require, shuffled
from tests.campaign.mutants import give
from tests.campaign.prepared import NAME, Prepared, load_training

ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m"

BOMB = 3 << 28
"""Bytes that a bomb unpacks to: more than a command may take."""


@dataclass(frozen=True)
class Kind:
    """Hostile checkpoints of one kind.

    Attributes:
        makers: By name, each changes a sound checkpoint.
        refused: The commands that must refuse each of them.
        told: Commands that may use it or refuse it, each in its own way.
    """

    makers: Mapping[str, hostile.Hostile]
    refused: Sequence[str] = ()
    told: Sequence[str] = ()


KINDS: dict[str, Kind] = {
    "model": Kind(hostile.MODELS, ("generate", "evaluate", "pack", "from"), ("info",)),
    "record": Kind(hostile.RECORDS, ("generate", "pack"), ("info", "list", "json", "novelty")),
    "history": Kind(hostile.HISTORIES, (), ("info", "json", "list")),
    "no-history": Kind(hostile.UNREADABLE_HISTORIES, (), ("info", "json", "list", "resume")),
    "state": Kind(hostile.STATES, ("resume",)),
    "filter": Kind(hostile.FILTERS, ("generate", "novelty"), ("pack",)),
    "table": Kind(hostile.TABLES, (), ("form", "sounds", "pack")),
}


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """Every checkpoint with every command that reads it, in an order that is drawn."""
    load_training()
    hostile.BOMB = BOMB
    tried = [*_handmade(prepared), *_escapes(prepared)]
    yield from shuffled(drawn(seed, "hostile"), tried)


def _handmade(prepared: Prepared) -> Iterator[Case]:
    for name, kind in KINDS.items():
        for what, make in kind.makers.items():
            for command in (*kind.refused, *kind.told):
                run = partial(_try, prepared, make, command, command in kind.refused)
                yield Case(f"{name}-{_plain(what)}-{command}", run)


def _try(
    prepared: Prepared, make: hostile.Hostile, command: str, refused: bool, directory: Path
) -> None:
    run = prepared.copy(directory, prepared.relu)
    make(run)
    code = give(prepared, command, directory)
    require(code or not refused, "it is used as if it were sound")


def _plain(name: str) -> str:
    return "".join(one if one.isalnum() or one in ".-" else "-" for one in name)[:80]


def _escapes(prepared: Prepared) -> Iterator[Case]:
    """An escape sequence in each string of a record, and in the name of a directory."""
    record = json.loads((prepared.finished / NAME / RECORD_FILE).read_bytes())
    for place in _strings(record):
        for command in ("info", "list", "json", "generate", "evaluate", "pack", "novelty"):
            name = f"escape-{_plain('-'.join(map(str, place)))}-{command}"
            yield Case(name, partial(_escaped, prepared, place, command))
    for number, name in enumerate((f"x{ESCAPE}", "two\nlines", "\u202egnp", "\udcff")):
        for command in ("list", "list-json"):
            yield Case(f"escape-name-{number}-{command}", partial(_named, prepared, name, command))


def _escaped(prepared: Prepared, place: Sequence[Any], command: str, directory: Path) -> None:
    run = prepared.copy(directory)
    record = json.loads((run / RECORD_FILE).read_bytes())
    *outer, last = place
    inner = record
    for one in outer:
        inner = inner[one]
    inner[last] = ESCAPE
    (run / RECORD_FILE).write_text(json.dumps(record), encoding="utf-8")
    give(prepared, command, directory)


def _named(prepared: Prepared, name: str, command: str, directory: Path) -> None:
    run = prepared.copy(directory)
    run.rename(run.with_name(name))
    give(prepared, command, directory)


def _strings(value: Any) -> Iterator[tuple[Any, ...]]:
    """The places of the strings in a JSON value, one of each list."""
    items = value.items() if isinstance(value, dict) else list(enumerate(value))[:1]
    for place, inner in items:
        if isinstance(inner, str):
            yield (place,)
        elif isinstance(inner, dict | list):
            yield from ((place, *more) for more in _strings(inner))
