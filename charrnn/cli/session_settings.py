"""The settings of a session, as they are typed, changed and shown."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import FORM_PARTS, FormConfig
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import AUTO, settings_of

OFF: Final = "off"
"""What is typed in the place of a form to have none."""

_SAMPLING: Final = settings_of(SamplingConfig)
_SETTINGS: Final = _SAMPLING | settings_of(FormConfig)


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
        setting = _SETTINGS[field]
        try:
            # What is shown of a setting that nothing was asked for can be typed to be back there.
            value = setting.parse(AUTO if text == setting.unset else text)
        except ConfigurationError as error:
            raise ConfigurationError(f"/{name}: {error}") from error
        if field in _SAMPLING:
            return dataclasses.replace(self, sampling=_changed(self.sampling, field, value))
        return self._with_demand(field, value)

    def spelled(self, name: str) -> str:
        """The value of a setting in words."""
        field = name.replace("-", "_")
        configuration = self.sampling if field in _SAMPLING else self.form
        return _SETTINGS[field].spelled(getattr(configuration, field))

    def shown(self) -> dict[str, str]:
        """All settings with their values in words; of a form that is off, that alone."""
        names = [*_SAMPLING, *(settings_of(FormConfig) if self.form.asked else ("form",))]
        return {name: self.spelled(name) for name in map(_spelled, names)}

    def _with_form(self, text: str) -> "SessionSettings":
        if text in {AUTO, OFF}:
            return dataclasses.replace(self, form=FormConfig())
        from charrnn.forms.core.known_forms import requested_form

        changes: dict[str, Any] = dict.fromkeys(FORM_PARTS)
        form = dataclasses.replace(self.form, **changes, form=text)
        requested_form(form)
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
    return {_spelled(name): setting.help for name, setting in _SETTINGS.items()}


def suggestions_for(name: str) -> list[str]:
    """What may be typed for a setting."""
    field = name.replace("-", "_")
    if field == "form":
        from charrnn.forms.core.known_forms import known_forms

        return [OFF, *known_forms()]
    return [] if _SETTINGS[field].unset is None else [AUTO]


def _changed(configuration: Any, field: str, value: Any) -> Any:
    return dataclasses.replace(configuration, **{field: value})


def _spelled(field: str) -> str:
    return field.replace("_", "-")
