import random
from collections.abc import Sequence

import numpy as np
import pytest

from charrnn.forms.chinese.learning import FEWEST_IN_PART, Tones, find_templates

SIGNS = {"平": 1, "仄": -1}

FOUR = (
    "中仄平平仄平平仄仄平中平平仄仄中仄仄平平",
    "中仄仄平平平平仄仄平中平平仄仄中仄仄平平",
    "中平平仄仄中仄仄平平中仄平平仄平平仄仄平",
    "平平仄仄平中仄仄平平中仄平平仄平平仄仄平",
)
"""The four sequences of a quatrain of five characters a line."""

ENDS = (4, 9, 14, 19)


def poems(templates: Sequence[str], counts: Sequence[int], wrong: float = 0.0) -> Tones:
    """Tones of poems that follow templates, each place wrong so often."""
    draw = random.Random(3)
    rows = []
    for template, count in zip(templates, counts, strict=True):
        for _ in range(count):
            tones = [SIGNS[draw.choice("平仄") if mark == "中" else mark] for mark in template]
            rows.append([-tone if draw.random() < wrong else tone for tone in tones])
    draw.shuffle(rows)
    return np.array(rows, np.int8)


@pytest.mark.parametrize("template", FOUR)
def test_one_template_is_found(template: str) -> None:
    (found,) = find_templates(poems([template], [60]), ENDS)
    assert found.marks == template
    assert found.poems == tuple(range(60))


def test_several_templates_are_told_apart() -> None:
    found = find_templates(poems(FOUR, (200, 150, 100, 80), wrong=0.03), ENDS)
    assert [template.marks for template in found] == list(FOUR)
    assert sorted(number for template in found for number in template.poems) == list(range(530))
    sizes = [len(template.poems) for template in found]
    assert all(
        abs(size - count) <= 5 for size, count in zip(sizes, (200, 150, 100, 80), strict=True)
    )


def test_a_place_is_open_where_fewer_than_nine_in_ten_agree() -> None:
    tones = np.ones((100, 8), np.int8)
    tones[:10, 1] = -1
    tones[:11, 2] = -1
    tones[:, 3] = -1
    (found,) = find_templates(tones, [7])
    assert found.marks == "平平中仄平平平平"


def test_what_is_not_known_decides_nothing() -> None:
    tones = np.ones((100, 6), np.int8)
    tones[:91, 0] = 0
    tones[:90, 1] = 0
    (found,) = find_templates(tones, [5])
    assert found.marks == "中平平平平平"


def test_poems_that_follow_none_are_left_out() -> None:
    regular, others = poems(FOUR[:1], [300]), poems(["中" * 20], [200])
    found = find_templates(np.concatenate([regular, others]), ENDS)
    assert [template.marks for template in found] == [FOUR[0]]
    assert len(set(found[0].poems) & set(range(300))) > 290


def test_poems_without_a_pattern_have_an_open_template() -> None:
    (found,) = find_templates(poems(["中" * 20], [200]), ENDS)
    assert found.marks == "中" * 20
    assert found.poems == tuple(range(200))


def test_an_end_that_may_be_either_makes_no_two_templates() -> None:
    (found,) = find_templates(poems(["平平平仄中"], [300]), [4])
    assert found.marks == "平平平仄中"


def test_templates_are_told_apart_that_differ_in_their_first_line_alone() -> None:
    rest = "中仄平平仄仄平中仄中平平仄仄中平中仄仄平平"
    both = (f"中平中仄仄平平{rest}", f"中平中仄平平仄{rest}")
    found = find_templates(poems(both, [119, 72], wrong=0.02), (6, 13, 20, 27))
    assert [template.marks for template in found] == list(both)


def test_templates_that_do_not_contradict_one_another_are_one() -> None:
    # Half of the poems are level throughout; they are a part of those that are so by chance.
    (found,) = find_templates(poems(["平" * 6, "平平平中中中"], [100, 100]), [5])
    assert found.marks == "平平平中中中"
    assert len(found.poems) == 200


def test_few_poems_are_not_divided() -> None:
    found = find_templates(poems(FOUR[1:3], [FEWEST_IN_PART - 1] * 2), ENDS)
    assert len(found) == 1
