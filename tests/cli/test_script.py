"""Traditional characters: read from a person, and shown to one."""

import json
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import charrnn as package
from charrnn.cli import main
from charrnn.cli.appearance import Appearance, GradualText
from charrnn.corpus.chinese_script import simplify
from charrnn.corpus.traditional_script import script_of

BUNDLED = Path(package.__file__).parent / "bundled"
SHI, SHAKESPEARE = str(BUNDLED / "shi"), str(BUNDLED / "shakespeare")
IN_FORM = ("generate", SHI, "--form", "qijue", "--seed", "1")


def charrnn(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=text)


@pytest.mark.parametrize(
    ("typed", "read", "told"),
    [
        (("--acrostic", "春風夜雨"), ("--acrostic", "春风夜雨"), "風"),
        (("--must", "風"), ("--must", "风"), "風"),
        (("--first-line", "故國平居有所思"), ("--first-line", "故国平居有所思"), "國"),
    ],
)
def test_requirements_are_read_in_the_characters_of_the_network(
    typed: tuple[str, str], read: tuple[str, str], told: str
) -> None:
    result, expected = charrnn(*IN_FORM, *typed), charrnn(*IN_FORM, *read)
    assert (result.exit_code, expected.exit_code) == (0, 0)
    assert result.stdout == expected.stdout
    assert result.stderr == f"{told} is not in this model's alphabet; read as {simplify(told)}.\n"
    assert expected.stderr == ""


def test_poems_are_shown_in_traditional_characters() -> None:
    plain = charrnn(*IN_FORM, "--count", "2")
    shown = charrnn(*IN_FORM, "--count", "2", "--script", "traditional")
    assert script_of(shown.stdout) == "traditional"
    assert simplify(shown.stdout) == plain.stdout
    assert charrnn("verify", "qijue", "-", text=shown.stdout).exit_code == 0
    assert charrnn(*IN_FORM, "--count", "2", "--script", "simplified").stdout == plain.stdout


def test_a_poem_is_shown_as_it_grows_as_at_once() -> None:
    free = ("generate", SHI, "--seed", "3", "--script", "traditional", "--print-command")
    one, several = charrnn(*free), charrnn(*free, "--count", "2")
    assert several.stdout.startswith(one.stdout)
    assert " --script traditional " in one.stderr
    assert charrnn(*shlex.split(one.stderr.splitlines()[-1])[1:]).stdout == one.stdout


def test_json_has_what_the_network_wrote_and_what_is_shown() -> None:
    (poem,) = json.loads(charrnn(*IN_FORM, "--script", "traditional", "--json").stdout)["poems"]
    assert script_of(poem["text"]) == "simplified"
    assert simplify(poem["shown"]) == poem["text"]
    (plain,) = json.loads(charrnn(*IN_FORM, "--json").stdout)["poems"]
    assert "shown" not in plain
    assert plain["text"] == poem["text"]


def test_a_network_without_chinese_refuses_a_script() -> None:
    result = charrnn("generate", SHAKESPEARE, "--script", "traditional")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "script goes with Chinese verse, and this network knows no Chinese" in result.stderr


def test_a_conversation_shows_traditional_characters() -> None:
    shown = charrnn("repl", SHI, "--seed", "3", text="/script traditional\n國破\n")
    poem = shown.stdout[shown.stdout.index("國破") :].split("\n\n")[0]
    assert script_of(poem) == "traditional"


def test_score_reads_traditional_characters(tmp_path: Path) -> None:
    results = []
    for name, text in [
        ("s.txt", "举头望明月，低头思故乡。"),
        ("t.txt", "舉頭望明月，低頭思故鄉。"),
    ]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        results.append(charrnn("score", SHI, str(tmp_path / name)))
    simplified, traditional = (result.stdout.splitlines()[1:] for result in results)
    assert simplified == traditional
    told = "the text is in traditional Chinese characters; it is read in simplified ones.\n"
    assert results[1].stderr == told


@pytest.mark.parametrize("appearance", [Appearance(True), Appearance(True, "traditional")])
def test_pieces_of_any_size_are_shown_alike(appearance: Appearance) -> None:
    poem = "干戈三千里，缘愁似个长。不知明镜里，白发得秋霜。"
    whole = appearance.shown(poem)
    for places in [range(len(poem) + 1), (0, 1, 7, 8, 13, len(poem)), (0, len(poem))]:
        gradual = GradualText(appearance)
        shown = [gradual.add(poem[start:stop]) for start, stop in pairwise(places)]
        assert "".join(shown) + gradual.rest() == whole
    assert whole.splitlines()[0].endswith("長。" if appearance.script else "长。")
