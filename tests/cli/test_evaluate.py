import dataclasses
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from charrnn.config import CorpusConfig
from charrnn.corpus import streams
from charrnn.corpus.catalogue import Catalogue, read_entries
from charrnn.corpus.reading import read_corpus
from charrnn.corpus.splitting import encode_part, split_corpus
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
    record = corpus.record()
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
        "Error: the corpus poems has changed since reciter learned it, so its validation part is "
        "no longer known. Name a text to evaluate on: "
        f"charrnn evaluate {corpus_file.parent}/runs/reciter FILE\n"
    )


def test_a_corpus_that_is_gone_is_told(corpus_file: Path) -> None:
    corpus_file.unlink()
    result = evaluate("reciter")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        f"Error: the corpus of reciter cannot be read again: there is no file, directory or "
        f"corpus named {corpus_file}."
    )
    assert result.stderr.endswith(
        f"Name a text to evaluate on: charrnn evaluate {corpus_file.parent}/runs/reciter FILE\n"
    )


def test_a_corpus_that_was_piped_in_is_not_waited_for(tmp_path: Path) -> None:
    result = evaluate("piped", stdin=b"black\n\nhorse")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: the corpus of piped was not read from a file, so it cannot be read again. "
        f"Name a text to evaluate on: charrnn evaluate {tmp_path}/runs/piped FILE\n"
    )


def test_a_file_that_is_missing_is_told() -> None:
    result = evaluate("reciter", "nowhere.txt")
    assert result.exit_code == 1
    assert "there is no file, directory or corpus named nowhere.txt" in result.stderr


def test_a_corpus_of_many_files_is_called_by_its_name(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number, poem in enumerate(POEMS.split("\n\n")):
        (many / f"{number}.txt").write_text(poem, encoding="utf-8")
    corpus = read_corpus([str(many)], CorpusConfig(layout="blocks"))
    save_reciting_run(tmp_path / "runs" / "reader", corpus=corpus.record())
    assert evaluate("reader").stdout.startswith("reader on the validation part of many\n")
    (many / "0.txt").write_text("changed", encoding="utf-8")
    assert evaluate("reader").stderr.startswith("Error: the corpus many has changed since reader")


def test_a_file_is_taken_apart_by_the_rule_for_stanzas_of_the_corpus(
    corpus_file: Path, tmp_path: Path
) -> None:
    record = read_corpus([str(corpus_file)], CorpusConfig(layout="blocks")).record()
    save_reciting_run(
        tmp_path / "runs" / "stanzas", corpus=dataclasses.replace(record, stanzas=True)
    )
    file = tmp_path / "two.txt"
    file.write_text("black\n\nhorse\n", encoding="utf-8")
    # Two poems of five and two breaks more to foresee, or one of five, two line ends and five.
    for name, characters in (("reciter", 12), ("stanzas", 13)):
        assert json.loads(evaluate(name, str(file), "--json").stdout)["characters"] == characters


def test_a_guess_at_the_encoding_of_a_file_is_told_and_can_be_mended(tmp_path: Path) -> None:
    file = tmp_path / "old.txt"
    file.write_bytes("Übrig\nbleibt.".encode("cp1252"))
    assert evaluate("reciter", str(file)).stderr.startswith(f"{file} is read as cp1252")
    assert evaluate("reciter", str(file), "--encoding", "cp1252").stderr == ""
    assert evaluate("reciter", "--encoding", "cp1252").exit_code == 2


def test_a_download_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = """
        [tide]
        title = "Tides"
        language = "English"
        layout = "blocks"
        licence = "CC0-1.0"
        source = "here"
        size = 12
        base = "https://example.org/"
        files = { "tide.txt" = "0" }
    """

    def arrive(
        _url: str, destination: Path, _sha256: str, progress: Callable[[str, int, int], None]
    ) -> None:
        progress("tide.txt", 12, 12)
        destination.write_text(POEM, encoding="utf-8")

    catalogue = Catalogue(read_entries(entry), tmp_path, tmp_path / "cache")
    monkeypatch.setattr("charrnn.corpus.catalogue.download", arrive)
    monkeypatch.setattr("charrnn.corpus.reading.open_catalogue", lambda: catalogue)
    result = evaluate("reciter", "tide")
    assert (result.exit_code, result.stderr) == (0, "Fetching tide.txt (12 bytes).\n")


def test_a_loss_that_is_not_the_one_of_training_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert evaluate("reciter").stderr == ""
    monkeypatch.setattr(streams, "MOST_MEASURED", 5)
    result = evaluate("reciter")
    characters = json.loads(evaluate("reciter", "--json").stdout)["characters"]
    assert result.stderr == (
        f"All {characters + 1} characters of the validation part are read; training measured the "
        "same 5 of them each time, so its loss is a little different.\n"
    )
