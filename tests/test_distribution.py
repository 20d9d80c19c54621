"""What is in the package that users install."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the wheel, by name."""
    pytest.importorskip("hatchling", reason="building needs hatchling")
    directory = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = directory.glob("charrnn-*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["quatrains.txt", "jueju.txt", "catalogue.toml"])
def test_the_bundled_corpora_are_installed(wheel: dict[str, bytes], name: str) -> None:
    assert wheel[f"charrnn/corpora/{name}"] == (ROOT / "corpora" / name).read_bytes()


def test_the_whole_package_is_installed_and_nothing_else(wheel: dict[str, bytes]) -> None:
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "charrnn").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {
        "charrnn/py.typed",
        "charrnn/corpus/simplified_to_traditional.txt",
        "charrnn/corpus/traditional_to_simplified.txt",
    } <= package
    corpora = {name for name in wheel if name.startswith("charrnn/corpora/")}
    facts = {name for name in wheel if ".dist-info/" in name}
    assert wheel.keys() - corpora - facts == package


def test_the_command_and_the_licence_are_installed(wheel: dict[str, bytes]) -> None:
    (entrances,) = (text for name, text in wheel.items() if name.endswith("/entry_points.txt"))
    assert b"charrnn = charrnn.__main__:main" in entrances
    assert any(name.endswith("/licenses/LICENSE") for name in wheel)
