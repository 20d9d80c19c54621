"""How lines depend on one another under the variants of a form."""

import numpy as np
import pytest

from charrnn.forms.core.config import Requirements
from charrnn.forms.core.form import Form
from charrnn.forms.english.plan import VersePlan
from charrnn.forms.english.requirements import read_requirements
from charrnn.forms.english.spoken_words import RhymeClasses, SpokenWords
from tests.forms.english.toy_verse import LEXICON, form_of

WORDS = ("ate", "eat", "neat", "net", "rate", "tan", "treat")


def plan_of(form: Form, demands: Requirements | None = None) -> tuple[VersePlan, SpokenWords]:
    spoken = SpokenWords({word: LEXICON.pronunciations(word) for word in WORDS})
    read = read_requirements(demands or Requirements(), form.lines, LEXICON)
    classes = RhymeClasses(spoken, "perfect")
    return VersePlan(form, spoken, classes, read, joined=True), spoken


def ends_of(plan: VersePlan, spoken: SpokenWords, line: int, variant: int = 0) -> list[str]:
    """What a line may end in, whatever stands before it; only the first has rhymes behind it."""
    (variant_state,) = (one for one in plan.beginnings(()) if one.variant == variant)
    ways = np.flatnonzero(plan.finish(line, (), variant_state).ways)
    return [spoken.words[spoken.word_of[way]] for way in ways.tolist()]


def test_the_first_line_of_a_rhyme_ends_in_a_word_with_enough_others() -> None:
    plan, spoken = plan_of(form_of(1, 1, 1, rhyme="AAA"))
    assert ends_of(plan, spoken, 0) == ["eat", "neat", "treat"]
    plan, spoken = plan_of(form_of(1, 1, rhyme="AA"))
    assert ends_of(plan, spoken, 0) == ["ate", "eat", "neat", "rate", "treat"]
    plan, spoken = plan_of(form_of(1, 1, rhyme="AB"))
    assert ends_of(plan, spoken, 0) == list(WORDS)


def test_only_variants_that_some_poem_keeps_are_followed() -> None:
    plan, _ = plan_of(form_of(1, 1, 1, 1, rhyme="AAAA", further=["AABB", "ABAB"]))
    assert [variant_state.variant for variant_state in plan.beginnings(())] == [1, 2]


def test_what_a_line_has_used_is_behind_the_next() -> None:
    plan, spoken = plan_of(form_of(1, 1, 1, rhyme="ABA"))
    (variant_state,) = plan.beginnings(())
    number = spoken.number("neat")
    assert number is not None
    following = plan.after_line(0, (), variant_state, spoken.ways_of(number))
    ((letter, ((_, used),)),) = following.rhymed
    assert letter == "A"
    assert len(used) == 1
    third = plan.after_line(1, (), following, spoken.ways_of(0))
    assert third.rhymed == following.rhymed
    ways = np.flatnonzero(plan.finish(2, (), third).ways).tolist()
    assert [spoken.words[spoken.word_of[way]] for way in ways] == ["eat", "treat"]
    assert plan.after_line(2, (), third, ways[:1]).rhymed == ()


@pytest.mark.parametrize(
    ("must", "placement", "possible"),
    [
        (("tan",), (0,), False),
        (("tan",), (1,), True),
        (("tan", "net"), (1, None), True),
        (("tan", "net"), (1, 1), False),
        (("tan", "net"), (None, None), True),
        (("tan", "net", "ate", "eat"), (None,) * 4, False),
        (("moon",), (1,), False),
    ],
)
def test_a_placement_is_possible_when_each_line_holds_its_words(
    must: tuple[str, ...], placement: tuple[int, ...], possible: bool
) -> None:
    plan, _ = plan_of(form_of(1, 1, 1, rhyme="A A"), Requirements(must=must))
    assert bool(plan.beginnings(placement)) is possible


def test_after_a_given_line_the_second_is_the_first_to_write() -> None:
    plan, _ = plan_of(form_of(1, 1, rhyme="AA"), Requirements(first_line="neat!"))
    assert plan.first == 1
    ((_, position, ((letter, ((_, used),)),)),) = plan.beginnings(())
    assert position.places == 1
    assert letter == "A"
    assert len(used) == 1
    plan, _ = plan_of(form_of(1, 1, rhyme="AA"), Requirements(first_line="errant!"))
    assert plan.beginnings(()) == ()
