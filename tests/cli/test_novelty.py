import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.directory import NGRAM_FILTER_FILE, CheckpointWriter
from charrnn.cli import main
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.ngram_filter import NgramFilter, filter_of_training_split
from charrnn.settings.configuration import CorpusConfig, Layout
from tests.decoding.networks import save_reciting_run

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


def learn(tmp_path: Path, name: str, layout: Layout = "blocks", *, filtered: bool = True) -> Path:
    """A run that learned a file beside it, with its n-gram filter or without."""
    file = tmp_path / f"{name}.txt"
    file.write_text(LEARNED, encoding="utf-8")
    corpus = read_corpus([str(file)], CorpusConfig(layout=layout))
    directory = tmp_path / "runs" / name
    record = save_reciting_run(directory, layout, corpus=corpus.record())
    if filtered:
        filter_of_training_split(corpus, record).write(directory / NGRAM_FILTER_FILE)
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


def test_a_continuous_text_is_one_poem(place: Path, golden: Callable[[str, str], None]) -> None:
    learn(place, "moons", "text")
    result = novelty("written.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("novelty_text.txt", result.stdout)


def test_without_the_corpus_the_runs_are_told_and_not_where_they_come_from(place: Path) -> None:
    learn(place, "moons").unlink()
    result = novelty("written.txt")
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "The validation split is not measured: the corpus of moons cannot be read again: there is no "
    )
    assert "validation" not in result.stdout
    assert "  44  “n above the empty road looks down on every w”, poem 2" in result.stdout
    assert "of moons" not in result.stdout


def test_json_holds_the_same_for_programs(place: Path) -> None:
    learn(place, "moons")
    result = novelty("-", "--checkpoint", "moons", "--json", stdin=WRITTEN)
    document = json.loads(result.stdout)
    assert (document["text"], document["corpus"], document["n"]) == ("-", "moons", 12)
    assert document["checkpoint"] == str(place / "runs" / "moons")
    figures = document["figures"]
    assert figures["share"] == pytest.approx(
        sum(run["length"] - 11 for run in document["runs"]) / figures["ngrams"]
    )
    assert figures["longest"] == document["runs"][0]["length"]
    assert document["validation"]["characters"] > 0
    first = document["runs"][0]
    poem = " ".join(LEARNED.split("\n\n")[first["source"] - 1].split())
    assert first["text"] in poem
    assert first["text"] in first["shown"]
    assert first["shown"].strip("…") in poem


def test_a_run_that_stands_nowhere_as_a_whole_is_told(place: Path) -> None:
    learn(place, "moons")
    # Both halves stand there, and so does every n-gram where they meet.
    pieced = "red moon above the hill looks down on every pale face."
    told = novelty("-", stdin=pieced).stdout
    assert (
        f"“{pieced}”, poem 1\n       in overlapping parts of at least 12 characters, not as a whole\n"
        in told
    )


def test_a_false_alarm_of_the_filter_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learn(place, "moons")
    hits = NgramFilter.hits
    monkeypatch.setattr(NgramFilter, "hits", lambda self, text: hits(self, text) | ("ZX" in text))
    text = "red moon above ZX"
    told = novelty("-", stdin=text).stdout
    assert (
        f"“{text}”, poem 1\n       not in moons, a false alarm of the filter of its 12-grams\n"
        in told
    )
    run, *_ = json.loads(novelty("-", "--json", stdin=text).stdout)["runs"]
    assert run["false_alarms"] == 2


def test_a_run_without_a_filter_gets_it_now(place: Path) -> None:
    learn(place, "moons", filtered=False)
    first = novelty("written.txt")
    path = place / "runs" / "moons" / NGRAM_FILTER_FILE
    assert first.stderr == f"Saved the n-gram filter as {path}.\n"
    second = novelty("written.txt")
    assert (second.stdout, second.stderr) == (first.stdout, "")


def test_a_filter_is_made_for_once_where_it_cannot_be_kept(place: Path) -> None:
    learn(place, "moons", filtered=False)
    directory = place / "runs" / "moons"
    with CheckpointWriter(directory).held():
        result = novelty("written.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    assert not (directory / NGRAM_FILTER_FILE).exists()


def test_neither_filter_nor_corpus_is_told(place: Path) -> None:
    learn(place, "moons", filtered=False).unlink()
    result = novelty("written.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        f"Error: {place}/runs/moons has no n-gram filter of the text it learned, and none can be "
        "made: the corpus of moons cannot be read again: "
    )


def test_a_filter_that_is_damaged_is_told(place: Path) -> None:
    learn(place, "moons")
    path = place / "runs" / "moons" / NGRAM_FILTER_FILE
    path.write_bytes(path.read_bytes()[:-1])
    result = novelty("written.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: the n-gram filter of the training text cannot be used: {path} was changed or cut "
        "short. Remove it and make it again (charrnn novelty does), or write without it (--max-copy "
        "0).\n"
    )


def test_a_text_that_shares_nothing_is_told(place: Path) -> None:
    learn(place, "moons")
    nothing = "\nNo 12 consecutive characters of it are in the corpus.\n"
    assert novelty("-", stdin="ZXZXZXZXZXZXZXZX").stdout.endswith(nothing)
    assert novelty("-", stdin="ZX").stdout.endswith(nothing)
