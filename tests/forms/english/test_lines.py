"""Single lines, against all that their words can make."""

import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.english.lines import LineFinish, LinePosition, LineRule, VerseLine, without
from charrnn.forms.english.spoken_words import SpokenWords
from tests.forms.english.toy_verse import LEXICON, fit

SPOKEN = SpokenWords(
    {word: LEXICON.pronunciations(word) for word in ("errant", "narrate", "net", "tea", "retreat")}
)

RULES = st.builds(
    LineRule,
    st.lists(st.text("u/x", min_size=1, max_size=4), min_size=1, max_size=2).map(tuple),
    st.sampled_from(["", "", "n"]),
    st.sampled_from(["", "", "t"]),
    st.sets(st.integers(0, len(SPOKEN.words) - 1), max_size=2).map(sorted).map(tuple),
    st.booleans(),
)


@settings(deadline=None, max_examples=200)
@given(rule=RULES, joined=st.booleans(), banned=st.sets(st.integers(0, len(SPOKEN.ways) - 1)))
def test_a_line_goes_on_where_some_words_finish_it(
    rule: LineRule, joined: bool, banned: set[int]
) -> None:
    line = VerseLine(SPOKEN, rule, joined=joined)
    lines = list(_lines(rule, joined))
    assert set(np.flatnonzero(line.endings).tolist()) == {said[-1] for said in lines}
    ways = line.endings.copy()
    ways[list(banned)] = False
    finish = LineFinish(line, ways)
    kept = {_words(said) for said in lines if ways[said[-1]]}
    begun = {words[:count] for words in kept for count in range(1, len(words))}

    def check(position: LinePosition, written: tuple[int, ...]) -> None:
        for word in range(len(SPOKEN.words)):
            longer = (*written, word)
            assert bool(finish.last_ways(position, word)) is (longer in kept)
            after = finish.after(position, word)
            assert bool(after.places) is (longer in begun)
            if after.places:
                check(after, longer)

    check(line.start, ())


def test_a_last_word_is_said_only_in_ways_that_may_end_the_line() -> None:
    line = VerseLine(SPOKEN, LineRule(("u/",), "", "", ()), joined=True)
    number = SPOKEN.number("narrate")
    assert number is not None
    trochee, iamb = SPOKEN.ways_of(number)
    assert not line.endings[trochee]
    assert LineFinish(line, line.endings).last_ways(line.start, number) == [iamb]


def test_without_leaves_the_others_in_order() -> None:
    assert without((1, 4, 7), 4) == (1, 7)
    assert without((1,), 4) == (1,)


def _lines(rule: LineRule, joined: bool) -> set[tuple[int, ...]]:
    """The ways of the words of every line that keeps a rule."""
    found = set()
    for count in range(1, 5 if joined else 2):
        for said in itertools.product(range(len(SPOKEN.ways)), repeat=count):
            shapes = [SPOKEN.shapes[SPOKEN.shape_of[way]] for way in said]
            words = [SPOKEN.words[number] for number in _words(said)]
            if (
                sum(shape.syllables for shape in shapes) <= 4
                and words[0].startswith(rule.begins)
                and words[-1].endswith(rule.ends)
                and set(rule.holds) <= set(_words(said))
                and any(fit(shapes, one, rhyming=rule.rhyming) for one in rule.templates)
            ):
                found.add(said)
    return found


def _words(said: Sequence[int]) -> tuple[int, ...]:
    return tuple(SPOKEN.word_of[list(said)].tolist())
