from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.chinese.sounds import Reading, SoundTable, tones
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import find_form
from tests.forms.chinese.toy_sounds import TOY


def form(*lines: Line, **more: Any) -> Form:
    values = {"name": "toy", "title": "toy", "language": "chinese"} | more
    return Form(variants=(lines,), variant_names=("only",), stanzas=(len(lines),), **values)


COUPLET = form(
    Line(lengths=(3,), pattern="中平平", rhyme="A"), Line(lengths=(3,), pattern="仄仄平", rhyme="A")
)


def faults(text: str, wanted: Form, readings: Any = "any") -> list[tuple[int, int | None, str]]:
    judgement = verify_chinese(text, wanted, TOY, readings)
    assert judgement.passes == (not judgement.faults)
    return [(fault.line, fault.position, fault.message) for fault in judgement.faults]


def test_a_poem_that_keeps_its_form_passes() -> None:
    judgement = verify_chinese("雨云东，夜月红。", COUPLET, TOY)
    assert judgement.passes
    assert judgement.variant == "only"
    assert [(line.text, line.marks, line.units, line.rhyme) for line in judgement.lines] == [
        ("雨云东", ("●", "○", "○"), ("雨", "云", "东"), "东"),
        ("夜月红", ("●", "●", "○"), ("夜", "月", "红"), "东"),
    ]


def test_a_wrong_tone_is_told_with_its_place() -> None:
    assert faults("雨云东，夜江红。", COUPLET) == [
        (2, 2, "line 2, character 2 is 平 where 仄 is required: 江")
    ]


def test_a_character_that_is_not_known_is_a_fault_where_its_tone_counts() -> None:
    assert faults("鱼鱼东，夜月红。", COUPLET) == [
        (1, 2, "line 1, character 2 is not known where 平 is required: 鱼")
    ]
    assert verify_chinese("鱼云东，夜月红。", COUPLET, TOY).lines[0].marks == ("?", "○", "○")


def test_a_polyphone_fits_by_any_reading_or_only_by_all() -> None:
    assert faults("雨看东，看月红。", COUPLET) == []
    assert faults("雨看东，看月红。", COUPLET, "strict") == [
        (1, 2, "line 1, character 2 can be 仄 too where 平 is required: 看"),
        (2, 1, "line 2, character 1 can be 平 too where 仄 is required: 看"),
    ]
    assert verify_chinese("看云东", COUPLET, TOY).lines[0].marks[0] == "◎"


def test_a_line_that_does_not_rhyme_is_told() -> None:
    assert faults("雨云东，夜月山。", COUPLET) == [
        (2, None, "line 2 does not rhyme with line 1: 山 (删) and 东 (东)")
    ]


def test_the_odd_one_out_is_blamed() -> None:
    four = form(*(Line(lengths=(1,), rhyme="A") for _ in range(4)))
    assert faults("东，山，还，颜。", four) == [
        (1, None, "line 1 does not rhyme with line 2: 东 (东) and 山 (删)")
    ]


def test_a_character_rhymes_in_the_tone_that_it_has_there() -> None:
    level = form(Line(lengths=(1,), rhyme="A", ending="level"), Line(lengths=(1,), rhyme="A"))
    assert faults("重，看。", level) == [
        (2, None, "line 2 does not rhyme with line 1: 看 (寒/翰) and 重 (冬)")
    ]


def test_a_rhyme_that_is_not_known_is_told() -> None:
    two = form(Line(lengths=(1,), rhyme="A"), Line(lengths=(1,), rhyme="A"))
    assert faults("鱼，东。", two) == [
        (1, None, "line 1 ends in a character whose rhyme is not known: 鱼")
    ]


def test_a_rhyme_in_one_reading_of_several_is_not_strict() -> None:
    two = form(Line(lengths=(1,), rhyme="A"), Line(lengths=(2,), rhyme="A"))
    assert faults("看，雨看。", two, "strict")[0] == (
        1,
        None,
        "line 1 rhymes in one reading only: 看 (寒/翰)",
    )


def test_a_rhyme_is_not_used_twice_unless_the_line_is_repeated() -> None:
    assert faults("雨云东，夜月东。", COUPLET) == [
        (2, None, "line 2 rhymes with the same character of line 1: 东")
    ]
    twice = form(Line(lengths=(2,), rhyme="A"), Line(lengths=(2,), rhyme="A"))
    assert faults("雨东，雨东。", twice) == []


