import pytest

from charrnn.corpus.chinese_script import simplify
from charrnn.corpus.traditional_script import in_script, script_of, traditionalise

SIMPLIFIED = "国破山河在，城春草木深。"
TRADITIONAL = "國破山河在，城春草木深。"


@pytest.mark.parametrize(
    "verse",
    [
        "白髮三千丈，緣愁似箇長",
        "皇后與太后，後來人不知",
        "嗟余聽鼓應官去，餘霞散成綺",
        "白雲千里萬里，夢裡不知身是客",
        "誰云江水清，雲深不知處",
        "淚乾闌干濕，枝幹凌雲",
        "北斗七星高，鬥雞走馬",
        "孤舟一繫故園心，聞鐘知寺近",
        "只在此山中，隻影向誰去",
        "黃河入海流，更上一層樓",
    ],
)
def test_verse_comes_back_in_traditional_characters(verse: str) -> None:
    # 箇 and 濕 have other forms that are as common.
    expected = verse.replace("箇", "個").replace("濕", "溼")
    assert traditionalise(simplify(verse)) == expected


def test_phrases_may_overlap_and_the_length_stays() -> None:
    assert traditionalise("须发白") == "鬚髮白"
    assert traditionalise("The moon，") == "The moon，"


def test_the_script_of_a_text_is_told_by_what_only_one_script_has() -> None:
    assert script_of(SIMPLIFIED) == "simplified"
    assert script_of(TRADITIONAL) == "traditional"
    assert script_of("山河在") is script_of("moon") is None


def test_a_text_is_converted_once() -> None:
    assert in_script(SIMPLIFIED, "traditional") == TRADITIONAL
    assert in_script(TRADITIONAL, "traditional") == TRADITIONAL
    assert in_script(TRADITIONAL, "simplified") == SIMPLIFIED
