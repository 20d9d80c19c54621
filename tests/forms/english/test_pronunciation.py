import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.english.pronunciation import (
    PHONES,
    Pronunciation,
    is_vowel,
    onset_before,
    parse_pronunciation,
)

ways = st.lists(st.sampled_from(sorted(PHONES)), min_size=1, max_size=12).map(
    lambda phones: Pronunciation(tuple(phones))
)


def test_a_pronunciation_counts_its_syllables_and_their_stress() -> None:
    hello = parse_pronunciation("hh ah0 l ow1")
    assert hello.phones == ("HH", "AH0", "L", "OW1")
    assert (hello.syllables, hello.stresses) == (2, "01")
    assert hello.followed_by("Z").phones == ("HH", "AH0", "L", "OW1", "Z")
    assert parse_pronunciation("DH").syllables == 0


def test_thirty_nine_sounds_make_sixty_nine_phones() -> None:
    assert len(PHONES) == 24 + 15 * 3
    assert sum(map(is_vowel, PHONES)) == 45


@pytest.mark.parametrize("text", ["", "HH AH L", "HH AH3", "X", "AH0,"])
def test_what_is_no_arpabet_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(|AH|AH3|X|AH0,)$"):
        parse_pronunciation(text)


@given(ways)
def test_writing_and_reading_give_the_same(way: Pronunciation) -> None:
    assert parse_pronunciation(str(way)) == way
    assert len(way.stresses) == way.syllables


@pytest.mark.parametrize(
    ("before", "onset"),
    [
        ("AH0 S T R", "S T R"),
        ("S IH1 NG", ""),
        ("AE1 T L", "L"),
        ("W AH1 N D R", "D R"),
        ("B IH0 L", "L"),
        ("", ""),
        ("K AE1 NG K", "K"),
    ],
)
def test_a_syllable_begins_with_what_a_word_can_begin_with(before: str, onset: str) -> None:
    assert onset_before(before.split()) == tuple(onset.split())
