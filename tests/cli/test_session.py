import pytest

from charrnn.cli.session import SETTINGS, SessionSettings, suggestions_for
from charrnn.errors import CharrnnError, ConfigurationError, FormError
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import settings_of

PLAIN = SessionSettings(SamplingConfig(), FormConfig())


def after(*lines: str) -> SessionSettings:
    """The settings after some were typed."""
    settings = PLAIN
    for line in lines:
        name, _, text = line.partition(" ")
        settings = settings.changed(name, text)
    return settings


def test_a_setting_of_either_kind_is_changed() -> None:
    assert after("top-k 5").sampling == SamplingConfig(top_k=5)
    assert after("form qijue", "acrostic 春江", "acrostic-at end").form == FormConfig(
        form="qijue", acrostic="春江", acrostic_at="end"
    )


def test_several_words_are_demanded_at_once_and_taken_back_at_once() -> None:
    settings = after("form couplet", "must moon  silver")
    assert settings.form.must == ("moon", "silver")
    assert settings.spelled("must") == "moon silver"
    assert settings.changed("must", "auto").spelled("must") == "none"


@pytest.mark.parametrize("name", SETTINGS)
def test_one_word_resets_any_setting(name: str) -> None:
    whole = after("form couplet", "temperature 0.5", "length 40")
    values = {"form": "wujue", "lines": "3", "characters": "5", "syllables": "8"}
    setting = SETTINGS[name]
    value = values.get(name) or (setting.choices or ["1"])[-1]
    try:
        changed = whole.changed(name, value)
    except ConfigurationError:  # Another notation than a number: it stays at its default.
        changed = whole
    assert changed.changed(name, "default").spelled(name) == PLAIN.spelled(name)
    if setting.unset is not None:
        for word in ("none", "off", "auto"):
            unset = changed.changed(name, word).spelled(name)
            assert unset == setting.unset or word in (setting.choices or ())


def test_a_form_by_name_and_one_put_together_take_each_others_place() -> None:
    assert after("syllables 8,6", "rhyme AA", "must moon", "form couplet").form == FormConfig(
        form="couplet", must=("moon",)
    )
    assert after("form couplet", "must moon", "syllables 8,6").form == FormConfig(
        syllables="8,6", must=("moon",)
    )
    assert after("form couplet", "lines 3", "characters 5").form == FormConfig(
        lines=3, characters="5"
    )


@pytest.mark.parametrize("word", ["off", "auto"])
def test_without_a_form_nothing_is_demanded_of_it(word: str) -> None:
    assert after("form couplet", "must moon", f"form {word}") == PLAIN


def test_lines_are_those_of_a_form() -> None:
    assert after("end-of-poem model").sampling == SamplingConfig(end_of_poem="model")
    assert after("lines 4").form == FormConfig(lines=4)
    assert after("lines 4").spelled("lines") == "4"
    assert after("lines 4", "lines auto") == PLAIN
    assert after("lines 2", "syllables 8", "lines auto").form == FormConfig(syllables="8")


@pytest.mark.parametrize(
    ("line", "error", "sentence"),
    [
        ("top-p 2", ConfigurationError, r"^/top-p: it must be a number above 0"),
        ("lines many", ConfigurationError, r"^/lines: it must be a whole number at least 1"),
        ("particles 0", ConfigurationError, r"^/particles: it must be a whole number from 1"),
        ("acrostic abc", ConfigurationError, r"^acrostic goes with a form of verse"),
        ("form qijeu", FormError, r"Did you mean qijue\?"),
        ("form none.toml", FormError, "none.toml cannot be read"),
    ],
)
def test_what_cannot_be_set_is_told(line: str, error: type[CharrnnError], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        after(line)


def test_settings_of_a_form_are_shown_where_there_is_one() -> None:
    assert list(PLAIN.shown())[-2:] == ["seed", "form"]
    assert PLAIN.shown()["form"] == "off"
    shown = after("form haiku", "must moon").shown()
    assert (shown["form"], shown["must"], shown["end-of-poem"]) == (
        "haiku",
        "moon",
        "corpus",
    )
    assert len(shown) == len(settings_of(SamplingConfig) | settings_of(FormConfig))


def test_every_setting_has_a_help_and_forms_are_suggested() -> None:
    assert all(one.help for one in SETTINGS.values())
    assert set(SETTINGS) >= {"top-k", "acrostic-at", "lines", "end-of-poem", "form"}
    assert suggestions_for("form")[0] == "off"
    assert "sonnet" in suggestions_for("form")
    assert suggestions_for("must") == ["auto"]
    assert suggestions_for("words") == ["learned", "any", "auto"]
    assert suggestions_for("particles") == []
