import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.directory import PASSAGES_FILE, CheckpointWriter
from charrnn.cli import main, novelty_report
from charrnn.cli import novelty as command
from charrnn.corpus.indexing import index_learned_part
from charrnn.corpus.loading import read_corpus
from charrnn.settings.configuration import CorpusConfig, Layout
from tests.generation.networks import save_reciting_run

LEARNED = "\n\n".join(
    f"The {colour} moon above the {place}\nlooks down on every {colour} face."
    for colour in ("white", "red", "yellow", "pale")
    for place in ("hill", "lake", "town", "empty road")
)
WRITTEN = """\
The yellow moon above the lake
looks up at every yellow cake.

The sun above the empty road
looks down on every weary load.

XYZ
"""


def learn(tmp_path: Path, name: str, layout: Layout = "blocks", *, indexed: bool = True) -> Path:
    """A run that learned a file beside it, with its index or without."""
    file = tmp_path / f"{name}.txt"
    file.write_text(LEARNED, encoding="utf-8")
    corpus = read_corpus([str(file)], CorpusConfig(layout=layout))
    directory = tmp_path / "runs" / name
    record = save_reciting_run(directory, layout, corpus=corpus.record())
    if indexed:
        index_learned_part(corpus, record).write(directory / PASSAGES_FILE)
    return file


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a text to be measured, where the user is."""
    (tmp_path / "written.txt").write_text(WRITTEN, encoding="utf-8")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def novelty(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["novelty", *arguments], input=stdin)


def test_poems_are_measured_beside_those_kept_aside(
    place: Path, golden: Callable[[str, str], None]
) -> None:
    learn(place, "moons")
    result = novelty("written.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("novelty.txt", result.stdout)


def test_a_continuous_text_is_measured_in_stretches_and_found_by_line(
    place: Path, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(place, "moons", "text")
    monkeypatch.setattr(command, "LENGTH_OF_TEXT", 60)
    result = novelty("written.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("novelty_text.txt", result.stdout)


def test_without_the_corpus_the_numbers_of_poems_are_told_and_no_text(place: Path) -> None:
    learn(place, "moons").unlink()
    result = novelty("written.txt")
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "There is nothing to compare with: the corpus of moons cannot be read again: there is no "
    )
    assert "kept aside" not in result.stdout
    assert "of moons" in result.stdout
    assert "|" not in result.stdout


def test_without_the_corpus_a_continuous_text_is_told_by_its_characters(place: Path) -> None:
    learn(place, "moons", "text").unlink()
    assert "       character " in novelty("written.txt").stdout


def test_json_holds_the_same_for_programs(place: Path) -> None:
    learn(place, "moons")
    result = novelty("-", "--checkpoint", "moons", "--json", stdin=WRITTEN)
    document = json.loads(result.stdout)
    assert (document["text"], document["corpus"], document["limit"]) == ("-", "moons", 25)
    assert document["checkpoint"] == str(place / "runs" / "moons")
    figures = document["figures"]
    assert figures["poems"] == len(figures["longest"]) == 3
    assert figures["longest"][2] == 0
    assert figures["longest_of_all"] == max(figures["longest"]) == document["runs"][0]["length"]
    assert figures["over_limit"] == sum(length > 25 for length in figures["longest"]) / 3
    assert document["kept_aside"]["poems"] < 16
    first = document["runs"][0]
    assert first["text"] in " ".join(LEARNED.split())
    assert first["places"] == len(first["stands_in"]) >= 1
    poem = LEARNED.split("\n\n")[first["stands_in"][0]["poem"] - 1]
    assert " ".join(poem.split())[first["stands_in"][0]["offset"] :].startswith(first["text"])
    assert set(first["lines"]) <= set(poem.split("\n"))


def test_an_older_run_gets_its_index_now(place: Path) -> None:
    learn(place, "moons", indexed=False)
    first = novelty("written.txt")
    path = place / "runs" / "moons" / PASSAGES_FILE
    assert first.stderr == f"The index of the text is now kept in {path}.\n"
    second = novelty("written.txt")
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_an_index_is_made_for_once_where_it_cannot_be_kept(place: Path) -> None:
    learn(place, "moons", indexed=False)
    directory = place / "runs" / "moons"
    with CheckpointWriter(directory).held():
        result = novelty("written.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    assert not (directory / PASSAGES_FILE).exists()


def test_what_came_with_charrnn_stays_as_it_came(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(place, "moons", indexed=False)
    monkeypatch.setattr("charrnn.checkpoint.directory.BUNDLED", place / "runs")
    result = novelty("written.txt", "--checkpoint", "moons", "--checkpoints", "elsewhere")
    assert (result.exit_code, result.stderr) == (0, "")
    assert not (place / "runs" / "moons" / PASSAGES_FILE).exists()


def test_neither_index_nor_corpus_is_told(place: Path) -> None:
    learn(place, "moons", indexed=False).unlink()
    result = novelty("written.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        f"Error: {place}/runs/moons has no index of the text it learned, and none can be made: the "
        "corpus of moons cannot be read again: "
    )


def test_an_index_that_is_damaged_is_told(place: Path) -> None:
    learn(place, "moons")
    path = place / "runs" / "moons" / PASSAGES_FILE
    path.write_bytes(path.read_bytes()[:-1])
    result = novelty("written.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: the index of the text learned cannot be used: {path} cannot be used: it was changed "
        "or cut short. Remove it and make it anew (charrnn novelty does), or write without it "
        "(--max-copy 0).\n"
    )


def test_a_text_that_shares_nothing_is_told(place: Path) -> None:
    learn(place, "moons")
    assert novelty("-", stdin="ZXZX").stdout.endswith("None of its characters stands there.\n")


def test_a_long_line_is_shown_around_the_run(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learn(place, "moons")
    monkeypatch.setattr(novelty_report, "SHOWN_AROUND", 4)
    shown = novelty("-", stdin="QQ oon above the hi QQ").stdout
    assert "“oon above the hi”" in shown
    assert "| …te moon above the hill" in shown or "| …ed moon above the hill" in shown


def test_of_a_long_validation_part_some_poems_are_compared(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(place, "moons")
    whole = json.loads(novelty("written.txt", "--json").stdout)["kept_aside"]
    monkeypatch.setattr(command, "MOST_KEPT_ASIDE", whole["characters"] // 2)
    some = json.loads(novelty("written.txt", "--json").stdout)["kept_aside"]
    assert 0 < some["poems"] < whole["poems"]
    learn(place, "text", "text")
    monkeypatch.setattr(command, "MOST_KEPT_ASIDE", 40)
    arguments = ("written.txt", "--json", "--checkpoint", "text")
    assert json.loads(novelty(*arguments).stdout)["kept_aside"]["characters"] <= 40


def test_a_file_that_is_missing_is_told(place: Path) -> None:
    learn(place, "moons")
    result = novelty("nowhere.txt")
    assert result.exit_code == 1
    assert "there is no file, directory or corpus named nowhere.txt" in result.stderr


def test_a_corpus_that_was_piped_in_is_not_waited_for(place: Path) -> None:
    file = learn(place, "moons")
    corpus = read_corpus([str(file)], CorpusConfig(layout="blocks"))
    unread = dataclasses.replace(corpus.record(), sources=("-",))
    save_reciting_run(place / "runs" / "moons", corpus=unread)
    result = novelty("-", stdin=WRITTEN)
    assert result.exit_code == 0
    assert result.stderr == (
        "There is nothing to compare with: the corpus of moons was not read from a file, so it "
        "cannot be read again.\n"
    )
