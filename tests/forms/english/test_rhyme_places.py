"""Which clans leave enough for the other lines, against trying everything."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn.forms.english.rhyme_classes import RhymeFamilies
from charrnn.forms.english.rhyme_places import Alive, alive_of, open_clans
from charrnn.forms.english.spoken_words import SpokenWords
from tests.forms.english.toy_verse import LEXICON

FAMILIES = RhymeFamilies(
    SpokenWords({word: LEXICON.pronunciations(word) for word in LEXICON}), "perfect"
)
CLANS = len(FAMILIES.family_of)
FLAGS = st.lists(st.booleans(), min_size=CLANS, max_size=CLANS).map(np.array)
ALIVE = st.none() | st.dictionaries(
    st.integers(0, len(FAMILIES.first_clans) - 2), st.just(()), max_size=4
).flatmap(
    lambda families: st.fixed_dictionaries(
        {family: st.sets(st.sampled_from(_clans(family))) for family in families}
    )
).map(alive_of)


@settings(deadline=None, max_examples=300)
@given(here=FLAGS, later=st.lists(FLAGS, max_size=3), alive=ALIVE, alike=st.booleans())
def test_a_clan_is_open_when_the_later_lines_can_still_differ(
    here: np.ndarray, later: list[np.ndarray], alive: Alive | None, alike: bool
) -> None:
    if alike:
        later = later[:1] * len(later)
    found = open_clans(FAMILIES, here, later, alive)
    left = None if alive is None else dict(alive)
    expected = []
    for clan in range(CLANS):
        family = int(FAMILIES.family_of[clan])
        free = (
            set(_clans(family))
            if left is None
            else set(_clans(family)) - set(left.get(family, _clans(family)))
        )
        places = [[one for one in free - {clan} if flags[one]] for flags in later]
        expected.append(
            bool(here[clan])
            and clan in free
            and any(len(set(one)) == len(later) for one in itertools.product(*places))
        )
    assert found.tolist() == expected


def _clans(family: int) -> list[int]:
    return list(range(*FAMILIES.first_clans[family : family + 2].tolist()))
