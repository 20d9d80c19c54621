import pytest

from charrnn.forms.chinese.sounds import Reading, SoundTable, rhymes, tones
from tests.forms.chinese.toy_sounds import TOY

TRADITIONAL = SoundTable(
    "traditional",
    {
        "發": frozenset({Reading("仄", "月")}),
        "髮": frozenset({Reading("仄", "月"), Reading("平", "x")}),
        "眾": frozenset({Reading("仄", "送")}),
        "溪": frozenset(),
        "谿": frozenset({Reading("平", "齐")}),
        "為": frozenset({Reading("平", "支")}),
    },
)


def test_tones_and_rhymes_of_a_character() -> None:
    assert tones(TOY, "看") == {"平", "仄"}
    assert rhymes(TOY, "看") == {"寒", "翰"}
    assert rhymes(TOY, "看", "仄") == {"翰"}
    assert (tones(TOY, "云"), rhymes(TOY, "云")) == ({"平"}, set())
    assert (tones(TOY, "鱼"), rhymes(TOY, "鱼")) == (set(), set())


@pytest.mark.parametrize(
    ("character", "classes"),
    [
        ("發", {"月"}),
        ("发", {"月", "x"}),  # Both characters that it was simplified from.
        ("众", {"送"}),  # Over 衆.
        ("溪", {"齐"}),
        ("爲", {"支"}),
        ("为", {"支"}),
        ("月", set()),
    ],
)
def test_other_forms_of_a_character_are_looked_up(character: str, classes: set[str]) -> None:
    assert rhymes(TRADITIONAL, character) == classes
