"""Rhyme classes, and the homophones in them."""

import itertools

import numpy as np
import pytest

from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.pronunciation import Grade, grade
from charrnn.forms.english.spoken_words import RhymeClasses, SpokenWords
from tests.forms.english.toy_verse import LEXICON

SPOKEN = SpokenWords({word: LEXICON.sound(word).pronunciations for word in LEXICON})


@pytest.mark.parametrize(("rhymes", "least"), [("perfect", Grade.PERFECT), ("slant", Grade.SLANT)])
def test_words_of_a_class_and_of_different_homophones_rhyme(rhymes: str, least: Grade) -> None:
    classes = RhymeClasses(SPOKEN, rhymes)
    for one, other in itertools.combinations(range(len(SPOKEN.ways)), 2):
        homophones = classes.homophones_of[[one, other]]
        if SPOKEN.word_of[one] == SPOKEN.word_of[other]:
            continue
        rhyme_class = classes.class_of[homophones]
        rhyme = rhyme_class[0] == rhyme_class[1] and homophones[0] != homophones[1]
        assert rhyme == (grade(SPOKEN.ways[one], SPOKEN.ways[other]) >= least)


def test_the_homophones_of_a_class_follow_one_another() -> None:
    for rhymes in ("perfect", "slant"):
        classes = RhymeClasses(SPOKEN, rhymes)
        assert classes.class_of.tolist() == sorted(classes.class_of)
        for rhyme_class, (low, high) in enumerate(
            itertools.pairwise(classes.first_homophones.tolist())
        ):
            assert set(classes.class_of[low:high].tolist()) == {rhyme_class}
        assert classes.first_homophones[-1] == len(classes.class_of)


def test_words_that_are_alike_in_any_way_are_of_one_clan_in_all() -> None:
    lexicon = Lexicon(
        {
            "wind": ("W IH1 N D", "W AY1 N D"),
            "wined": ("W AY1 N D",),
            "vinned": ("V IH1 N D", "W AY1 N D"),
            "sinned": ("S IH1 N D",),
            "signed": ("S AY1 N D", "S IH1 N D"),
        }
    )
    spoken = SpokenWords({word: lexicon.pronunciations(word) for word in lexicon})
    classes = RhymeClasses(spoken, "perfect")
    ways = {
        (spoken.words[word], str(way)): number
        for number, (word, way) in enumerate(zip(spoken.word_of, spoken.ways, strict=True))
    }
    homophones = {name: int(classes.homophones_of[way]) for name, way in ways.items()}
    assert homophones["wind", "W AY1 N D"] == homophones["wined", "W AY1 N D"]
    assert homophones["sinned", "S IH1 N D"] == homophones["signed", "S IH1 N D"]
    assert homophones["wind", "W IH1 N D"] != homophones["signed", "S IH1 N D"]
    assert homophones["signed", "S AY1 N D"] != homophones["wined", "W AY1 N D"]
    assert homophones["wind", "W IH1 N D"] == homophones["vinned", "V IH1 N D"]
    rhyme_class = classes.rhyme_class(("AY", "N", "D"))
    assert rhyme_class is not None
    ways_of = lexicon.pronunciations
    assert classes.homophones_like("wind", ways_of("wind"), rhyme_class) == {
        homophones["wined", "W AY1 N D"]
    }
    assert classes.homophones_like("whined", ways_of("wined"), rhyme_class) == {
        homophones["wined", "W AY1 N D"]
    }
    assert (
        classes.homophones_like(
            "kind", Lexicon({"kind": ("K AY1 N D",)}).pronunciations("kind"), rhyme_class
        )
        == frozenset()
    )


def test_where_slant_rhymes_do_only_the_word_itself_is_too_much_alike() -> None:
    classes = RhymeClasses(SPOKEN, "slant")
    number = SPOKEN.number("treat")
    assert number is not None
    (way,) = SPOKEN.ways_of(number)
    homophones = int(classes.homophones_of[way])
    rhyme_class = int(classes.class_of[homophones])
    assert classes.homophones_like("treat", [SPOKEN.ways[way]], rhyme_class) == {homophones}
    assert classes.homophones_like("retreat", [SPOKEN.ways[way]], rhyme_class) == {
        int(classes.homophones_of[one]) for one in SPOKEN.ways_of(SPOKEN.number("retreat") or 0)
    }
    assert classes.homophones_like("tweet", [SPOKEN.ways[way]], rhyme_class) == frozenset()


def test_flagged_ways_have_their_homophones() -> None:
    classes = RhymeClasses(SPOKEN, "perfect")
    flags = np.zeros(len(SPOKEN.ways), np.bool_)
    flags[3] = True
    assert np.flatnonzero(classes.homophones(flags)).tolist() == [int(classes.homophones_of[3])]
    assert classes.rhyme_class(("ZH",)) is None
