import errno
import os
import shlex
from pathlib import Path

import pytest

from charrnn.checkpoint.directory import CheckpointWriter
from charrnn.checkpoint.lookup import (
    DEFAULT_CHECKPOINTS,
    checkpoints_in,
    find_checkpoint,
    find_run,
    networks_in,
    spoken_name,
)
from charrnn.checkpoint.record import MODEL_FILE
from charrnn.errors import CheckpointError
from tests.fakes import RECORD, write_run


@pytest.mark.parametrize(
    ("directory", "spoken"),
    [
        ("checkpoints/quatrains", "quatrains"),
        ("checkpoints/绝句", "绝句"),
        ("checkpoints/my poems", "'my poems'"),
        ("checkpoints/old/quatrains", "checkpoints/old/quatrains"),
        ("elsewhere/quatrains", "elsewhere/quatrains"),
        ("/runs/checkpoints/quatrains", "/runs/checkpoints/quatrains"),
        ("my runs/it's", """'my runs/it'"'"'s'"""),
    ],
)
def test_a_run_is_named_so_that_the_name_can_be_typed(
    directory: str, spoken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spoken_name(Path(directory)) == spoken
    if not Path(directory).is_absolute():
        monkeypatch.chdir(tmp_path)
        write_run(Path(directory))
        (typed,) = shlex.split(spoken)
        assert find_checkpoint(typed, DEFAULT_CHECKPOINTS) == Path(directory)


def test_a_bundled_network_has_a_bare_name_wherever_runs_are_kept(
    bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for directory in ("", "elsewhere"):
        monkeypatch.setenv("CHARRNN_CHECKPOINTS", directory)
        assert spoken_name(bundled / "tang") == "tang"
        assert spoken_name(bundled / "tang" / "old") == str(bundled / "tang" / "old")


def test_a_bare_name_means_nothing_where_commands_look_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", "elsewhere")
    assert spoken_name(Path("checkpoints/quatrains")) == "checkpoints/quatrains"
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", "")
    assert spoken_name(Path("checkpoints/quatrains")) == "quatrains"


def test_the_newest_run_that_can_write_is_the_default(three_runs: Path) -> None:
    (three_runs / "new" / MODEL_FILE).unlink()
    assert find_checkpoint(None, three_runs).name == "middle"


def test_an_unfinished_run_is_the_default_only_where_there_is_no_other(tmp_path: Path) -> None:
    CheckpointWriter(tmp_path / "begun").write_record(RECORD)
    assert find_checkpoint(None, tmp_path).name == "begun"


def test_a_run_is_found_by_name_and_by_path(three_runs: Path, tmp_path: Path) -> None:
    assert find_checkpoint("old", three_runs) == three_runs / "old"
    assert find_checkpoint(str(three_runs / "old"), tmp_path / "nowhere") == three_runs / "old"


def test_a_name_that_is_not_there_is_told_with_those_that_are(three_runs: Path) -> None:
    with pytest.raises(CheckpointError, match=r"named odl.*there: new, middle, old\."):
        find_checkpoint("odl", three_runs)


def test_no_run_at_all_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="Train one first, with: charrnn train"):
        find_checkpoint(None, tmp_path)


def test_a_bundled_network_is_found_by_its_name_wherever_runs_are_kept(
    three_runs: Path, bundled: Path
) -> None:
    write_run(bundled / "tang")
    for root in (three_runs, three_runs / "nowhere"):
        assert find_checkpoint("tang", root) == bundled / "tang"
    assert find_checkpoint(str(bundled / "tang"), three_runs) == bundled / "tang"


def test_a_run_of_ones_own_stands_before_the_bundled_one_of_its_name(
    three_runs: Path, bundled: Path
) -> None:
    write_run(bundled / "old")
    assert find_checkpoint("old", three_runs) == three_runs / "old"
    assert find_checkpoint("old", three_runs / "nowhere") == bundled / "old"


def test_without_a_name_the_first_bundled_network_stands_in_for_runs_that_are_not_there(
    three_runs: Path, bundled: Path
) -> None:
    for name in ("verse", "another"):
        write_run(bundled / name)
    assert find_checkpoint(None, three_runs / "nowhere") == bundled / "verse"
    assert find_checkpoint(None, three_runs) == three_runs / "new"


def test_a_bundled_network_is_no_run_to_go_on_with(three_runs: Path, bundled: Path) -> None:
    write_run(bundled / "shakespeare")
    with pytest.raises(
        CheckpointError, match=r"there: new, middle, old\. Bundled networks: shakespeare\.$"
    ):
        find_run("shakespeare", three_runs)
    with pytest.raises(CheckpointError, match="Train one first, with: charrnn train"):
        find_run(None, three_runs / "nowhere")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../secret", "tang/..", "tang/../../secret", "x\0"]
)
def test_a_name_does_not_lead_out_of_the_bundled_networks(
    tmp_path: Path, bundled: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    for place in (bundled / "tang", bundled / "shakespeare", bundled.parent, bundled):
        write_run(place)
    write_run(bundled.parent / "secret")
    with pytest.raises(CheckpointError, match="there is no checkpoint named"):
        find_checkpoint(name, tmp_path / "nowhere")


def test_all_networks_are_ones_own_runs_and_then_the_bundled_ones(
    three_runs: Path, bundled: Path
) -> None:
    assert networks_in(three_runs) == checkpoints_in(three_runs)
    for name in ("shakespeare", "old", "tang"):
        write_run(bundled / name)
    assert networks_in(three_runs) == [
        *(three_runs / name for name in ("new", "middle", "old")),
        *(bundled / name for name in ("shakespeare", "tang")),
    ]


def test_runs_are_listed_the_newest_first(three_runs: Path) -> None:
    (three_runs / "notes.txt").write_text("no run")
    (three_runs / "empty").mkdir()
    assert [path.name for path in checkpoints_in(three_runs)] == ["new", "middle", "old"]
    assert checkpoints_in(three_runs / "nowhere") == []


@pytest.fixture
def closed(three_runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs, the newest of which belongs to somebody else, as after `chmod 000`."""
    stat = Path.stat

    def refused(path: Path, **options: bool) -> os.stat_result:
        if three_runs / "new" in path.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", refused)
    return three_runs


def test_a_run_that_may_not_be_looked_into_stands_in_nobodys_way(
    closed: Path, bundled: Path
) -> None:
    write_run(bundled / "tang")
    assert find_checkpoint("old", closed) == closed / "old"
    assert find_checkpoint("tang", closed) == bundled / "tang"
    assert find_checkpoint(None, closed) == closed / "middle"
    assert [path.name for path in checkpoints_in(closed)] == ["middle", "old", "new"]
    assert find_run("new", closed) == closed / "new"  # Opening it tells its fault.
    with pytest.raises(CheckpointError, match="there: middle, old, new"):
        find_checkpoint("lakes", closed)


def test_runs_that_are_not_named_are_not_looked_at(
    three_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> list[Path]:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", refused)
    assert find_checkpoint("old", three_runs) == three_runs / "old"


def test_a_name_too_long_for_any_directory_is_not_found(three_runs: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no checkpoint named"):
        find_checkpoint("m" * 5000, three_runs)
