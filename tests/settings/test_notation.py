import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import parse_lengths
from charrnn.settings.notation import parse_ban, parse_blend, parse_favours, parse_schedule

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("text", "values"),
    [("1.0:0.6", (1.0, 0.6)), ("0:2", (0.0, 2.0)), (" 1 : .5 ", (1.0, 0.5)), ("1e2:1", (100, 1))],
)
def test_a_schedule_is_two_numbers(text, values):
    assert parse_schedule(text) == values


@pytest.mark.parametrize(
    "text", ["", ":", "1", "1:", ":1", "1:2:3", "1:-1", "1:nan", "inf:1", "a:b"]
)
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(ConfigurationError) as refusal:
        parse_schedule(text)
    assert str(refusal.value) == (
        f"a schedule is two numbers at least 0, as in 1.0:0.6. Received: {text}."
    )


@pytest.mark.parametrize(
    ("text", "favours"),
    [
        ("月=2", {"月": 2.0}),
        ("月=2,花=-1.5", {"月": 2.0, "花": -1.5}),
        ("月=2, 花=1", {"月": 2.0, "花": 1.0}),
        (",=1,==2, =3,\n=4", {",": 1.0, "=": 2.0, " ": 3.0, "\n": 4.0}),
        (",=1, ==2,  =3", {",": 1.0, "=": 2.0, " ": 3.0}),
        ("e\N{COMBINING ACUTE ACCENT}=1", {"é": 1.0}),
    ],
)
def test_favours_are_characters_with_numbers(text, favours):
    assert parse_favours(text) == favours


@pytest.mark.parametrize(
    "text",
    ["", "月", "月=", "=2", "月=two", "月=nan", "月=1e999", "ab=1", "月=1,", "月=1,月=2", "月=1=2"],
)
def test_what_is_no_favour_is_refused(text):
    with pytest.raises(ConfigurationError) as refusal:
        parse_favours(text)
    assert str(refusal.value) == (
        "favour takes different characters with a number each, as in 月=2,花=-1.5. "
        f"Received: {text}."
    )


# Composed forms and white space are read otherwise, which the examples above show.
@given(
    st.dictionaries(st.characters(categories=["Lu", "Lo", "Po", "Sm"], max_codepoint=0x24F), finite)
)
def test_favours_are_read_as_they_are_written(favours):
    if favours:
        text = ",".join(f"{character}={number!r}" for character, number in favours.items())
        assert parse_favours(text) == favours


@given(st.text())
def test_no_text_is_an_error_of_another_kind(text):
    for parse in (parse_schedule, parse_favours, parse_blend):
        with contextlib.suppress(ConfigurationError):
            parse(text)


def test_a_ban_is_its_characters_in_composed_form():
    assert parse_ban("愁,e\N{COMBINING ACUTE ACCENT}愁") == {"愁", ",", "é"}
    assert parse_ban("") == frozenset()


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("a=0.7,b=0.3", {"a": 0.7, "b": 0.3}),
        (" moons = 7 , rivers=3", {"moons": 7.0, "rivers": 3.0}),
        ("runs/x=1/a=2", {"runs/x=1/a": 2.0}),
        ("a=0,b=1", {"a": 0.0, "b": 1.0}),
    ],
)
def test_a_blend_is_names_with_weights(text, weights):
    assert parse_blend(text) == weights


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "as in moons=0.7,rivers=0.3. Received: ."),
        ("moons", "as in moons=0.7,rivers=0.3. Received: moons."),
        ("moons=", "as in moons=0.7,rivers=0.3. Received: moons=."),
        ("=1", "as in moons=0.7,rivers=0.3. Received: =1."),
        ("moons=1,", "as in moons=0.7,rivers=0.3. Received: moons=1,."),
        ("moons=nan", "as in moons=0.7,rivers=0.3. Received: moons=nan."),
        ("moons=-1,a=1", "the weight of moons must be a number at least 0. Received: -1."),
        ("moons=1,moons=2", "a blend takes each checkpoint once. Received: moons twice."),
        ("moons=0,a=0", "a blend needs a weight above 0. Received: moons=0,a=0."),
    ],
)
def test_what_is_no_blend_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(ConfigurationError, match=f"{re.escape(sentence)}$"):
        parse_blend(text)


@pytest.mark.parametrize(
    ("text", "lengths"), [("7", (7,)), ("8,6,8,6", (8, 6, 8, 6)), (" 5 , 7", (5, 7)), ("0", (0,))]
)
def test_lengths_are_numbers_with_commas_between_them(text, lengths):
    assert parse_lengths(text) == lengths


@pytest.mark.parametrize("text", ["", ",", "7,", "a", "-7", "7.5", "٧", "9" * 10])
def test_what_are_no_lengths_is_refused(text):
    with pytest.raises(ConfigurationError) as refusal:
        parse_lengths(text)
    assert str(refusal.value) == (
        "lengths are numbers of syllables or characters, one for each line or one for all, as in "
        f"8,6,8,6. Received: {text}."
    )
