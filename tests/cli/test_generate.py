import dataclasses
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint.atomic_files import write_text
from charrnn.checkpoint.directory import (
    NGRAM_FILTER_FILE,
    RESUME_DIRECTORY,
    STATE_FILE,
    Checkpoint,
    CheckpointWriter,
    read_record,
)
from charrnn.cli import main
from charrnn.corpus.loading import read_corpus
from charrnn.settings.configuration import LARGEST_SEED, CorpusConfig, ResolvedLayout
from tests.decoding.networks import POEM, save_markov_run, save_reciting_run
from tests.fakes import RECORD

WILD = ("--temperature", "1000000")


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of runs with one that recites a poem."""
    save_reciting_run(tmp_path / "runs" / "reciter")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "runs"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    return tmp_path / "runs"


def generate(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["generate", *arguments], input=stdin)


def started(
    *arguments: str, write_to: int = subprocess.PIPE, code: str = ""
) -> subprocess.Popen[str]:
    """The command as a process of its own, after some code."""
    program = f"{code}\nfrom charrnn.cli import main\nmain({['generate', *arguments]!r})"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=write_to,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def poems_of(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.stderr
    poems: list[dict[str, object]] = json.loads(result.stdout)["poems"]
    return poems


def lose_filter(directory: Path, *, state: bool) -> None:
    """Let the record say that the text gave an n-gram filter, which is not there."""
    record = dataclasses.replace(read_record(directory), text_files={NGRAM_FILTER_FILE: None})
    CheckpointWriter(directory).write_record(record)
    if state:
        write_text(directory / RESUME_DIRECTORY / STATE_FILE, "")


@pytest.mark.parametrize("state", [True, False])
def test_a_network_that_has_lost_its_guard_says_so(runs: Path, state: bool) -> None:
    lose_filter(runs / "reciter", state=state)
    result = generate("--count", "3")
    assert result.exit_code == 0
    assert result.stderr == (
        f"{runs / 'reciter'} lacks its ngrams.filter, so nothing keeps it from copying the text "
        "that it learned. "
        + (
            f"This makes it again: charrnn train --resume --name {runs / 'reciter'}\n"
            if state
            else "Copy the network again from where it came.\n"
        )
    )
    assert generate("--max-copy", "0").stderr == ""
    save_reciting_run(runs / "another")
    blended = generate("--blend", "reciter=1,another=2")
    assert blended.stderr.count("lacks its ngrams.filter") == 1


def test_a_network_that_never_had_a_guard_says_nothing(runs: Path) -> None:
    lose_filter(runs / "reciter", state=True)
    for text_files in ({}, {NGRAM_FILTER_FILE: "moons has 9 n-grams."}):
        record = dataclasses.replace(read_record(runs / "reciter"), text_files=text_files)
        CheckpointWriter(runs / "reciter").write_record(record)
        assert generate().stderr == ""


@pytest.mark.parametrize("reference", [(), ("reciter",)])
def test_a_poem_is_printed_and_nothing_else(reference: Sequence[str]) -> None:
    result = generate(*reference)
    assert (result.stdout, result.stderr, result.exit_code) == (f"{POEM}\n", "", 0)


def test_a_checkpoint_can_be_a_path_and_the_place_of_runs_be_told(runs: Path) -> None:
    assert generate(str(runs / "reciter")).stdout == f"{POEM}\n"
    moved = runs.rename(runs.with_name("elsewhere"))
    assert generate("--checkpoints", str(moved)).stdout == f"{POEM}\n"
    missing = generate("nobody")
    assert missing.exit_code == 1
    assert missing.stderr.startswith("Error: there is no checkpoint named nobody")


def test_several_poems_are_a_blank_line_apart() -> None:
    assert generate("--count", "3").stdout == f"{POEM}\n\n{POEM}\n\n{POEM}\n"


@pytest.mark.parametrize(
    ("layout", "stanzas"), [("blocks", False), ("blocks", True), ("lines", False)]
)
def test_poems_that_are_printed_are_read_again_as_so_many(
    runs: Path, layout: ResolvedLayout, stanzas: bool
) -> None:
    # After any character come all others and the end, so that line ends and spaces abound.
    writes_all = np.zeros((6, 6), np.float32)
    corpus = dataclasses.replace(RECORD.corpus, layout=layout, stanzas=stanzas)
    save_markov_run(runs / "mixed", writes_all, "\n ab", corpus)
    written = generate("mixed", "--count", "40", "--seed", "1", "--temperature", "1").stdout
    config = CorpusConfig(layout=layout, stanzas=stanzas)
    text = io.BytesIO(written.encode())
    assert read_corpus(["-"], config, standard_input=text).poems == 40
    assert ("\n\n\n" in written) == stanzas


@pytest.mark.parametrize(
    ("prompt", "printed"),
    [
        ("", POEM),
        ("bla", POEM),
        ("black\n", POEM),
        ("black\nhorse", POEM),
        ("  bla", "  black\nhorse"),
        ("BLA", "BLAck\nhorse"),
        ("black\nhorse \n\n", f"black\nhorse \n\n{POEM}"),
    ],
)
def test_a_prompt_is_printed_as_it_was_typed(prompt: str, printed: str) -> None:
    assert generate("--prompt", prompt).stdout == f"{printed}\n"


def test_white_space_at_the_end_of_a_poem_is_not_printed() -> None:
    # The space is unknown here, and what the network likes best after it is to end the poem.
    assert generate("--prompt", "horse ", "--temperature", "0").stdout == "horse\n"


@pytest.mark.parametrize("content", [b"black", b"black\n", b"\xef\xbb\xbfblack\r\n"])
def test_a_prompt_comes_from_a_file_or_standard_input_without_its_last_line_end(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes(content)
    assert generate("--prompt-file", str(file)).stdout == f"{POEM}\n"
    assert generate("--prompt-file", "-", stdin=content).stdout == f"{POEM}\n"


def test_a_prompt_file_that_is_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = generate("--prompt-file", str(tmp_path / "pipe"))
    assert result.exit_code == 1
    assert "pipe cannot be read: it is a named pipe" in result.stderr


def test_a_prompt_file_in_another_encoding_is_read_with_a_note(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes("白日依山尽，黄河入海流。\n".encode("gb18030"))
    result = generate("--prompt-file", str(file), "--length", "1")
    assert result.stdout.startswith("白日依山尽，黄河入海流。")
    assert "gb18030" in result.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--prompt", "a", "--prompt-file", "-"), "exclude each other"),
        (("--prompt-file", "missing.txt"), "'missing.txt' does not exist"),
        (("--count", "0"), "it must be a whole number at least 1. Received: 0."),
        (
            ("--temperature", "-1"),
            "must be a number at least 0, or two as in 1.0:0.6. Received: -1.",
        ),
        (("--seed", "9223372036854775808"), "Received: 9223372036854775808."),
        (("reciter", "--blend", "reciter=1"), "leave out CHECKPOINT, or --blend."),
        (("--blend", "reciter"), "a blend is names of checkpoints with weights"),
        (("--strength", "1"), "--strength goes with --unlike CHECKPOINT"),
        (("--unlike", "reciter", "--strength", "11"), "from 0 to 10. Received: 11."),
        (("--beam", "2", "--count", "2"), "--beam always finds the same poem"),
        (("--beam", "2", "--top-k", "2"), "beam search does not sample."),
        (("--ban", "abcehklors"), "the ban leaves no character to write."),
        (("--max-copy", "9"), "max-copy 9 needs the n-gram filter of the training text"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error(arguments: Sequence[str], told: str) -> None:
    result = generate(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in " ".join(result.stderr.split())


def test_a_prompt_file_that_is_no_text_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "picture"
    file.write_bytes(b"\x89PNG\r\n")
    result = generate("--prompt-file", str(file))
    assert result.exit_code == 1
    assert (
        result.stderr == f"Error: {file} is not text but a picture; save it as plain text first.\n"
    )


def test_every_substitution_is_told_once_on_stderr() -> None:
    result = generate("--prompt", "B€Bl€", "--count", "2", "--length", "1")
    assert result.stderr == (
        "B is not in this model's alphabet; read as b.\n"
        "€ is not in this model's alphabet; read as an unknown character.\n"
    )


def test_the_same_seed_writes_the_same_poem_and_each_of_several_alone() -> None:
    three = poems_of(generate(*WILD, "--seed", "7", "--count", "3", "--json"))
    assert [poem["seed"] for poem in three] == [7, 8, 9]
    assert len({str(poem["text"]) for poem in three}) == 3
    (alone,) = poems_of(generate(*WILD, "--seed", "9", "--json"))
    assert alone | {"command": None} == three[2] | {"command": None}
    assert generate(*WILD, "--seed", "9").stdout.rstrip() == str(alone["text"]).rstrip()


def test_the_largest_seed_is_followed_by_the_smallest() -> None:
    poems = poems_of(generate("--seed", str(LARGEST_SEED), "--count", "2", "--json"))
    assert [poem["seed"] for poem in poems] == [LARGEST_SEED, 0]


def test_json_is_one_document_with_all_there_is_to_know(runs: Path) -> None:
    result = generate("--json", "--prompt", "Bl€a", "--temperature", "0", "--length", "3")
    document = json.loads(result.stdout)
    (poem,) = document["poems"]
    assert document["checkpoint"] == str(runs / "reciter")
    assert document["model"] == Checkpoint.open(runs / "reciter").model.sha256
    assert (poem["prompt"], len(poem["text"]), poem["ended"]) == ("Bl€a", 3, False)
    assert poem["settings"]["temperature"] == 0
    assert poem["settings"]["seed"] == poem["seed"]
    assert len(poem["log_probabilities"]) == 3
    assert poem["substitutions"] == [
        {"original": "B", "replacement": "b"},
        {"original": "€", "replacement": None},
    ]


def test_a_seed_that_was_drawn_writes_the_poem_again() -> None:
    (first,) = poems_of(generate(*WILD, "--json"))
    (again,) = poems_of(generate(*WILD, "--json", "--seed", str(first["seed"])))
    assert again == first


def test_the_best_of_several_drafts_is_printed_and_its_score_told() -> None:
    arguments = (*WILD, "--best-of", "4", "--seed", "3", "--length", "20", "--end-of-poem", "model")
    plain = generate(*arguments)
    judged = generate(*arguments, "--show-scores")
    assert plain.stdout == judged.stdout
    assert plain.stderr == ""
    pattern = (
        r"Seed 3 scores -[\d.]+ \(log-probability -[\d.]+, repeated [\d.]+%, copied [\d.]+%\); "
        r"its 3 other drafts -[\d.]+ to -[\d.]+\.\n"
    )
    assert re.fullmatch(pattern, judged.stderr)
    (poem,) = poems_of(generate(*arguments, "--show-scores", "--json"))
    scores = poem["scores"]
    assert isinstance(scores, list)
    assert [set(one) for one in scores] == [{"score", "log_probability", "repeated", "copied"}] * 4
    assert [one["score"] for one in scores] == sorted(
        (one["score"] for one in scores), reverse=True
    )
    assert scores[0]["log_probability"] == pytest.approx(
        sum(poem["log_probabilities"]) / len(poem["log_probabilities"])
    )
    assert poems_of(generate(*arguments, "--json"))[0]["scores"] == []


def test_a_single_draft_can_be_scored() -> None:
    assert generate("--show-scores", "--seed", "1", "--count", "2").stderr == (
        "Seed 1 scores 0.000 (log-probability 0.000, repeated 0.0%, copied 0.0%).\n"
        "Seed 2 scores 0.000 (log-probability 0.000, repeated 0.0%, copied 0.0%).\n"
    )
    finished = ("--prompt", POEM, "--show-scores", "--seed", "1")
    assert generate(*finished).stderr == "Seed 1 has no score, because nothing was written.\n"
    (poem,) = poems_of(generate(*finished, "--json"))
    assert poem["scores"] == [
        {"score": None, "log_probability": None, "repeated": 0.0, "copied": 0.0}
    ]


def test_what_the_network_had_expected_is_drawn_beneath_the_poem(
    golden: Callable[[str, str], None],
) -> None:
    result = generate("--explain", "--seed", "1", "--prompt", "By\nbl", "--count", "2")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[2].startswith("Beneath each character: its surprisal in bits")
    assert result.stderr.count("Beneath") == 1
    golden("explained.txt", result.stdout)


def test_json_holds_what_the_network_had_expected() -> None:
    (poem,) = poems_of(generate("--explain", "--json", "--prompt", "bla"))
    explanation: Any = poem["explanation"]
    assert [one["character"] for one in explanation] == [*"ck\nhorse", ""]
    assert {one["rank"] for one in explanation} == {1}
    assert [one["log_probability"] for one in explanation[:-1]] == poem["log_probabilities"]
    assert [len(one["runners_up"]) for one in explanation] == [3] * 9
    assert "explanation" not in poems_of(generate("--json"))[0]


def test_several_networks_write_in_agreement(runs: Path) -> None:
    save_reciting_run(runs / "other")
    result = generate("--blend", f"reciter=0.7,{runs / 'other'}=0.3", "--json", "--seed", "1")
    document = json.loads(result.stdout)
    assert [poem["text"] for poem in document["poems"]] == [POEM]
    digest = Checkpoint.open(runs / "reciter").model.sha256
    assert document["blend"] == [
        {"checkpoint": str(runs / "reciter"), "model": digest, "weight": 0.7},
        {"checkpoint": str(runs / "other"), "model": digest, "weight": 0.3},
    ]
    assert "checkpoint" not in document
    missing = generate("--blend", "reciter=1,nobody=1")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("Error: there is no checkpoint named nobody")


def test_a_network_writes_unlike_another_one(runs: Path) -> None:
    save_reciting_run(runs / "text", layout="text")
    result = generate(
        "reciter", "--unlike", "reciter", "--strength", "0.2", "--json", "--seed", "1"
    )
    document = json.loads(result.stdout)
    assert [poem["text"] for poem in document["poems"]] == [POEM]
    assert document["unlike"]["checkpoint"] == str(runs / "reciter")
    assert document["unlike"]["strength"] == 0.2
    assert document["checkpoint"] == str(runs / "reciter")
    strange = generate("reciter", "--unlike", "text")
    assert strange.exit_code == 2
    assert "one layout" in strange.stderr


def test_a_poem_that_nothing_can_follow_is_told_of(runs: Path) -> None:
    save_reciting_run(runs / "text", layout="text")
    arguments = ("text", *WILD, "--no-repeat-ngram-size", "1", "--seed", "1")
    refused = generate(*arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "a text of 500 was asked for" in " ".join(refused.stderr.split())
    arguments = (*arguments, "--length", "10", "--ban", "ackhorse\n")
    for more in ((), ("--show-scores",)):
        result = generate(*arguments, *more)
        assert result.exit_code == 0
        assert len(result.stdout.rstrip("\n")) <= len(POEM)
        assert result.stderr.startswith("The poem stops here: ")
    (poem,) = poems_of(generate(*arguments, "--json"))
    assert (poem["ended"], poem["dead_end"]) == (False, True)
    assert sorted(str(poem["text"])) == ["b", "l"]


def test_wishes_that_come_to_nothing_are_told_of() -> None:
    result = generate("--favour", "月=2", "--ban", "x")
    assert result.stdout == f"{POEM}\n"
    assert result.stderr == (
        "月 is not in this model's alphabet, so it cannot be favoured.\n"
        "x is not in this model's alphabet, so it is never written, banned or not.\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("form", ["text", "json"])
def test_ctrl_c_prints_the_poems_that_are_done(form: str) -> None:
    # All are side by side; the signal comes when the first one alone goes on.
    code = (
        "import os, signal\n"
        "from charrnn.decoding.decoder import Decoder\n"
        "advance = Decoder.advance\n"
        "def interrupted(self, samplers):\n"
        "    if len(samplers) == 1: os.kill(os.getpid(), signal.SIGINT)\n"
        "    advance(self, samplers)\n"
        "Decoder.advance = interrupted"
    )
    wild = (*WILD, "--seed", "1", "--end-of-poem", "model", "--count", "6")
    whole = [str(poem["text"]) for poem in poems_of(generate(*wild, "--json"))]
    done = [text.rstrip() for text in whole if len(text) < len(max(whole, key=len))]
    assert len(done) == 5
    process = started(*wild, *(["--json"] if form == "json" else []), code=code)
    printed, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "")
    if form == "json":
        assert [poem["text"].rstrip() for poem in json.loads(printed)["poems"]] == done
    else:
        assert printed == "\n\n".join(done) + "\n"


def test_continuous_text_ends_in_one_line_end(runs: Path) -> None:
    save_reciting_run(runs / "text", layout="text")
    result = generate("text", "--prompt", "b", "--temperature", "0", "--length", "5")
    assert result.stdout == "black\n"


def test_bytes_that_are_no_characters_do_no_harm() -> None:
    result = generate("--prompt", "bl\udcff", "--length", "1")
    assert result.exit_code == 0
    assert result.stdout.startswith("bl\N{REPLACEMENT CHARACTER}")


def test_a_damaged_network_is_told_in_a_sentence(runs: Path) -> None:
    (runs / "reciter" / "model.keras").write_bytes(b"PK")
    result = generate()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {runs / 'reciter' / 'model.keras'} is not the file")


def test_neither_tensorflow_nor_rich_is_imported() -> None:
    code = (
        "import atexit, sys\n"
        "slow = {'tensorflow', 'keras', 'rich', 'prompt_toolkit', 'charset_normalizer'}\n"
        "atexit.register(lambda: print(sorted(slow & set(sys.modules)), file=sys.stderr))"
    )
    printed, told = started("--prompt", "bl’", "--json", code=code).communicate(timeout=60)
    assert json.loads(printed)["poems"][0]["prompt"] == "bl’"
    assert told.splitlines()[-1] == "[]"


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_has_seen_enough_ends_it_in_silence() -> None:
    process = started("--count", "100000")
    assert process.stdout is not None
    assert process.stdout.readline() == "black\n"
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_characters_come_at_once_and_ctrl_c_ends_the_line(runs: Path) -> None:
    save_reciting_run(runs / "text", layout="text")
    process = started("text", "--length", "10000000", "--prompt", "b", *WILD)
    assert process.stdout is not None
    assert process.stdout.read(1) == "b"
    process.send_signal(signal.SIGINT)
    printed, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert printed.endswith("\n")
    assert told == ""


def test_before_anything_was_trained_a_network_that_came_along_writes(
    bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_reciting_run(bundled / "verse")
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", str(tmp_path / "nothing"))
    result = generate()
    assert (result.stdout, result.exit_code) == (f"{POEM}\n", 0)
    assert result.stderr == (
        "You have trained no network yet, so verse, which comes with charrnn, is used. "
        "charrnn train makes your own.\n"
    )
    named = generate("verse")
    assert (named.stdout, named.stderr) == (f"{POEM}\n", "")
