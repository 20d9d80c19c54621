"""The standard streams of all commands: hostile text, poor encodings, closed and full streams."""

import contextlib
import dataclasses
import io
import json
import os
import re
import shutil
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import charrnn as charrnn_package
from charrnn.checkpoint.directory import CheckpointWriter, read_record
from charrnn.checkpoint.record import MODEL_FILE, RECORD_FILE
from charrnn.cli import main
from charrnn.cli.session import SessionError
from charrnn.cli.streams import unguarded
from charrnn.corpus.loading import read_corpus
from charrnn.settings.configuration import CorpusConfig
from tests.decoding.networks import save_markov_run

HOSTILE = "\x1b]0;stolen\x07\x1b[2J\x9b2J\x7f\u202e\u200b\n"

SHOWN = r"\x1b]0;stolen\x07\x1b[2J\x9b2J\x7f\u202e\u200b"

STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""What Rich may write on a terminal, for colours."""

POEMS = "月ab\ncab\n\nab月\n\nbac\ncab\n\nabc\n\ncab\nab\n\n" * 3

OPTIONS = ("--seed", "1", "--length", "12")

COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("--help",),
    "version": ("--version",),
    "usage": ("generate", "--nosuch"),
    "generate": ("generate", "月", *OPTIONS),
    "explain": ("generate", "月", *OPTIONS, "--explain"),
    "count": ("generate", "月", *OPTIONS, "--count", "2", "--show-scores", "--print-command"),
    "json": ("generate", "月", *OPTIONS, "--json"),
    "repl": ("repl", "月", *OPTIONS),
    "info": ("info",),
    "info of one": ("info", "月"),
    "info as json": ("info", "月", "--json"),
    "evaluate": ("evaluate", "月"),
    "score": ("score", "月", "poems.txt"),
    "score explained": ("score", "月", "poems.txt", "--explain"),
    "novelty": ("novelty", "poems.txt", "--checkpoint", "月"),
    "corpus list": ("corpus", "list"),
    "corpus show": ("corpus", "show", "jueju"),
    "corpus check": ("corpus", "check", "poems.txt"),
    "forms": ("forms",),
    "forms show": ("forms", "show", "wujue"),
    "verify": ("verify", "wujue", "poems.txt"),
    "train": ("train", "poems.txt", "--name", "月"),  # It is in the way.
}
"""Each command, and its usual exit code if that is not 0."""

CODES = {"usage": 2, "verify": 4, "train": 1}

every_command = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network that writes at random, named with a Chinese character, and its text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    Path("poems.txt").write_text(POEMS, encoding="utf-8")
    save_run(Path("checkpoints", "月"))
    return Path("checkpoints")


def save_run(directory: Path) -> None:
    table = np.random.default_rng(1).normal(0, 1, (8, 8))
    record = save_markov_run(directory, table, "\n abc月")
    corpus = read_corpus(["poems.txt"], CorpusConfig(layout="blocks")).record()
    CheckpointWriter(directory).write_record(dataclasses.replace(record, corpus=corpus))


def charrnn(*arguments: str, **settings: Any) -> Result:
    charset = settings.pop("charset", "utf-8")
    lines = b"ab\n/help\n/settings\n/nosuch\n"
    return CliRunner(charset=charset).invoke(main, arguments, input=lines, **settings)


# Text from elsewhere


def assert_harmless(text: str) -> None:
    """No character reaches the terminal that could steer it, or deceive a reader."""
    left = STYLE.sub("", text)
    assert not {one for one in left if unicodedata.category(one) in {"Cc", "Cs"}} - {"\n", "\t"}
    assert not {"\u202e", "\u200b"} & set(left)


def spoil(directory: Path) -> None:
    """Put escape sequences into every string that a record may hold."""
    path = directory / RECORD_FILE
    record = json.loads(path.read_text(encoding="utf-8"))
    record["created"] += HOSTILE
    record["device"] += HOSTILE
    record["versions"] = {HOSTILE: HOSTILE}
    record["baselines"] = {HOSTILE: 1.5}
    record["origin"] = {"name": HOSTILE, "sha256": HOSTILE}
    for name in ("name", "encoding"):
        record["corpus"][name] += HOSTILE
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="names cannot hold control characters")
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        ("info",),
        ("info", "{}"),
        ("info", "--json"),
        ("info", "{}", "--json"),
        ("generate", "{}", *OPTIONS, "--print-command", "--show-scores", "--explain"),
        ("generate", "{}", *OPTIONS, "--expect", "0" * 12),
        ("generate", f"nosuch{HOSTILE}"),
        ("generate", "{}", "--nosuch" + HOSTILE),
        ("generate", "{}", "--length", HOSTILE),
        ("evaluate", "{}"),
        ("score", "{}", "hostile.txt"),
        ("score", "{}", "hostile.txt", "--explain", "--json"),
        ("novelty", "hostile.txt", "--checkpoint", "{}"),
        ("verify", "wujue", "hostile.txt"),
        ("corpus", "check", "hostile.txt"),
        ("forms", "sounds", "{}"),
        ("pack", "{}", "gift" + HOSTILE),
        ("repl", "{}", *OPTIONS),
        ("train", "hostile.txt", "--name", "x" + HOSTILE),
        ("train", "poems.txt", "--overwrite", "--name", "月", "--workers", f"{HOSTILE}:1"),
    ],
    ids=" ".join,
)
def test_no_escape_sequence_of_others_reaches_the_terminal(
    arguments: tuple[str, ...], colour: bool, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
    name = f"moons{HOSTILE}"
    (runs / "月").rename(runs / name)
    spoil(runs / name)
    Path("hostile.txt").write_text(POEMS + HOSTILE + "床前明月光", encoding="utf-8")
    result = charrnn(*(name if word == "{}" else word for word in arguments))
    assert result.exit_code in {0, 1, 2, 4}, result.stderr
    assert "fault in charrnn" not in result.stderr
    assert_harmless(result.stdout)
    assert_harmless(result.stderr)
    if "--json" in arguments:
        assert json.loads(result.stdout)


def test_a_model_card_is_harmless(runs: Path) -> None:
    spoil(runs / "月")
    assert charrnn("pack", "月", "gift").exit_code == 0
    card = Path("gift/README.md").read_text(encoding="utf-8")
    assert_harmless(card)
    assert SHOWN in card


def test_what_is_hidden_is_spelled_out(runs: Path) -> None:
    spoil(runs / "月")
    shown = charrnn("info", "月", color=False).stdout
    assert SHOWN in shown.replace("\n", "").replace(" ", "")
    document = json.loads(charrnn("info", "月", "--json").stdout)
    assert document["device"].endswith(HOSTILE)


@pytest.mark.parametrize(
    ("section", "key"),
    [
        (None, "format"),
        (None, "vocabulary"),
        ("corpus", "layout"),
        ("architecture", "cell"),
        ("architecture", "activation"),
        ("training", HOSTILE),
        ("corpus_config", "encoding"),
    ],
)
@pytest.mark.parametrize("tail", ["", "\udcff"])
def test_refused_values_are_shown_without_their_escape_sequences(
    section: str | None, key: str, tail: str, runs: Path
) -> None:
    path = runs / "月" / RECORD_FILE
    record = json.loads(path.read_text(encoding="utf-8"))
    (record[section] if section else record)[key] = HOSTILE + tail
    path.write_text(json.dumps(record), encoding="utf-8")
    for arguments in (("info",), ("info", "月"), ("generate", "月"), ("info", "--json")):
        result = charrnn(*arguments)
        assert_harmless(result.stdout + result.stderr)
        assert "fault in charrnn" not in result.stderr


def test_layers_of_a_strange_class_are_named_without_their_escape_sequences(runs: Path) -> None:
    path = runs / "月" / MODEL_FILE
    whole = zipfile.ZipFile(io.BytesIO(path.read_bytes()))

    def save(place: Path) -> None:
        with zipfile.ZipFile(place, "w") as archive:
            for member in whole.infolist():
                content = whole.read(member)
                if member.filename == "config.json":
                    content = content.replace(b'"SimpleRNN"', json.dumps(HOSTILE).encode())
                archive.writestr(member.filename, content)

    record = read_record(runs / "月")
    CheckpointWriter(runs / "月").write_model(record, record.models[0], save)
    for command in ("generate", "evaluate"):
        result = charrnn(command, "月")
        assert result.exit_code == 1
        assert_harmless(result.stdout + result.stderr)


# Encodings


def test_a_poor_encoding_replaces_characters_and_says_so_once() -> None:
    result = charrnn(*COMMANDS["count"], charset="latin-1")
    usual = charrnn(*COMMANDS["count"])
    assert result.stdout == usual.stdout.replace("月", "?")
    assert "?" in result.stdout
    (note,) = [line for line in result.stderr.splitlines() if line.startswith("Note: ")]
    assert note == (
        "Note: standard output is in latin-1, which lacks characters of this text; a ? stands for each. "
        "PYTHONIOENCODING=utf-8 in the environment changes that."
    )


@pytest.mark.parametrize("charset", ["ascii", "gbk"])
@every_command
def test_no_command_fails_for_want_of_a_character(name: str, charset: str) -> None:
    result = charrnn(*COMMANDS[name], charset=charset)
    assert result.exit_code == CODES.get(name, 0), result.stderr
    usual = charrnn(*COMMANDS[name]).stdout
    replaced = result.stdout.count("?") > usual.count("?")
    assert result.stderr.count("Note: standard output") == replaced
    if "--json" in COMMANDS[name]:
        assert json.loads(result.stdout) == json.loads(usual)
        assert not replaced


def test_json_is_escaped_only_where_it_must_be() -> None:
    assert "月" in charrnn(*COMMANDS["json"]).stdout
    assert "月" in charrnn(*COMMANDS["json"], charset="gbk").stdout
    assert "\\u6708" in charrnn(*COMMANDS["json"], charset="latin-1").stdout


def test_bytes_of_a_command_line_that_are_no_characters_are_shown() -> None:
    result = charrnn("generate", "no\udcffsuch")
    assert result.exit_code == 1
    assert r"no checkpoint named no\udcffsuch in" in result.stderr


# Closed, full and forsaken streams


def run_on(name: str) -> int:
    """The exit code of a command on the present standard streams."""
    with pytest.raises(SystemExit) as leaving:
        main(list(COMMANDS[name]))
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


@every_command
def test_a_closed_standard_output_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("ab\n"))
    monkeypatch.setattr(sys, "stdout", None)
    code = run_on(name)
    assert code == CODES.get(name, 1) if name != "verify" else 1
    if name not in CODES:
        assert capsys.readouterr().err.endswith("Error: standard output: Bad file descriptor.\n")


@every_command
def test_without_standard_error_and_input_a_command_ends_as_it_would(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert run_on(name) == CODES.get(name, 0)


@contextlib.contextmanager
def _no_reader() -> Iterator[io.TextIOWrapper]:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:  # noqa: PTH123
        yield stream


@every_command
def test_a_reader_that_has_gone_ends_a_command_quietly(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("ab\n"))
    with _no_reader() as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert run_on(name) == (CODES.get(name, 141) if name != "verify" else 141)
    assert "Error: standard" not in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@every_command
def test_a_full_disk_is_one_sentence_and_messages_may_be_lost(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w") as full, Path("/dev/full").open("w") as messages:
        monkeypatch.setattr(sys, "stdin", io.StringIO("ab\n"))
        monkeypatch.setattr(sys, "stdout", full)
        assert run_on(name) == (CODES.get(name, 1) if name != "verify" else 1)
        told = capsys.readouterr().err
        if name not in CODES:
            assert told.endswith("Error: standard output: No space left on device.\n")
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        monkeypatch.setattr(sys, "stderr", messages)
        monkeypatch.setattr(sys, "stdin", io.StringIO("ab\n"))
        assert run_on(name) == CODES.get(name, 0)


def test_the_streams_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr, sys.stdout.errors
    assert run_on("info") == 0
    assert (sys.stdout, sys.stderr, sys.stdout.errors) == before
    assert unguarded() is sys.stdout
    assert "月" in capsys.readouterr().out


# A terminal


def test_sentences_of_the_repl_are_broken_between_words(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_: os.terminal_size((40, 24)))
    monkeypatch.setattr("charrnn.cli.streams.Channel.isatty", lambda _: True, raising=False)
    shutil.copytree(runs / "月", runs / "moons")
    lines = b"/temperature 3 potatoes\n/nosuch\n"
    result = CliRunner().invoke(main, ["repl", "月"], input=lines)
    told = result.stderr.splitlines()
    assert len(told) > 3
    assert max(map(len, told)) <= 40
    assert "Received: 3 potatoes." in " ".join(told)
    assert SessionError.exit_code == 1


def test_there_is_one_door_to_the_terminal() -> None:
    """Two modules open Rich and the standard streams, and guard them; `print` is not used."""
    package = Path(charrnn_package.__file__).parent
    doors = re.compile(r"\bConsole\(|sys\.std(out|err)\.(buffer|write)|sys\.__std")
    guards = {"streams.py", "console.py"}
    found = {
        f"{path.name}: {line.strip()}"
        for path in package.rglob("*.py")
        if path.name not in guards
        for line in path.read_text(encoding="utf-8").splitlines()
        if doors.search(line)
    }
    assert found == set()
