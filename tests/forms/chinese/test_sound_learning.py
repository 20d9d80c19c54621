import dataclasses
import random
from typing import Any

import pytest

from charrnn.errors import FormError
from charrnn.forms.chinese.sound_learning import FEWEST_POEMS, learn_sounds
from charrnn.forms.chinese.sounds import LearnedSounds, Reading
from charrnn.forms.core.form import Form
from charrnn.forms.core.known_forms import find_form
from charrnn.forms.core.language import table_from_json, table_to_json

LEVEL = "东风中空红山间还颜关年天边前烟"
OBLIQUE = "月发雪别歇去处路树雨里水起子地"
CLASSES = [set(LEVEL[at : at + 5]) for at in (0, 5, 10)]


def poem(form: Form, draw: random.Random) -> str:
    """A poem without a sense that keeps a form, written with fifteen characters of either tone."""
    variant = draw.choice(form.variants)
    rhymes = draw.sample(sorted(draw.choice(CLASSES)), 5)
    lines = []
    for line in variant:
        pattern = draw.choice(line.patterns).replace("中", draw.choice("平仄"))
        text = "".join(draw.choice(LEVEL if mark == "平" else OBLIQUE) for mark in pattern)
        lines.append(text[:-1] + rhymes.pop() if line.rhyme else text)
    return "，".join(lines)


@pytest.fixture(scope="module")
def learned() -> LearnedSounds:
    draw = random.Random(5)
    forms = [find_form(name) for name in ("wujue", "qijue", "wulv", "qilv")]
    return learn_sounds(poem(draw.choice(forms), draw) for _ in range(600))


def test_tones_are_learned_from_poems_alone(learned: LearnedSounds) -> None:
    assert learned.poems == 600
    assert {one for one, (level, oblique) in learned.places.items() if level > oblique} == set(
        LEVEL
    )
    sounds = learned.sounds()
    assert {reading.tone for one in LEVEL for reading in sounds.readings(one)} == {"平"}
    assert {reading.tone for one in OBLIQUE for reading in sounds.readings(one)} == {"仄"}


def test_rhymes_are_learned_from_poems_alone(learned: LearnedSounds) -> None:
    assert sorted(map(sorted, learned.classes["平"])) == sorted(map(sorted, CLASSES))
    assert learned.classes["仄"] == ()


def test_what_is_not_regular_teaches_nothing() -> None:
    draw = random.Random(5)
    regular = [poem(find_form("qijue"), draw) for _ in range(FEWEST_POEMS)]
    strange = ["月" * 6, "东，" * 4, "东风，" * 4, "abcde，" * 4, ""]
    assert learn_sounds([*strange, *regular, *strange]) == learn_sounds(regular)


def test_too_few_poems_are_told() -> None:
    with pytest.raises(FormError, match=r"at least 100 poems .* Received: 1 of them"):
        learn_sounds([poem(find_form("qijue"), random.Random(1)), "月"])


def test_learned_sounds_are_written_and_read(learned: LearnedSounds) -> None:
    assert table_from_json(table_to_json(learned), "x", LearnedSounds) == learned
    named = dataclasses.replace(learned, corpus="c" * 64)
    assert table_from_json(table_to_json(named), "x", LearnedSounds) == named


def test_a_document_need_not_name_the_corpus_it_is_from() -> None:
    text = '{"format":1,"poems":1,"places":{"东":[1,0]},"classes":{"平":[],"仄":[]}}'
    assert table_from_json(text, "x", LearnedSounds) == LearnedSounds(
        1, {"东": (1, 0)}, {"平": (), "仄": ()}
    )


def test_a_character_of_both_tones_has_a_reading_in_each() -> None:
    learned = LearnedSounds(
        9,
        {"看": (6, 5), "寒": (9, 1), "翰": (0, 9), "东": (2, 0), "难": (8, 2)},
        {"平": ("寒看",), "仄": ("翰看",)},
    )
    sounds = learned.sounds("mine")
    assert sounds.name == "mine"
    assert sounds.readings("看") == {Reading("平", "寒"), Reading("仄", "翰")}
    assert sounds.readings("寒") == {Reading("平", "寒")}
    assert sounds.readings("难") == {Reading("平"), Reading("仄")}
    assert sounds.readings("东") == frozenset()


