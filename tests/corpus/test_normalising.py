import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.normalising import Normaliser


def normalise(*pieces):
    return "".join(Normaliser().normalise(pieces))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_line_ends_become_one_kind(end):
    assert normalise(f"a{end}b{end}{end}c") == "a\nb\n\nc"


def test_a_line_end_cut_in_two_stays_one():
    assert normalise("a\r", "\nb\r", "c\r") == "a\nb\nc\n"


def test_composed_forms_are_used_even_where_the_pieces_part_them():
    assert normalise("e", "\u0301te\u0301") == "été"


def test_control_characters_go_and_are_counted():
    normaliser = Normaliser()
    text = "".join(normaliser.normalise(["\ufeffa\0b\x1b\tc\u200b\n", "d\ud800\x7f"]))
    assert (text, normaliser.removed) == ("ab\tc\nd", 6)


def test_joiners_that_spell_words_stay():
    assert normalise("می\u200cروم") == "می\u200cروم"


@given(st.lists(st.text("ae\u0301\r\n\0诗\u1100\u1161", max_size=5)))
def test_how_a_text_is_cut_into_pieces_makes_no_difference(pieces):
    whole = normalise("".join(pieces))
    assert normalise(*pieces) == whole
    assert unicodedata.is_normalized("NFC", whole)
