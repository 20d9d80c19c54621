"""Families and clans of words that rhyme."""

import itertools

import numpy as np
import pytest

from charrnn.forms.english.lexicon import Lexicon
from charrnn.forms.english.rhyme import Grade, grade
from charrnn.forms.english.rhyme_classes import RhymeFamilies
from charrnn.forms.english.spoken_words import SpokenWords
from tests.forms.english.toy_verse import LEXICON

SPOKEN = SpokenWords({word: LEXICON.sound(word).pronunciations for word in LEXICON})


@pytest.mark.parametrize(("rhymes", "least"), [("perfect", Grade.PERFECT), ("slant", Grade.SLANT)])
def test_words_of_a_family_and_of_different_clans_rhyme(rhymes: str, least: Grade) -> None:
    families = RhymeFamilies(SPOKEN, rhymes)
    for one, other in itertools.combinations(range(len(SPOKEN.ways)), 2):
        clans = families.clan_of[[one, other]]
        if SPOKEN.word_of[one] == SPOKEN.word_of[other]:
            continue
        family = families.family_of[clans]
        rhyme = family[0] == family[1] and clans[0] != clans[1]
        assert rhyme == (grade(SPOKEN.ways[one], SPOKEN.ways[other]) >= least)


def test_the_clans_of_a_family_follow_one_another() -> None:
    for rhymes in ("perfect", "slant"):
        families = RhymeFamilies(SPOKEN, rhymes)
        assert families.family_of.tolist() == sorted(families.family_of)
        for family, (low, high) in enumerate(itertools.pairwise(families.first_clans.tolist())):
            assert set(families.family_of[low:high].tolist()) == {family}
        assert families.first_clans[-1] == len(families.family_of)


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
    families = RhymeFamilies(spoken, "perfect")
    ways = {
        (spoken.words[word], str(way)): number
        for number, (word, way) in enumerate(zip(spoken.word_of, spoken.ways, strict=True))
    }
    clan = {name: int(families.clan_of[way]) for name, way in ways.items()}
    assert clan["wind", "W AY1 N D"] == clan["wined", "W AY1 N D"]
    assert clan["sinned", "S IH1 N D"] == clan["signed", "S IH1 N D"]
    assert clan["wind", "W IH1 N D"] != clan["signed", "S IH1 N D"]
    assert clan["signed", "S AY1 N D"] != clan["wined", "W AY1 N D"]
    assert clan["wind", "W IH1 N D"] == clan["vinned", "V IH1 N D"]
    family = families.family(("AY", "N", "D"))
    assert family is not None
    ways_of = lexicon.pronunciations
    assert families.clans_like("wind", ways_of("wind"), family) == {clan["wined", "W AY1 N D"]}
    assert families.clans_like("whined", ways_of("wined"), family) == {clan["wined", "W AY1 N D"]}
    assert (
        families.clans_like(
            "kind", Lexicon({"kind": ("K AY1 N D",)}).pronunciations("kind"), family
        )
        == frozenset()
    )


def test_where_slant_rhymes_do_only_the_word_itself_is_too_much_alike() -> None:
    families = RhymeFamilies(SPOKEN, "slant")
    number = SPOKEN.number("treat")
    assert number is not None
    (way,) = SPOKEN.ways_of(number)
    clan = int(families.clan_of[way])
    family = int(families.family_of[clan])
    assert families.clans_like("treat", [SPOKEN.ways[way]], family) == {clan}
    assert families.clans_like("retreat", [SPOKEN.ways[way]], family) == {
        int(families.clan_of[one]) for one in SPOKEN.ways_of(SPOKEN.number("retreat") or 0)
    }
    assert families.clans_like("tweet", [SPOKEN.ways[way]], family) == frozenset()


def test_flagged_ways_have_their_clans() -> None:
    families = RhymeFamilies(SPOKEN, "perfect")
    flags = np.zeros(len(SPOKEN.ways), np.bool_)
    flags[3] = True
    assert np.flatnonzero(families.clans(flags)).tolist() == [int(families.clan_of[3])]
    assert families.family(("ZH",)) is None
