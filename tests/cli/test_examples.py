"""The examples of the help pages, typed in a folder where what they name is there."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from charrnn.checkpoint.directory import SOUNDS_FILE, WORDS_FILE
from charrnn.cli import main
from charrnn.cli.verify import NOT_KEPT
from charrnn.corpus.loading import read_corpus
from charrnn.forms.chinese.sounds import LearnedSounds, Tone, tones
from charrnn.forms.core.known_forms import find_form, form_to_toml
from charrnn.forms.core.language import table_to_json
from charrnn.forms.english import lexicon
from charrnn.settings.configuration import CorpusConfig
from tests.decoding.networks import save_reciting_run
from tests.forms.chinese.toy_sounds import TOY
from tests.forms.core.runs import save_verse_runs

POEMS = (
    "black\nhorse\n\nhorse\nblack\n\nblack\nrose\n\nrose\n\nlace\nlash\n\nhare\n\ncoral\n\nbell\n"
)
IN_A_FORM = {"--form", "--syllables"}
"""Options of examples that need networks which can write verse."""

BEFORE = {"charrnn generate gifts/moons": "charrnn pack mine gifts/moons"}
"""Examples that go on from another one."""

LONG_OR_FAR = [("train",), ("corpus", "download"), ("evaluate", "shi"), ("COMMAND",)]
"""Examples that learn or write for minutes, need a network, and the one that stands for all."""


def _examples(command: click.Command) -> Iterator[str]:
    yield from re.findall(r"\bcharrnn(?: [^ \n]+)+", command.epilog or "")
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _examples(inner)


def _quick(example: str) -> bool:
    words = tuple(example.split()[1:])
    far = any(words[: len(start)] == start for start in LONG_OR_FAR)
    return not far and not IN_A_FORM & set(words)


def _in_a_form(example: str) -> bool:
    words = example.split()[1:]
    return bool(IN_A_FORM & set(words)) and words[0] != "evaluate"


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
    Path("my.toml").write_text(form_to_toml(find_form("couplet")), encoding="utf-8")
    for name in ("moons", "rivers", "quatrains", "mine"):
        save_reciting_run(Path("checkpoints", name), corpus=corpus.record())


@pytest.mark.parametrize("example", sorted(set(filter(_quick, _examples(main)))))
def test_an_example_does_what_it_shows(example: str) -> None:
    if example in BEFORE:
        CliRunner().invoke(main, shlex.split(BEFORE[example])[1:])
    typed, *_ = re.split(r" [<>]", example.rpartition(" | ")[2])
    read = re.search(r"< (\S+)", example)
    content = Path(read[1] if read else "lines.txt").read_bytes()
    result = CliRunner().invoke(main, shlex.split(typed)[1:], input=content)
    # No poem of these tests keeps a form, which verify says with a code of its own.
    assert result.exit_code == (NOT_KEPT if " verify " in example else 0), result.stderr
    assert result.stdout.strip()
    assert "Error" not in result.stderr


@pytest.mark.parametrize("example", sorted(set(filter(_in_a_form, _examples(main)))))
def test_an_example_of_a_form_writes_a_poem(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    save_verse_runs(Path("checkpoints"))
    Path("checkpoints", "yun").rename(Path("checkpoints", "shi"))
    shutil.rmtree(Path("checkpoints", "quatrains"))
    Path("checkpoints", "moons").rename(Path("checkpoints", "quatrains"))
    Path("checkpoints", "quatrains", WORDS_FILE).unlink()
    places = {
        one: (9 * ("平" in tones(TOY, one)), 9 * ("仄" in tones(TOY, one))) for one in TOY.table
    }
    classes: dict[Tone, tuple[str, ...]] = {"平": ("东风中空红", "云江花春"), "仄": ()}
    sounds = LearnedSounds(100, places, classes, "0" * 64)
    Path("checkpoints", "shi", SOUNDS_FILE).write_text(table_to_json(sounds), encoding="utf-8")
    vowels = ("AA", "AE", "AH", "AO", "EH", "EY", "IH")
    words = {
        f"{onset}{number * 'o'}t": [f"{onset} {vowel}1 T"]
        for number, vowel in enumerate(vowels, 1)
        for onset in "BDGK"
    }
    Path("words.json").write_text(json.dumps(words), encoding="utf-8")
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: Path("words.json"))
    # The toy network knows too few characters for a poem that has none twice.
    repeats = ["--repeats"] if "qijue" in example else []
    result = CliRunner().invoke(main, [*shlex.split(example)[1:], *repeats], input="\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.strip()
