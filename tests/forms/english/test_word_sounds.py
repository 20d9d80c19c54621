"""Rhymes in numbers are the rhymes of single words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.english.pronunciation import Pronunciation, parse_pronunciation, rhyme_of
from charrnn.forms.english.spoken_words import WordSounds
from tests.forms.english.toy_lexicon import LEXICON

WAYS = [way for word in LEXICON for way in LEXICON.pronunciations(word) if way.syllables]

PHONES = st.lists(
    st.sampled_from(
        ["B", "HH", "W", "S", "T", "R", "NG", "AE0", "AE1", "AE2", "IH0", "IY1", "UW1", "ER0"]
    ),
    min_size=1,
    max_size=7,
)


def test_numbers_are_the_same_for_the_same_sounds() -> None:
    sounds = WordSounds(WAYS)
    rhymes = [rhyme_of(way) for way in WAYS]
    for one, first in enumerate(rhymes):
        if first is None:
            continue
        assert sounds.parts[sounds.part_of[one]] == first.part
        assert sounds.number(first) == sounds.sound_of[one]
        assert [first == other for other in rhymes] == (
            sounds.sound_of == sounds.sound_of[one]
        ).tolist()


@settings(deadline=None)
@given(st.lists(PHONES.filter(lambda phones: any(one[-1].isdigit() for one in phones))))
def test_any_phones_rhyme_by_what_rhyme_of_finds(many: list[list[str]]) -> None:
    ways = [Pronunciation(tuple(phones)) for phones in many]
    sounds = WordSounds(ways)
    for way, part, sound in zip(ways, sounds.part_of, sounds.sound_of, strict=True):
        rhyme = rhyme_of(way)
        assert sounds.parts[part] == (rhyme.part if rhyme else ())
        if rhyme:
            assert sounds.number(rhyme) == sound


def test_a_sound_that_no_word_has_has_no_number() -> None:
    sounds = WordSounds([parse_pronunciation("N EH1 T"), parse_pronunciation("T IY1")])
    unknown = rhyme_of(parse_pronunciation("B EH1 T"))
    other = rhyme_of(parse_pronunciation("T EH1 N"))
    assert unknown is not None
    assert other is not None
    assert sounds.number(unknown) is None
    assert sounds.number(other) is None
