import datetime
import errno
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from charrnn.checkpoint.directory import SOUNDS_FILE, WORDS_FILE, CheckpointWriter
from charrnn.checkpoint.history import HISTORY_FILE
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE
from charrnn.cli import main
from charrnn.cli.info import any_run, usable_run
from charrnn.cli.tables import show_run, show_runs
from charrnn.errors import CheckpointError
from charrnn.forms.chinese.sounds import LearnedSounds
from charrnn.forms.core.language import table_to_json
from charrnn.forms.english.words import LearnedWords
from tests import hostile
from tests.decoding.networks import save_reciting_run
from tests.fakes import RECORD, write_run

NOW = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four runs: two whole ones, one that has no network yet, and one that is damaged."""
    monkeypatch.chdir(tmp_path)
    write_run(Path("moons"), b"weights")
    write_run(Path("rivers"), b"w" * 1_045_678)
    CheckpointWriter(Path("begun")).write_record(RECORD)
    Path("begun/resume").mkdir()
    Path("begun/resume/state.npz").touch()
    write_run(Path("bad"))
    Path("bad", MODEL_FILE).write_bytes(b"other")
    ages = {"moons": 30, "rivers": 60, "begun": 7_200, "bad": 200_000}
    for name, age in ages.items():
        os.utime(Path(name, RECORD_FILE), (NOW.timestamp() - age,) * 2)
    return Path()


def _console(width: int = 80, *, colour: bool = False) -> tuple[Console, io.StringIO]:
    drawn = io.StringIO()
    console = Console(
        file=drawn,
        width=width,
        force_terminal=colour,
        markup=False,
        highlight=False,
        legacy_windows=False,
    )
    return console, drawn


@pytest.mark.parametrize("width", [60, 80])
def test_a_run_is_drawn_in_full(runs: Path, golden: Callable[[str, str], None], width: int) -> None:
    console, drawn = _console(width)
    show_run(console, usable_run(runs / "moons"), NOW)
    golden(f"info_{width}.txt", drawn.getvalue())


def test_all_runs_are_drawn_in_a_table(runs: Path, golden: Callable[[str, str], None]) -> None:
    console, drawn = _console()
    listed = [any_run(runs / name) for name in ("moons", "rivers", "begun", "bad")]
    show_runs(console, listed, NOW)
    golden("info_list.txt", drawn.getvalue())


def test_no_colour_means_no_escape_codes(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = usable_run(runs / "moons")
    monkeypatch.setenv("NO_COLOR", "1")
    console, drawn = _console(colour=True)
    show_runs(console, [facts], NOW)
    assert "\x1b[3" not in drawn.getvalue()


def test_a_name_with_brackets_is_shown_as_it_is(runs: Path) -> None:
    write_run(runs / "[red]moon")
    console, drawn = _console()
    show_run(console, usable_run(runs / "[red]moon"), NOW)
    assert drawn.getvalue().startswith("[red]moon\n")


def test_a_long_history_becomes_a_short_line(runs: Path) -> None:
    lines = (json.dumps({"step": step, "validation_loss": 3 - step / 100}) for step in range(101))
    (runs / "moons" / HISTORY_FILE).write_text("\n".join(lines))
    console, drawn = _console()
    show_run(console, usable_run(runs / "moons"), NOW)
    (line,) = [line for line in drawn.getvalue().splitlines() if line.startswith("History")]
    first, bars, last = line.removeprefix("History").split()[:3]
    assert (first, len(bars), last) == ("3.000", 40, "2.000")


def test_json_holds_all_that_is_known(runs: Path) -> None:
    result = CliRunner().invoke(main, ["info", "moons", "--checkpoints", str(runs), "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["name"] == "moons"
    assert document["state"] == "whole"
    assert document["parameters"] == sum(layer["parameters"] for layer in document["layers"])
    assert document["vocabulary"] == "\nab月"
    assert document["model"]["validation_loss"] == document["validation_loss"] == 1.5
    assert document["baselines"] == {"unigram": 2.5, "xz": 1.75}
    assert [line["step"] for line in document["history"]] == [50, 100, 150]
    assert "月" in result.stdout


def learned(runs: Path, name: str, content: str, width: int = 80) -> str:
    """What is drawn of a run beside whose network a lesson lies."""
    (runs / "moons" / name).write_text(content, encoding="utf-8")
    console, drawn = _console(width)
    show_run(console, usable_run(runs / "moons"), NOW)
    (row,) = [line for line in drawn.getvalue().splitlines() if line.startswith("Learned")]
    return " ".join(row.split())


def test_what_the_poems_taught_is_told(runs: Path) -> None:
    corpus = RECORD.corpus.digest
    words = table_to_json(LearnedWords({"moon": 3, "the": 1}, corpus))
    assert learned(runs, WORDS_FILE, words) == "Learned 2 words"
    sounds = LearnedSounds(
        120, {"东": (9, 0), "月": (0, 9), "风": (1, 0)}, {"平": (), "仄": ()}, corpus
    )
    assert learned(runs, SOUNDS_FILE, table_to_json(sounds), 120) == (
        "Learned the tones of 2 characters, from 120 regular poems; 2 words"
    )
    result = CliRunner().invoke(main, ["info", "moons", "--checkpoints", str(runs), "--json"])
    assert json.loads(result.stdout)["learned"] == {
        "characters": 2,
        "poems": 120,
        "words": 2,
        "problem": None,
    }


def test_what_the_poems_taught_and_cannot_be_used_is_told(runs: Path) -> None:
    row = learned(runs, WORDS_FILE, table_to_json(LearnedWords({"moon": 3}, "another")), 300)
    assert row.startswith("Learned the learned table cannot be used: moons/words.json belongs to")
    assert row.endswith("Make it again: charrnn forms sounds moons")


def test_json_lists_every_run_the_newest_first(runs: Path) -> None:
    result = CliRunner().invoke(main, ["info", "--checkpoints", str(runs), "--json"])
    listed = json.loads(result.stdout)["runs"]
    assert [(run["name"], run["state"]) for run in listed] == [
        ("moons", "whole"),
        ("rivers", "whole"),
        ("begun", "unfinished"),
        ("bad", "damaged"),
    ]
    assert listed[0]["problem"] is None
    assert "charrnn train --resume --name begun" in listed[2]["problem"]
    assert "changed or damaged" in listed[3]["problem"]


def test_a_run_whose_record_is_lost_is_a_row_that_says_so(runs: Path) -> None:
    (runs / "bad" / RECORD_FILE).write_text("{")
    facts = any_run(runs / "bad")
    assert (facts.state, facts.record) == ("damaged", None)
    result = CliRunner().invoke(main, ["info", "--checkpoints", str(runs)])
    assert result.exit_code == 0
    assert "bad: bad/charrnn.json cannot be used" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("bad", "it was changed or damaged"),
        ("begun", "charrnn train --resume --name begun"),
        ("lakes", "there is no checkpoint named lakes"),
    ],
)
def test_a_run_that_cannot_be_used_ends_in_a_sentence(runs: Path, name: str, sentence: str) -> None:
    result = CliRunner().invoke(main, ["info", name, "--checkpoints", str(runs)])
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert result.stdout == ""


def test_no_run_at_all_tells_how_to_make_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["info", "--checkpoints", str(tmp_path)])
    assert result.exit_code == 1
    assert "Train one first, with: charrnn train" in result.stderr
    result = CliRunner().invoke(main, ["info", "--checkpoints", str(tmp_path), "--json"])
    assert json.loads(result.stdout) == {"runs": []}


def test_bundled_networks_are_listed_after_ones_own(runs: Path, bundled: Path) -> None:
    for name in ("tang", "rivers", "shakespeare"):
        write_run(bundled / name)

    def listed(root: Path) -> list[str]:
        result = CliRunner().invoke(main, ["info", "--checkpoints", str(root), "--json"])
        return [run["name"] for run in json.loads(result.stdout)["runs"]]

    assert listed(runs) == ["moons", "rivers", "begun", "bad", "shakespeare", "tang"]
    assert listed(runs / "nowhere") == ["rivers", "shakespeare", "tang"]
    drawn = CliRunner().invoke(main, ["info", "--checkpoints", str(runs / "nowhere")]).stdout
    assert [line.split()[0] for line in drawn.splitlines()[1:]] == ["rivers", "shakespeare", "tang"]


def test_it_keeps_to_the_width_of_the_terminal(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    result = CliRunner().invoke(main, ["info", "moons", "--checkpoints", str(runs)])
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 50


@pytest.mark.parametrize("closed", ["charrnn.json", "model.keras", "history.jsonl"])
def test_a_neighbour_that_may_not_be_read_is_listed_with_its_fault(
    runs: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    Path("rivers/history.jsonl").touch()
    opened = os.open

    def refused(file: Any, *arguments: Any, **options: Any) -> int:
        if str(file) == f"rivers/{closed}":
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        return opened(file, *arguments, **options)

    monkeypatch.setattr(os, "open", refused)
    result = CliRunner().invoke(main, ["info", "--checkpoints", str(runs), "--json"])
    assert result.exit_code == 0, result.stderr
    problems = {run["name"]: run["problem"] for run in json.loads(result.stdout)["runs"]}
    assert problems["moons"] is None
    assert f"rivers/{closed} cannot be read" in problems["rivers"]
    assert "Permission denied" in problems["rivers"]
    assert CliRunner().invoke(main, ["info", "moons", "--checkpoints", str(runs)]).exit_code == 0


DAMAGES = (
    hostile.RECORDS
    | hostile.UNREADABLE_HISTORIES
    | {name: make for name, make in hostile.HISTORIES.items() if name != "many lines"}
    | hostile.not_regular(MODEL_FILE)
)


@pytest.mark.parametrize("make", DAMAGES.values(), ids=DAMAGES)
def test_one_damaged_checkpoint_does_not_keep_the_others_from_being_listed(
    tmp_path: Path, make: hostile.Hostile
) -> None:
    write_run(tmp_path / "moons")
    save_reciting_run(tmp_path / "black")
    make(tmp_path / "black")
    for arguments in ([], ["--json"]):
        result = CliRunner().invoke(main, ["info", "--checkpoints", str(tmp_path), *arguments])
        assert result.exit_code == 0
        assert "moons" in result.stdout
        assert "black" in result.stdout
        result.stdout.encode()
    result = CliRunner().invoke(main, ["info", str(tmp_path / "black")])
    assert result.exit_code in {0, 1}
    assert isinstance(result.exception, SystemExit | CheckpointError | None)
