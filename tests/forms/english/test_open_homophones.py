"""Which homophones leave enough for the other lines, against trying everything."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.english.spoken_words import (
    OpenClasses,
    RhymeClasses,
    SpokenWords,
    as_open_classes,
    open_homophones,
)
from tests.forms.english.toy_verse import LEXICON

CLASSES = RhymeClasses(
    SpokenWords({word: LEXICON.pronunciations(word) for word in LEXICON}), "perfect"
)
GROUPS = len(CLASSES.class_of)
FLAGS = st.lists(st.booleans(), min_size=GROUPS, max_size=GROUPS).map(np.array)
ALIVE = st.none() | st.dictionaries(
    st.integers(0, len(CLASSES.first_homophones) - 2), st.just(()), max_size=4
).flatmap(
    lambda classes: st.fixed_dictionaries(
        {rhyme_class: st.sets(st.sampled_from(_homophones(rhyme_class))) for rhyme_class in classes}
    )
).map(as_open_classes)


@settings(deadline=None, max_examples=300)
@given(here=FLAGS, later=st.lists(FLAGS, max_size=3), open_classes=ALIVE, alike=st.booleans())
def test_a_clan_is_open_when_the_later_lines_can_still_differ(
    here: np.ndarray, later: list[np.ndarray], open_classes: OpenClasses | None, alike: bool
) -> None:
    if alike:
        later = later[:1] * len(later)
    found = open_homophones(CLASSES, here, later, open_classes)
    left = None if open_classes is None else dict(open_classes)
    expected = []
    for homophones in range(GROUPS):
        rhyme_class = int(CLASSES.class_of[homophones])
        free = (
            set(_homophones(rhyme_class))
            if left is None
            else set(_homophones(rhyme_class))
            - set(left.get(rhyme_class, _homophones(rhyme_class)))
        )
        places = [[one for one in free - {homophones} if flags[one]] for flags in later]
        expected.append(
            bool(here[homophones])
            and homophones in free
            and any(len(set(one)) == len(later) for one in itertools.product(*places))
        )
    assert found.tolist() == expected


def _homophones(rhyme_class: int) -> list[int]:
    return list(range(*CLASSES.first_homophones[rhyme_class : rhyme_class + 2].tolist()))
