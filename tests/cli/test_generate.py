import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.checkpoint import Checkpoint
from charrnn.cli import main
from charrnn.config import LARGEST_SEED
from tests.generation.networks import POEM, save_reciting_run

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
        (("--prompt-file", "missing.txt"), "'missing.txt': No such file or directory"),
        (("--count", "0"), "it must be a whole number at least 1. Received: 0."),
        (("--temperature", "-1"), "it must be a number at least 0. Received: -1."),
        (("--seed", "9223372036854775808"), "Received: 9223372036854775808."),
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
    assert alone == three[2]
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


def test_options_can_be_given_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARRNN_GENERATE_PROMPT", "bla")
    monkeypatch.setenv("CHARRNN_GENERATE_LENGTH", "2")
    assert generate().stdout == "black\n"


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_a_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        process = started(write_to=full.fileno())
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told == "Error: No space left on device.\n"


def test_the_examples_of_the_help_name_options_that_exist() -> None:
    text = generate("--help").stdout
    described, _, shown = text.partition("Examples:")
    options = {word for word in shown.split() if word.startswith("--")}
    assert options
    assert all(option in described for option in options)
