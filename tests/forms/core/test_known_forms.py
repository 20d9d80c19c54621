from pathlib import Path

import pytest

from charrnn.errors import FormError
from charrnn.forms.core.known_forms import find_form, form_to_toml, known_forms

FIVE = {
    "a": ["中仄平平仄"],
    "A": ["中仄仄平平"],
    "b": ["中平平仄仄", "平平仄平仄"],
    "B": ["平平仄仄平", "仄平平仄平"],
}
REGULAR = {"wujue": 4, "wulv": 8, "wupai": 12, "qijue": 4, "qilv": 8, "qipai": 16}


def test_the_forms_that_were_promised_are_there() -> None:
    chinese = [form.name for form in known_forms().values() if form.language == "chinese"]
    assert set(chinese) == {
        *REGULAR,
        "gujue",
        "huanxisha",
        "pusaman",
        "zhegutian",
        "xijiangyue",
        "rumengling",
        "qingpingyue",
        "jianmulan",
        "busuanzi",
    }
    assert list(known_forms())[: len(chinese)] == chinese
    assert chinese[0] == "gujue"


@pytest.mark.parametrize("name", REGULAR)
def test_regular_verse_alternates_and_adheres(name: str) -> None:
    """Tones of the second character: opposed within a couplet, alike between couplets."""
    form = find_form(name)
    assert len(form.variants) == 4
    for variant in form.variants:
        assert len(variant) == REGULAR[name]
        seconds = [line.pattern[1] for line in variant]
        for line in range(0, len(seconds), 2):
            assert seconds[line] != seconds[line + 1]
        for line in range(1, len(seconds) - 1, 2):
            assert seconds[line] == seconds[line + 1]


@pytest.mark.parametrize("name", REGULAR)
def test_regular_verse_rhymes_on_level_even_lines(name: str) -> None:
    for variant in find_form(name).variants:
        for number, line in enumerate(variant, 1):
            assert {pattern[-1] for pattern in line.patterns} == {"平" if line.rhyme else "仄"}
            assert line.rhyme == ("A" if number % 2 == 0 else "") or number == 1


@pytest.mark.parametrize("name", REGULAR)
def test_the_lines_of_regular_verse_are_of_four_kinds(name: str) -> None:
    form = find_form(name)
    for variant, title in zip(form.variants, form.variant_names, strict=True):
        assert (variant[0].rhyme == "A") == title.endswith("首句入韵")
        # A name tells the tone of the second character of the first line.
        assert variant[0].pattern[1] == title[0]
        for line in variant:
            assert [pattern[-5:] for pattern in line.patterns] in FIVE.values()
            assert all(pattern[:-5] in {"", "中平", "中仄"} for pattern in line.patterns)


def test_a_form_is_found_by_any_of_its_names() -> None:
    assert find_form("七绝") is find_form("QIJUE") is find_form("qijue")


def test_regular_verse_can_be_of_any_length() -> None:
    assert find_form("wupai-12").variants == find_form("wupai").variants
    assert find_form("七排-16").variants == find_form("qipai").variants
    form = find_form("wupai-22")
    assert (form.name, form.lines) == ("wupai-22", 22)
    assert all(variant[4:12] == variant[12:20] for variant in form.variants)


@pytest.mark.parametrize("lines", ["8", "11", "202", "9" * 40])
def test_a_length_that_cannot_be_is_told(lines: str) -> None:
    with pytest.raises(FormError, match="an even number of lines from 10 to 200"):
        find_form(f"wupai-{lines}")


@pytest.mark.parametrize("name", ["qijeu", "qijue-12", "wupai-x", "", "完全没有"])
def test_an_unknown_name_is_told(name: str) -> None:
    with pytest.raises(FormError, match="there is no form named"):
        find_form(name)
    with pytest.raises(FormError, match="Did you mean qijue"):
        find_form("qijeu")


def test_a_form_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    form = find_form("pusaman")
    path.write_text(form_to_toml(form), encoding="utf-8")
    assert find_form(str(path)) == form


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(FormError, match=r"none\.toml cannot be read: No such file"):
        find_form(str(tmp_path / "none.toml"))
    path = tmp_path / "gb.toml"
    path.write_bytes("七绝".encode("gb18030"))
    with pytest.raises(FormError, match="not UTF-8"):
        find_form(str(path))
