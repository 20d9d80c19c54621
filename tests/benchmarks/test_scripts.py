"""Scripts that measure networks run, on networks that know nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import dynamic_evaluation, form_quality
from charrnn.forms.english import lexicon
from tests.forms.core.runs import save_verse_runs
from tests.training.runs import save_random_run


def test_a_network_learns_from_the_text_it_is_measured_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_random_run(tmp_path / "learner", "\nabcdefgh")
    text = tmp_path / "refrain.txt"
    text.write_text("abba\ncafe\n\n" * 100, encoding="utf-8")
    arguments = ["learner", str(text), "--checkpoints", str(tmp_path)]
    losses = []
    for rate in (0.0, 0.01):
        monkeypatch.setattr(dynamic_evaluation, "RATE", rate)
        result = CliRunner().invoke(dynamic_evaluation.main, arguments)
        assert result.exit_code == 0, result.output
        losses.append(float(result.stdout.split()[0]))
    assert losses[1] < losses[0] - 0.1


def test_poems_of_people_free_ones_and_ones_in_a_form_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_verse_runs(tmp_path)
    (tmp_path / "people.txt").write_text("月山水，雨日东。\n\n月山水，雨东东。\n\n云。\n", "utf-8")
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    monkeypatch.chdir(tmp_path)
    asked = "yun people.txt --form toy.toml --rhymes sounds.txt --seed 5 --count 20 --checkpoints ."
    result = CliRunner().invoke(form_quality.main, asked.split(), catch_exceptions=False)
    rows = {row["name"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert list(rows) == ["human", "free", "in form"]
    assert (rows["human"]["shaped"], rows["human"]["passing"]) == (2 / 3, 1 / 3)
    assert (rows["in form"]["passing"], rows["in form"]["given_up"]) == (1, 0)
    assert all(0 < row["self_bleu"] < 1 and row["log_probability"] < 0 for row in rows.values())


def test_the_parts_of_a_run_that_are_timed_are_there() -> None:
    from benchmarks.time_shares import watch

    timed: list[str] = []

    def unchanged(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        timed.append(part)
        return function

    watch(unchanged)
    assert "training step" in timed
