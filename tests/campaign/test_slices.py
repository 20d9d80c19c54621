"""A small slice of each campaign; `make campaign` runs all of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.__main__ import CAMPAIGNS, run
from tests.campaign.case import Broken, Case, alternating
from tests.campaign.processes import ROOT

SLICES = {
    "mutants": 28,
    "hostile": 12,
    "fuzzed": 54,
    "server": 12,
    "streams": 6,
    "disks": 3,
    "kills": 5,
    "signals": 2,
}


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The counts of all slices, which one new process has tried: this one has begun to compute."""
    directory = tmp_path_factory.mktemp("slices")
    counts = directory / "counts.json"
    most = [f"--most={name}={number}" for name, number in SLICES.items()]
    places = [f"--directory={directory / 'cases'}", f"--json={counts}"]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.campaign", "--minutes=1000", *most, *places],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert counts.exists(), ended.stderr
    return dict(json.loads(counts.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_case_of_a_slice_holds(slices: dict[str, Any], name: str) -> None:
    assert slices[name]["failed"] == {}
    assert slices[name]["tried"] == SLICES[name]


def test_a_broken_promise_is_counted_and_its_files_are_kept(tmp_path: Path) -> None:
    def broken(directory: Path) -> None:
        (directory / "file").touch()
        raise Broken("it hangs")

    def held(directory: Path) -> None:
        (directory / "file").touch()

    cases = [Case("broken", broken), Case("held", held)]
    count = run("mutants", cases, 1e9, tmp_path, seed=7)
    assert (count.tried, count.failed, count.whole) == (2, {"broken": "it hangs"}, True)
    assert not (tmp_path / "mutants/held").exists()
    told = (tmp_path / "mutants/broken/case.txt").read_text(encoding="utf-8")
    assert "it hangs" in told
    assert "--seed 7 --only mutants --case broken" in told
    assert (tmp_path / "mutants/broken/file").exists()


def test_a_case_that_fails_itself_is_a_failure(tmp_path: Path) -> None:
    def fails(directory: Path) -> None:
        (directory / "no" / "file").touch()

    count = run("kills", [Case("fails", fails)], 1e9, tmp_path, seed=1)
    assert "FileNotFoundError" in count.failed["fails"]


def test_a_campaign_without_time_says_how_far_it_came(tmp_path: Path) -> None:
    cases = [Case(f"{number}", lambda _: None) for number in range(3)]
    count = run("kills", cases, 0.0, tmp_path, seed=1)
    assert (count.tried, count.whole) == (1, False)


def test_kinds_of_cases_alternate() -> None:
    assert list(alternating("ab", "c", "def")) == ["a", "c", "d", "b", "e", "f"]
