import itertools

import pytest
from hypothesis import given

from charrnn.forms.english.pronunciation import (
    Grade,
    Pronunciation,
    grade,
    parse_pronunciation,
    promoted_rhyme_of,
    rhyme_of,
)
from tests.forms.english.test_pronunciation import ways

WORDS = {
    "leave": "L IY1 V",
    "believe": "B IH0 L IY1 V",
    "grieve": "G R IY1 V",
    "light": "L AY1 T",
    "flight": "F L AY1 T",
    "night": "N AY1 T",
    "time": "T AY1 M",
    "mine": "M AY1 N",
    "see": "S IY1",
    "eternity": "IH0 T ER1 N AH0 T IY0",
    "everywhere": "EH1 V R IY0 W EH2 R",
    "air": "EH1 R",
    "wanted": "W AA1 N T AH0 D",
    "haunted": "HH AA1 N T IH0 D",
    "fear": "F IH1 R",
    "weir": "W IY1 R",
    "why": "W AY1",
    "which-y": "HH W AY1",
    "th'": "DH",
    "norway": "N AO1 R W EY2",
    "doorway": "D AO1 R W EY2",
    "day": "D EY1",
    "spring": "S P R IH1 NG",
    "lingering": "L IH1 NG G ER0 IH0 NG",
}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("leave", "grieve", Grade.PERFECT),
        ("leave", "believe", Grade.IDENTICAL),
        ("light", "flight", Grade.PERFECT),
        ("light", "light", Grade.IDENTICAL),
        ("time", "mine", Grade.SLANT),
        ("see", "eternity", Grade.SLANT),
        ("spring", "lingering", Grade.SLANT),
        ("everywhere", "air", Grade.PERFECT),
        ("wanted", "haunted", Grade.PERFECT),
        ("fear", "weir", Grade.PERFECT),
        ("why", "which-y", Grade.IDENTICAL),
        ("norway", "doorway", Grade.PERFECT),
        ("norway", "day", Grade.PERFECT),
        ("light", "leave", Grade.NONE),
        ("night", "time", Grade.NONE),
        ("th'", "th'", Grade.NONE),
    ],
)
def test_rhymes_have_grades(one: str, other: str, expected: Grade) -> None:
    first, second = (parse_pronunciation(WORDS[word]) for word in (one, other))
    assert grade(first, second) is expected
    assert grade(second, first) is expected


def test_a_word_rhymes_from_its_last_stress() -> None:
    rhyme = rhyme_of(parse_pronunciation(WORDS["eternity"]))
    assert rhyme is not None
    assert (rhyme.onset, rhyme.part) == (("T",), ("ER", "N", "AH", "T", "IY"))
    lifted = promoted_rhyme_of(parse_pronunciation(WORDS["eternity"]))
    assert lifted is not None
    assert (lifted.onset, lifted.part) == (("T",), ("IY",))
    assert promoted_rhyme_of(parse_pronunciation(WORDS["wanted"])) is None


def test_grades_are_in_order() -> None:
    assert Grade.PERFECT > Grade.IDENTICAL > Grade.SLANT > Grade.NONE


@given(ways, ways)
def test_a_rhyme_goes_both_ways(one: Pronunciation, other: Pronunciation) -> None:
    assert grade(one, other) is grade(other, one)


@given(ways)
def test_a_word_sounds_like_itself(way: Pronunciation) -> None:
    assert grade(way, way) is (Grade.IDENTICAL if way.stresses.strip("0") else Grade.NONE)


def test_weak_forms_rhyme_with_nothing() -> None:
    weak, strong = map(parse_pronunciation, ("DH AH0 T", "DH AE1 T"))
    assert rhyme_of(weak) is None
    assert grade(weak, parse_pronunciation("AH0 T")) is Grade.NONE
    assert grade(strong, parse_pronunciation("K AE1 T")) is Grade.PERFECT


def test_perfect_rhymes_stay_perfect_in_company() -> None:
    perfect = [parse_pronunciation(WORDS[word]) for word in ("light", "flight", "night")]
    assert all(grade(a, b) is Grade.PERFECT for a, b in itertools.combinations(perfect, 2))
