import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.variants import Substitution, fit_to_vocabulary, variants
from charrnn.corpus.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("character", "first"),
    [
        ("，", ","),
        (",", "，"),
        ("Ａ", "A"),
        ("’", "'"),
        ("“", '"'),
        ("é", "É"),
        ("a", "ａ"),
        ("詩", "诗"),
        ("诗", "詩"),
        ("…", "..."),
        (" ", "\u3000"),
        ("\u3000", " "),
    ],
)
def test_the_nearest_way_to_write_a_character_comes_first(character, first):
    assert next(variants(character)) == first


@pytest.mark.parametrize(
    ("character", "variant"),
    [
        ("—", "-"),
        ("—", "--"),
        ("–", "-"),
        ("'", "’"),
        ("。", "."),
        ("a", "A"),
        ("ß", "ss"),
        ("é", "e"),
        ("发", "發"),
        ("发", "髮"),
        ("髮", "发"),
        ("髮", "發"),
        ("、", ","),
        ("「", '"'),
    ],
)
def test_other_ways_come_after(character, variant):
    assert variant in list(variants(character))


@given(st.characters(codec="utf-8"))
def test_no_variant_comes_twice_nor_is_the_character_itself(character):
    found = list(variants(character))
    assert len(set(found)) == len(found)
    assert character not in found
    assert "" not in found


def test_a_prompt_takes_the_characters_that_are_known():
    vocabulary = Vocabulary.of_text("'-abcdefghijklmnopqrstuvwxyz \".")
    text, substitutions = fit_to_vocabulary("It’s “late” — café… ☃☃", vocabulary)
    assert text == 'it\'s "late" - cafe... ☃☃'
    assert substitutions == [
        Substitution("I", "i"),
        Substitution("’", "'"),
        Substitution("“", '"'),
        Substitution("”", '"'),
        Substitution("—", "-"),
        Substitution("é", "e"),
        Substitution("…", "..."),
        Substitution("☃", None),
    ]


def test_a_prompt_in_the_other_script_is_understood():
    simplified = Vocabulary.of_text("黄河入海流，")
    assert fit_to_vocabulary("黃河入海流,", simplified)[0] == "黄河入海流，"
    traditional = Vocabulary.of_text("黃河入海流，")
    assert fit_to_vocabulary("黄河入海流,", traditional)[0] == "黃河入海流，"


def test_known_characters_are_left_alone():
    vocabulary = Vocabulary.of_text("’'Aa")
    assert fit_to_vocabulary("’'Aa", vocabulary) == ("’'Aa", [])


def test_decomposed_letters_are_composed_first():
    assert fit_to_vocabulary("e\u0301", Vocabulary(("é",))) == ("é", [])
