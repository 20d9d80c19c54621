from charrnn.corpus.chinese_script import (
    only_simplified,
    only_traditional,
    simplified_forms,
    simplify,
    traditional_forms,
)


def test_the_usual_form_comes_first():
    assert simplified_forms("詩") == ("诗",)
    assert simplified_forms("乾") == ("干", "乾")
    assert traditional_forms("发") == ("發", "髮")
    assert simplified_forms("a") == ()


def test_phrases_are_simplified_as_a_whole():
    assert simplify("乾坤乾燥，皇后後來") == "乾坤干燥，皇后后来"
    assert simplify("plain text") == "plain text"


def test_characters_of_both_scripts_belong_to_neither_alone():
    assert [only_simplified(one) for one in "诗云山a"] == [True, False, False, False]
    assert [only_traditional(one) for one in "詩云山乾"] == [True, False, False, False]
