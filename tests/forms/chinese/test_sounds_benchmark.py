import random

import pytest

from benchmarks.sounds import measure
from charrnn.forms.chinese.sounds import Reading, SoundTable
from charrnn.forms.core.known_forms import find_form
from tests.forms.chinese.test_sound_learning import CLASSES, LEVEL, OBLIQUE, poem


def test_a_book_that_the_poems_keep_is_learned_whole() -> None:
    table = {one: frozenset({Reading("仄", "")}) for one in OBLIQUE}
    for number, members in enumerate(CLASSES):
        table |= {one: frozenset({Reading("平", str(number))}) for one in members}
    assert table.keys() == set(LEVEL + OBLIQUE)
    draw = random.Random(3)
    poems = [poem(find_form("qijue"), draw) for _ in range(500)]
    results = measure(poems, SoundTable("book", table))
    assert results["poems"] == 500
    assert results["regular poems learned from"] + results["qijue, poems kept aside"] == 500
    for name in (
        "tone right, share of tokens",
        "tone right, share of characters",
        "of them in one learned class",
        "of them in one class of the book",
        "of those by the book, in one learned class",
        "purity of the level classes",
        "qijue strict by the book",
        "qijue strict by the learned",
    ):
        assert results[name] == pytest.approx(1), name
    assert results["tone wrong, share of tokens"] == 0
    assert results["wulv, poems kept aside"] == 0
