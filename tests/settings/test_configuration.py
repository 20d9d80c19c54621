import dataclasses
import itertools
import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import (
    LARGEST_SEED,
    CorpusConfig,
    ModelConfig,
    SamplingConfig,
    TrainingConfig,
    seed_after,
)
from charrnn.settings.from_json import from_json
from charrnn.settings.setting import Configuration, Setting, settings_of

CONFIGURATIONS = (CorpusConfig, ModelConfig, TrainingConfig, SamplingConfig)

TEMPERATURE = "it must be a number at least 0, or two as in 1.0:0.6."
FAVOUR = "it must be different characters with a number each, as in 月=2,花=-1.5."

SETTINGS = [
    (configuration, name, setting)
    for configuration in CONFIGURATIONS
    for name, setting in settings_of(configuration).items()
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=2) | st.dictionaries(st.text(), children),
    max_leaves=3,
)


def settings_by_name():
    return pytest.mark.parametrize(
        ("configuration", "name", "setting"), SETTINGS, ids=[name for _, name, _ in SETTINGS]
    )


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_defaults_are_allowed(configuration: type[Configuration]) -> None:
    configuration()


@settings_by_name()
def test_every_setting_is_described(
    configuration: type[Configuration], name: str, setting: Setting
) -> None:
    default = getattr(configuration(), name)
    assert setting.help.endswith(".")
    assert (default is None) == (setting.unset is not None)
    assert default is None or isinstance(default, setting.kind)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"acrostic": "ab"}, "acrostic goes with a form of verse: give a form by its name"),
        ({"must": ("ab",), "particles": 4}, "must and particles go with a form of verse"),
        (
            {"form": "qijue", "lines": 4},
            r"the form qijue has its own lines\. Leave out form, or lines",
        ),
        ({"form": "qijue", "rhyme": "AA", "metre": "iambic"}, "Leave out form, or rhyme and metre"),
        ({"form": "qijue", "acrostic_at": "end"}, "acrostic-at goes with an acrostic"),
        (
            {"syllables": "8,x"},
            "^syllables must be numbers of syllables or characters, one for each",
        ),
        ({"form": "qijue", "must": "ab"}, r"^must must be words, each by itself\. Received: ab\."),
        ({"form": "qijue", "particles": 0}, "^particles must be a whole number from 1 to 1,024"),
    ],
)
def test_a_form_and_what_is_demanded_of_it_go_together(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        FormConfig(**settings)


def test_a_form_is_asked_for_by_its_name_or_its_lines() -> None:
    assert not FormConfig().asked
    for settings in ({"form": "qijue"}, {"lines": 4}, {"syllables": "8"}, {"characters": "7"}):
        assert FormConfig(**settings).asked  # type: ignore[arg-type]


def test_a_form_comes_back_from_json() -> None:
    config = FormConfig(form="qijue", must=("明月", "山"), acrostic="春", particles=8)
    values = json.loads(json.dumps(dataclasses.asdict(config)))
    assert from_json(values, FormConfig, ConfigurationError) == config


def test_words_typed_together_are_several() -> None:
    must = settings_of(FormConfig)["must"]
    assert must.parse("明月  山") == ("明月", "山")
    assert must.parse("auto") is None
    assert (must.spelled(("明月", "山")), must.spelled(None)) == ("明月 山", "none")


@settings_by_name()
@given(value=JSON)
def test_any_value_is_taken_or_refused_in_a_sentence(
    configuration: type[Configuration], name: str, setting: Setting, value: object
) -> None:
    if setting.allows(value):
        assert getattr(configuration(**{name: value}), name) is value
    else:
        with pytest.raises(ConfigurationError, match=f"^{name.replace('_', '-')} must be "):
            configuration(**{name: value})


@settings_by_name()
def test_a_limit_itself_is_allowed_or_not_as_its_name_says(
    configuration: type[Configuration], name: str, setting: Setting
) -> None:
    del configuration, name
    for limit, inside in (
        (setting.minimum, True),
        (setting.maximum, True),
        (setting.above, False),
        (setting.below, False),
    ):
        if limit is not None:
            assert setting.allows(setting.kind(limit)) == inside
    if setting.minimum is not None:
        assert not setting.allows(setting.kind(setting.minimum) - 1)
    if setting.maximum is not None:
        assert not setting.allows(setting.kind(setting.maximum) + 1)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (Setting(help="", kind=int), "a whole number"),
        (Setting(help="", kind=float, minimum=0), "a number at least 0"),
        (Setting(help="", kind=float, minimum=0, below=1), "a number at least 0 and below 1"),
        (Setting(help="", kind=float, above=0, maximum=0.5), "a number above 0 and at most 0.5"),
        (Setting(help="", kind=int, minimum=1, maximum=16), "a whole number from 1 to 16"),
        (Setting(help="", kind=float, maximum=10**6), "a number at most 1,000,000"),
        (
            Setting(help="", kind=int, minimum=0, maximum=LARGEST_SEED),
            "a whole number from 0 to 2^63 - 1",
        ),
        (Setting(help="", choices=("tanh", "relu")), "one of tanh, relu"),
        (Setting(help=""), "text"),
    ],
)
def test_what_is_allowed_is_told_in_words(setting: Setting, words: str) -> None:
    assert setting.allowed() == words


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", "0.7", 0.7),
        ("temperature", "1", 1.0),
        ("temperature", "1.0:0.6", "1.0:0.6"),
        ("favour", "月=2,花=-1.5", "月=2,花=-1.5"),
        ("favour", "auto", None),
        ("ban", "愁", "愁"),
        ("top_k", "40", 40),
        ("top_k", "auto", None),
        ("seed", str(LARGEST_SEED), LARGEST_SEED),
    ],
)
def test_typed_values_are_read(name: str, text: str, value: object) -> None:
    parsed = settings_of(SamplingConfig)[name].parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("temperature", "hot", f"{TEMPERATURE} Received: hot."),
        ("temperature", "nan", f"{TEMPERATURE} Received: nan."),
        ("temperature", "inf", f"{TEMPERATURE} Received: inf."),
        ("temperature", "auto", f"{TEMPERATURE} Received: auto."),
        ("temperature", "0.8:", f"{TEMPERATURE} Received: 0.8:."),
        ("temperature", "1:0.9:0.8", f"{TEMPERATURE} Received: 1:0.9:0.8."),
        ("temperature", "1:-1", f"{TEMPERATURE} Received: 1:-1."),
        ("temperature", "1:nan", f"{TEMPERATURE} Received: 1:nan."),
        ("favour", "月", f"{FAVOUR} Received: 月."),
        ("favour", "月=two", f"{FAVOUR} Received: 月=two."),
        ("top_k", "1.5", "it must be a whole number at least 1. Received: 1.5."),
        ("top_k", "0", "it must be a whole number at least 1. Received: 0."),
    ],
)
def test_typed_values_out_of_range_are_refused(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        settings_of(SamplingConfig)[name].parse(text)


@settings_by_name()
def test_what_is_written_in_words_is_read_back(
    configuration: type[Configuration], name: str, setting: Setting
) -> None:
    default = getattr(configuration(), name)
    assert setting.parse("auto" if default is None else setting.spelled(default)) == default


def test_a_refusal_names_the_setting_its_range_and_what_was_received() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        ModelConfig(dropout=1.0)
    assert str(refusal.value) == ("dropout must be a number at least 0 and below 1. Received: 1.0.")


@pytest.mark.parametrize("value", [True, "0.5", math.nan, math.inf, [0.5], 10**400])
def test_only_finite_numbers_are_numbers(value: object) -> None:
    with pytest.raises(ConfigurationError):
        SamplingConfig(temperature=value)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers_that_json_takes() -> None:
    numpy = pytest.importorskip("numpy")
    config = SamplingConfig(temperature=numpy.float32(0.5), top_k=numpy.int64(3))
    written = json.loads(json.dumps(dataclasses.asdict(config)))
    assert (written["temperature"], written["top_k"]) == (0.5, 3)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"beam": 4, "best_of": 2},
            "beam search does not sample. Omit beam, or omit best-of.",
        ),
        (
            {"beam": 4, "top_k": 3, "top_p": 0.5, "min_p": 0.1, "typical_p": 0.5},
            ("beam search does not sample. Omit beam, or omit top-k, top-p, min-p and typical-p."),
        ),
        (
            {"best_of": 2, "temperature": 0},
            (
                "best-of compares different drafts, but at temperature 0 all drafts are equal. "
                "Give a temperature above 0, or omit best-of."
            ),
        ),
        (
            {"best_of": 2, "temperature": "0:0.0"},
            (
                "best-of compares different drafts, but at temperature 0 all drafts are equal. "
                "Give a temperature above 0, or omit best-of."
            ),
        ),
        (
            {"favour": "月=2,花=1,愁=0", "ban": "愁月"},
            "a character cannot be in both favour and ban. Received in both: 愁 月.",
        ),
    ],
)
def test_settings_that_contradict_one_another_are_refused(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        SamplingConfig(**settings)
    assert str(refusal.value) == sentence


SAMPLING: dict[str, Any] = {
    "temperature": "1.0:0",
    "top_k": 3,
    "top_p": 0.5,
    "min_p": 0.1,
    "typical_p": 0.5,
    "repetition_penalty": 1.5,
    "no_repeat_ngram_size": 4,
    "favour": "a=1",
    "ban": "b",
    "max_copy": 8,
    "best_of": 3,
    "beam": 4,
    "end_of_poem": "model",
    "length": 9,
    "seed": 0,
}

REFUSED = {
    frozenset(("beam", name)) for name in ("best_of", "top_k", "top_p", "min_p", "typical_p")
}


@pytest.mark.parametrize("pair", list(itertools.combinations(SAMPLING, 2)), ids="-".join)
def test_every_two_settings_of_sampling_go_together_or_are_refused(pair: tuple[str, str]) -> None:
    settings = {name: SAMPLING[name] for name in pair}
    if frozenset(pair) in REFUSED:
        with pytest.raises(ConfigurationError):
            SamplingConfig(**settings)
    else:
        SamplingConfig(**settings)


def test_relu_goes_with_simple_rnn_only() -> None:
    assert ModelConfig(cell="simple_rnn", activation="relu").activation == "relu"
    with pytest.raises(ConfigurationError, match=r"activation relu.*Received: cell gru\."):
        ModelConfig(cell="gru", activation="relu")


@pytest.mark.parametrize("number", [LARGEST_SEED - 1, LARGEST_SEED, 0, 7])
def test_seeds_follow_one_another_in_a_ring(number: int) -> None:
    following = [seed_after(number, count) for count in range(4)]
    assert following[0] == number
    assert following[1:] == [seed_after(seed) for seed in following[:-1]]
    assert all(settings_of(SamplingConfig)["seed"].allows(seed) for seed in following)
    assert seed_after(LARGEST_SEED) == 0


@pytest.mark.parametrize(("budget", "most"), [("minutes", "100,000"), ("epochs", "1,000,000")])
def test_a_run_that_would_outlast_the_machine_is_refused(budget: str, most: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{budget} must be .* at most {most}\\. "):
        TrainingConfig(**{budget: 1e308})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"steps must be .* to 1,000,000,000,000\. "):
        TrainingConfig(steps=10**12 + 1)


def test_a_run_has_one_budget() -> None:
    with pytest.raises(ConfigurationError, match="give epochs or minutes, not both"):
        TrainingConfig(epochs=1.0, minutes=2.0)


def test_a_precision_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        TrainingConfig(precision="float16")  # type: ignore[arg-type]
    assert str(refusal.value) == ("precision must be one of float32, bfloat16. Received: float16.")


@pytest.mark.parametrize(
    ("configuration", "value", "sentence"),
    [
        (ModelConfig, {"output": "both"}, "output must be one of own, tied. Received: both."),
        (
            TrainingConfig,
            {"weight_dropout": 1.0},
            "weight-dropout must be a number at least 0 and below 1. Received: 1.0.",
        ),
        (
            TrainingConfig,
            {"embedding_dropout": -0.1},
            "embedding-dropout must be a number at least 0 and below 1. Received: -0.1.",
        ),
    ],
)
def test_an_output_or_a_share_that_there_is_not_is_refused(
    configuration: type[Configuration], value: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        configuration(**value)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_json_gives_the_configuration_back(configuration: type[Configuration]) -> None:
    made = configuration()
    assert from_json(dataclasses.asdict(made), configuration, ConfigurationError) == made
