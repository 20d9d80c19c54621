import dataclasses
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from charrnn.corpus import evaluation_streams as streams
from charrnn.corpus.catalogue import Catalogue, read_entries
from charrnn.corpus.loading import read_corpus
from charrnn.corpus.splitting import encode_split, split_corpus
from charrnn.settings.configuration import CorpusConfig
from tests.decoding.networks import (
    CERTAINTY,
    POEM,
    VOCABULARY,
    reciter,
    save_markov_run,
    save_reciting_run,
)

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
    ids = encode_split(corpus, split_corpus(corpus, 0.5, 4).validation, VOCABULARY).tolist()
    model = reciter().model
    state, nats = model.initial_state(1), 0.0
    for token, following in itertools.pairwise(ids):
        logits, state = model.step([token], state)
        nats += math.log(sum(math.exp(value) for value in logits[0])) - logits[0, following]
    document = json.loads(evaluate("reciter", "--json").stdout)
    assert document["text"] == "the validation split of poems"
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
        "  nats per character              0.0000\n"
        "  bits per character              0.0000\n"
        "  perplexity                       1.000\n"
        "  characters scored                   24\n"
        "  unknown to the network               0\n"
    )


def test_json_holds_the_same_in_full(tmp_path: Path) -> None:
    result = evaluate("reciter", "-", "--json", stdin=POEM.encode())
    document = json.loads(result.stdout)
    assert document["nats_per_character"] == pytest.approx(FORESEEN, abs=1e-6)
    assert document["bits_per_character"] == pytest.approx(FORESEEN / math.log(2), abs=1e-6)
    assert document["perplexity"] == pytest.approx(1, abs=1e-6)
    assert document["characters"] == 12
    assert document["perplexity_of_chinese_characters"] is None
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
        "Error: the corpus poems has changed since reciter learned it, so its validation split is "
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
    assert evaluate("reader").stdout.startswith("reader on the validation split of many\n")
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
    blend = ("--blend", "reciter=1,piped=1")
    assert evaluate(*blend, str(file), "--encoding", "cp1252").stderr == ""
    assert evaluate(*blend, "--encoding", "cp1252").exit_code == 2


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
        _url: str,
        destination: Path,
        _sha256: str,
        *,
        most: int,
        progress: Callable[[str, int, int], None],
    ) -> None:
        assert most > 12
        progress("tide.txt", 12, 12)
        destination.write_text(POEM, encoding="utf-8")

    catalogue = Catalogue(read_entries(entry), tmp_path, tmp_path / "cache")
    monkeypatch.setattr("charrnn.corpus.catalogue.download", arrive)
    monkeypatch.setattr("charrnn.corpus.loading.open_catalogue", lambda: catalogue)
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
        f"This measures all {characters + 1} characters of the validation split. Training measured "
        "5 of them, so its loss is a little different.\n"
    )


# Several networks, Chinese, and learning on the way


def save_two_guessers(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """Two networks to which what has been read says nothing; returns what they expect."""
    chances = np.array([[0.1, 0.1, 0.1, 0.4, 0.3], [0.2, 0.1, 0.2, 0.1, 0.4]])
    for name, row in zip(("one", "other"), chances, strict=True):
        save_markov_run(directory / name, np.tile(np.log(row), (5, 1)), "\nab")
    return chances[0], chances[1]


def test_a_blend_is_measured_as_one_network(tmp_path: Path) -> None:
    one, other = save_two_guessers(tmp_path / "runs")
    text = [3, 4, 4, 1, 0]  # What is to be foreseen: a, b, b, an unknown one, the end of the poem.
    for blend, shares in (("one=1,other=1", (0.5, 0.5)), ("one=3,other=1", (0.75, 0.25))):
        result = evaluate("--blend", blend, "-", "--json", stdin=b"abbx")
        document = json.loads(result.stdout)
        mixed = one ** shares[0] * other ** shares[1]
        expected = -np.log(mixed / mixed.sum())[text].mean()
        assert document["nats_per_character"] == pytest.approx(expected, abs=1e-5)
        assert (document["characters"], document["unknown_characters"]) == (5, 1)
        assert [Path(part["checkpoint"]).name for part in document["blend"]] == ["one", "other"]
        assert [part["weight"] for part in document["blend"]] == [float(blend[4]), 1.0]
        assert "checkpoint" not in document


def test_a_blend_of_a_network_with_itself_is_that_network(corpus_file: Path) -> None:
    alone = evaluate("reciter", str(corpus_file)).stdout.splitlines()
    blended = evaluate("--blend", "reciter=1,piped=2", str(corpus_file)).stdout.splitlines()
    assert blended[0] == f"reciter and piped on {corpus_file}"
    assert blended[1:] == alone[1:]
    # Without a file it is the validation split of the corpus of the first one.
    aside = evaluate("--blend", "reciter=1,piped=2").stdout.splitlines()
    assert aside[0] == "reciter and piped on the validation split of poems"
    assert aside[1:] == evaluate("reciter").stdout.splitlines()[1:]


CHINESE = "\n山月，"


@pytest.mark.parametrize("unknown", ["", "雪"])
def test_the_perplexity_of_a_chinese_character_is_told_apart(tmp_path: Path, unknown: str) -> None:
    chances = {"break": 0.1, "雪": 0.05, "\n": 0.15, "山": 0.3, "月": 0.1, "，": 0.3}
    table = np.tile(np.log([*chances.values()]), (6, 1))
    save_markov_run(tmp_path / "runs" / "tang", table, CHINESE)
    file = tmp_path / "moon.txt"
    file.write_text(f"山月，\n月月{unknown}，", encoding="utf-8")
    document = json.loads(evaluate("tang", str(file), "--json").stdout)
    expected = math.exp(np.mean([-math.log(chances[one]) for one in f"山月月月{unknown}"]))
    assert document["perplexity_of_chinese_characters"] == pytest.approx(expected, rel=1e-5)
    assert document["unknown_characters"] == len(unknown)
    assert f"  of a Chinese character    {expected:12.1f}\n" in evaluate("tang", str(file)).stdout


def test_a_text_without_chinese_has_no_perplexity_of_it(tmp_path: Path) -> None:
    save_markov_run(tmp_path / "runs" / "tang", np.zeros((6, 6)), "\n山！，")
    file = tmp_path / "marks.txt"
    file.write_text("，\n！", encoding="utf-8")
    result = evaluate("tang", str(file))
    assert result.stderr == ""
    assert "Chinese" not in result.stdout
    assert "perplexity                       6.000\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("reciter FILE --blend reciter=1", 2, "--blend names all networks"),
        ("FILE --blend reciter", 2, "a blend is names of checkpoints with weights"),
        ("FILE --blend reciter=1,lakes=1", 1, "there is no checkpoint named lakes"),
    ],
)
def test_what_cannot_be_measured_is_told(
    corpus_file: Path, arguments: str, code: int, told: str
) -> None:
    result = evaluate(*arguments.replace("FILE", str(corpus_file)).split())
    assert (result.exit_code, result.stdout) == (code, "")
    assert told in " ".join(result.stderr.split())
