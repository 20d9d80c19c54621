import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from charrnn import errors
from charrnn.cli import main
from charrnn.cli.process import ErrorsShown


class ResourceExhaustedError(Exception):
    """Stands for TensorFlow's error of that name."""


def _array_memory_error() -> MemoryError:
    with pytest.raises(MemoryError) as raised:
        np.empty(2**57)
    return raised.value


FAILURES: dict[str, BaseException] = {
    "checkpoint": errors.CheckpointError("there is no checkpoint named moon."),
    "setting": errors.ConfigurationError("units must be a whole number. Received: many."),
    "signal": errors.TrainingInterrupted("Saved. Go on with: charrnn train --resume", 15),
    "disk": OSError(28, "No space left on device", "poems.txt"),
    "socket": OSError("the server hung up"),
    "fault": ZeroDivisionError("division by zero"),
    "memory": MemoryError(),
    "array": _array_memory_error(),
    "tensor": ResourceExhaustedError("OOM when allocating tensor"),
    "usage": click.UsageError("give one file."),
    "interrupt": KeyboardInterrupt(),
}


TOO_LARGE = "Error: out of memory. Choose smaller --units, --batch-size or --window.\n"


@click.group(cls=ErrorsShown)
@click.option("--debug", is_flag=True)
def failing(debug: bool) -> None:
    del debug


@failing.command()
@click.argument("name")
def fail(name: str) -> None:
    click.echo("a line of a poem")
    raise FAILURES[name]


@pytest.mark.parametrize(
    ("name", "exit_code", "sentence"),
    [
        ("checkpoint", 1, "Error: there is no checkpoint named moon.\n"),
        ("setting", 2, "Error: units must be a whole number. Received: many.\n"),
        ("signal", 143, "Saved. Go on with: charrnn train --resume\n"),
        ("disk", 1, "Error: poems.txt: No space left on device.\n"),
        ("socket", 1, "Error: the server hung up.\n"),
        *((name, 1, TOO_LARGE) for name in ("memory", "array", "tensor")),
        (
            "fault",
            1,
            (
                "Error: this is a fault in charrnn (ZeroDivisionError: division by "
                "zero). charrnn --debug COMMAND shows where; please report it.\n"
            ),
        ),
        ("interrupt", 130, "\n"),
    ],
)
def test_every_failure_is_a_sentence_and_an_exit_code(
    name: str, exit_code: int, sentence: str
) -> None:
    result = CliRunner().invoke(failing, ["fail", name])
    assert result.exit_code == exit_code
    assert result.stderr == sentence
    assert result.stdout == "a line of a poem\n"


def test_wrong_usage_is_left_to_click() -> None:
    result = CliRunner().invoke(failing, ["fail", "usage"])
    assert result.exit_code == 2
    assert result.stderr.endswith("\nError: give one file.\n")


@pytest.mark.parametrize("name", ["checkpoint", "fault", "disk"])
def test_debug_shows_where_an_error_came_from(name: str) -> None:
    result = CliRunner().invoke(failing, ["--debug", "fail", name])
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert f"{type(FAILURES[name]).__name__}: {FAILURES[name]}\n" in result.stderr
    assert result.stdout == "a line of a poem\n"


def _run(*arguments: str, **keywords: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "charrnn", *arguments],
        text=True,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | keywords,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments", [("corpus", "list"), ("--help",), ("--version",), ("train", "--help")]
)
def test_a_full_disk_under_the_output_is_told_once(arguments: Sequence[str]) -> None:
    with Path("/dev/full").open("w") as full:
        result = _run(*arguments, stdout=full)
    assert result.returncode == 1
    assert result.stderr == "Error: standard output: No space left on device.\n"


@pytest.mark.parametrize("arguments", [("corpus", "list", "--json"), ("--help",)])
def test_a_reader_that_has_gone_away_is_no_error(arguments: Sequence[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = _run(*arguments, stdout=writing)
    os.close(writing)
    assert (result.returncode, result.stderr) == (141, "")


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_control_c_leaves_no_traceback(tmp_path: Path) -> None:
    from tests.fakes import write_run

    write_run(tmp_path / "moons")
    program = (
        "import os, signal\n"
        "from charrnn.cli import info, main\n"
        "info.networks_in = lambda _: os.kill(os.getpid(), signal.SIGINT)\n"
        f"main(['info', '--checkpoints', {str(tmp_path)!r}])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.returncode == 128 + signal.SIGINT
    assert result.stderr == "\n"


def test_a_mistyped_command_or_option_suggests_the_near_one() -> None:
    result = CliRunner().invoke(main, ["trian"])
    assert result.exit_code == 2
    assert "Did you mean 'train'?" in result.stderr
    result = CliRunner().invoke(main, ["generate", "--temprature", "1"])
    assert result.exit_code == 2
    assert "'--temperature'" in result.stderr


def test_the_version_is_that_of_the_package() -> None:
    try:
        version = metadata.version("charrnn")
    except metadata.PackageNotFoundError:
        pytest.skip("charrnn is not installed")
    assert CliRunner().invoke(main, ["--version"]).stdout == f"charrnn, version {version}\n"


def test_the_package_runs_as_a_module() -> None:
    result = _run("--help")
    assert result.returncode == 0
    assert result.stdout.startswith("Usage: python -m charrnn [OPTIONS] COMMAND [ARGS]...\n")


def test_commands_are_listed_in_the_order_of_use() -> None:
    lines = CliRunner().invoke(main, ["--help"]).stdout.partition("Commands:\n")[2].splitlines()
    names = [line.split()[0] for line in lines[: lines.index("")]]
    assert names == [
        "train",
        "generate",
        "repl",
        "evaluate",
        "score",
        "novelty",
        "reach",
        "info",
        "pack",
        "corpus",
        "forms",
        "verify",
    ]


def _all_commands(
    command: click.Command = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _all_commands(inner, (*path, name))


every_command = pytest.mark.parametrize(
    ("path", "command"),
    list(_all_commands()),
    ids=[" ".join(path) or "charrnn" for path, _ in _all_commands()],
)


@every_command
def test_help_begins_with_a_sentence_and_fits_a_narrow_terminal(
    path: tuple[str, ...], command: click.Command
) -> None:
    result = CliRunner().invoke(main, [*path, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert re.match(r"[A-Z].*?\.(\s|$)", command.help or "", re.DOTALL)
    assert not command.get_short_help_str(limit=66).endswith("...")
    assert max(map(len, result.stdout.splitlines())) <= 80


@every_command
def test_help_ends_with_examples_that_are_understood(
    path: tuple[str, ...], command: click.Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = " ".join(("charrnn", *path))
    assert command.epilog is not None, name
    found = re.findall(r"\bcharrnn(?: [^ ]+)+", command.epilog)
    assert found
    for example in found:
        words = shlex.split(re.split(r" [|<>]", example)[0])[1:]
        parsed: click.Command = main
        while isinstance(parsed, click.Group) and words and words[0] != "COMMAND":
            parsed = parsed.commands[words.pop(0)]
        if not isinstance(parsed, click.Group):
            parsed.make_context("example", words)


@every_command
def test_every_option_can_be_given_in_the_environment(
    path: tuple[str, ...], command: click.Command
) -> None:
    del path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            longest = max(parameter.opts, key=len)
            assert parameter.name == longest.lstrip("-").replace("-", "_")
