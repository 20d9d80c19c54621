import pytest

from charrnn.forms.english.inflection import derive
from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.pronunciation import parse_pronunciation
from tests.forms.english.toy_lexicon import ENTRIES

LEXICON = Lexicon(
    ENTRIES
    | {
        "beg": ("B EH1 G",),
        "breathe": ("B R IY1 DH",),
        "breath": ("B R EH1 TH",),
        "color": ("K AH1 L ER0",),
        "dance": ("D AE1 N S",),
        "hop": ("HH AA1 P",),
        "hope": ("HH OW1 P",),
        "hang": ("HH AE1 NG",),
        "touch": ("T AH1 CH",),
        "touche": ("T UW1 SH",),
        "she": ("SH IY1",),
        "lover": ("L AH1 V ER0",),
        "skip": ("S K IH1 P",),
        "theater": ("TH IY1 AH0 T ER0",),
    }
)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("moon's", "M UW1 N Z"),
        ("night's", "N AY1 T S"),
        ("wishes", "W IH1 SH IH0 Z"),
        ("lovers'", "L AH1 V ER0 Z"),
        ("wish'd", "W IH1 SH T"),
        ("touch'd", "T AH1 CH T"),
        ("danc'd", "D AE1 N S T"),
        ("breath'd", "B R IY1 DH D"),
        ("hop'd", "HH OW1 P T"),
        ("hopp'd", "HH AA1 P T"),
        ("begg'd", "B EH1 G D"),
        ("wantèd", "W AA1 N T IH0 D"),
        ("mak'st", "M EY1 K S T"),
        ("makest", "M EY1 K AH0 S T"),
        ("carrieth", "K EH1 R IY0 AH0 TH"),
        ("carried", "K EH1 R IY0 D"),
        ("see't", "S IY1 T"),
        ("she'll", "SH IY1 L"),
        ("moon'll", "M UW1 N AH0 L"),
        ("wishin'", "W IH1 SH IH0 N"),
        ("o'erhang", "AO2 R HH AE1 NG"),
        ("unwish'd", "AH0 N W IH1 SH T"),
        ("moonless", "M UW1 N L AH0 S"),
        ("moonlessness", "M UW1 N L AH0 S N AH0 S"),
        ("colours", "K AH1 L ER0 Z"),
        ("theatre", "TH IY1 AH0 T ER0"),
        ("skipt", "S K IH1 P T"),
        ("dày", "D EY1"),
    ],
)
def test_words_are_derived_from_known_ones(word: str, phones: str) -> None:
    assert parse_pronunciation(phones) in derive(word, LEXICON.pronunciations)


def test_a_derived_word_may_be_said_as_the_known_one_may() -> None:
    assert [str(way) for way in derive("heaven's", LEXICON.pronunciations)] == [
        "HH EH1 V AH0 N Z",
        "HH EH1 V N Z",
    ]


@pytest.mark.parametrize("word", ["", "'", "s", "ed", "zzz", "'d", "bolingbroke", "'s"])
def test_what_is_made_of_nothing_known_is_not_derived(word: str) -> None:
    assert derive(word, LEXICON.pronunciations) == ()
