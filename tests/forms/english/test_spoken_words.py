"""Words and their ways in order."""

import numpy as np

from charrnn.forms.english.metre import WordShape
from charrnn.forms.english.spoken_words import SpokenWords
from tests.forms.english.toy_verse import LEXICON

SPOKEN = SpokenWords(
    {word: LEXICON.pronunciations(word) for word in ("tear", "narrate", "t'", "a", "net")}
)


def test_words_stand_in_the_order_of_their_letters_without_silent_ones() -> None:
    assert SPOKEN.words == ("a", "narrate", "net", "tear")
    assert SPOKEN.number("net") == 2
    assert SPOKEN.number("t'") is None


def test_the_ways_of_a_word_follow_one_another() -> None:
    assert SPOKEN.word_of.tolist() == [0, 0, 1, 1, 2, 3, 3]
    assert [str(SPOKEN.ways[way]) for way in SPOKEN.ways_of(3)] == ["T EH1 R", "T IH1 R"]
    assert SPOKEN.word_of[SPOKEN.slice_of(1)].tolist() == [1, 1]


def test_shapes_are_those_of_the_ways() -> None:
    assert [SPOKEN.shapes[one] for one in SPOKEN.shape_of] == [
        WordShape(1, ()),
        WordShape(1, (), 0),
        WordShape(2, (0,), 0),
        WordShape(2, (1,), 1),
        *[WordShape(1, (), 0)] * 3,
    ]
    assert SPOKEN.shape_counts.tolist() == [1, 4, 1, 1]
    assert SPOKEN.shapes_among(SPOKEN.word_of == 1) == [2, 3]


def test_the_places_of_a_word_are_those_of_all_its_ways() -> None:
    places = np.array([1, 2, 4, 8, 16, 0, 1], np.uint16)
    assert SPOKEN.united(places).tolist() == [3, 12, 16, 1]


def test_letters_at_both_ends_are_known() -> None:
    assert SPOKEN.first_letters.tolist() == ["a", "n", "n", "t"]
    assert SPOKEN.last_letters.tolist() == ["a", "e", "t", "r"]


def test_no_words_are_words_too() -> None:
    empty = SpokenWords({"t'": LEXICON.pronunciations("t'")})
    assert empty.words == ()
    assert empty.united(np.zeros(0, np.uint16)).tolist() == []
    assert empty.sounds.parts == ()
