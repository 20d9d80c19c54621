import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.corpus.vocabulary import Vocabulary
from charrnn.errors import ConfigurationError
from charrnn.forms.chinese.language import ChineseRules
from charrnn.forms.core.config import FormConfig, Requirement
from charrnn.forms.core.conflicts import (
    CanKeep,
    conflict_error,
    requirements_of,
    smallest_conflict,
    with_only,
)
from charrnn.forms.core.known_forms import form_from_toml, requested_form
from charrnn.forms.english.language import EnglishRules
from charrnn.forms.english.lexicon import Lexicon
from charrnn.settings.configuration import SamplingConfig
from tests.forms.chinese.toy_sounds import TOY
from tests.forms.core.runs import CHINESE, ENGLISH, TONAL
from tests.forms.english.toy_lexicon import ENTRIES

TONAL_RULES = ChineseRules(form_from_toml(TONAL, "toy"), TOY, "any")


@given(
    conflicts=st.lists(
        st.frozensets(st.integers(0, 4), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_the_fewest_demands_are_found_that_conflict(conflicts: list[frozenset[int]]) -> None:
    def fits(some: Sequence[int]) -> bool:
        return not any(conflict <= set(some) for conflict in conflicts)

    found = smallest_conflict(range(5), fits)
    assert not fits(found)
    assert all(fits(fewer) for fewer in itertools.combinations(found, len(found) - 1))
    assert len(found) == min(map(len, conflicts))
    assert list(found) == sorted(found)


def test_a_form_that_cannot_be_kept_at_all_needs_no_demand() -> None:
    assert smallest_conflict("abc", lambda _: False) == ()


def test_among_very_many_demands_a_conflict_is_found_in_few_attempts() -> None:
    tried = 0

    def fits(some: Sequence[int]) -> bool:
        nonlocal tried
        tried += 1
        return not {3, 17, 31} <= set(some)

    assert smallest_conflict(range(40), fits) == (3, 17, 31)
    assert tried <= 40 + 64


FULL = FormConfig(
    form="toy",
    first_line="雨云东",
    acrostic="雨夜",
    acrostic_at="end",
    rhyme_with="红",
    must=("月", "风", "月"),
    particles=8,
)


def test_demands_can_be_taken_away_and_the_rest_stays() -> None:
    sampling = SamplingConfig(ban="鱼", temperature=0.5, no_repeat_ngram_size=1, max_copy=7)
    requirements = requirements_of(FULL, sampling)
    assert list(map(str, requirements)) == [
        "first-line 雨云东",
        "acrostic 雨夜",
        "rhyme-with 红",
        "must 月",
        "must 风",
        "ban 鱼",
        "no-repeat-ngram-size 1",
        "max-copy 7",
    ]
    assert with_only([], FULL, sampling) == (
        FormConfig(form="toy", particles=8),
        SamplingConfig(temperature=0.5, max_copy=0),
    )
    some = [Requirement("must", "风"), Requirement("acrostic", "雨夜")]
    assert with_only(some, FULL, sampling)[0] == FormConfig(
        form="toy", particles=8, acrostic="雨夜", acrostic_at="end", must=("风",)
    )
    everything, unchanged = with_only(requirements, FULL, sampling)
    assert (everything.must, unchanged) == (("月", "风"), sampling)


def told(config: FormConfig, can_keep: CanKeep, sampling: SamplingConfig | None = None) -> str:
    vocabulary = Vocabulary(tuple(CHINESE))
    error = conflict_error(TONAL_RULES, vocabulary, config, sampling or SamplingConfig(), can_keep)
    assert error.exit_code == 3
    return str(error)


def test_the_reason_is_told_and_only_what_works_is_advised() -> None:
    config = FormConfig(form="toy", acrostic="看云", must=("风",), rhymes="FILE")

    def can_keep(config: FormConfig, _: SamplingConfig) -> bool:
        if config.rhymes == "xinyun":
            raise ConfigurationError("it is not installed.")
        return (
            config.acrostic is None or config.profile == "rhyme-only" or config.rhymes == "tongyun"
        )

    assert told(config, can_keep) == (
        "no poem in the form toy can be written with acrostic 看云: 云 is 平, and line 2 begins with "
        "仄. What would work: profile rhyme-only; or rhymes tongyun; or without acrostic 看云."
    )


def test_the_nearest_step_of_a_way_is_advised_and_the_others_are_not_tried() -> None:
    tried: list[tuple[str, str | None]] = []

    def can_keep(config: FormConfig, _: SamplingConfig) -> bool:
        tried.append((config.profile, config.rhymes))
        return config.profile == "246" or config.rhymes == "learned"

    config = FormConfig(form="toy", acrostic="云", readings="strict")
    rules = ChineseRules(TONAL_RULES.form, TOY, "strict")
    error = conflict_error(rules, Vocabulary(tuple(CHINESE)), config, SamplingConfig(), can_keep)
    assert str(error).endswith("What would work: profile 246; or rhymes learned.")
    assert ("rhyme-only", None) not in tried
    assert ("strict", "pingshui") not in tried


def test_a_demand_and_the_ban_that_forbids_it() -> None:
    def can_keep(config: FormConfig, sampling: SamplingConfig) -> bool:
        return not config.must or not sampling.ban

    sampling = SamplingConfig(ban="月")
    assert told(FormConfig(form="toy", must=("月夜",)), can_keep, sampling) == (
        "no poem in the form toy can be written with must 月夜 and ban 月: 月 is banned. What would "
        "work: without must 月夜; or without ban 月."
    )


def test_where_there_is_more_than_one_conflict_what_helps_with_the_first_is_told() -> None:
    def can_keep(config: FormConfig, _: SamplingConfig) -> bool:
        return not config.acrostic and not config.rhyme_with

    config = FormConfig(form="toy", acrostic="云云", rhyme_with="月")
    assert told(config, can_keep) == (
        "no poem in the form toy can be written with acrostic 云云: 云 is 平, and line 2 begins with "
        "仄. What would help: without acrostic 云云. But then other requirements conflict."
    )


def test_a_form_that_the_network_cannot_write_at_all() -> None:
    assert told(FormConfig(form="toy"), lambda *_: False) == (
        "no poem in the form toy can be written with this network's alphabet."
    )


@pytest.mark.parametrize(
    ("words", "rhymes", "advice"),
    [
        (None, "perfect", "enjambment; or words any; or rhymes slant; or without rhyme-with night"),
        ("any", "perfect", "enjambment; or rhymes slant; or without rhyme-with night"),
        ("any", "slant", "enjambment; or without rhyme-with night"),
    ],
)
def test_english_verse_has_ways_out_of_its_own(words: str, rhymes: str, advice: str) -> None:
    config = FormConfig(syllables="2", rhyme="AA", rhyme_with="night", words=words)  # type: ignore[arg-type]
    rules = EnglishRules(requested_form(config), Lexicon(ENTRIES), rhymes)  # type: ignore[arg-type]
    error = conflict_error(
        rules,
        Vocabulary(tuple(ENGLISH)),
        config,
        SamplingConfig(),
        lambda asked, _: asked != config,
    )
    assert str(error) == (
        "no poem in a form of your own can be written with rhyme-with night: too few of "
        f"the words that may be used rhyme with night. What would work: {advice}."
    )
