"""A disk that loses what was not forced to it: all that a kill or a loss of power can leave.

A `Recorder` watches what a program does below a directory. Its `Trace` says what a crash after each
change may leave. A kill of the process leaves everything. A loss of power may take

- the content of a file since its last fsync: all of it, half of it, or zeros in its place;
- each change of names since the last fsync of one of its directories, alone or with others. A
  rename is kept or lost as a whole, and a directory that is lost takes along what is in it.
"""

import builtins
import io
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Tree = dict[str, bytes | None]
"""What is in a directory: the content of each file by its path, and None for directories."""

Names = dict[tuple[int, str], int]
"""The number of the file or directory that a name in a directory stands for."""

MOST_TOGETHER = 4
"""So many changes of names are lost in every combination, and more of them in the likely ones."""


@dataclass(frozen=True)
class Renamed:
    """Names that changed at once, each with the number it stands for now; None for nothing."""

    names: tuple[tuple[tuple[int, str], int | None], ...]


@dataclass(frozen=True)
class Wrote:
    """The whole content of a file from now on."""

    number: int
    content: bytes


@dataclass(frozen=True)
class Synced:
    """A file or a directory was forced to the disk."""

    number: int


@dataclass(frozen=True)
class Marked:
    """The program has come to a place that a test wants to know."""

    mark: str


Event = Renamed | Wrote | Synced | Marked


@dataclass(frozen=True)
class Left:
    """What a crash left.

    Attributes:
        after: The number of events before the crash.
        mark: The last mark before it.
        killed: Whether nothing was lost, as when the process alone is killed.
        tree: The files.
    """

    after: int
    mark: str
    killed: bool
    tree: Tree

    def put_in(self, directory: Path) -> Path:
        """Make the files in a directory, in place of those that are there."""
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for path, content in self.tree.items():
            if content is None:
                (directory / path).mkdir()
            else:
                (directory / path).write_bytes(content)
        return directory


@dataclass
class _Disk:
    """What is on the disk, and what is known to the system only."""

    names: Names = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    pending: list[Renamed] = field(default_factory=list)
    unsynced: dict[int, bytes] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        if isinstance(event, Renamed):
            self.pending.append(event)
        elif isinstance(event, Wrote):
            self.unsynced[event.number] = event.content
        elif isinstance(event, Synced):
            if event.number in self.unsynced:
                self.contents[event.number] = self.unsynced.pop(event.number)
            kept = []
            for change in self.pending:
                if any(directory == event.number for (directory, _), _ in change.names):
                    _apply(change, self.names)
                else:
                    kept.append(change)
            self.pending = kept

    def left(self, kept: frozenset[int], content_of: Callable[[int], bytes | None]) -> Tree:
        names = dict(self.names)
        for place in sorted(kept):
            _apply(self.pending[place], names)
        return dict(sorted(_tree(names, content_of)))


class Trace:
    """What a program did in a directory."""

    def __init__(self, before: "Names", contents: dict[int, bytes], events: list[Event]) -> None:
        self._before = before, contents
        self.events = events

    def kills(self) -> Iterator[Left]:
        """What a kill leaves after each event."""
        return (left for left in self._all(kills_only=True) if left.killed)

    def losses(self, apart_from: str | None = None) -> Iterator[Left]:
        """What a kill or a loss of power can leave after each event, each state once.

        States that differ only in paths with the text `apart_from` are one, but for kills.
        """
        return self._all(kills_only=False, apart_from=apart_from)

    def _all(self, *, kills_only: bool, apart_from: str | None = None) -> Iterator[Left]:
        disk, mark = _Disk(dict(self._before[0]), dict(self._before[1])), ""
        seen = set()
        for after in range(len(self.events) + 1):
            every = frozenset(range(len(disk.pending)))
            for kept in [every] if kills_only else _subsets(len(disk.pending)):
                for what in ("kept",) if kills_only else ("kept", "lost", "torn", "zeroed"):
                    tree = disk.left(kept, lambda number, what=what: _content(disk, number, what))
                    left = Left(after, mark, kept == every and what == "kept", tree)
                    state = frozenset(
                        (mark, path, content)
                        for path, content in tree.items()
                        if left.killed or apart_from is None or apart_from not in path
                    )
                    if state not in seen:
                        seen.add(state)
                        yield left
            if after < len(self.events):
                event = self.events[after]
                disk.take(event)
                mark = event.mark if isinstance(event, Marked) else mark


def _apply(change: Renamed, names: Names) -> None:
    for name, number in change.names:
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number


