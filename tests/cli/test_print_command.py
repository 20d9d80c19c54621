import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from charrnn.corpus.vocabulary import END_OF_POEM
from tests.decoding.networks import save_markov_run

WILD = ("--end-of-poem", "model", "--length", "30")


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three networks of one alphabet that write at random, each in its own way."""
    for seed, name in enumerate(("moons", "rivers", "lakes")):
        table = np.random.default_rng(seed).normal(0, 1, (8, 8))
        table[:, END_OF_POEM] -= 4
        save_markov_run(tmp_path / "runs" / name, table, "\n abc月")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def charrnn(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def again(command: str, *more: str) -> Result:
    """What a command that was told writes."""
    program, *arguments = shlex.split(command)
    assert program == "charrnn"
    return charrnn(*arguments, *more)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--count", "3"),
        ("--best-of", "4"),
        ("--best-of", "2", "--count", "2", "--prompt", "ab\n"),
        ("--beam", "3"),
        ("--prompt", '-a it\'s\n\n月 $HOME\\ "b"'),
        ("--prompt=--seed",),
        (
            "--temperature",
            "2:0.5",
            "--no-repeat-ngram-size",
            "3",
            "--ban",
            "c",
            "--favour",
            "a=1,月=-0.5",
        ),
        ("--favour", "-=1"),
        ("--top-k", "4", "--top-p", "0.95", "--min-p", "0.01", "--typical-p", "0.9"),
        ("--repetition-penalty", "1.1", "--repetition-window", "7", "--max-copy", "0"),
        ("--unlike", "lakes", "--strength", "0.25"),
    ],
)
def test_the_command_of_a_poem_writes_it_again_to_the_letter(options: tuple[str, ...]) -> None:
    document = json.loads(charrnn("generate", "moons", *WILD, *options, "--json").stdout)
    for poem in document["poems"]:
        written = again(poem["command"])
        assert written.exit_code == 0, written.stderr
        assert written.stdout == (poem["prompt"] + poem["text"]).rstrip() + "\n"
        (same,) = json.loads(again(poem["command"], "--json").stdout)["poems"]
        assert (same["command"], same["text"]) == (poem["command"], poem["text"])


def test_a_blend_writes_again_together() -> None:
    blend = ("--blend", "moons=0.7,rivers=0.3", "--unlike", "lakes")
    document = json.loads(charrnn("generate", *blend, *WILD, "--json").stdout)
    (poem,) = document["poems"]
    found = json.loads(again(poem["command"], "--json").stdout)
    assert found == document


def test_the_command_is_told_after_each_poem_on_standard_error() -> None:
    asked = ("generate", "moons", *WILD, "--seed", "1", "--print-command")
    one = charrnn(*asked)
    assert again(one.stderr).stdout == one.stdout
    assert one.stderr.startswith("charrnn generate ")
    assert "--seed 1 " in one.stderr
    assert "--temperature" not in one.stderr
    two = charrnn(*asked, "--count", "2")
    assert two.stdout == "\n".join(again(line).stdout for line in two.stderr.splitlines())


def test_a_setting_of_the_environment_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARRNN_GENERATE_TEMPERATURE", "2")
    usual = charrnn("generate", "moons", *WILD, "--temperature", "0.8", "--print-command")
    other = charrnn("generate", "moons", *WILD, "--print-command")
    assert "--temperature 0.8" in usual.stderr
    assert "--temperature 2" in other.stderr
    assert again(usual.stderr).stdout == usual.stdout
    monkeypatch.delenv("CHARRNN_GENERATE_TEMPERATURE")
    assert again(other.stderr).stdout == other.stdout


@pytest.mark.parametrize("options", [(), ("--blend", "moons=1,rivers=1")])
def test_another_network_is_refused_with_one_sentence(runs: Path, options: tuple[str, ...]) -> None:
    network = options or ("moons",)
    poem = charrnn("generate", *network, *WILD, "--print-command")
    (runs / "moons").rename(runs / "before")
    (runs / "lakes").rename(runs / "moons")
    refused = again(poem.stderr)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: the poem was written by another network: its SHA-256")
    assert len(refused.stderr.splitlines()) == 1


def test_a_digest_may_be_whole_and_in_capitals_but_not_short() -> None:
    document = json.loads(charrnn("generate", "moons", *WILD, "--json").stdout)
    for digest in (document["model"], document["model"].upper()[:12]):
        assert charrnn("generate", "moons", *WILD, "--expect", digest).exit_code == 0
    for digest in (document["model"][:11], document["model"] + "0", "moons"):
        refused = charrnn("generate", "moons", "--expect", digest)
        assert refused.exit_code == 2
        assert "12 to 64 hexadecimal digits" in refused.stderr


def test_only_prints_one_poem_of_several_and_there_must_be_as_many() -> None:
    asked = ("generate", "moons", *WILD, "--seed", "3", "--count", "3")
    three = [poem["text"] for poem in json.loads(charrnn(*asked, "--json").stdout)["poems"]]
    (second,) = json.loads(charrnn(*asked, "--only", "2", "--json").stdout)["poems"]
    assert (second["text"], second["seed"]) == (three[1], 4)
    assert charrnn(*asked, "--only", "2").stdout == three[1].rstrip() + "\n"
    assert charrnn(*asked, "--only", "4").exit_code == 2


def test_a_network_whose_name_begins_with_a_dash_is_named(runs: Path) -> None:
    (runs / "moons").rename(runs.parent / "-x")
    poem = charrnn("generate", *WILD, "--print-command", "--", "-x")
    assert again(poem.stderr).stdout == poem.stdout
