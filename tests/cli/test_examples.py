"""The examples of the help pages, typed in a folder where what they name is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from charrnn.cli import main
from charrnn.cli.verify import NOT_KEPT
from charrnn.config import CorpusConfig
from charrnn.corpus.reading import read_corpus
from charrnn.poetry.form_file import written_form
from charrnn.poetry.known_forms import find_form
from tests.generation.networks import save_reciting_run

POEMS = (
    "black\nhorse\n\nhorse\nblack\n\nblack\nrose\n\nrose\n\nlace\nlash\n\nhare\n\ncoral\n\nbell\n"
)
LONG_OR_FAR = [("train",), ("corpus", "download"), ("replay",), ("COMMAND",)]
"""Examples that learn for minutes, need a network or a code, and the one that stands for all."""


def _examples(command: click.Command) -> Iterator[str]:
    yield from re.findall(r"\bcharrnn(?: [^ \n]+)+", command.epilog or "")
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _examples(inner)


def _quick(example: str) -> bool:
    words = tuple(example.split()[1:])
    return not any(words[: len(start)] == start for start in LONG_OR_FAR)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poems, lines to type, and runs of the names that the examples have."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    Path("poems").mkdir()
    for name in ("poems.txt", "poem.txt", "poems/all.txt"):
        Path(name).write_text(POEMS, encoding="utf-8")
    Path("lines.txt").write_text("black\n\n/more and\n/retry\n/settings\n/quit\n", encoding="utf-8")
    Path("old.txt").write_text("床前明月光，\n疑是地上霜。\n" * 9, encoding="big5")
    corpus = read_corpus(["poems.txt"], CorpusConfig(layout="blocks"))
    Path("my.toml").write_text(written_form(find_form("couplet")), encoding="utf-8")
    for name in ("moons", "rivers", "quatrains"):
        save_reciting_run(Path("checkpoints", name), corpus=corpus.record())


@pytest.mark.parametrize("example", sorted(set(filter(_quick, _examples(main)))))
def test_an_example_does_what_it_shows(example: str) -> None:
    typed, *_ = re.split(r" [<>]", example.rpartition(" | ")[2])
    read = re.search(r"< (\S+)", example)
    content = Path(read[1] if read else "lines.txt").read_bytes()
    result = CliRunner().invoke(main, shlex.split(typed)[1:], input=content)
    # No poem of these tests keeps a form, which verify says with a code of its own.
    assert result.exit_code == (NOT_KEPT if " verify " in example else 0), result.stderr
    assert result.stdout.strip()
    assert "Error" not in result.stderr


def test_the_commands_that_are_quick_have_examples() -> None:
    shown = {example.split()[1] for example in filter(_quick, _examples(main))}
    assert shown == {
        "generate",
        "repl",
        "evaluate",
        "score",
        "novelty",
        "info",
        "corpus",
        "forms",
        "verify",
    }
