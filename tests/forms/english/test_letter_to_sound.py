import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.english.letter_to_sound import guess, spell_out
from charrnn.forms.english.pronunciation import PHONES


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("moon", "M UW1 N"),
        ("light", "L AY1 T"),
        ("make", "M EY1 K"),
        ("making", "M EY1 K IH0 NG"),
        ("carelessly", "K EH1 R L AH0 S L IY0"),
        ("nation", "N EY1 SH AH0 N"),
        ("impression", "IH0 M P R EH1 SH AH0 N"),
        ("eternity", "IH0 T ER1 N AH0 T IY0"),
        ("repent", "R AH0 P EH1 N T"),
        ("preserved", "P R AH0 Z ER1 V D"),
        ("wishes", "W IH1 SH IH0 Z"),
        ("wished", "W IH1 SH T"),
        ("knight", "N AY1 T"),
        ("through", "TH R UW1"),
        ("table", "T EY1 B AH0 L"),
        ("mercutio", "M ER0 K Y UW1 SH OW0"),
    ],
)
def test_words_are_said_by_their_spelling(word: str, phones: str) -> None:
    assert str(guess(word)) == phones


@pytest.mark.parametrize(
    ("word", "stresses"),
    [
        ("musician", "010"),
        ("romantic", "010"),
        ("generous", "100"),
        ("tremendous", "010"),
        ("abundance", "010"),
        ("comprehend", "001"),
        ("celebrate", "100"),
        ("engineer", "001"),
        ("unhappiness", "0100"),
        ("alone", "01"),
    ],
)
def test_the_stress_follows_endings_and_beginnings(word: str, stresses: str) -> None:
    assert guess(word).stresses == stresses


@given(st.text(max_size=20))
def test_anything_is_said_with_one_stress(word: str) -> None:
    guessed = guess(word)
    assert guessed.stresses.count("1") == 1
    assert set(guessed.phones) <= PHONES


@given(st.text(string.ascii_lowercase, max_size=20))
def test_the_pieces_of_a_word_are_the_word(word: str) -> None:
    assert "".join(piece.letters for piece in spell_out(word)) == word
