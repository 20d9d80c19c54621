import shlex
from pathlib import Path

import pytest

from charrnn.checkpoint.directory import find_checkpoint
from charrnn.checkpoint.lookup import DEFAULT_CHECKPOINTS, spoken_name
from tests.fakes import write_run


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
