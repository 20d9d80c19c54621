import dataclasses
from typing import Any

import pytest

from charrnn.errors import FormError
from charrnn.forms.chinese.language import with_profile
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import find_form

COUPLET = Form(
    name="two",
    title="two",
    language="chinese",
    variants=((Line(lengths=(5,)), Line(lengths=(5,), pattern="平平仄仄平", rhyme="A")),),
    variant_names=("only",),
    stanzas=(2,),
)


def test_the_profile_246_keeps_the_decisive_tones() -> None:
    lines = with_profile(find_form("qijue"), "246").variants[0]
    assert [line.pattern for line in lines] == [
        "中平中仄中平仄",
        "中仄中平中仄平",
        "中仄中平中仄仄|中仄中平中平仄",
        "中平中仄中平平",
    ]
    assert [line.rhyme for line in lines] == ["", "A", "", "A"]


def test_the_profile_rhyme_only_keeps_the_tone_of_the_rhymes() -> None:
    form = with_profile(find_form("wujue"), "rhyme-only")
    assert form.variant_names == ("仄起首句不入韵", "仄起首句入韵")
    free, rhyming = Line(lengths=(5,)), Line(lengths=(5,), rhyme="A", ending="level")
    assert form.variants == ((free, rhyming) * 2, (rhyming, rhyming, free, rhyming))


def test_the_strict_profile_is_the_form_itself() -> None:
    form = find_form("qijue")
    assert with_profile(form, "strict") is form


@pytest.mark.parametrize("profile", ["246", "rhyme-only"])
def test_a_looser_profile_stays_as_it_is(profile: Any) -> None:
    loosened = with_profile(find_form("qilv"), profile)
    assert with_profile(loosened, profile) == loosened


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "two words"}, "its name must be a word"),
        ({"metre": "iambic"}, "has no metre, and this one is iambic"),
        ({"variants": ()}, "it has no lines"),
        ({"variants": ((),)}, "it has no lines"),
        ({"variant_names": ()}, "1 variant and 0 names"),
        ({"stanzas": (3,)}, "its stanzas have 3 lines together, its variants 2"),
        ({"stanzas": (2, 0)}, "a stanza at least 1"),
        ({"variants": ((Line(lengths=()),) * 2,)}, "line 1 has no length"),
        ({"variants": ((Line(lengths=(41,)),) * 2,)}, "from 1 to 40"),
        ({"variants": ((Line(lengths=(2,), rhyme="AB"),) * 2,)}, "rhymes by a letter, not by AB"),
        ({"variants": ((Line(lengths=(2,), pattern="平x"),) * 2,)}, "written with 平 仄 中"),
        (
            {"variants": ((Line(lengths=(2,), pattern="平"),) * 2,)},
            "is 2 long, its pattern 平 is 1",
        ),
        ({"variants": ((Line(lengths=(2, 3), pattern="平仄仄"),) * 2,)}, "one length only"),
        ({"language": "english"}, "written with u / x"),
    ],
)
def test_a_form_that_contradicts_itself_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FormError) as caught:
        dataclasses.replace(COUPLET, **change)
    assert sentence in str(caught.value)


def test_patterns_to_choose_from() -> None:
    assert Line(lengths=(2,), pattern="平仄|仄平").patterns == ("平仄", "仄平")
    assert Line(lengths=(2,)).patterns == ("",)
    assert COUPLET.lines == 2
