import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint import lookup
from charrnn.checkpoint.directory import SOUNDS_FILE, WORDS_FILE, CheckpointWriter
from charrnn.cli import main
from charrnn.corpus.loading import read_corpus
from charrnn.forms.core.known_forms import find_form
from charrnn.settings.configuration import CorpusConfig
from tests.decoding.networks import save_reciting_run
from tests.forms.chinese.test_form_learning import poems
from tests.forms.english.test_form_learning import poems as english_poems


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Corpora: regular verse, verse to a tune, and English."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", "runs")
    texts = {
        "tang.txt": "\n".join(poems(find_form("wujue"), 400)),
        "ci.txt": "\n".join(poems(find_form("huanxisha"), 60)),
        "hymns.txt": "\n\n".join(english_poems("ABAB", (8, 6, 8, 6), 40)),
    }
    for name, text in texts.items():
        Path(name).write_text(f"{text}\n", encoding="utf-8")


def forms(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["forms", *arguments])


def learn(name: str, file: str) -> Path:
    """A run that learned a file, before it was taught anything else."""
    corpus = read_corpus([file], CorpusConfig())
    directory = Path("runs", name)
    save_reciting_run(directory, corpus=corpus.record())
    characters = tuple(sorted({*corpus.text[: len(corpus.text)], "\n"}))
    record = directory / "charrnn.json"
    document = json.loads(record.read_text(encoding="utf-8"))
    document["vocabulary"] = characters
    document["architecture"]["vocabulary_size"] = len(characters) + 2
    record.write_text(json.dumps(document), encoding="utf-8")
    return directory


def test_the_sounds_of_an_older_run_are_made_and_told(golden: Callable[[str, str], None]) -> None:
    directory = learn("tang", "tang.txt")
    result = forms("sounds", "tang")
    assert (result.exit_code, result.stderr) == (
        0,
        f"The learned tables are now kept in {directory}.\n",
    )
    golden("forms_sounds.txt", result.stdout)
    assert (directory / SOUNDS_FILE).exists()
    assert forms("sounds", "tang").stderr == ""


@pytest.mark.parametrize("content", [b"damaged", None])
def test_nothing_is_written_into_a_network_that_comes_with_charrnn(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = learn("tang", "tang.txt")
    monkeypatch.setattr(lookup, "BUNDLED", directory.parent)
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", "nowhere")
    if content is not None:
        (directory / SOUNDS_FILE).write_bytes(content)
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    result = forms("sounds", "tang")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: the learned tables of tang are missing or damaged. The network comes with charrnn "
        "and is never changed; install charrnn again.\n"
    )
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_the_words_of_an_older_run_are_made_and_told() -> None:
    directory = learn("hymns", "hymns.txt")
    result = forms("sounds")
    assert re.fullmatch(
        r"hymns has learned \d+ words\. The most common:( [a-z]+){24}\n", result.stdout
    )
    document = json.loads(forms("sounds", "hymns", "--json").stdout)
    assert document["words"] == json.loads((directory / WORDS_FILE).read_text())["counts"]
    assert (document["poems"], document["characters"], document["classes"]) == (None, None, None)


def test_json_holds_all_sounds() -> None:
    learn("tang", "tang.txt")
    document = json.loads(forms("sounds", "tang", "--json").stdout)
    assert document["words"] is None
    assert document["poems"] > 100
    assert document["characters"]["东"][0]["tone"] == "平"
    assert any("东" in members for members in document["classes"]["平"])


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_a_lesson_that_cannot_be_used_is_made_anew(content: bytes) -> None:
    directory = learn("tang", "tang.txt")
    (directory / SOUNDS_FILE).write_bytes(content)
    assert forms("sounds", "tang").exit_code == 0
    assert forms("sounds", "tang").stderr == ""


def test_a_run_that_is_taught_nothing_is_told() -> None:
    learn("ci", "ci.txt")
    result = forms("sounds", "ci")
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        "ci teaches neither sounds nor words: sounds are learned from at least a hundred"
        in result.stderr
    )


def test_a_run_whose_corpus_is_gone_is_told() -> None:
    learn("tang", "tang.txt")
    Path("tang.txt").unlink()
    result = forms("sounds", "tang")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be read again" in result.stderr


def test_a_run_that_is_held_by_another_process_is_told() -> None:
    with CheckpointWriter(learn("tang", "tang.txt")).held():
        result = forms("sounds", "tang")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "another process is training" in result.stderr
