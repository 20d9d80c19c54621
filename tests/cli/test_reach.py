import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from tests.training.runs import save_random_run

TEXT = "black horses\nin the moon\n\n" * 20


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "poems.txt").write_text(TEXT, encoding="utf-8")
    for name, cell in (("long", "lstm"), ("short", "simple_rnn")):
        save_random_run(tmp_path / "runs" / name, "\n abcdefhiklmnorst", cell=cell)
    return tmp_path


def reach(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["reach", *arguments])


def test_the_gradient_of_each_path_is_shown_by_distance() -> None:
    result = reach("long", "--text", "poems.txt")
    assert result.exit_code == 0, result.output
    for told in ("Gradients by distance: long", "read (x)", "output (h)", "cell state (c)", "200"):
        assert told in result.stdout
    assert "long: half of the predictions have 95% of the squared gradient" in result.stdout


def test_several_networks_stand_side_by_side() -> None:
    result = reach("long", "--compare", "short", "--text", "poems.txt")
    assert "long" in result.stdout.splitlines()[2]
    assert "short" in result.stdout.splitlines()[2]
    assert result.stdout.count("95% of the squared gradient") == 2


def test_quartiles_are_there_for_programs() -> None:
    document = json.loads(reach("short", "--text", "poems.txt", "--json").stdout)
    (facts,) = document["networks"]
    assert facts["cell"] is None
    assert facts["distances"] == list(range(1, 201))
    quartiles = [facts["inputs"][name] for name in ("lower_quartile", "median", "upper_quartile")]
    assert np.all(np.diff(quartiles, axis=0) >= 0)


def test_its_own_writing_is_decided_by_the_seed(place: Path) -> None:
    shutil.rmtree(place / "runs" / "short")
    first, again, other = (reach("--json", "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == again != other


def test_a_short_text_is_one_sentence(place: Path) -> None:
    (place / "poems.txt").write_text("black horses\n", encoding="utf-8")
    result = reach("long", "--text", "poems.txt")
    assert result.exit_code == 1
    assert "the text has 12 characters, too few to follow gradients back." in result.stderr


def test_a_text_of_a_few_lines_is_followed_as_far_as_it_goes(place: Path) -> None:
    (place / "poems.txt").write_text(TEXT[:60], encoding="utf-8")
    (facts,) = json.loads(reach("long", "--text", "poems.txt", "--json").stdout)["networks"]
    assert 25 <= len(facts["distances"]) <= 32
