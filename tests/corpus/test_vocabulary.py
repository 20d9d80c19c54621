import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import END_OF_POEM, UNKNOWN, Vocabulary, character_counts

any_text = st.text(st.characters(codec=None))


@given(any_text)
def test_what_is_encoded_can_be_read_back(text):
    vocabulary = Vocabulary.of_text(text, min_count=1)
    assert vocabulary.decode(vocabulary.encode(text)) == text


def test_ids_begin_after_the_break_and_the_unknown_token():
    vocabulary = Vocabulary.of_text("cabbage")
    assert vocabulary.characters == ("a", "b", "c", "e", "g")
    assert vocabulary.size == 7
    assert vocabulary.encode("face").tolist() == [UNKNOWN, 2, 4, 5]
    assert vocabulary.id_of("g") == 6
    assert vocabulary.id_of("z") == UNKNOWN
    assert "a" in vocabulary
    assert "z" not in vocabulary


def test_breaks_and_unknown_characters_have_a_form_to_show():
    vocabulary = Vocabulary(("a", "b"))
    assert vocabulary.decode([END_OF_POEM, 2, UNKNOWN, 3, END_OF_POEM]) == "\n\na\ufffdb\n\n"


def test_a_lone_surrogate_is_read_as_unknown():
    assert Vocabulary(("a",)).encode("a\ud800").tolist() == [2, UNKNOWN]


@pytest.mark.parametrize(
    ("characters", "id_type"),
    [(254, np.uint8), (255, np.uint16), (65_534, np.uint16), (65_535, np.uint32)],
)
def test_ids_take_the_smallest_type_that_holds_them(characters, id_type):
    vocabulary = Vocabulary(tuple(map(chr, range(0x10000, 0x10000 + characters))))
    assert vocabulary.id_type is id_type
    assert vocabulary.encode(vocabulary.characters[-1]).tolist() == [characters + 1]


def test_rare_characters_are_left_out_of_a_large_vocabulary_only():
    thousand = "".join(map(chr, range(0x4E00, 0x4E00 + 1000)))
    assert Vocabulary.of_text(thousand).size == 1002
    assert Vocabulary.of_text(thousand + "aa").characters == ("a",)
    assert Vocabulary.of_text(thousand + "aa", min_count=1).size == 1003
    assert Vocabulary.of_text("aab", min_count=2).characters == ("a",)


def test_a_character_that_is_known_already_need_stand_in_the_text_once_only():
    assert Vocabulary.of_text("aabc", min_count=2, known="bx").characters == ("a", "b")
    thousand = "".join(map(chr, range(0x4E00, 0x4E00 + 1000)))
    assert Vocabulary.of_text(thousand + "aa", known=thousand[:3]).characters == (
        "a",
        *thousand[:3],
    )
    assert Vocabulary.of_text("aabc", known=()).characters == ("a", "b", "c")


def test_counts_are_right_across_the_pieces_they_are_made_in():
    text = "ab诗" * 100_000
    counts = character_counts(text)
    assert {chr(point): counts[point] for point in np.flatnonzero(counts)} == {
        "a": 100_000,
        "b": 100_000,
        "诗": 100_000,
    }


@pytest.mark.parametrize("characters", [("ab",), ("",), ("b", "a"), ("a", "a")])
def test_a_list_that_gives_no_clear_ids_is_refused(characters):
    with pytest.raises(ValueError, match="characters"):
        Vocabulary(characters)