def _tree(
    names: Names, content_of: Callable[[int], bytes | None], directory: int = 0, above: str = ""
) -> Iterator[tuple[str, bytes | None]]:
    for (parent, name), number in names.items():
        if parent == directory:
            content = content_of(number)
            yield above + name, content
            if content is None:
                yield from _tree(names, content_of, number, f"{above}{name}/")


def _content(disk: _Disk, number: int, what: str) -> bytes | None:
    old = disk.contents.get(number)
    if number not in disk.unsynced:
        return old
    new, old = disk.unsynced[number], old or b""
    same = len(old) if new.startswith(old) else 0  # What is appended comes after the old content.
    halved = {
        "kept": new,
        "lost": old,
        "torn": new[: (same + len(new)) // 2],
        "zeroed": new[:same] + bytes(len(new) - same),
    }
    return halved[what]


def _subsets(count: int) -> Iterator[frozenset[int]]:
    every = frozenset(range(count))
    if count <= MOST_TOGETHER:
        for size in range(count, -1, -1):
            yield from map(frozenset, itertools.combinations(range(count), size))
        return
    for place in range(count + 1):
        yield every - set(range(place, count))  # The first ones are kept ...
        yield every - set(range(place))  # ... or the last ones.
    for place in range(count):
        yield every - {place}
        yield frozenset({place})


class Recorder:
    """Watches what happens below a directory while it is entered; nothing waits for the disk.

    Args:
        root: The directory, which exists.
        patch: Undoes what this changes.
    """

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._numbers: dict[int, int] = {root.stat().st_ino: 0}
        self._count = itertools.count(1)
        self._names: Names = {}
        self._contents: dict[int, bytes] = {}
        self._events: list[Event] = []
        self._look()
        self._before = dict(self._names), self._all_contents()
        self._events.clear()
        for module, name in (
            (os, "mkdir"),
            (os, "rmdir"),
            (os, "unlink"),
            (os, "remove"),
            (os, "rename"),
            (os, "replace"),
            (os, "open"),
            (io, "open"),
            (builtins, "open"),
        ):
            patch.setattr(module, name, self._watched(getattr(module, name)))
        patch.setattr(os, "fsync", self._fsync)

    def mark(self, what: str) -> None:
        """Tell where the program is."""
        self._look()
        self._events.append(Marked(what))

    def trace(self) -> Trace:
        """What has happened."""
        self._look()
        return Trace(*self._before, self._events)

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **keywords: Any) -> Any:
            self._look()
            try:
                return call(*arguments, **keywords)
            finally:
                self._look()

        return watched

    def _fsync(self, descriptor: int) -> None:
        self._look()
        number = self._numbers.get(os.fstat(descriptor).st_ino)
        if number is not None:
            self._events.append(Synced(number))

    def _look(self) -> None:
        """Find what has changed since the last look; names that changed meanwhile did so at once."""
        names: Names = {}
        found: dict[int, Path] = {}
        numbers = {self.root.stat().st_ino: 0}
        self._walk(self.root, 0, names, numbers, found)
        self._numbers = numbers
        for number, path in found.items():
            content = _read(path)
            if self._contents.get(number) != content:
                self._contents[number] = content
                self._events.append(Wrote(number, content))
        changed = [
            (name, names.get(name))
            for name in {**self._names, **names}
            if self._names.get(name) != names.get(name)
        ]
        if changed:
            self._events.append(Renamed(tuple(changed)))
        self._names = names

    def _walk(
        self,
        directory: Path,
        number: int,
        names: Names,
        numbers: dict[int, int],
        found: dict[int, Path],
    ) -> None:
        with os.scandir(directory) as entries:
            for entry in entries:
                inode = entry.inode()
                if inode not in numbers:
                    known = self._numbers.get(inode)
                    numbers[inode] = next(self._count) if known is None else known
                names[number, entry.name] = numbers[inode]
                if entry.is_dir():
                    self._walk(Path(entry.path), numbers[inode], names, numbers, found)
                else:
                    found[numbers[inode]] = Path(entry.path)

    def _all_contents(self) -> dict[int, bytes]:
        return dict(self._contents)


_open, _fstat, _read_all, _close = os.open, os.fstat, os.read, os.close


def _read(path: Path) -> bytes:
    """The content of a file, by functions that nobody watches."""
    descriptor = _open(path, os.O_RDONLY)
    try:
        return _read_all(descriptor, _fstat(descriptor).st_size)
    finally:
        _close(descriptor)
