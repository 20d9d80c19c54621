"""The settings that a network brings along for writing, below those of the command line."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from charrnn.errors import ConfigurationError
from charrnn.forms.core.config import FormConfig
from charrnn.settings.configuration import SamplingConfig
from charrnn.settings.setting import Configuration, parsed_settings, settings_of

OUTSIDE_A_FORM: Final = frozenset({"beam", "length", "end_of_poem"})
"""Settings that have no meaning in a form: where they are given, a network's own form steps aside."""

OF_SAMPLING: Final = (
    *("temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty"),
    *("repetition_window", "no_repeat_ngram_size", "best_of", "end_of_poem"),
)
OF_FORMS: Final = ("form", "readings", "profile", "repeats", "words", "enjambment", "choose")
"""The settings that a network may bring along: none that names a file or takes long."""

C = TypeVar("C", bound=Configuration)


class Writing(NamedTuple):
    """Settings of writing.

    Attributes:
        sampling: How characters are drawn.
        form: The form of verse.
        by_default: Whether the form is the network's own, not one that was asked for.
    """

    sampling: SamplingConfig
    form: FormConfig
    by_default: bool = False


GENERAL_DEFAULTS: Final = Writing(SamplingConfig(), FormConfig())
"""What networks write with that bring nothing along."""


def check_writing(writing: Mapping[str, str]) -> Writing:
    """The settings that a network brings along, on top of the general defaults.

    Args:
        writing: Values as they are typed, by the names of their options: {"min-p": "0.05"}.

    Raises:
        ConfigurationError: A name or a value is not valid, or there is no such form.
    """
    fields = {name.replace("-", "_"): text for name, text in writing.items()}
    for field in sorted(fields.keys() - {*OF_SAMPLING, *OF_FORMS}):
        known = ", ".join(name.replace("_", "-") for name in (*OF_SAMPLING, *OF_FORMS))
        raise ConfigurationError(
            f"a network brings no setting {field.replace('_', '-')} along. Settings: {known}."
        )
    sampling = SamplingConfig(**parsed_settings(SamplingConfig, fields))
    form = FormConfig(**parsed_settings(FormConfig, fields))
    if form.form is not None:
        from charrnn.forms.core.known_forms import known_forms

        if form.form not in known_forms():
            raise ConfigurationError(
                f"form must be one that charrnn forms lists. Received: {form.form}."
            )
    return Writing(sampling, form, by_default=form.asked)


def settled_writing(
    writing: Mapping[str, str],
    sampling: SamplingConfig,
    form: FormConfig,
    given: Collection[str],
) -> Writing:
    """The settings of the command line, and for those not given there the network's own.

    Args:
        writing: Those of the network, see `check_writing`.
        sampling: Of the command line.
        form: Of the command line.
        given: Names of the settings that the command line gives.

    Raises:
        ConfigurationError: The settings contradict one another.
    """
    own = check_writing(writing)
    sampling = _filled(sampling, own.sampling, given)
    if not own.form.asked or form.asked or "form" in given or OUTSIDE_A_FORM & set(given):
        return Writing(sampling, form)
    return Writing(sampling, _filled(form, own.form, given), by_default=True)


def without_own_form(form: FormConfig, error: Exception) -> str:
    """Tells that a network does not write in the form that it has by default, and why."""
    return f"Not in the form {form.form}, which this network writes by default: {error}"


def _filled(config: C, own: C, given: Collection[str]) -> C:
    """A configuration with the network's own settings where none were given."""
    general = type(config)()
    changes: dict[str, Any] = {
        name: getattr(own, name)
        for name in settings_of(type(config))
        if name not in given and getattr(own, name) != getattr(general, name)
    }
    return dataclasses.replace(config, **changes)
