import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from charrnn.cli.verify import NOT_KEPT
from charrnn.forms.core.known_forms import find_form, form_to_toml

KEPT = "朝辞白帝彩云间，千里江陵一日还。\n两岸猿声啼不住，轻舟已过万重山。\n"
BROKEN = "朝辞白帝彩云间，千里江陵一日还。\n两岸猿声啼月住，轻舟已过万江天。\n"
SOUNDS = {"平": "朝辞云江陵猿声啼轻舟", "仄": "白帝彩千里一日两岸住已过万月"}
ENGLISH = "I kept the lamp\nand heard the damp and stone\n"
LEXICON = """\
I AY1
KEPT K EH1 P T
THE DH AH0
LAMP L AE1 M P
AND AH0 N D
HEARD HH ER1 D
DAMP D AE1 M P
STONE S T OW1 N
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with poems and with a table that says how their characters sound."""
    lines = [f"{one}\t{one}\t{tone}" for tone, ones in SOUNDS.items() for one in ones]
    lines += [f"{one}\t删\t平" for one in "间还山"]
    lines += ["天\t先\t平", "重\t冬\t平", "重\t宋\t仄", "不\t物\t仄"]
    (tmp_path / "sounds.txt").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "kept.txt").write_text(KEPT, encoding="utf-8")
    (tmp_path / "broken.txt").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "english.txt").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "lexicon.txt").write_text(LEXICON, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verify(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["verify", *arguments], input=stdin)


def test_a_poem_that_keeps_its_form(golden: Callable[[str, str], None]) -> None:
    result = verify("qijue", "kept.txt", "--rhymes", "sounds.txt")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("verify_kept.txt", result.stdout)


def test_a_poem_that_does_not(golden: Callable[[str, str], None]) -> None:
    result = verify("qijue", "broken.txt", "--rhymes", "sounds.txt")
    assert (result.exit_code, result.stderr) == (NOT_KEPT, "")
    golden("verify_broken.txt", result.stdout)


def test_several_poems(golden: Callable[[str, str], None]) -> None:
    result = verify("七绝", "-", "--rhymes", "sounds.txt", stdin=f"{KEPT}\n{BROKEN}\n间，\n")
    assert result.exit_code == NOT_KEPT
    golden("verify_several.txt", result.stdout)


@pytest.mark.parametrize(("file", "code"), [("kept.txt", 0), ("broken.txt", NOT_KEPT)])
def test_json_says_the_same(file: str, code: int, golden: Callable[[str, str], None]) -> None:
    result = verify("qijue", file, "--rhymes", "sounds.txt", "--json")
    assert (result.exit_code, result.stderr) == (code, "")
    document = json.loads(result.stdout)
    assert document["passes"] == (code == 0)
    golden(f"verify_{Path(file).stem}.json", result.stdout)


def test_an_english_poem(place: Path, golden: Callable[[str, str], None]) -> None:
    form = form_to_toml(find_form("couplet"))
    (place / "mine.toml").write_text(form, encoding="utf-8")
    result = verify("mine.toml", "english.txt", "--lexicon", "lexicon.txt")
    assert (result.exit_code, result.stderr) == (NOT_KEPT, "")
    golden("verify_english.txt", result.stdout)


def test_the_profile_and_the_readings_are_heard() -> None:
    poem = KEPT.replace("轻舟", "轻月")
    assert verify("qijue", "-", "--rhymes", "sounds.txt", stdin=poem).exit_code == NOT_KEPT
    loose = ("--rhymes", "sounds.txt", "--profile", "rhyme-only")
    assert verify("qijue", "-", *loose, stdin=poem).exit_code == 0
    strict = ("--rhymes", "sounds.txt", "--readings", "strict")
    result = verify("qijue", "kept.txt", *strict)
    assert result.exit_code == NOT_KEPT
    assert "line 4, character 6 can be 仄 too where 平 is required: 重" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("qijeu", "kept.txt"), 1, "Did you mean qijue?"),
        (("qijue", "none.txt", "--rhymes", "sounds.txt"), 1, "none.txt"),
        (("qijue", "kept.txt", "--rhymes", "none.txt"), 1, "Rhymes are pingshui, cilin"),
        (("qijue", "kept.txt", "--lexicon", "lexicon.txt"), 2, "--lexicon is for English verse"),
        (("couplet", "english.txt", "--profile", "246"), 2, "--profile is for Chinese verse"),
        (("couplet", "english.txt", "--readings", "any"), 2, "--readings is for Chinese verse"),
        (("couplet", "english.txt", "--rhymes", "cilin"), 2, "perfect or slant. Received: cilin."),
        (("qijue", "kept.txt", "--profile", "loose"), 2, "one of strict, 246, rhyme-only"),
        (("none.toml", "kept.txt"), 1, "none.toml cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], code: int, sentence: str) -> None:
    result = verify(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_equal_lines_are_judged_each_in_its_own_place() -> None:
    result = verify("qijue", "-", "--rhymes", "sounds.txt", stdin="，".join(["朝辞白帝彩云间"] * 4))
    assert [line[:3] for line in result.stdout.splitlines() if line[:3].strip()][1:5] == [
        "  1",
        "  2",
        "  3",
        "  4",
    ]
