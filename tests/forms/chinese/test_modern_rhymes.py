import importlib.util
import sys
from types import SimpleNamespace

import pytest

from charrnn.errors import FormError
from charrnn.forms.chinese.rhyme_books import FINALS, PinyinSounds
from charrnn.forms.chinese.sounds import Reading

installed = pytest.mark.skipif(
    importlib.util.find_spec("pypinyin") is None, reason="needs the extra chinese"
)

ALL_FINALS = (
    "a ia ua o uo e ê ie üe ai uai ei uei ao iao ou iou an ian uan üan en in uen ün "
    "ang iang uang eng ing ueng ong iong i -i u ü er"
)


@pytest.mark.parametrize(("book", "classes"), [("xinyun", 14), ("tongyun", 16)])
def test_every_final_has_one_class(book: str, classes: int) -> None:
    assert len(FINALS[book]) == classes
    finals = " ".join(FINALS[book].values()).split()
    assert sorted(finals) == sorted(ALL_FINALS.split())


@installed
@pytest.mark.parametrize(
    ("character", "xinyun", "tongyun"),
    [
        ("花", {("平", "麻")}, {("平", "啊")}),
        ("知", {("平", "支")}, {("平", "衣")}),
        ("去", {("仄", "齐")}, {("仄", "迂")}),
        ("长", {("平", "唐"), ("仄", "唐")}, {("平", "昂"), ("仄", "昂")}),
        ("七", {("平", "齐")}, {("平", "衣")}),
        ("鱼", {("平", "齐")}, {("平", "迂")}),
        ("元", {("平", "寒")}, {("平", "安")}),
        ("问", {("仄", "文")}, {("仄", "恩")}),
        ("律", {("仄", "齐")}, {("仄", "迂")}),
        ("二", {("仄", "齐")}, {("仄", "儿")}),
        ("熊", {("平", "庚")}, {("平", "雍")}),
        ("竹", {("平", "姑")}, {("平", "乌")}),
        ("x", set(), set()),
    ],
)
def test_characters_rhyme_by_their_finals(
    character: str, xinyun: set[Reading], tongyun: set[Reading]
) -> None:
    assert PinyinSounds.open("xinyun").readings(character) == xinyun
    assert PinyinSounds.open("tongyun").readings(character) == tongyun


def spelled(syllables: str) -> PinyinSounds:
    """Sounds of one character, 字, whose syllables are spelled `initial.final.tone`."""
    spelling = SimpleNamespace(
        to_initials=lambda one, **_: one.split(".")[0],
        to_finals=lambda one, **_: one.split(".")[1],
        to_tone3=lambda one, **_: one.replace(".", ""),
    )
    return PinyinSounds("xinyun", {ord("字"): syllables}, spelling)


def test_a_light_tone_counts_only_where_there_is_no_other() -> None:
    assert spelled("l.e.5,l.iao.3").readings("字") == {("仄", "豪")}
    assert spelled("l.e.5").readings("字") == {("平", "波"), ("仄", "波")}


def test_the_sound_after_hissing_initials_is_another() -> None:
    assert spelled("zh.i.1").readings("字") == {("平", "支")}
    assert spelled("j.i.1").readings("字") == {("平", "齐")}


def test_the_message_names_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypinyin.constants", None)
    with pytest.raises(FormError, match=r"xinyun needs the package pypinyin.*charrnn\[chinese\]"):
        PinyinSounds.open("xinyun")
