import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint import PASSAGES_FILE
from charrnn.cli import form_report, main
from charrnn.cli.form_report import chosen_evenly
from charrnn.config import SamplingConfig
from charrnn.corpus.passages import PassageIndex
from charrnn.errors import FormGivenUpError
from charrnn.forms.core.writer import FormWriter
from charrnn.forms.english import lexicon
from tests.forms.core.runs import save_verse_runs

CHINESE = ("yun", "people.txt", "--form", "toy.toml", "--rhymes", "sounds.txt", "--seed", "5")
ENGLISH = (
    "moons",
    "--syllables",
    "4,3",
    "--rhyme",
    "AA",
    "--lexicon",
    "lexicon.txt",
    "--seed",
    "5",
)

PEOPLE = """\
月山水，雨日东。

月山水，雨东东。

云。
"""


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that write verse at random, and poems by people: one keeps the form of toy.toml."""
    save_verse_runs(tmp_path)
    PassageIndex.build(["月山水，雨东东。"], corpus="0" * 64).write(
        tmp_path / "yun" / PASSAGES_FILE
    )
    (tmp_path / "people.txt").write_text(PEOPLE, encoding="utf-8")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    monkeypatch.chdir(tmp_path)


def evaluate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", *arguments])


def rows(*arguments: str) -> dict[str, dict[str, Any]]:
    result = evaluate(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return {row["name"]: row for row in json.loads(result.stdout)["rows"]}


def test_poems_of_people_free_ones_and_ones_in_the_form_stand_side_by_side() -> None:
    found = rows(*CHINESE, "--count", "20")
    assert list(found) == ["human", "free", "in form"]
    human, free, in_form = found.values()
    assert (human["poems"], free["poems"], in_form["poems"]) == (3, 20, 20)
    assert human["shaped"] == 2 / 3
    assert human["passing"] == 1 / 3
    assert human["sounding"] == (5 + 4) / 10
    assert human["longest_run_of_all"] == 8
    assert human["seconds"] is None
    for name in ("shaped", "rhyming", "sounding", "passing"):
        assert in_form[name] in {1, None}
    assert in_form["passing"] == 1
    assert free["passing"] < 1
    assert in_form["seconds"] > 0
    assert all(row["log_probability"] < 0 for row in found.values())


def test_the_table_holds_what_json_holds(
    golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr(f"{form_report.__name__}.time.perf_counter", lambda: next(ticks))
    result = evaluate(*CHINESE, "--count", "4")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("evaluate_form.txt", result.stdout)


def test_json_tells_how_the_figures_came_about() -> None:
    document = json.loads(
        evaluate(*CHINESE, "--count", "2", "--temperature", "0.5", "--json").stdout
    )
    assert (document["form"], document["rhymes"], document["count"]) == ("toy", "sounds", 2)
    assert document["text"] == "people.txt"
    assert document["settings"]["temperature"] == 0.5
    assert document["settings"]["seed"] == 5
    assert document["form_settings"]["particles"] == 32
    assert len(document["model"]) == 64


def test_without_poems_of_people_there_are_two_rows() -> None:
    result = evaluate(*ENGLISH, "--count", "3", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert [row["name"] for row in document["rows"]] == ["free", "in form"]
    assert document["text"] is None
    assert document["rows"][1]["passing"] == 1
    human, copied = result.stderr.splitlines()
    assert human.startswith("There are no poems of people to compare with: the corpus of moons was")
    assert copied == (
        "How much is copied is not told: there is no index of the text learned; charrnn novelty "
        "makes it."
    )


def test_an_index_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "yun" / PASSAGES_FILE).write_bytes(b"")
    result = evaluate(*CHINESE, "--count", "1", "--json", "--max-copy", "0")
    assert result.stderr.startswith("How much is copied is not told: the index of the text learned")
    assert json.loads(result.stdout)["rows"][0]["longest_run"] is None


def test_poems_that_are_given_up_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    write = FormWriter.write

    def now_and_then(poet: FormWriter, prompt: str = "", *, sampling: SamplingConfig) -> Any:
        if sampling.seed == 6:
            raise FormGivenUpError("the poem was given up after line 1.")
        return write(poet, prompt, sampling)

    monkeypatch.setattr(FormWriter, "write", now_and_then)
    in_form = rows(*CHINESE, "--count", "3")["in form"]
    assert (in_form["poems"], in_form["given_up"]) == (2, 1)
    assert "given up" in evaluate(*CHINESE, "--count", "3").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("yun", "--count", "3"), 2, "--count goes with --form: nothing is written here."),
        (("yun", "--temperature", "1"), 2, "--temperature goes with --form"),
        (("yun", "--profile", "246"), 2, "profile goes with a form of verse"),
        (("yun", "--form", "sonet"), 1, "Did you mean sonnet?"),
        (("yun", "--form", "couplet", "--lexicon", "lexicon.txt"), 2, "knows no Latin letters"),
        (("yun", "nowhere.txt", "--form", "toy.toml"), 1, "there is no file, directory or corpus"),
        (("yun", "--form", "toy.toml", "--count", "0"), 2, "at least 1"),
    ],
)
def test_what_cannot_be_compared_ends_in_a_sentence(
    arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    result = evaluate(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in " ".join(result.stderr.split())


def test_poems_are_chosen_evenly() -> None:
    poems = [str(number) for number in range(10)]
    assert chosen_evenly(poems, 3) == ["0", "3", "6"]
    assert chosen_evenly(poems, 10) == chosen_evenly(poems, 99) == poems
