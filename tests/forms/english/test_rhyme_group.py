from charrnn.forms.english.pronunciation import Grade, parse_pronunciation
from charrnn.forms.english.scansion import MissedRhyme, Scansion, scan_group, scansions


def line(*texts: str) -> tuple[Scansion, ...]:
    """A line of one word that may be said in several ways, all of a right length."""
    return scansions([tuple(map(parse_pronunciation, texts))], ["x", "xx", "xxx", "xxxx"])


AGAIN = line("AH0 G EH1 N", "AH0 G EY1 N")
RAIN = line("R EY1 N")
PEN = line("P EH1 N")
TEN = line("T EH1 N")
TIME = line("T AY1 M")
MINE = line("M AY1 N")


def test_a_word_is_said_so_that_it_rhymes() -> None:
    settled = scan_group([RAIN, AGAIN], ["rain", "again"], Grade.PERFECT)
    assert [str(one.ways[-1]) for one in settled.said] == ["R EY1 N", "AH0 G EY1 N"]
    assert settled.missed == ()


def test_a_word_is_said_in_one_way_in_the_whole_group() -> None:
    settled = scan_group([RAIN, AGAIN, PEN], ["rain", "again", "pen"], Grade.PERFECT)
    assert len(settled.missed) == 1


def test_the_line_that_stands_alone_is_the_fault() -> None:
    settled = scan_group([RAIN, PEN, TEN], ["rain", "pen", "ten"], Grade.PERFECT)
    assert settled.missed == (MissedRhyme(0, 1, "none"),)


def test_a_word_does_not_rhyme_with_itself() -> None:
    for least in (Grade.PERFECT, Grade.SLANT):
        settled = scan_group([PEN, TEN, PEN], ["pen", "ten", "pen"], least)
        assert settled.missed == (MissedRhyme(2, 0, "repeated"),)


def test_the_same_sounds_are_no_perfect_rhyme() -> None:
    words = ["see", "sea"]
    assert scan_group([line("S IY1")] * 2, words, Grade.PERFECT).missed == (
        MissedRhyme(1, 0, "identical"),
    )
    assert scan_group([line("S IY1")] * 2, words, Grade.SLANT).missed == ()


def test_slant_rhymes_count_where_they_are_allowed() -> None:
    words = ["time", "mine"]
    assert scan_group([TIME, MINE], words, Grade.PERFECT).missed == (MissedRhyme(1, 0, "slant"),)
    assert scan_group([TIME, MINE], words, Grade.SLANT).missed == ()


def test_words_of_equal_second_halves_may_rhyme_by_their_first() -> None:
    norway, doorway = line("N AO1 R W EY2"), line("D AO1 R W EY2")
    assert scan_group([norway, doorway], ["norway", "doorway"], Grade.PERFECT).missed == ()


def test_words_without_vowels_rhyme_with_nothing() -> None:
    silent = line("DH")
    assert scan_group([silent, silent], ["th'", "t'"], Grade.PERFECT).missed == (
        MissedRhyme(1, 0, "none"),
    )
