import dataclasses

import pytest

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.forms.chinese.language import ChineseRules
from charrnn.forms.core.config import FormConfig, Requirement
from charrnn.forms.core.conflicts import reason
from charrnn.forms.core.form import Form, Line
from charrnn.forms.core.known_forms import form_from_toml, requested_form
from charrnn.forms.english.language import EnglishRules
from charrnn.forms.english.lexicon import Lexicon
from tests.forms.chinese.toy_sounds import TOY
from tests.forms.core.runs import CHINESE, ENGLISH, TONAL
from tests.forms.english.toy_lexicon import ENTRIES

TONAL_FORM = form_from_toml(TONAL, "toy")


def chinese(
    *requirements: Requirement, form: Form = TONAL_FORM, at_end: bool = False, **how: str
) -> str:
    rules = ChineseRules(form, TOY, how.get("readings", "any"))  # type: ignore[arg-type]
    return reason(requirements, rules, Vocabulary(tuple(CHINESE)), at_end=at_end)


def english(*requirements: Requirement, config: FormConfig) -> str:
    rules = EnglishRules(requested_form(config), Lexicon(ENTRIES), "perfect")
    return reason(requirements, rules, Vocabulary(tuple(ENGLISH)))


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("acrostic", "云云", "云 is 平, and line 2 begins with 仄"),
        ("acrostic", "云鱼", "how 鱼 sounds is not known (toy), and line 2 begins with 仄"),
        ("acrostic", "云看", ""),
        ("acrostic", "云舟", "舟 is not in this model's alphabet"),
        ("acrostic", "帆舟", "帆 and 舟 are not in this model's alphabet"),
        ("must", "月月月", "月月月 is 仄 仄 仄, and no line has that anywhere"),
        ("must", "月夜雨云", "no line has more than 3 characters"),
        ("must", "月。", "a line has Chinese characters only, and 。 is none"),
        ("must", "看看", ""),
        ("first_line", "云云云", "line 1, character 3 is 平 where 仄 is required: 云"),
        ("first_line", "云云", "line 1 has 2 characters where 3 are required"),
        ("rhyme_with", "江月", "月 rhymes in 仄, and this form in 平"),
        ("rhyme_with", "鱼", "what 鱼 rhymes with is not known (toy)"),
        ("rhyme_with", "云红", ""),
    ],
)
def test_what_stands_against_a_demand_in_chinese(setting: str, value: str, told: str) -> None:
    assert chinese(Requirement(setting, value)) == told


def test_an_acrostic_at_the_end_has_tones_and_rhymes_against_it() -> None:
    assert (
        chinese(Requirement("acrostic", "雨月"), at_end=True) == "月 is 仄, and line 2 ends in 平"
    )
    lines = (Line(lengths=(2,), rhyme="A", ending="level"), Line(lengths=(2,), rhyme="A"))
    form = dataclasses.replace(TONAL_FORM, variants=(lines,), variant_names=("only",))
    assert chinese(Requirement("acrostic", "月"), form=form, at_end=True) == (
        "月 is 仄, and line 1 ends in 平"
    )
    assert chinese(Requirement("acrostic", "东山"), form=form, at_end=True) == (
        "lines 1 and 2 rhyme, and 东 and 山 do not"
    )
    assert chinese(Requirement("acrostic", "东东"), form=form, at_end=True) == (
        "lines 1 and 2 rhyme, and not with the same character"
    )


def test_with_strict_readings_a_character_of_both_tones_fits_no_tone() -> None:
    assert chinese(Requirement("acrostic", "云看"), readings="strict") == (
        "看 is 仄/平, and line 2 begins with 仄"
    )


def test_what_is_banned_and_wanted_is_named() -> None:
    ban = Requirement("ban", "月夜")
    assert chinese(Requirement("must", "月夜"), ban) == "月 and 夜 are banned"
    assert (
        chinese(Requirement("acrostic", "云月"), Requirement("must", "雨"), ban) == "月 is banned"
    )
    assert chinese(Requirement("rhyme_with", "月"), ban) == ""


def test_of_demands_that_conflict_with_one_another_nothing_is_seen() -> None:
    assert chinese(Requirement("acrostic", "云看"), Requirement("must", "看看")) == ""
    assert chinese() == ""


FEET = FormConfig(lines=2, syllables="4", metre="iambic", rhyme="AA")


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("must", "garden", ""),
        ("must", "naïve", "ï is not in this model's alphabet"),
        ("must", "MOON", ""),
        ("must", "extraordinary", "extraordinary is longer than any line"),
        ("first_line", "the moon", "line 1 has 2 syllables where 4 are required"),
        (
            "first_line",
            "garden silver",
            "line 1, syllable 1 is stressed where the metre is not: garden",
        ),
        ("rhyme_with", "the light", "too few of the words that may be used rhyme with light"),
    ],
)
def test_what_stands_against_a_demand_in_english(setting: str, value: str, told: str) -> None:
    assert english(Requirement(setting, value), config=FEET) == told


def test_a_word_whose_stress_the_metre_never_has() -> None:
    feet = FormConfig(lines=1, syllables="2", metre="iambic")
    assert english(Requirement("must", "garden"), config=feet) == (
        "the stress of garden goes against the metre wherever it stands"
    )


def test_letters_that_no_word_has_where_they_are_wanted() -> None:
    assert english(Requirement("acrostic", "xx"), config=FEET) == (
        "too few of the words that may be used have these letters where they would have to stand"
    )
