import dataclasses
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.config import (
    LARGEST_SEED,
    Configuration,
    CorpusConfig,
    ModelConfig,
    SamplingConfig,
    Setting,
    TrainingConfig,
    seed_after,
    settings_of,
)
from charrnn.errors import ConfigurationError

CONFIGURATIONS = (CorpusConfig, ModelConfig, TrainingConfig, SamplingConfig)

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
        ("temperature", "hot", "it must be a number at least 0. Received: hot."),
        ("temperature", "nan", "it must be a number at least 0. Received: nan."),
        ("temperature", "inf", "it must be a number at least 0. Received: inf."),
        ("temperature", "auto", "it must be a number at least 0. Received: auto."),
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


def test_numbers_of_numpy_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    assert SamplingConfig(temperature=numpy.float32(0.5), top_k=numpy.int64(3)).top_k == 3


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


def test_the_layers_of_keras_are_trained_in_float32() -> None:
    assert TrainingConfig(parts=0, precision="float32").parts == 0
    assert TrainingConfig(parts=1, precision="bfloat16").precision == "bfloat16"
    for wish in ({"precision": "bfloat16"}, {"split": "rows"}):
        with pytest.raises(ConfigurationError) as refusal:
            TrainingConfig(parts=0, **wish)
        asked = " ".join(*wish.items())
        assert str(refusal.value) == (
            "Keras's own layers (parts 0) are trained in float32 and in one piece. Give parts 1 "
            f"or more for {asked}, or leave one of them out."
        )


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            {"precision": "float16"},
            "precision must be one of float32, bfloat16. Received: float16.",
        ),
        ({"parts": -1}, "parts must be a whole number from 0 to 1,024. Received: -1."),
    ],
)
def test_an_arithmetic_that_there_is_not_is_refused(
    value: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        TrainingConfig(**value)  # type: ignore[arg-type]
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_json_gives_the_configuration_back(configuration: type[Configuration]) -> None:
    made = configuration()
    assert configuration.from_json(dataclasses.asdict(made)) == made


def test_json_with_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"SamplingConfig has no setting named warmth\."):
        SamplingConfig.from_json({"warmth": 1})
