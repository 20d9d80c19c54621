import dataclasses
import itertools
import json
import math
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from charrnn.config import CorpusConfig
from charrnn.corpus.reading import read_corpus
from charrnn.corpus.splitting import encode_part, split_corpus
from charrnn.record import CorpusRecord
from tests.generation.networks import CERTAINTY, POEM, VOCABULARY, reciter, save_reciting_run

POEMS = """\
black
horse

horse
black

black
rose

rose

lace
lash

hare

coral

bell
"""
FORESEEN = math.log1p(12 * math.exp(-CERTAINTY))


@pytest.fixture(autouse=True)
def corpus_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that learned a file, beside that file."""
    file = tmp_path / "poems.txt"
    file.write_text(POEMS, encoding="utf-8")
    corpus = read_corpus([str(file)], CorpusConfig(layout="blocks"))
    record = CorpusRecord(
        name=corpus.name,
        sources=corpus.sources,
        layout=corpus.layout,
        stanzas=corpus.stanzas,
        encoding=corpus.encoding,
        digest=corpus.digest,
        characters=len(corpus.text),
        poems=corpus.poems,
    )
    save_reciting_run(tmp_path / "runs" / "reciter", corpus=record)
    unread = dataclasses.replace(record, sources=("-",))
    save_reciting_run(tmp_path / "runs" / "piped", corpus=unread)
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    return file


def evaluate(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["evaluate", *arguments], input=stdin)


def test_the_validation_part_of_the_corpus_is_measured(corpus_file: Path) -> None:
    corpus = read_corpus([str(corpus_file)], CorpusConfig(layout="blocks"))
    ids = encode_part(corpus, split_corpus(corpus, 0.5, 4).validation, VOCABULARY).tolist()
    model = reciter().model
    state, nats = model.initial_state(1), 0.0
    for symbol, following in itertools.pairwise(ids):
        logits, state = model.step([symbol], state)
        nats += math.log(sum(math.exp(value) for value in logits[0])) - logits[0, following]
    document = json.loads(evaluate("reciter", "--json").stdout)
    assert document["text"] == "the validation part of poems"
    assert document["characters"] == len(ids) - 1
    assert document["unknown_characters"] == 0
    assert document["nats_per_character"] == pytest.approx(nats / (len(ids) - 1), abs=1e-5)


def test_a_file_is_measured_and_printed_in_lines(tmp_path: Path) -> None:
    file = tmp_path / "known.txt"
    file.write_text(f"{POEM}\n\n{POEM}\n", encoding="utf-8")
    result = evaluate("reciter", str(file))
    assert result.stderr == ""
    assert result.stdout == (
        f"reciter on {file}\n"
        "  nats per character            0.0000\n"
        "  bits per character            0.0000\n"
        "  perplexity                     1.000\n"
        "  characters scored                 24\n"
        "  unknown to the network             0\n"
    )


def test_json_holds_the_same_in_full(tmp_path: Path) -> None:
    result = evaluate("reciter", "-", "--json", stdin=POEM.encode())
    document = json.loads(result.stdout)
    assert document["nats_per_character"] == pytest.approx(FORESEEN, abs=1e-6)
    assert document["bits_per_character"] == pytest.approx(FORESEEN / math.log(2), abs=1e-6)
    assert document["perplexity"] == pytest.approx(1, abs=1e-6)
    assert document["characters"] == 12
    assert len(document["model"]) == 64
    assert document["checkpoint"] == str(tmp_path / "runs" / "reciter")


def test_unknown_characters_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("black\nhouse\n\nB€lack", encoding="utf-8")
    document = json.loads(evaluate("reciter", str(file), "--json").stdout)
    assert document["unknown_characters"] == 3


def test_a_corpus_that_has_changed_is_told(corpus_file: Path) -> None:
    corpus_file.write_text(POEMS + "\nmore\n", encoding="utf-8")
    result = evaluate("reciter")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: {corpus_file} has changed since reciter learned it, so its validation part is "
        "no longer known. Put the old text back, or name a text to evaluate on: "
        "charrnn evaluate reciter FILE\n"
    )


def test_a_corpus_that_is_gone_is_told(corpus_file: Path) -> None:
    corpus_file.unlink()
    result = evaluate("reciter")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        f"Error: the corpus of reciter cannot be read again: there is no file, directory or "
        f"corpus named {corpus_file}."
    )
    assert result.stderr.endswith("Name a text to evaluate on: charrnn evaluate reciter FILE\n")


def test_a_corpus_that_was_piped_in_is_not_waited_for() -> None:
    result = evaluate("piped", stdin=b"black\n\nhorse")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: the corpus of piped was not read from a file, so it cannot be read again. "
        "Name a text to evaluate on: charrnn evaluate piped FILE\n"
    )


def test_a_file_that_is_missing_is_told() -> None:
    result = evaluate("reciter", "nowhere.txt")
    assert result.exit_code == 1
    assert "there is no file, directory or corpus named nowhere.txt" in result.stderr
