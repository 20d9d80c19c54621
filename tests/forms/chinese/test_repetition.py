"""Poems in which no character stands twice: exactly those, and what is given may repeat itself."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.chinese.language import ChineseRules
from charrnn.forms.chinese.sounds import verse_lines
from charrnn.forms.chinese.verify import verify_chinese
from charrnn.forms.core.config import FormConfig
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import find_form
from charrnn.forms.core.opening import states_after_prompt
from tests.forms.chinese import toy_forms as forms
from tests.forms.chinese.test_automaton import MADE_UP, allowed_by, at_random, poem_of
from tests.forms.chinese.toy_language import (
    Asked,
    automaton_of,
    follows,
    form,
    poems_of,
    vocabulary_of,
)
from tests.forms.chinese.toy_sounds import TOY

NOTHING = Asked()


def once(wanted: Form) -> Form:
    return dataclasses.replace(wanted, repeats=False)


def repeats_only_what_is_given(poem: str, asked: Asked) -> bool:
    """Whether each character that is not given stands nowhere else in a poem."""
    lines = verse_lines(poem)
    return any(_stands_apart(lines, given) for given in _given_places(lines, asked))


def _given_places(lines: Sequence[str], asked: Asked) -> Iterator[set[tuple[int, int]]]:
    held = [*verse_lines(asked.first_line), *asked.acrostic]
    words = dict.fromkeys(asked.must)
    needed = [
        word
        for word in words
        if not any(word in one for one in held)
        and not any(word in other for other in words if other != word)
    ]
    fixed = {(0, place) for place in range(len(lines[0])) if asked.first_line}
    for line in range(min(len(asked.acrostic), len(lines))):
        fixed.add((line, 0 if asked.acrostic_at == "start" else len(lines[line]) - 1))
    places = [
        [
            {(number, start + more) for more in range(len(word))}
            for number, line in enumerate(lines)
            for start in range(len(line))
            if line.startswith(word, start)
        ]
        for word in needed
    ]
    for chosen in itertools.product(*places):
        yield fixed.union(*chosen)


def _stands_apart(lines: Sequence[str], given: set[tuple[int, int]]) -> bool:
    counts = Counter("".join(lines))
    return all(
        counts[character] == 1 or (number, place) in given
        for number, line in enumerate(lines)
        for place, character in enumerate(line)
    )


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_exactly_the_poems_without_repetition_are_allowed(data: st.DataObject) -> None:
    longest = data.draw(st.sampled_from([(1, 1, 1, 1), (2, 1, 1), (1, 2, 1), (2, 2), (1, 3), (4,)]))
    wanted = data.draw(forms.forms(longest))
    characters = "东南西北天"[: data.draw(st.integers(3, 5))]
    sounds = data.draw(forms.sounds(characters))
    demands = data.draw(forms.requirements(characters, longest))
    poems = poems_of(wanted, sounds, characters, demands, parting="，。", closing="。")
    apart = {poem for poem in poems if repeats_only_what_is_given(poem, demands)}
    allowed = allowed_by(once(wanted), characters + "，。", demands, sounds=sounds)
    assert allowed == follows(apart)


@pytest.mark.parametrize(
    ("demands", "poems"),
    [
        (NOTHING, {"东中，月看。", "中东，月看。", "东中，看月。", "中东，看月。"}),
        (Asked(acrostic="东东"), {"东中，东月。", "东中，东看。", "东月，东看。"}),
        (
            Asked(first_line="东东"),
            {"东东，月看。", "东东，看月。", "东东，中月。", "东东，中看。"},
        ),
        (Asked(must=("东",), acrostic="东"), {"东中，月看。", "东中，看月。"}),
        (Asked(must=("月",), first_line="东月"), {"东月，中看。"}),
    ],
)
def test_only_what_is_given_stands_twice(demands: Asked, poems: set[str]) -> None:
    wanted = once(form([Line(lengths=(2,))] * 2))
    found = poems_of(wanted, TOY, "东中月看", demands, parting="，", closing="。")
    expected = {poem for poem in found if repeats_only_what_is_given(poem, demands)}
    written = allowed_by(wanted, "东中月看，。", demands, banned="")
    assert {
        poem for poem, after in written.items() if not after and "。" not in poem[:-1]
    } == expected
    assert poems <= expected


def test_rhymes_are_kept_for_the_lines_that_need_them() -> None:
    """东 and 中 are all there is to rhyme with, so neither stands elsewhere."""
    wanted = once(form([Line(lengths=(2,)), *[Line(lengths=(2,), rhyme="A", ending="level")] * 2]))
    allowed = allowed_by(wanted, "东中月发看鱼天，。", banned="。")
    assert allowed[""].isdisjoint("东中")


def test_a_prompt_may_repeat_itself_and_what_follows_may_not() -> None:
    wanted = once(form([Line(lengths=(3,))] * 2))
    characters = "东中月看鱼天，。"
    vocabulary = vocabulary_of(characters)
    automaton = automaton_of(wanted, TOY, characters, NOTHING)
    prompt = vocabulary.encode("东东中，").tolist()
    (state,) = states_after_prompt(automaton, vocabulary, prompt, np.random.default_rng(0), 1)
    allowed = np.flatnonzero(automaton.allowed_tokens(state)).tolist()
    assert set(vocabulary.decode(allowed)) == set("月看鱼天")


def test_what_a_prompt_takes_is_missing_later() -> None:
    wanted = once(form([Line(lengths=(2,))] * 2))
    characters = "东中月看，。"
    vocabulary = vocabulary_of(characters)
    automaton = automaton_of(wanted, TOY, characters, Asked(must=("东中",)))
    prompt = vocabulary.encode("月看，").tolist()
    states = states_after_prompt(automaton, vocabulary, prompt, np.random.default_rng(0), 8)
    for state in states:
        allowed = np.flatnonzero(automaton.allowed_tokens(state)).tolist()
        assert vocabulary.decode(allowed) == "东"


def test_a_form_that_has_more_places_than_there_are_characters_is_impossible() -> None:
    wanted = once(form([Line(lengths=(2,))] * 3))
    assert (
        automaton_of(wanted, TOY, "东中月看鱼，。", NOTHING).initial_states(
            np.random.default_rng(0), 1
        )
        == []
    )
    assert automaton_of(wanted, TOY, "东中月看鱼天，。", NOTHING).initial_states(
        np.random.default_rng(0), 1
    )


@pytest.mark.parametrize("name", ["wujue", "qijue", "wulv", "qilv"])
def test_regular_verse_has_no_character_twice(name: str) -> None:
    wanted = find_form(name)
    assert not wanted.repeats
    letters = sorted(MADE_UP.table)[:120]
    characters = "".join(letters) + "，。"
    automaton = automaton_of(wanted, MADE_UP, characters, NOTHING)
    for seed in range(3):
        poem = poem_of(automaton, automaton.initial_state(), characters, at_random(seed))
        judgement = verify_chinese(poem, wanted, MADE_UP)
        assert judgement.passes
        assert not judgement.remarks
        assert max(Counter("".join(verse_lines(poem))).values()) == 1


@pytest.mark.parametrize("name", ["gujue", "wupai", "qipai", "wupai-16", "rumengling"])
def test_other_forms_may_repeat(name: str) -> None:
    assert find_form(name).repeats


def test_what_is_given_twice_is_told() -> None:
    rules = ChineseRules(once(form([Line(lengths=(2,))] * 2)), TOY, "any")
    told = list(rules.notes(FormConfig(form="toy", acrostic="东东", must=("东",)), "月月，"))
    assert told == [
        "东 and 月 are given more than once, and so may stand in the poem more than once."
    ]
    assert list(rules.notes(FormConfig(form="toy", first_line="东中", acrostic="东月"), "")) == []
    free = ChineseRules(form([Line(lengths=(2,))] * 2), TOY, "any")
    assert list(free.notes(FormConfig(form="toy", acrostic="东东"), "")) == []


def test_repetition_is_advised_where_it_would_help() -> None:
    rules = ChineseRules(once(form([Line(lengths=(2,))] * 2)), TOY, "any")
    assert next(rules.relaxations(FormConfig(form="toy"))) == [{"repeats": True}]


def test_the_verifier_remarks_on_what_stands_twice() -> None:
    wanted = once(form([Line(lengths=(3,))] * 2))
    judgement = verify_chinese("东东中，月中鱼。", wanted, TOY)
    assert judgement.passes
    assert [(one.line, one.position, one.message) for one in judgement.remarks] == [
        (1, 2, "line 1, character 2 repeats 东 of the same line"),
        (2, 2, "line 2, character 2 repeats 中 of line 1"),
    ]
    assert verify_chinese("东东中，月中鱼。", form([Line(lengths=(3,))] * 2), TOY).remarks == ()
