import base64
import dataclasses
import hashlib
import json
import re
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import LARGEST_SEED, SamplingConfig
from charrnn.errors import ReplayError
from charrnn.forms.core.config import FormConfig
from charrnn.generation import replay_code
from charrnn.generation.recipe import FormRecipe, Recipe, TextMark, Tools
from charrnn.generation.replay_code import decode, encode

RECIPE = Recipe(
    networks=(("0123456789abcdef", 1.0),),
    unlike=None,
    prompt="The moon — 月",
    settings=SamplingConfig(seed=7, length=2000, max_copy=25),
    place=0,
    together=1,
    drafts_judged_by=0,
    mark=TextMark.of("is bright"),
    device="cpu",
    tools=Tools("0.1.0", "2.3.5", "beef"),
)

CODE_OF_VERSION_1 = (
    "AYafaVsBASNFZ4mrze-BOkm23vpSdsjKs77vqyaQ_JQIJCBL8pJPSEaqQm5-fp7Co4YpCs_mdJCanAZb_JjTKn4A"
)
"""What `RECIPE` was encoded as when version 1 was new; it must be read as long as charrnn is."""

IN_A_FORM = dataclasses.replace(
    RECIPE,
    settings=SamplingConfig(seed=7, max_copy=25),
    form=FormRecipe(
        settings=FormConfig(form="qijue", rhymes="learned", acrostic="春江花月", must=("山",)),
        toml=None,
        marks=("0123abcd", "4567cdef"),
    ),
)

CODE_OF_VERSION_2 = (
    "An8jczUBASNFZ4mrze-BOkm23vpSdsjKs77vI5T8lHAkIIxSx8DQyDgxKRmU2UxMzcyTU1LTlGJxlURKz2YsfbZx"
    "_ouujc_mdCgNpjIpWunpxo0ghw_aYsmSvAwbkpGqkJufn6fwqGGKAiTUScrAuHIESrDSMUeY0ypHAAA"
)
"""What `IN_A_FORM` was encoded as when version 2 was new."""

digests = st.binary(min_size=8, max_size=8).map(bytes.hex)
shares = st.tuples(digests, st.floats(0, 10, allow_nan=False))
settings = st.builds(
    SamplingConfig,
    temperature=st.one_of(st.floats(0.1, 9), st.just("1.0:0.6")),
    top_k=st.none() | st.integers(1, 99),
    ban=st.none() | st.text(),
    no_repeat=st.none() | st.integers(1, 99),
    max_copy=st.none() | st.integers(0, 99),
    best_of=st.integers(1, 64),
    length=st.none() | st.integers(1, 10**6),
    seed=st.integers(0, LARGEST_SEED),
)
forms = st.builds(
    FormRecipe,
    settings=st.builds(
        FormConfig,
        form=st.text(min_size=1),
        acrostic=st.none() | st.text(min_size=1),
        must=st.none() | st.lists(st.text(), min_size=1).map(tuple),
        particles=st.integers(1, 1024),
        profile=st.sampled_from(["strict", "246", "rhyme-only"]),
    ),
    toml=st.none() | st.text(),
    marks=st.tuples(st.text(), st.text()),
)
recipes = st.builds(
    Recipe,
    networks=st.lists(shares, min_size=1, max_size=4).map(tuple),
    unlike=st.none() | shares,
    prompt=st.text(st.characters(), max_size=200),
    settings=settings,
    place=st.integers(0, 9),
    together=st.integers(10, 10**6),
    drafts_judged_by=st.integers(0, 4),
    mark=st.text(max_size=99).map(TextMark.of),
    device=st.sampled_from(replay_code.DEVICES),
    tools=st.builds(Tools, st.text(), st.text(), st.binary(min_size=2, max_size=2).map(bytes.hex)),
    form=st.none() | forms,
)


@given(recipes)
def test_a_code_holds_all_of_a_recipe_in_one_word(recipe: Recipe) -> None:
    code = encode(recipe)
    assert re.fullmatch(r"A[\w-]+", code, re.ASCII)
    assert decode(code) == recipe


def test_codes_of_the_first_version_are_read_for_ever() -> None:
    assert decode(CODE_OF_VERSION_1) == RECIPE


def test_codes_of_poems_in_forms_are_read_for_ever() -> None:
    assert encode(IN_A_FORM) == CODE_OF_VERSION_2
    assert decode(CODE_OF_VERSION_2) == IN_A_FORM


