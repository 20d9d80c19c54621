"""Writing by an author, with labels and under a title, at the command line."""

import dataclasses
import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.record import LabelRecord
from charrnn.cli import main
from tests.fakes import RECORD
from tests.training.runs import save_random_run

LABELS = tuple(
    LabelRecord(field=field, value=value, poems=poems)
    for field, value, poems in (
        ("author", "Emily Dickinson", 1200),
        ("author", "John Keats", 40),
        ("form", "ode", 7),
    )
)
CORPUS = dataclasses.replace(RECORD.corpus, labels=LABELS, titles=1100)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    save_random_run(tmp_path / "runs" / "voices", "\n abc", corpus=CORPUS)
    save_random_run(tmp_path / "runs" / "plain", "\n abc", seed=1)
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    return tmp_path / "runs"


def charrnn(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=text)


SHORT = ("--length", "30", "--seed", "1", "--temperature", "2")


def predicted(*arguments: str, network: tuple[str, ...] = ("voices",)) -> str:
    """What the network expected at each character that it wrote."""
    result = charrnn("generate", *network, *SHORT, *arguments, "--explain", "--json")
    assert result.exit_code == 0, result.output
    (poem,) = json.loads(result.stdout)["poems"]
    return json.dumps({key: poem[key] for key in poem.keys() - {"command", "settings"}})


def test_each_author_and_title_writes_otherwise_and_the_same_again() -> None:
    conditions = [
        (),
        ("--by", "Keats"),
        ("--by", "dickinson"),
        ("--by", "Keats", "--title", "ab"),
        ("--by", "Keats=1,Dickinson=2"),
        ("--label", "form=ode"),
    ]
    poems = [predicted(*condition) for condition in conditions]
    assert len(set(poems)) == len(poems)
    assert poems == [predicted(*condition) for condition in conditions]


def test_the_command_that_writes_it_again_names_author_label_and_title() -> None:
    options = ("--by", "Keats", "--label", "form=ode", "--title", "a b")
    result = charrnn("generate", "voices", *SHORT, *options, "--print-command")
    command = result.stderr.splitlines()[-1]
    assert "--by Keats --label form=ode --title 'a b'" in command
    assert charrnn(*shlex.split(command)[1:]).stdout == result.stdout


def test_json_tells_them_as_settings() -> None:
    document = json.loads(charrnn("generate", "voices", *SHORT, "--by", "Keats", "--json").stdout)
    settings = document["poems"][0]["settings"]
    assert (settings["by"], settings["title"]) == ("Keats", None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("voices", "--by", "Whitman"), "this network does not know the author Whitman."),
        (("voices", "--by", "Keets"), "The nearest are John Keats."),
        (("plain", "--by", "Keats"), "this network has learned no labels, so --by has no meaning"),
        (("plain", "--title", "Tide"), "this network has learned no titles"),
        (("voices", "--by", "Keats=-1"), "it must be a name, or names with a weight each"),
        (("voices", "--label", "ode"), "it must be fields with a value each"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(arguments: tuple[str, ...], told: str) -> None:
    result = charrnn("generate", *arguments)
    assert result.exit_code in {1, 2}
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_a_blend_is_written_by_an_author_that_one_of_them_knows() -> None:
    blend = ("--blend", "voices=1,plain=1")
    assert predicted("--by", "Keats", network=blend) != predicted(network=blend)


def test_info_lists_labels_with_their_numbers_of_poems() -> None:
    shown = charrnn("info", "voices").stdout
    assert "Label author  Emily Dickinson (1,200), John Keats (40)" in shown
    assert "Titles        of 1,100 poems" in shown
    labels = json.loads(charrnn("info", "voices", "--json").stdout)["corpus"]["labels"]
    assert labels[2] == {"field": "form", "value": "ode", "poems": 7}


def test_a_conversation_changes_author_and_title() -> None:
    script = "/seed 1\n/length 20\n/by Keats\n\n/by Whitman\n\n/by default\n/title ab\n\n/quit\n"
    result = charrnn("repl", "voices", text=script)
    assert "by: Keats" in result.stdout
    assert "does not know the author Whitman" in result.output
    assert "title: ab" in result.stdout
