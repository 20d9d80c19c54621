"""MetrePlaces in a line as bits, against templates and shapes spelled out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.english.metre import MetreMasks, WordShape, chunks, shape_of
from charrnn.forms.english.pronunciation import parse_pronunciation
from tests.forms.english.toy_verse import fit

SHAPES = st.integers(0, 4).flatmap(
    lambda count: st.builds(
        WordShape,
        st.just(count),
        st.sets(st.integers(0, max(0, count - 1)), max_size=0 if count < 2 else None)
        .map(sorted)
        .map(tuple),
    )
)


@pytest.mark.parametrize(
    ("phones", "shape"),
    [
        ("N EH1 T", WordShape(1, (), 0)),
        ("S IH1 L V ER0", WordShape(2, (0,), 0)),
        ("R IY0 T R IY1 T", WordShape(2, (1,), 1)),
        ("AO1 R W EY2", WordShape(2, (0,), 1)),
        ("AH0 DH ER0", WordShape(2, ())),
        ("T", WordShape(0, ())),
    ],
)
def test_metre_sees_syllables_and_the_main_stress_of_longer_words(
    phones: str, shape: WordShape
) -> None:
    assert shape_of(parse_pronunciation(phones)) == shape


def test_templates_lie_side_by_side() -> None:
    masks = MetreMasks(["u/", "/u"])
    assert masks.starts == 0b001001
    assert masks.fits(WordShape(2, (0,))) == 0b000001
    assert masks.fits(WordShape(2, (1,))) == 0b001000
    assert masks.fits(WordShape(1, ())) == 0b011011
    assert masks.last(WordShape(1, ())) == 0b010010
    assert masks.after(masks.starts, WordShape(1, ())) == 0b010010


def test_a_line_that_rhymes_ends_in_a_word_that_rhymes_from_a_stress() -> None:
    masks = MetreMasks(["u/", "u/u"], rhyming=True)
    assert masks.last(WordShape(1, (), 0)) == 0b010
    assert masks.last(WordShape(2, (0,), 0)) == 0b010
    assert masks.last(WordShape(2, (1,), 1)) == 0b001
    assert masks.last(WordShape(1, ())) == 0


def test_a_template_lies_within_a_longer_one_that_begins_so() -> None:
    masks = MetreMasks(["u/", "u/u"])
    assert masks.starts == 1
    assert masks.last(WordShape(1, ())) == 0b110
    assert masks.last(WordShape(2, ())) == 0b011
    assert masks.last(WordShape(4, ())) == 0


@settings(deadline=None)
@given(
    templates=st.lists(st.text("u/x", min_size=1, max_size=5), min_size=1, max_size=4),
    words=st.lists(SHAPES, min_size=1, max_size=4),
)
def test_words_reach_the_end_where_some_template_takes_them(
    templates: list[str], words: list[WordShape]
) -> None:
    masks = MetreMasks(templates)
    places = masks.starts
    *first, last = words
    for shape in first:
        places = masks.after(places, shape)
    assert bool(places & masks.last(last)) is any(fit(words, template) for template in templates)


@pytest.mark.parametrize(("size", "types"), [(16, "H"), (17, "I"), (32, "I"), (130, "LLL")])
def test_chunks_hold_all_places_between_them(size: int, types: str) -> None:
    places = (1 << size) - 1 - (1 << 7)
    found = chunks(size)
    parts = [chunk.of(places) for chunk in found]
    assert [part.dtype for part in parts] == [np.dtype(one) for one in types]
    bits = itertools.chain.from_iterable(reversed(f"{int(part):064b}") for part in parts)
    assert [place for place, bit in enumerate(bits) if bit == "1"] == [
        place for place in range(size) if place != 7
    ]
    assert [chunk.of_each([places, 1])[0] for chunk in found] == parts
