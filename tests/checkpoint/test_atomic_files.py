import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.checkpoint import atomic_files
from charrnn.checkpoint.atomic_files import LOCK_FILE, UNFINISHED, replacing, sweep, write_text


def test_a_file_and_its_directories_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "poem.txt", "月\r\n")
    assert (tmp_path / "new" / "poem.txt").read_bytes() == "月\r\n".encode()


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    write_text(path, "a longer text")
    write_text(path, "short")
    assert path.read_text() == "short"


def test_the_temporary_file_has_the_suffix_and_lies_on_the_same_disk(tmp_path: Path) -> None:
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.name == "model.keras"
        assert temporary.parent.parent == tmp_path
        assert not temporary.exists()
        temporary.write_bytes(b"1")


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, failure: BaseException
) -> None:
    path = tmp_path / "poem.txt"
    write_text(path, "old")

    def fail_halfway() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise failure

    with pytest.raises(type(failure)):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "poem.txt"
    seen: list[bool] = []
    monkeypatch.setattr("os.fsync", lambda _: seen.append(path.exists()))
    write_text(path, "text")
    assert seen == [False, True]


def test_a_directory_takes_its_name_as_a_whole(tmp_path: Path) -> None:
    with replacing(tmp_path / "gifts" / "moon") as temporary:
        write_text(temporary / "inner" / "poem.txt", "moon")
        assert not (tmp_path / "gifts" / "moon").exists()
    assert (tmp_path / "gifts" / "moon" / "inner" / "poem.txt").read_text() == "moon"
    assert [path.name for path in (tmp_path / "gifts").iterdir()] == ["moon"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_directory_is_told_as_that(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "file":
        place.write_text("")
    else:
        place.symlink_to("nowhere")
    with pytest.raises(NotADirectoryError, match=r"Not a directory: .*place"):
        write_text(place / "poem.txt", "moon")


# What killed processes left


DYING = """
import os, signal, sys
from pathlib import Path
from charrnn.checkpoint.atomic_files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the n")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def unfinished(directory: Path) -> list[Path]:
    return list(directory.glob(f"{UNFINISHED}*"))


def test_what_a_killed_process_left_is_swept_by_the_next_writer(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", DYING, tmp_path / "poem.txt"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(unfinished(tmp_path)) == 1
    (tmp_path / f"{UNFINISHED}empty").mkdir()  # Killed at once.
    write_text(tmp_path / "another.txt", "moon")
    assert [path.name for path in tmp_path.iterdir()] == ["another.txt"]


def test_what_a_living_process_writes_is_not_swept(tmp_path: Path) -> None:
    with replacing(tmp_path / "poem.txt") as temporary:
        temporary.write_text("new")
        write_text(tmp_path / "another.txt", "moon")
        sweep(tmp_path)
    assert (tmp_path / "poem.txt").read_text() == "new"
    assert not unfinished(tmp_path)


def test_what_only_looks_unfinished_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "poem.txt").write_text("mine")
    (tmp_path / f"{UNFINISHED}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"{UNFINISHED}file").write_text("mine")
    (tmp_path / ".writing-a-novel").mkdir()
    before = set(tmp_path.iterdir())
    write_text(tmp_path / "another.txt", "moon")
    assert set(tmp_path.iterdir()) == before | {tmp_path / "another.txt"}
    assert (tmp_path / "elsewhere" / "poem.txt").read_text() == "mine"


@pytest.mark.parametrize("moment", ["locked by the other", "removed by the other", "no locks"])
def test_a_directory_that_is_swept_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    lock, locks = atomic_files.locked, []

    def locked(path: Path) -> object:
        locks.append(path)
        if moment == "no locks":
            raise OSError(95, "Operation not supported")
        if len(locks) == 1 and moment == "locked by the other":
            raise BlockingIOError
        held = lock(path)
        if len(locks) == 1:
            held.__enter__()
            (path.parent / LOCK_FILE).unlink()
            path.parent.rmdir()
            return contextlib.nullcontext()
        return held

    monkeypatch.setattr(atomic_files, "locked", locked)
    write_text(tmp_path / "poem.txt", "moon")
    assert (tmp_path / "poem.txt").read_text() == "moon"
    assert len(locks) == (1 if moment == "no locks" else 2)
    assert not unfinished(tmp_path)