def test_a_form_of_usual_settings_takes_little_room() -> None:
    form = FormRecipe(
        settings=FormConfig(form="qijue", rhymes="learned"), toml=None, marks=("0" * 8, "1" * 8)
    )
    assert len(encode(dataclasses.replace(IN_A_FORM, prompt="", form=form))) <= 110


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("form"),
        lambda content: content["form"].update(toml=1),
        lambda content: content["form"].update(marks=["a"]),
        lambda content: content["form"].update(marks=["a", 1]),
        lambda content: content["form"]["settings"].update(form=None, acrostic=None, must=None),
        lambda content: content["form"]["settings"].update(particles=0),
        lambda content: content["form"]["settings"].update(unheard_of=0),
    ],
)
def test_a_form_that_no_code_has_is_of_another_version(change: Any) -> None:
    with pytest.raises(ReplayError, match="another version of charrnn"):
        decode(_changed(change, IN_A_FORM))


def test_settings_of_usual_values_take_no_room() -> None:
    assert len(encode(dataclasses.replace(RECIPE, prompt=""))) <= 72
    assert len(encode(RECIPE)) <= 96


def test_a_setting_that_is_younger_than_a_code_has_its_default() -> None:
    def without_beam(content: dict[str, Any]) -> None:
        del content["settings"]["beam"]

    assert decode(_changed(without_beam)) == RECIPE


@given(st.integers(0), st.sampled_from("ABCDefgh0189-_"))
def test_a_mistyped_character_is_found(place: int, character: str) -> None:
    code = encode(RECIPE)
    place %= len(code)
    if code[place] == character:
        return
    with pytest.raises(ReplayError, match="no code of a poem"):
        decode(code[:place] + character + code[place + 1 :])


@given(st.integers(0, 90))
def test_a_code_that_was_cut_is_found(length: int) -> None:
    code = encode(RECIPE)
    with pytest.raises(ReplayError, match="was not copied whole"):
        decode(code[: min(length, len(code) - 2)])


@given(st.text() | st.from_regex(r"A[A-Za-z0-9_-]{20,80}", fullmatch=True))
def test_what_is_no_code_is_a_sentence(text: str) -> None:
    with pytest.raises(ReplayError, match="is no code of a poem"):
        decode(text)


def test_white_space_inside_does_no_harm() -> None:
    code = encode(RECIPE)
    assert decode(f"  {code[:20]}\n\t{code[20:]}\n") == RECIPE


def test_a_code_of_a_later_version_is_told_as_such() -> None:
    body = b"whatever a later version holds"
    data = b"\x02" + hashlib.sha256(b"\x02" + body).digest()[:4] + body
    with pytest.raises(ReplayError, match="install a newer charrnn"):
        decode(base64.urlsafe_b64encode(data).decode())


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["settings"].update(tempo=1),
        lambda content: content["settings"].update(top_p=2),
        lambda content: content["settings"].update(seed=None),
        lambda content: content.update(form="sonnet"),
        lambda content: content.pop("prompt"),
        lambda content: content.update(prompt=1),
        lambda content: content.update(place=1),
        lambda content: content.update(device="abacus"),
        lambda content: content.update(together=True),
        lambda content: content.update(networks=[]),
        lambda content: content.update(networks=[None]),
        lambda content: content.update(networks=[1.0, 2.0]),
        lambda content: content.update(settings=3),
    ],
)
def test_a_whole_code_with_more_than_is_known_is_of_another_version(change: Any) -> None:
    with pytest.raises(ReplayError, match="another version of charrnn"):
        decode(_changed(change))


def test_a_code_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    long = dataclasses.replace(RECIPE, prompt="a" * 10_000)
    assert len(encode(long)) < 200
    assert decode(encode(long)) == long
    monkeypatch.setattr(replay_code, "LARGEST_CONTENT", 5_000)
    with pytest.raises(ReplayError, match="another version"):
        decode(encode(long))


def _changed(change: Any, recipe: Recipe = RECIPE) -> str:
    """The code of a recipe, its content changed, the checksum as it must be."""
    code = encode(recipe)
    data = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    start = 5 + 1 + 8 + 4 + 7 + 2
    dictionary = replay_code._DICTIONARIES[data[0]]
    inflater = zlib.decompressobj(-15, zdict=dictionary)
    content = json.loads(inflater.decompress(data[start:]))
    change(content)
    body = data[5:start] + replay_code._deflated(content, dictionary)
    checked = data[:1] + hashlib.sha256(data[:1] + body).digest()[:4] + body
    return base64.urlsafe_b64encode(checked).rstrip(b"=").decode()
