"""One notion of a case: a name, and a function that works in an empty directory and may raise Broken."""

import random
import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import TypeVar

from tests.campaign.processes import Ended

T = TypeVar("T")

SECONDS, MEGABYTES = 5.0, 500.0
"""What of a processor and of memory a damaged file may cost more than a whole one."""

FAULTS = "Traceback (most recent call last)", "a fault in charrnn", "Fatal Python error"

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What must not reach a terminal from a file of a stranger."""


class Broken(Exception):  # noqa: N818 (nothing is wrong with the campaign)
    """A promise is not kept."""


@dataclass(frozen=True)
class Case:
    """Something to try.

    Attributes:
        name: The same for the same seed; safe as the name of a directory.
        run: Tries it in an empty directory; raises Broken.
    """

    name: str
    run: Callable[[Path], None]


def drawn(seed: int, name: str) -> random.Random:
    """The draws of a case, which do not depend on the cases before it."""
    return random.Random(f"{seed}/{name}")


def alternating(*kinds: Iterable[T]) -> Iterator[T]:
    """One of each kind, then another one of each, so that a campaign cut short has tried all kinds."""
    nothing = object()
    for one in chain.from_iterable(zip_longest(*kinds, fillvalue=nothing)):
        if one is not nothing:
            yield one  # type: ignore[misc]


def shuffled(draws: random.Random, items: Iterable[T]) -> list[T]:
    """All items in an order that is drawn."""
    rows = list(items)
    draws.shuffle(rows)
    return rows


def require(holds: object, sentence: str) -> None:
    """Raise Broken with a sentence unless something holds."""
    if not holds:
        raise Broken(sentence)


def check_told(
    ended: Ended, codes: Container[int] = (0, 1, 2), *, usual: Ended | None = None
) -> None:
    """A command ended well, or said in one sentence why not; soon, small, in printable characters.

    Args:
        ended: The command.
        codes: The exit codes that are right.
        usual: What the command takes of what is whole; None leaves time and memory unchecked.
    """
    require(not ended.hung, f"no end after {ended.wall:.0f} seconds. {ended}")
    if usual is not None:
        seconds, memory = ended.cpu - 5 * usual.cpu, ended.megabytes - usual.megabytes
        require(seconds < SECONDS, f"{ended.cpu:.1f} seconds of a processor. {ended}")
        require(memory < MEGABYTES, f"{memory:.0f} MB more than usual. {ended}")
    for fault in FAULTS:
        require(fault not in ended.err, f"{fault}. {ended}")
    require(ended.code in codes, f"exit code {ended.code}. {ended}")
    for text in (ended.out, ended.err):
        control = CONTROLS.search(text)
        require(not control, f"a control character is printed: {control and control[0]!r}. {ended}")
    if ended.code in {1, 2}:
        lines = ended.err.rstrip("\n").split("\n")
        said = [number for number, line in enumerate(lines) if line.startswith("Error: ")]
        require(said == [len(lines) - 1], f"not one sentence at the end. {ended}")
