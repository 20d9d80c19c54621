from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import ConfigurationError
from charrnn.forms.core.known_forms import compose_form


def test_a_ballad_is_put_together() -> None:
    form = compose_form(lines=4, syllables=(8, 6, 8, 6), rhyme="abcb", metre="iambic")
    (variant,) = form.variants
    assert (form.name, form.language, form.stanzas) == ("composed", "english", (4,))
    assert [line.lengths for line in variant] == [(8,), (6,), (8,), (6,)]
    assert [line.rhyme for line in variant] == ["", "B", "", "B"]
    assert [line.pattern for line in variant] == ["u/u/u/u/", "u/u/u/", "u/u/u/u/", "u/u/u/"]


def test_one_length_is_that_of_all_lines() -> None:
    form = compose_form(characters=[7], rhyme="A-AA")
    assert form.language == "chinese"
    assert [(line.lengths, line.rhyme) for line in form.variants[0]] == [
        ((7,), "A"),
        ((7,), ""),
        ((7,), "A"),
        ((7,), "A"),
    ]


@pytest.mark.parametrize(("length", "pattern"), [(9, "uu/uu/uu/"), (8, "u/uu/uu/"), (5, "u/uu/")])
def test_anapaests_end_the_line(length: int, pattern: str) -> None:
    form = compose_form(lines=1, syllables=[length], metre="anapaestic")
    assert form.variants[0][0].pattern == pattern


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"lines": 4}, "Received: neither."),
        ({"syllables": [8], "characters": [7]}, "Received: both."),
        ({"syllables": [8]}, "give lines too"),
        ({"syllables": [], "lines": 2}, "Received: nothing."),
        ({"syllables": [0], "lines": 2}, "Received: 0."),
        ({"syllables": [41], "lines": 2}, "from 1 to 40"),
        ({"syllables": [8], "lines": 201}, "from 1 to 200 lines"),
        ({"syllables": [8], "lines": 0}, "Received: 0."),
        ({"syllables": [8], "rhyme": "A1"}, "as in ABCB. Received: A1."),
        ({"characters": [7], "lines": 4, "metre": "iambic"}, "Chinese verse has no metre"),
        (
            {"syllables": [8, 6, 8], "lines": 4, "rhyme": "AB"},
            "4 by its lines, 3 by its lengths, 2 by its rhyme",
        ),
    ],
)
def test_contradictions_are_told(wish: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compose_form(**wish)
    assert sentence in str(caught.value)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from("ABC-")), min_size=1, max_size=20),
    st.sampled_from(["", "iambic", "anapaestic"]),
)
def test_lines_are_as_asked_for(lines: list[tuple[int, str]], metre: Any) -> None:
    lengths, letters = zip(*lines, strict=True)
    form = compose_form(syllables=lengths, lines=len(lines), rhyme="".join(letters), metre=metre)
    assert [line.lengths for line in form.variants[0]] == [(length,) for length in lengths]
    for line, letter in zip(form.variants[0], letters, strict=True):
        assert line.rhyme == (letter if letter != "-" and letters.count(letter) > 1 else "")
        assert not metre or line.pattern.endswith("/")