def test_lines_of_the_wrong_length_or_number_are_told() -> None:
    assert faults("雨东，夜月红。", COUPLET) == [
        (1, None, "line 1 has 2 characters where 3 are required")
    ]
    assert faults("雨云东。", COUPLET) == [
        (2, None, "the poem has 1 line where 2 are required"),
    ]
    assert faults("雨云东，夜月红，雨。", COUPLET) == [
        (3, None, "the poem has 3 lines where 2 are required"),
    ]
    assert faults("雨", form(Line(lengths=(5, 7)))) == [
        (1, None, "line 1 has 1 character where 5 or 7 are required")
    ]


def test_nothing_at_all_has_no_variant() -> None:
    judgement = verify_chinese("", COUPLET, TOY)
    assert (judgement.variant, judgement.lines, len(judgement.faults)) == (None, (), 1)


def test_the_pattern_that_comes_nearest_is_held_to() -> None:
    either = form(Line(lengths=(3,), pattern="平平平|仄仄平"))
    assert faults("夜月东", either) == []
    assert faults("夜江东", either) == [
        (1, 1, "line 1, character 1 is 仄 where 平 is required: 夜")
    ]


def test_an_ending_binds_where_the_pattern_leaves_it_open() -> None:
    open_end = form(Line(lengths=(2,), pattern="中中", ending="oblique"))
    assert faults("东月", open_end) == []
    assert faults("东东", open_end) == [
        (1, 2, "line 1, character 2 is 平 where 仄 is required: 东")
    ]


def test_the_variant_with_the_fewest_faults_is_named() -> None:
    quatrain = find_form("gujue")
    poem = "云云云云夜，云云云云东，云云云云夜，云云云云红。"
    assert verify_chinese(poem, quatrain, TOY).variant == "五言平韵"
    assert verify_chinese(poem.replace("东", "月").replace("红", "发"), quatrain, TOY).passes


def test_fewer_faults_weigh_more_than_their_kind() -> None:
    rhyming = (Line(lengths=(1,), rhyme="A"),) * 3
    toned = (Line(lengths=(1,), pattern="平"), *(Line(lengths=(1,)),) * 2)
    two = Form(
        name="toy",
        title="toy",
        language="chinese",
        variants=(rhyming, toned),
        variant_names=("rhyming", "toned"),
        stanzas=(3,),
    )
    judgement = verify_chinese("月，山，年。", two, TOY)
    assert judgement.variant == "toned"
    assert len(judgement.faults) == 1


def test_of_as_many_faults_a_wrong_tone_weighs_more() -> None:
    toned = (Line(lengths=(1,), pattern="仄"), Line(lengths=(1,)))
    rhyming = (Line(lengths=(1,), rhyme="A"),) * 2
    two = Form(
        name="toy",
        title="toy",
        language="chinese",
        variants=(toned, rhyming),
        variant_names=("toned", "rhyming"),
        stanzas=(2,),
    )
    assert verify_chinese("山，年。", two, TOY).variant == "rhyming"


def test_the_class_that_a_group_shares_is_shown_alone() -> None:
    two = form(Line(lengths=(1,), rhyme="A"), Line(lengths=(2,), rhyme="A"))
    table = SoundTable("shared", {**TOY.table, "寒": frozenset({Reading("平", "寒")})})
    judgement = verify_chinese("看，雨寒。", two, table)
    assert [line.rhyme for line in judgement.lines] == ["寒", "寒"]


LINES = st.text("东山月看鱼云夜", min_size=1, max_size=4)


@given(st.lists(LINES, min_size=1, max_size=4), st.data())
def test_a_poem_passes_the_form_that_its_own_tones_make(
    lines: list[str], data: st.DataObject
) -> None:
    marks = {"平": "平", "仄": "仄"}
    template = [
        Line(
            lengths=(len(line),),
            pattern="".join(
                marks.get(data.draw(st.sampled_from([*sorted(tones(TOY, one)), "中"])), "中")
                for one in line
            ),
        )
        for line in lines
    ]
    assert faults("，".join(lines), form(*template)) == []


@given(st.lists(LINES, max_size=4))
def test_what_is_strictly_right_is_right_by_any_reading(lines: list[str]) -> None:
    text = "，".join(lines)
    if verify_chinese(text, COUPLET, TOY, "strict").passes:
        assert verify_chinese(text, COUPLET, TOY).passes
