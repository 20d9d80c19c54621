"""The settings of a session, as they are typed, changed and shown."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from charrnn.cli.writing_options import LINES, LINES_HELP, read_lines
from charrnn.config import SamplingConfig
from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import FORM_PARTS, FormConfig
from charrnn.setting import AUTO, Setting, settings_of

OFF: Final = "off"
"""What is typed in the place of a form to have none."""

_SAMPLING: Final = settings_of(SamplingConfig)
_FORM: Final = settings_of(FormConfig)


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The settings of a session. A value: a change makes another.

    Settings are called as on the command line, without the dashes before them.

    Attributes:
        sampling: How characters are drawn.
        form: The form that is kept.
    """

    sampling: SamplingConfig
    form: FormConfig

    def changed(self, name: str, text: str) -> "SessionSettings":
        """The settings after one was typed anew.

        A form by its name takes the place of one that was put together, and the other way round;
        without a form, nothing is demanded of it.

        Args:
            name: The setting.
            text: Its value; `auto` is what it is unless something is asked for.

        Raises:
            ConfigurationError: It is not a value of the setting, or contradicts another one.
            FormError: There is no such form.
        """
        field = name.replace("-", "_")
        if field == "form":
            return self._with_form(text)
        try:
            value = _parsed(field, text)
        except ConfigurationError as error:
            raise ConfigurationError(f"/{name}: {error}") from error
        if field == LINES and not isinstance(value, int):
            return self._with_words_for_lines(value)
        if field in _SAMPLING and field != LINES:
            return dataclasses.replace(self, sampling=_changed(self.sampling, field, value))
        return self._with_demand(field, value)

    def spelled(self, name: str) -> str:
        """The value of a setting in words."""
        field = name.replace("-", "_")
        if field == LINES and self.form.lines is not None:
            return str(self.form.lines)
        if field in _SAMPLING:
            return _SAMPLING[field].spelled(getattr(self.sampling, field))
        return _FORM[field].spelled(getattr(self.form, field))

    def shown(self) -> dict[str, str]:
        """All settings with their values in words; of a form that is off, that alone."""
        names = [*_SAMPLING, *(_FORM if self.form.asked else ("form",))]
        return {name: self.spelled(name) for name in map(_spelled, dict.fromkeys(names))}

    def _with_words_for_lines(self, value: str) -> "SessionSettings":
        form = self.form
        if form.lines is not None:
            form = FormConfig() if _alone(form) else _changed(form, LINES, None)
        return SessionSettings(_changed(self.sampling, LINES, value), form)

    def _with_form(self, text: str) -> "SessionSettings":
        if text in {AUTO, OFF}:
            return dataclasses.replace(self, form=FormConfig())
        from charrnn.forms.core.known_forms import asked_form

        changes: dict[str, Any] = dict.fromkeys(FORM_PARTS)
        form = dataclasses.replace(self.form, **changes, form=text)
        asked_form(form)
        return dataclasses.replace(self, form=form)

    def _with_demand(self, field: str, value: Any) -> "SessionSettings":
        form = self.form
        if field in FORM_PARTS and value is not None:
            form = dataclasses.replace(form, **{"form": None, field: value})
        else:
            form = _changed(form, field, value)
        return dataclasses.replace(self, form=form)


def helps() -> dict[str, str]:
    """What each setting does."""
    texts = {name: setting.help for name, setting in {**_SAMPLING, **_FORM}.items()}
    return {_spelled(name): text for name, text in (texts | {LINES: LINES_HELP}).items()}


def suggestions_for(name: str) -> list[str]:
    """What may be typed for a setting."""
    field = name.replace("-", "_")
    if field == "form":
        from charrnn.forms.core.known_forms import known_forms

        return [OFF, *known_forms()]
    setting: Setting = {**_FORM, **_SAMPLING}[field]
    return [] if setting.unset is None else [AUTO]


def _parsed(field: str, text: str) -> Any:
    """The value of a setting that was typed."""
    if field == LINES:
        return SamplingConfig().lines if text == AUTO else read_lines(text)
    setting = _SAMPLING.get(field) or _FORM[field]
    # What is shown of a setting that nothing was asked for can be typed to be back there.
    return setting.parse(AUTO if text == setting.unset else text)


def _alone(form: FormConfig) -> bool:
    """Whether a form is put together by the number of its lines alone."""
    return form.syllables is None and form.characters is None


def _changed(configuration: Any, field: str, value: Any) -> Any:
    return dataclasses.replace(configuration, **{field: value})


def _spelled(field: str) -> str:
    return field.replace("_", "-")
