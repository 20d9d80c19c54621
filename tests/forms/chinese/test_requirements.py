from typing import Any

import pytest

from charrnn.corpus.vocabulary import UNKNOWN
from charrnn.errors import ConfigurationError
from charrnn.forms.chinese.requirements import (
    FixedPlaces,
    fixed_places,
    required_words,
    rhyme_character,
)
from charrnn.forms.core.config import Requirements
from charrnn.forms.core.known_forms import find_form
from tests.forms.chinese.toy_language import vocabulary_of

WORDS = vocabulary_of("春江花月夜")
IDS = {one: WORDS.id_of(one) for one in WORDS.characters}


def fixed(**demands: Any) -> dict[int, FixedPlaces]:
    return fixed_places(Requirements(**demands), find_form("wujue"), WORDS)


def test_an_acrostic_fixes_a_place_of_each_of_its_lines() -> None:
    assert fixed(acrostic="春江") == {
        0: FixedPlaces(at={0: IDS["春"]}),
        1: FixedPlaces(at={0: IDS["江"]}),
    }
    assert fixed(acrostic="春", acrostic_at="end") == {0: FixedPlaces(end=IDS["春"])}


def test_a_first_line_fixes_all_its_places_and_its_length() -> None:
    line = {0: IDS["春"], 1: IDS["江"], 2: IDS["花"]}
    assert fixed(first_line="春江花，") == {0: FixedPlaces(at=line, length=3)}
    assert fixed(first_line="「春江花」！", acrostic="春") == {0: FixedPlaces(at=line, length=3)}


def test_a_place_of_two_characters_can_have_none() -> None:
    assert fixed(first_line="春江", acrostic="月")[0].at == {0: UNKNOWN, 1: IDS["江"]}
    assert FixedPlaces().with_run(2, (5, 6)).with_run(3, (6, 7)).at == {2: 5, 3: 6, 4: 7}
    assert FixedPlaces().with_run(2, (5, 6)).with_run(3, (7,)).at == {2: 5, 3: UNKNOWN}


def test_a_character_that_the_network_does_not_know_is_never_written() -> None:
    assert fixed(acrostic="雪")[0].at == {0: UNKNOWN}


def test_words_are_required_once() -> None:
    assert required_words(Requirements(must=("花", "江月", "花")), WORDS) == (
        (IDS["花"],),
        (IDS["江"], IDS["月"]),
    )


@pytest.mark.parametrize(("given", "character"), [("", None), ("江", "江"), ("春江花月夜，", "夜")])
def test_a_line_rhymes_with_its_last_character(given: str, character: str | None) -> None:
    assert rhyme_character(Requirements(rhyme_with=given)) == character


@pytest.mark.parametrize(
    ("demands", "message"),
    [
        (
            {"acrostic": "春江花月夜"},
            "an acrostic has at most one character for each line, and wujue has 4 lines.",
        ),
        ({"acrostic": "春 江"}, "an acrostic of Chinese verse has Chinese characters only."),
        ({"first_line": "春江，花月"}, "a first line is one line, and 2 were given: 春江，花月."),
        ({"first_line": "，"}, "a first line is one line, and 0 were given: ，."),
        (
            {"first_line": "spring"},
            "a line of Chinese verse has Chinese characters only. Received: spring.",
        ),
    ],
)
def test_what_cannot_be_fixed_is_refused(demands: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        fixed(**demands)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("word", ["", "moon", "明 月", "明月，"])
def test_what_is_no_word_cannot_be_required(word: str) -> None:
    with pytest.raises(ConfigurationError, match="Chinese characters"):
        required_words(Requirements(must=("花", word)), WORDS)


@pytest.mark.parametrize("given", ["moon", "，", "明月a"])
def test_what_does_not_end_in_a_character_rhymes_with_nothing(given: str) -> None:
    with pytest.raises(ConfigurationError, match="a Chinese poem rhymes with a character, or"):
        rhyme_character(Requirements(rhyme_with=given))
