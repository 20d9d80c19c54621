import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.directory import Checkpoint
from charrnn.cli import main
from charrnn.decoding.writer import TextGenerator
from charrnn.settings.configuration import Layout
from tests.decoding.networks import CERTAINTY, POEM, save_reciting_run

FORESEEN = math.log1p(12 * math.exp(-CERTAINTY))
TEXT = f"{POEM}\n\nblock\nhorse\n\nhe€k\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that recites a poem, and a text, where the user is."""
    save_reciting_run(tmp_path / "runs" / "reciter")
    (tmp_path / "poems.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def score(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["score", *arguments], input=stdin)


def test_each_line_has_its_bits_and_the_most_surprising_characters_come_last(
    golden: Callable[[str, str], None],
) -> None:
    result = score("reciter", "poems.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("score.txt", result.stdout)
    assert score("poems.txt").stdout == result.stdout


def test_a_text_of_one_character_can_be_scored() -> None:
    result = score("-", "--json", stdin="bbb\n")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["characters"] == 4


def test_a_text_that_was_foreseen_has_nothing_surprising() -> None:
    result = score("-", stdin=POEM)
    assert result.stdout == (
        "reciter on -\n\n  0.00  black\n  0.00  horse\n\n"
        "  0.00  bits per character: 12 characters, 2 lines, 1 poem\n\n"
        "Every character was the likeliest.\n"
    )
    assert json.loads(score("-", "--json", stdin=POEM).stdout)["most_surprising"] == []


def test_every_character_is_explained_beneath_its_line(golden: Callable[[str, str], None]) -> None:
    result = score("poems.txt", "--explain")
    assert result.exit_code == 0
    assert result.stderr.startswith("Beneath each character: its surprisal in bits")
    assert "\x1b" not in result.output
    golden("score_explained.txt", result.stdout)


def test_the_place_of_the_file_is_told_where_it_is_missing() -> None:
    result = score()
    assert result.exit_code == 2
    assert "Missing argument 'FILE'" in result.stderr
    missing = score("nowhere.txt")
    assert missing.exit_code == 1
    assert "no file, directory or corpus named nowhere.txt" in missing.stderr
    assert "no checkpoint named lakes" in score("lakes", "poems.txt").stderr
    assert "[CHECKPOINT] FILE" in score("--help").stdout


def test_json_holds_the_same_in_full(place: Path) -> None:
    document = json.loads(score("-", "--json", stdin=TEXT).stdout)
    assert document["model"] == Checkpoint.open(place / "runs" / "reciter").model.sha256
    assert (document["text"], document["characters"]) == ("-", 12 + 12 + 5)
    assert document["unknown_characters"] == 1
    # Surprising are the o of "block" and what follows it; in the last poem its beginning, the e,
    # the € and the end. After an unknown character all are alike.
    nats = 22 * FORESEEN + 6 * (CERTAINTY + FORESEEN) + math.log(13)
    assert document["nats_per_character"] == pytest.approx(nats / 29, rel=1e-6)
    assert document["bits_per_character"] == pytest.approx(nats / 29 / math.log(2), rel=1e-6)
    lines = [line for poem in document["poems"] for line in poem["lines"]]
    assert [line["text"] for line in lines] == ["black", "horse", "block", "horse", "he€k"]
    assert [line["characters"] for line in lines] == [6, 6, 6, 6, 5]
    assert lines[2]["bits_per_character"] == pytest.approx(2 * CERTAINTY / math.log(2) / 6)
    assert all("explanation" not in line for line in lines)
    first = document["most_surprising"][0]
    assert (first["poem"], first["line"], first["column"]) == (2, 1, 3)
    assert (first["before"], first["character"], first["rank"]) == ("bl", "o", 2)
    assert first["runners_up"][0]["character"] == "a"


def test_json_explains_every_character_when_it_is_asked_to() -> None:
    document = json.loads(score("poems.txt", "--json", "--explain").stdout)
    line = document["poems"][0]["lines"][1]
    assert [one["character"] for one in line["explanation"]] == [*"horse", ""]
    assert [one["rank"] for one in line["explanation"]] == [1] * 6
    assert [len(one["runners_up"]) for one in line["explanation"]] == [3] * 6


@pytest.mark.parametrize(("layout", "lines_of_poems"), [("text", [3]), ("lines", [1, 1, 1])])
def test_other_layouts_are_read_as_their_network_was(
    place: Path, layout: Layout, lines_of_poems: list[int]
) -> None:
    save_reciting_run(place / "runs" / "other", layout)
    Path("three.txt").write_text("horse\nblack\nhorse\n", encoding="utf-8")
    document = json.loads(score("other", "three.txt", "--json").stdout)
    assert [len(poem["lines"]) for poem in document["poems"]] == lines_of_poems
    printed = score("other", "three.txt").stdout
    assert ("3 poems" in printed) == (layout == "lines")
    assert ("poem 3, line 1, character 1; b was likelier" in printed) == (layout == "lines")
    lines = printed.splitlines()
    assert [line[8:] for line in lines[2:5]] == ["horse", "black", "horse"]


def test_a_poem_alone_is_scored_as_its_probability_when_it_was_written(place: Path) -> None:
    writer = TextGenerator.open(place / "runs" / "reciter")
    poem = writer.write()
    document = json.loads(score("-", "--json", stdin=poem.text).stdout)
    nats = -np.sum(poem.log_probabilities)
    assert document["nats_per_character"] * 12 == pytest.approx(nats + FORESEEN, abs=1e-5)
