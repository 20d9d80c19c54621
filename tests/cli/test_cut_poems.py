import pytest

from charrnn.cli.verify import cut_poems
from charrnn.forms.core.known_forms import find_form

FIRST = "白日依山尽，黄河入海流。\n欲穷千里目，更上一层楼。"
SECOND = "千山鸟飞绝，万径人踪灭。\n孤舟蓑笠翁，独钓寒江雪。"


def test_blank_lines_part_poems() -> None:
    assert cut_poems(f"\n{FIRST}\n\n\n{SECOND}\n", find_form("wujue")) == [FIRST, SECOND]


def test_a_poem_may_stand_on_each_line() -> None:
    text = f"{FIRST}\n{SECOND}".replace("。\n", "。").replace("独钓寒江雪。", "独钓寒江雪。\n")
    flat = [poem.replace("\n", "") for poem in (FIRST, SECOND)]
    assert cut_poems("\n".join(flat), find_form("wujue")) == flat
    assert len(cut_poems(text, find_form("wulv"))) == 1


@pytest.mark.parametrize("name", ["pusaman", "sonnet"])
def test_the_parts_of_a_poem_belong_together(name: str) -> None:
    form = find_form(name)
    assert cut_poems(f"{form.example}\n\n{form.example}", form) == [form.example] * 2


def test_stanzas_printed_apart_are_one_poem() -> None:
    form = find_form("sonnet")
    lines = [line for line in form.example.splitlines() if line.strip()]
    apart = "\n\n".join("\n".join(lines[at : at + 4]) for at in (0, 4, 8, 12))
    assert cut_poems(apart, form) == [apart]


def test_poems_too_long_or_too_short_are_kept_apart_from_others() -> None:
    form = find_form("wujue")
    long, short = f"{FIRST}\n{SECOND}", "白日依山尽。"
    assert cut_poems(f"{long}\n\n{short}", form) == [long, short]
    assert cut_poems(f"{FIRST}\n\n{short}\n\n{FIRST}", form) == [FIRST, short, FIRST]


def test_nothing_is_a_poem_without_lines() -> None:
    assert cut_poems(" \n\n ", find_form("wujue")) == [""]