@pytest.mark.parametrize(
    ("places", "known"),
    [
        ((0, 3), {"仄"}),
        ((1, 2), {"仄"}),
        ((2, 2), {"平", "仄"}),
        ((2, 40), {"仄"}),  # What a few poets did is no reading.
        ((3, 40), {"平", "仄"}),
    ],
)
def test_a_second_tone_is_known_by_a_share_of_the_places(
    places: tuple[int, int], known: set[str]
) -> None:
    sounds = LearnedSounds(9, {"百": places}, {"平": (), "仄": ()}).sounds()
    assert {reading.tone for reading in sounds.readings("百")} == known


def test_liberties_that_poets_take_teach_no_tone() -> None:
    """平平平仄仄 becomes 平平仄仄仄, and what stands there in its third place is still oblique."""
    draw = random.Random(9)
    poems = []
    for _ in range(600):
        lines = poem(find_form("wujue"), draw).split("，")
        third = lines[2]
        if third[1] in LEVEL and third[-1] in OBLIQUE:
            place = draw.choice([2, 4, 4])
            lines[2] = third[:place] + "百" + third[place + 1 :]
        poems.append("，".join(lines))
    assert "百" in "".join(poems)
    assert learn_sounds(poems).sounds().readings("百") == {Reading("仄")}


def test_no_two_classes_have_the_same_name() -> None:
    learned = LearnedSounds(
        9, {"看": (6, 5), "寒": (9, 0), "翰": (0, 9)}, {"平": ("看寒",), "仄": ("看翰",)}
    )
    assert learned.sounds().readings("看") == {Reading("平", "看"), Reading("仄", "翰")}


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"format":2,"poems":1,"places":{},"classes":{"平":[],"仄":[]}}',
        '{"format":1,"poems":true,"places":{},"classes":{"平":[],"仄":[]}}',
        '{"format":1,"poems":1,"places":{"东":[1]},"classes":{"平":[],"仄":[]}}',
        '{"format":1,"poems":1,"places":{"东":[1,-1]},"classes":{"平":[],"仄":[]}}',
        '{"format":1,"poems":1,"places":{"东":3},"classes":{"平":[],"仄":[]}}',
        '{"format":1,"poems":1,"places":{},"classes":{"平":[]}}',
        '{"format":1,"poems":1,"places":{},"classes":{"平":"东","仄":[]}}',
        '{"format":1,"poems":1,"places":{},"classes":{"平":[],"入":[]}}',
        '{"format":1,"corpus":7,"poems":1,"places":{},"classes":{"平":[],"仄":[]}}',
    ],
)
def test_a_document_that_holds_no_sounds_is_refused(text: Any) -> None:
    with pytest.raises(FormError, match=r"tang\.json cannot be used: "):
        table_from_json(text, "tang.json", LearnedSounds)


def test_a_character_that_rhymes_in_two_classes_stands_in_both() -> None:
    draw = random.Random(7)
    poems = [poem(find_form("wujue"), draw) for _ in range(900)]
    # Each of the second class rhymes with 东 now and then, and 东 with all of them often.
    guests = [f"月月月月月，月月月月东，月月月月月，月月月月{one}" for one in "山间还关颜" * 5]
    assert sorted(map(sorted, learn_sounds(poems).classes["平"])) == sorted(map(sorted, CLASSES))
    both = [members | ({"东"} if "山" in members else set()) for members in CLASSES]
    assert sorted(map(sorted, learn_sounds(poems + guests).classes["平"])) == sorted(
        map(sorted, both)
    )


def test_a_rare_character_has_the_tone_in_which_it_rhymed() -> None:
    learned = LearnedSounds(9, {"东": (2, 1), "风": (1, 0)}, {"平": ("东",), "仄": ()})
    sounds = learned.sounds()
    assert sounds.readings("东") == {Reading("平", "东")}
    assert sounds.readings("风") == frozenset()
