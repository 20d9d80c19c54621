import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.layout import LONGEST_COUNTED, blank_runs, choose_layout, cut

STANZA = "The tide comes in, the tide goes out,\nAnd no one asks it why;\n"
PLAY = "MACBETH:\nSo foul and fair a day.\n\nBANQUO:\nHow far is it?\n\n"
PROSE = "It was a dark and stormy night, and the rain fell in torrents upon all the roofs. " * 4
JUEJU = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。\n"
CHINESE_PROSE = "那天晚上下着雨，他一个人走在街上，没有带伞，心里想着很多很多事情。\n"


def poems(text, wanted="auto"):
    choice = choose_layout(text, wanted)
    return choice.layout, [text[a:b] for a, b in cut(text, choice.gap).spans.tolist()]


def test_blank_lines_part_poems():
    text = "\n\n" + STANZA + "\n" + STANZA.upper() + "\n\n\n"
    assert poems(text) == ("blocks", [STANZA.strip(), STANZA.upper().strip()])


def test_long_gaps_part_poems_where_short_ones_part_stanzas():
    poem = STANZA + "\n" + STANZA
    layout, found = poems("\n\n".join([poem] * 4))
    assert (layout, found) == ("blocks", [poem.strip()] * 4)


def test_stanzas_are_known_where_long_gaps_part_poems():
    poem = STANZA + "\n" + STANZA
    assert choose_layout("\n\n".join([poem] * 4)).stanzas
    assert not choose_layout("\n".join([STANZA] * 4)).stanzas
    assert not choose_layout(PROSE).stanzas


def test_a_rule_for_stanzas_that_is_known_is_taken():
    text = STANZA + "\n" + STANZA
    assert not choose_layout(text, "blocks").stanzas
    assert choose_layout(text, "blocks", stanzas=True).stanzas
    assert not choose_layout("\n\n".join([text] * 4), "blocks", stanzas=False).stanzas


def test_the_gaps_between_files_are_no_evidence():
    files = ["\n".join([STANZA] * 3)] * 5
    text = "\n\n\n".join(files)
    joints = [number * (len(files[0]) + 3) - 3 for number in range(1, 5)]
    assert choose_layout(text).stanzas
    choice = choose_layout(text, joints=joints)
    assert not choice.stanzas
    assert len(cut(text, choice.gap).spans) == 15
    assert choose_layout(text, stanzas=True, joints=joints).stanzas
    # Joints beyond the sample do no harm.
    assert not choose_layout(text, joints=[*joints, 10**9]).stanzas


def test_a_single_long_gap_is_taken_for_a_slip():
    layout, found = poems(STANZA + "\n\n" + STANZA + "\n" + STANZA)
    assert (layout, len(found)) == ("blocks", 3)


def test_long_gaps_must_be_a_tenth_of_all():
    stanzas = [STANZA] * 10
    text = "\n".join(stanzas) + "\n\n" + "\n".join(stanzas) + "\n\n" + "\n".join(stanzas)
    assert len(poems(text)[1]) == 30
    stanzas = [STANZA] * 3
    text = "\n".join(stanzas) + "\n\n" + "\n".join(stanzas) + "\n\n" + "\n".join(stanzas)
    assert len(poems(text)[1]) == 3


def test_blank_lines_may_hold_blank_space():
    layout, found = poems(STANZA + " \t\n" + STANZA + "\u3000\n" + STANZA)
    assert (layout, len(found)) == ("blocks", 3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PLAY * 20, "name of a speaker"),
        ((PROSE + "\n\n") * 20, "not poems of 2 to 60 lines"),
        ((PROSE + "\n" + PROSE + "\n\n") * 20, "longer than 60 characters"),
        ((STANZA * 40 + "\n") * 3, "not poems of 2 to 60 lines"),
        (STANZA * 3, "it has no blank lines"),
        (CHINESE_PROSE * 20, "it has no blank lines"),
    ],
)
def test_what_does_not_look_like_poems_is_one_text(text, reason):
    choice = choose_layout(text)
    assert choice.layout == "text"
    assert reason in choice.reason
    assert poems(text) == ("text", [text])


@pytest.mark.parametrize("gap", ["", "\n", "\n\n"])
def test_lines_that_are_whole_poems_are_told_with_and_without_gaps(gap):
    assert poems((JUEJU + gap) * 5) == ("lines", [JUEJU.strip()] * 5)


def test_one_line_in_five_may_be_something_else():
    assert poems(JUEJU * 4 + "题目\n")[0] == "lines"
    assert poems(JUEJU * 3 + "题目\n")[0] == "text"


def test_verses_parted_by_a_slash_are_poems_of_a_line():
    text = "the tide / the sand / the moon\n" * 3
    assert poems(text)[0] == "lines"


def test_a_wanted_layout_is_taken():
    assert poems("a\n\nb\n", "lines") == ("lines", ["a", "b"])
    assert poems("a\n\nb\n", "blocks") == ("blocks", ["a", "b"])
    assert poems("a\n\nb\n", "text") == ("text", ["a\n\nb\n"])


def test_a_long_line_without_chinese_punctuation_takes_no_time():
    assert choose_layout("a" * 2_000_000).layout == "text"


@pytest.mark.parametrize(
    ("text", "by_lines"),
    [
        ("a\n\nb\nc\n\nd\n\n e\nf", (2, 2)),
        ("a\nb\nc\n\nd\ne\nf\n", (0, 0, 2)),
        ("", ()),
        ("a\n" * LONGEST_COUNTED, (*[0] * (LONGEST_COUNTED - 1), 1)),
        ("a\n" * (LONGEST_COUNTED + 1), ()),
    ],
)
def test_poems_are_told_apart_by_their_lines(text, by_lines):
    assert cut(text, 2).by_lines == by_lines


@given(st.text(st.sampled_from("ab \n\t\u3000\xa0诗𠀀\x85\u2003")))
def test_runs_are_those_of_a_regular_expression(text):
    found = [run for runs in blank_runs(text) for run in runs.tolist()]
    expected = [[*run.span(), run.group().count("\n")] for run in re.finditer(r"\s+", text)]
    assert found == expected


def test_all_white_space_is_known():
    blank = "x".join(chr(p) for p in range(sys.maxunicode + 1) if chr(p).isspace())
    runs = [run for runs in blank_runs(blank) for run in runs.tolist()]
    assert len(runs) == blank.count("x") + 1
    text = "".join(chr(p) for p in range(sys.maxunicode + 1) if not chr(p).isspace())
    assert not any(len(runs) for runs in blank_runs(text))
