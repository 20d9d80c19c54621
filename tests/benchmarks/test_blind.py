"""The rating sheet, and what is made of its answers."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks import blind
from benchmarks.blind import Answer, evaluated, little_known, printed, wilson, write_sheet
from benchmarks.poems.pieces import Source
from charrnn.forms.english import lexicon
from tests.forms.core.runs import save_verse_runs


def run(asked: str) -> Result:
    return CliRunner().invoke(blind.main, asked.split())


def poems_in(page: str) -> list[str]:
    found = re.search(r'<script id="poems" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    poems: list[str] = json.loads(found[1])["poems"]
    return poems


def test_a_sheet_mixes_poems_and_keeps_the_key_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_verse_runs(tmp_path)
    monkeypatch.setattr(lexicon, "installed_dictionary", lambda: None)
    monkeypatch.chdir(tmp_path)
    texts = ["月山水，雨日东。", "月山水，雨东东。", "云山水，雨日东。"]
    Path("people.json").write_text(json.dumps([{"text": text} for text in texts * 3]), "utf-8")
    asked = (
        "make sheet.html --network yun --form toy.toml --rhymes sounds.txt --people people.json "
        "--count 3 --seed 5 --checkpoints ."
    )
    assert run(asked).exit_code == 0
    page, key = (
        Path("sheet.html").read_text("utf-8"),
        json.loads(Path("sheet.key.json").read_text()),
    )
    assert sorted(key["who"]) == ["machine"] * 3 + ["person"] * 3
    poems = poems_in(page)
    people = [poem for poem, who in zip(poems, key["who"], strict=True) if who == "person"]
    assert set(people) <= set(texts)
    assert all(re.fullmatch(".{3}，.{3}。", poem) for poem in poems)
    assert "://" not in page
    refused = run(asked.replace("--count 3", "--count 99"))
    assert refused.exit_code == 2
    assert "Received: --count 99" in refused.stderr


def test_a_poem_cannot_end_the_script_that_holds_it(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.html", [("</script><b>x", "person")], "about")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "</script><b>" not in page
    assert poems_in(page) == ["</script><b>x"]


def test_poems_are_printed_alike() -> None:
    assert printed("月落！乌啼；霜满\n天？", "chinese") == "月落，乌啼。\n霜满，天。"
    assert printed("  the sea\n\n  the sky ", "english") == "the sea\nthe sky"


def test_poems_of_poets_with_many_are_left_out() -> None:
    many = [Source("a", "Known", "test")] + [Source("b", "Known", "train")] * 2
    few = [Source("c", "Unknown", "test"), Source("d", "Unknown", "train")]
    nameless = [Source("e", "", "test"), Source("f", "other", "test")] + [Source("g", "other")] * 3
    found = little_known([*many, *few, *nameless], ("test",), 2)
    assert [source.text for source in found] == ["c", "e", "f", "g", "g", "g"]


def test_wilson_has_its_known_values() -> None:
    # Newcombe (1998), table I: 81 of 263, and 15 of 148.
    assert wilson(81, 263) == pytest.approx((0.3080, 0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.1014, 0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20).low == pytest.approx(0)


def test_answers_are_held_to_the_truth() -> None:
    answers = [
        Answer(0, "person", 3, 5),
        Answer(1, "person", 1, 2),
        Answer(2, "machine", None, 4),
        Answer(0, "machine", 2, 3),
    ]
    found = evaluated(answers, ["person", "machine", "machine"], 0)
    assert (found["answers"], found["right"]) == (4, 2)
    assert found["share right"].value == 0.5
    assert found["machine taken for a person"].value == 0.5
    assert found["sense of a person's"].value == 4
    assert found["sense of a machine's"].value == 3
    assert found["confidence of a machine's"].value == 1


def test_answers_are_evaluated_with_the_key_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.key.json").write_text(json.dumps({"who": ["person", "machine"]}))
    one = {"number": 1, "guess": "machine", "confidence": 2, "sense": 4}
    Path("answers.json").write_text(json.dumps({"key": "../../s.key.json", "answers": [one]}))
    result = run("evaluate answers.json answers.json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["right"] == 2
    Path("answers.json").write_text(
        json.dumps({"key": "s.key.json", "answers": [one | {"number": 2}]})
    )
    assert "does not fit its key of 2 poems" in run("evaluate answers.json").stderr
    Path("answers.json").write_text("[]")
    assert "one JSON object" in run("evaluate answers.json").stderr
