import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import FormError
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import form_from_toml, form_to_toml, known_forms

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\\n\x7f\r\t#'))


@st.composite
def lines(draw: st.DrawFn) -> Line:
    length = draw(st.integers(1, 9))
    patterns = st.text("平仄中", min_size=length, max_size=length)
    return Line(
        lengths=(length,),
        pattern="|".join(draw(st.lists(patterns, max_size=2))),
        rhyme=draw(st.sampled_from(["", "A", "b"])),
        ending=draw(st.sampled_from(["", "level", "oblique"])),
    )


@st.composite
def forms(draw: st.DrawFn) -> Form:
    stanzas = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    count = sum(stanzas)
    variant = st.lists(lines(), min_size=count, max_size=count).map(tuple)
    variants = draw(st.lists(variant, min_size=1, max_size=3))
    return Form(
        name=draw(TEXTS.filter(lambda name: name and not any(map(str.isspace, name)))),
        aliases=tuple(draw(st.lists(TEXTS, max_size=2))),
        title=draw(TEXTS),
        language="chinese",
        variants=tuple(variants),
        variant_names=tuple(draw(TEXTS) for _ in variants),
        stanzas=tuple(stanzas),
        book=draw(st.sampled_from(["", "cilin"])),
        example=draw(TEXTS),
        source=draw(TEXTS),
    )


@given(forms())
def test_a_written_form_is_read_as_the_same_form(form: Form) -> None:
    assert form_from_toml(form_to_toml(form), "my.toml") == form


@pytest.mark.parametrize("form", known_forms().values(), ids=lambda form: form.name)
def test_every_known_form_can_be_written_and_read(form: Form) -> None:
    assert form_from_toml(form_to_toml(form), "my.toml") == form


WHOLE = """\
name = "one"
title = "one"
language = "chinese"
stanzas = [1]
[[variants]]
lines = [{ lengths = [2], pattern = "平仄" }]
"""


def test_a_variant_needs_no_name() -> None:
    form = form_from_toml(WHOLE, "my.toml")
    assert form.variant_names == ("",)
    assert form.variants == ((Line(lengths=(2,), pattern="平仄"),),)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("title =", "title", "my.toml is not TOML: "),
        (
            'title = "one"\n',
            "",
            "my.toml: its content is not valid (Object missing required field `title`).",
        ),
        ("title", "titel", "missing required field `title`"),
        (
            "lengths = [2]",
            "length = 2",
            "missing required field `lengths` at `variants[0].lines[0]`",
        ),
        (
            "lengths = [2]",
            'lengths = "2"',
            "Expected `array`, got `str` at `variants[0].lines[0].lengths`",
        ),
        ("stanzas = [1]", "stanzas = [true]", "Expected `int`, got `bool` at `stanzas[0]`"),
        ("[[variants]]", "[variants]", "Expected `array`, got `object` at `variants`"),
        ("lines = [", "lines = 3 # [", "Expected `array`, got `int` at `variants[0].lines`"),
        ('"平仄"', '"平"', "my.toml: the form one cannot be used: line 1 is 2 long"),
        ('"chinese"', '"latin"', "Invalid enum value 'latin' at `language`"),
        ("[[variants]]", "[[variants]]\nname = 3", "got `int` at `variants[0].name`"),
        ("[[variants]]", "[[variants]]\nmark = 3", "it has mark, which this version does not know"),
        ("stanzas =", "colour = 3\nstanzas =", "it has colour, which this version does not know"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(old: str, new: str, sentence: str) -> None:
    assert old in WHOLE
    with pytest.raises(FormError) as caught:
        form_from_toml(WHOLE.replace(old, new), "my.toml")
    assert sentence in str(caught.value)
