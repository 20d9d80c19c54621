"""Disks that are too small: a sentence; then, with room, its advice is followed and works."""

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from tests.campaign.case import Case, alternating, check_told, drawn, require
from tests.campaign.kills import Job, go_on, jobs, undisturbed
from tests.campaign.prepared import NAME, Prepared, check_same, load_training, succeed
from tests.campaign.processes import Ended, forked

PAGE = 4096
SMALLEST, LARGEST = 4 << 10, 1 << 20
"""Bytes of a disk."""

ROOM = 8 << 20


@dataclass
class Disk:
    """A place with little room: a file system in memory where that may be mounted, else a limit.

    Attributes:
        place: Its directory.
        mounted: Whether it is a file system; otherwise no file may be longer than `size`.
        size: Bytes.
    """

    place: Path
    mounted: bool
    size: int

    def limit(self) -> None:
        """Called in the process of a command."""
        if not self.mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.size))

    def resize(self, size: int) -> None:
        """Give it other room."""
        self.size = size
        if self.mounted:
            options = f"remount,size={size}"
            subprocess.run(["mount", "-o", options, str(self.place)], check=True)

    def fill(self, free: int) -> None:
        """Leave only so many bytes."""
        used = sum(-(-path.stat().st_size // PAGE) * PAGE for path in self.place.rglob("*"))
        self.resize(used + free if self.mounted else free)


@contextlib.contextmanager
def disk(place: Path) -> Iterator[Disk]:
    """A disk with room, whose files are in a directory afterwards."""
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs"]
    made = subprocess.run(["mount", *options, str(place)], check=False, capture_output=True)
    mounted = made.returncode == 0
    try:
        yield Disk(place, mounted, ROOM)
    finally:
        if mounted:
            kept = place.with_name("on-the-disk")
            shutil.copytree(place, kept)
            subprocess.run(["umount", "--lazy", str(place)], check=True)


def cases(seed: int, prepared: Prepared) -> Iterator[Case]:
    """Each command that writes, on disks of sizes that are drawn, for ever."""
    load_training()
    kinds = [_of_job(seed, job, prepared) for job in jobs(prepared)]
    yield from alternating(*kinds, _replaced(seed, prepared), _printed(seed, prepared))


def _sizes(seed: int, kind: str) -> Iterator[tuple[str, int]]:
    """Names of cases, and sizes of their disks, which are as often small as large."""
    for number in count(1):
        draws = drawn(seed, f"{kind}-{number}")
        size = SMALLEST * (LARGEST / SMALLEST) ** draws.random()
        yield f"{kind}-{number}-{int(size) // 1024}kB", int(size)


def _of_job(seed: int, job: Job, prepared: Prepared) -> Iterator[Case]:
    _, directory = undisturbed(job, prepared)
    expected = directory / job.result
    for name, size in _sizes(seed, job.name):
        yield Case(name, partial(_full, job, expected, size))


def _full(job: Job, expected: Path, free: int, directory: Path) -> None:
    """A command on a full disk fails with a sentence; with room it ends as if undisturbed."""
    with disk(directory / "disk") as small:
        job.begin(small.place)
        small.fill(free)
        last = _run(job, job.words, small)
        check_told(last)
        if last.code and job.name == "pack":
            require(not (small.place / job.result).exists(), f"a part of a pack is left: {last}")
        small.resize(ROOM)
        follow(last, small, lambda said: _run(job, job.again(small.place, said), small))
        check_same(small.place / job.result, expected)


def follow(last: Ended, small: Disk, again: Callable[[Ended], Ended]) -> None:
    """Give a command again, as the last one advised; an advice works at once, with room."""
    for _ in range(3):
        if last.code == 0 or "is finished" in last.err:  # What was there before is still there.
            return
        advised = "--resume" in last.err or "--overwrite" in last.err
        said, last = last, again(last)
        check_told(last)
        done = last.code == 0 or "is finished" in last.err
        require(done or not advised, f"the advice of {said} does not work on {small}: {last}")
    require(last.code == 0, f"never done, though there is room: {last}")


def _run(job: Job, words: Sequence[str], small: Disk) -> Ended:
    def before() -> None:
        job.before()
        small.limit()

    return forked(words, small.place, before=before, environment=job.environment)


def _replaced(seed: int, prepared: Prepared) -> Iterator[Case]:
    """`--overwrite` on a full disk: there is always a network, the old one or the new one."""
    for name, size in _sizes(seed, "overwrite"):
        yield Case(name, partial(_replace, prepared, size))


def _replace(prepared: Prepared, free: int, directory: Path) -> None:
    words = [*prepared.train(), "--overwrite"]
    with disk(directory / "disk") as small:
        prepared.copy(small.place)
        small.fill(free)
        last = forked(words, small.place, before=small.limit)
        check_told(last)
        small.resize(ROOM)
        follow(last, small, lambda said: forked(go_on(words, small.place, said), small.place))
        check_same(small.place / "checkpoints" / NAME, prepared.finished / NAME)


def _printed(seed: int, prepared: Prepared) -> Iterator[Case]:
    """Poems that are written to a file on a full disk: a sentence, and what fitted is there."""
    words = ["generate", NAME, "--count", "200", "--seed", "1"]
    whole = succeed(forked(words, prepared.finished.parent)).out.encode()
    for number in count(1):
        name = f"print-{number}"
        free = PAGE * drawn(seed, name).randrange(1, 1 + len(whole) // PAGE)
        yield Case(name, partial(_print, words, whole, free, prepared))


def _print(
    words: Sequence[str], whole: bytes, free: int, prepared: Prepared, directory: Path
) -> None:
    with disk(directory / "disk") as small:
        small.resize(free)
        poems = small.place / "poems.txt"
        ended = forked(words, prepared.finished.parent, stdout=poems, before=small.limit)
        said = poems.read_bytes()
        require(ended.code == 1, f"poems that do not fit on the disk: {ended}")
        require(whole.startswith(said), "what fitted is not what was written")
        told = ended.err.strip().split("\n")
        require(told[-1].startswith("Error: "), f"no sentence: {ended}")
        os.truncate(poems, 0)
        small.resize(ROOM)
        again = forked(words, prepared.finished.parent, stdout=poems)
        require((again.code, poems.read_bytes()) == (0, whole), f"with room: {again}")
