import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.forms.core.form import Line
from charrnn.forms.english.pronunciation import Pronunciation, parse_pronunciation
from charrnn.forms.english.scansion import clashes_of, scansions, templates_of

IAMBIC = "u/u/u/u/u/u"


def test_an_iambic_line_may_have_a_feminine_ending() -> None:
    assert templates_of(Line(lengths=(10, 11), pattern=IAMBIC), "iambic") == (
        "u/u/u/u/u/",
        "u/u/u/u/u/u",
    )
    assert templates_of(Line(lengths=(10,), pattern=IAMBIC[:10]), "iambic") == ("u/u/u/u/u/",)


def test_an_anapaestic_line_may_lack_its_first_syllable() -> None:
    assert templates_of(Line(lengths=(8, 9), pattern="uu/uu/uu/"), "anapaestic") == (
        "u/uu/uu/",
        "uu/uu/uu/",
        "u/uu/uu/u",
    )


def test_a_much_shorter_line_has_a_part_of_the_pattern() -> None:
    assert templates_of(Line(lengths=(6, 10), pattern=IAMBIC[:10]), "iambic") == (
        "u/u/u/",
        "u/u/u/u/u/",
    )
    assert templates_of(Line(lengths=(3, 9), pattern="uu/uu/uu/"), "anapaestic")[0] == "uu/"


def test_without_a_metre_lengths_are_all_there_is() -> None:
    assert templates_of(Line(lengths=(3, 2), pattern="u/u"), "") == ("xx", "xxx")
    assert templates_of(Line(lengths=(2,)), "iambic") == ("xx",)


@pytest.mark.parametrize(
    ("phones", "marks", "clashes"),
    [
        ("W IH1 N D OW0", "u/", (0,)),
        ("W IH1 N D OW0", "/u", ()),
        ("W IH1 N D OW0", "xu", ()),
        ("W IH1 N D", "u", ()),
        ("EH1 V R IY0 W EH2 R", "/uu", ()),
    ],
)
def test_a_stress_clashes_where_the_metre_has_none(
    phones: str, marks: str, clashes: tuple[int, ...]
) -> None:
    assert clashes_of(parse_pronunciation(phones), marks) == clashes


def ways(*texts: str) -> tuple[Pronunciation, ...]:
    return tuple(map(parse_pronunciation, texts))


def test_words_are_said_as_the_line_needs_them() -> None:
    heaven = ways("HH EH1 V AH0 N", "HH EH1 V N")
    (found,) = scansions([heaven, ways("S IY1")], ["u/"])
    assert [str(way) for way in found.ways] == ["HH EH1 V N", "S IY1"]
    assert (found.faults, found.rank, found.syllables) == (0, 1, 2)
    first, second = scansions([ways("S IY1"), heaven], ["xxx"])
    assert (first.template, second.template) == ("xxx", None)
    assert (first.faults, second.faults) == (0, 1)


def test_a_line_of_a_wrong_length_comes_as_near_as_it_can() -> None:
    heaven = ways("HH EH1 V AH0 N", "HH EH1 V N")
    (long,) = scansions([heaven, heaven, ways("S IY1")], ["x"])
    (short,) = scansions([heaven, heaven, ways("S IY1")], ["x" * 9])
    assert (long.syllables, short.syllables) == (3, 5)


spoken = st.sampled_from(
    ways("S IY1", "W IH1 N D OW0", "AH0 L OW1 N", "DH", "IH0 T ER1 N AH0 T IY0", "R IY1 D IH2 NG")
)
lines = st.lists(st.lists(spoken, min_size=1, max_size=3), min_size=1, max_size=4)


@given(lines, st.lists(st.text("u/x", min_size=1, max_size=7), min_size=1, max_size=3))
def test_the_best_scansion_is_found_as_by_trying_all(
    words: list[list[Pronunciation]], templates: list[str]
) -> None:
    for place, (last, found) in enumerate(zip(words[-1], scansions(words, templates), strict=True)):
        costs = []
        for choice in itertools.product(*(range(len(word)) for word in words[:-1])):
            said = [*(word[n] for word, n in zip(words[:-1], choice, strict=True)), last]
            stresses = [(way, stress) for way in said for stress in way.stresses]
            costs += [
                (
                    sum(
                        way.syllables > 1 and stress == "1" and mark == "u"
                        for (way, stress), mark in zip(stresses, template, strict=True)
                    ),
                    sum(choice) + place,
                )
                for template in templates
                if len(template) == len(stresses)
            ]
        assert (found.template is None) == (not costs)
        if costs:
            assert (found.faults, found.rank) == min(costs)
